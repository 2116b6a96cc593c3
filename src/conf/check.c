/* What no single row can check: one key against another. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/mem.h"

#include "conf/check_text.h"
#include "conf/conf.h"
#include "conf/reader.h"

/* Two groups of a list have the same text; "" counts as none. offset is of a char *. */
static void
check_unique(struct reader *reader, const char *list, const char *member, const void *items,
    size_t count, size_t size, size_t offset)
{
	const char *item = items;

	for (size_t i = 1; i < count; i++)
		for (size_t j = 0; j < i; j++) {
			const char *a = *(char *const *)(const void *)(item + i * size + offset);
			const char *b = *(char *const *)(const void *)(item + j * size + offset);
			char *key;

			if (*a == '\0' || strcasecmp(a, b) != 0)
				continue;
			key = mem_format("%s.[%zu].%s", list, i, member);
			reader_fault_key(reader, key, "is the same as that of %s.[%zu]", list, j);
			mem_free_text(&key);
			break;
		}
}
#define UNIQUE(reader, list, items, count, type, member) \
	check_unique(reader, list, #member, items, count, sizeof(struct type), \
	    offsetof(struct type, member))

/* A key within a group, made and freed around one fault. */
static void __attribute__((format(printf, 4, 5)))
fault_in(struct reader *reader, const char *group, const char *member, const char *format, ...)
{
	char *key = mem_format("%s.%s", group, member), *what;
	va_list args;

	va_start(args, format);
	if (vasprintf(&what, format, args) < 0)
		err_end("out of memory");
	va_end(args);
	reader_fault_key(reader, key, "%s", what);
	free(what);
	mem_free_text(&key);
}

static bool
has_in(struct reader *reader, const char *group, const char *member)
{
	char *key = mem_format("%s.%s", group, member);
	bool has = reader_has(reader, key);

	mem_free_text(&key);
	return has;
}

/* A simple bind shows the password to everyone on the way unless TLS hides it. */
static void
check_uris(struct reader *reader, const char *group, const struct conf_directory *directory)
{
	bool with_password = directory->bind_method == CONF_BIND_SIMPLE;

	for (size_t i = 0; directory->uris != NULL && directory->uris[i] != NULL; i++) {
		const char *uri = directory->uris[i];

		if (with_password && !directory->start_tls && check_uri_is_open(uri))
			fault_in(reader, group, "uris",
			    "a simple bind would send its password in the clear to another host: "
			    "use ldaps:// or start_tls");
		else if (directory->start_tls && check_uri_is(uri, "ldaps"))
			fault_in(reader, group, "start_tls",
			    "is for ldap:// alone: ldaps:// has TLS from its beginning");
		else if (directory->bind_method == CONF_BIND_EXTERNAL &&
			 !check_uri_is(uri, "ldapi") &&
			 (*directory->certificate_file == '\0' ||
			     (check_uri_is(uri, "ldap") && !directory->start_tls)))
			fault_in(reader, group, "bind",
			    "\"external\" needs ldapi://, or TLS with certificate_file");
	}
}

static void
check_directory(struct reader *reader, const char *group, const struct conf_directory *directory)
{
	if (directory->bind_method == CONF_BIND_SIMPLE) {
		if (*directory->bind_dn == '\0')
			fault_in(reader, group, "bind_dn", "is needed for a simple bind");
		if (*directory->bind_password_file == '\0')
			fault_in(
			    reader, group, "bind_password_file", "is needed for a simple bind");
	}
	if ((*directory->certificate_file == '\0') != (*directory->key_file == '\0'))
		fault_in(reader, group,
		    *directory->key_file == '\0' ? "key_file" : "certificate_file",
		    "is missing: certificate_file and key_file go together");
	if (directory->retry_min > directory->retry_max)
		fault_in(reader, group, "retry_min_ms", "must not be above retry_max_ms");
	check_uris(reader, group, directory);
}

/* The first rule that fits counts: after one without a condition no other of its value can. */
static void
check_rule_is_reached(
    struct reader *reader, const char *key, const struct conf_personnel *source, size_t i)
{
	for (size_t j = 0; j < i; j++) {
		const struct conf_category_rule *before = &source->rules[j];

		if (*before->where_attribute != '\0' ||
		    strcasecmp(before->value, source->rules[i].value) != 0)
			continue;
		fault_in(reader, key, "value",
		    "can never count: category_map.[%zu] takes all that have it", j);
		return;
	}
}

static void
check_rules(struct reader *reader, const struct conf *conf, const char *group,
    const struct conf_personnel *source)
{
	for (size_t i = 0; i < source->rule_count; i++) {
		const struct conf_category_rule *rule = &source->rules[i];
		char *key = mem_format("%s.category_map.[%zu]", group, i);

		if (*rule->category != '\0' && conf_category_find(conf, rule->category) == NULL)
			fault_in(
			    reader, key, "category", "there is no category \"%s\"", rule->category);
		if (*rule->where_attribute != '\0' && mem_texts_count(rule->where_values) == 0)
			fault_in(reader, key, "where_values", "is missing beside where_attribute");
		if (*rule->where_attribute == '\0' && mem_texts_count(rule->where_values) > 0)
			fault_in(reader, key, "where_attribute", "is missing beside where_values");
		check_rule_is_reached(reader, key, source, i);
		mem_free_text(&key);
	}
}

static void
check_attributes(struct reader *reader, const char *group, const struct conf_personnel *source)
{
	const struct conf_attributes *names = &source->attributes;
	char *key = mem_format("%s.attributes", group);

	if (*names->identifier == '\0')
		fault_in(reader, key, "identifier", "must be named: records are found by it");
	if (*names->family_name == '\0')
		fault_in(reader, key, "family_name", "must be named: it is part of the proof");
	if (*names->category == '\0')
		fault_in(reader, key, "category", "must be named: it says who may have an account");
	if (*names->birth_date == '\0' && *names->pay_entry_base_date == '\0')
		fault_in(reader, key, "birth_date",
		    "must be named, or pay_entry_base_date: a date is part of the proof");
	if (*names->status == '\0' && mem_texts_count(source->current_values) > 0)
		fault_in(reader, key, "status",
		    "must be named: current_values says what its values mean");
	mem_free_text(&key);
}

static void
check_personnel(struct reader *reader, const struct conf *conf)
{
	UNIQUE(reader, "personnel", conf->personnel, conf->personnel_count, conf_personnel, name);
	for (size_t i = 0; i < conf->personnel_count; i++) {
		char *group = mem_format("personnel.[%zu]", i);

		check_directory(reader, group, &conf->personnel[i].directory);
		check_attributes(reader, group, &conf->personnel[i]);
		check_rules(reader, conf, group, &conf->personnel[i]);
		mem_free_text(&group);
	}
}

static void
check_precedence(struct reader *reader, const struct conf *conf)
{
	for (size_t i = 1; i < conf->category_count; i++)
		for (size_t j = 0; j < i; j++) {
			char *group;

			if (conf->categories[i].precedence != conf->categories[j].precedence)
				continue;
			group = mem_format("categories.[%zu]", i);
			if (has_in(reader, group, "precedence"))
				fault_in(reader, group, "precedence",
				    "is the same as that of categories.[%zu]: one must be the "
				    "higher",
				    j);
			mem_free_text(&group);
			break;
		}
}

/* What goes over the network goes over TLS. */
static void
check_listen(struct reader *reader, const struct conf_listen *listen)
{
	bool has_certificate = *listen->certificate_file != '\0', is_path = *listen->address == '/';

	if (is_path && strcmp(listen->address, listen->admin_socket) == 0)
		reader_fault_key(reader, "listen.address", "must not be listen.admin_socket");
	if (is_path && has_certificate)
		reader_fault_key(reader, "listen.certificate_file",
		    "is for an IP address: on a unix socket it is plain HTTP");
	if (!is_path && !has_certificate && !check_is_loopback(listen->address))
		reader_fault_key(reader, "listen.address",
		    "must be of the loopback (127.0.0.1, ::1), or a unix socket, where "
		    "listen.certificate_file is missing: plain HTTP goes no further");
	if (has_certificate != (*listen->key_file != '\0'))
		reader_fault_key(reader,
		    has_certificate ? "listen.key_file" : "listen.certificate_file",
		    "is missing: certificate_file and key_file go together");
	if (*listen->client_ca_file != '\0' && !has_certificate)
		reader_fault_key(
		    reader, "listen.client_ca_file", "is nothing without listen.certificate_file");
}

static void
check_credentials(
    struct reader *reader, const char *group, const struct conf *conf, const struct conf_portal *it)
{
	if (*it->token_sha256 == '\0' && *it->key_sha256 == '\0')
		fault_in(reader, group, "token_sha256",
		    "is missing: a portal needs token_sha256 or key_sha256");
	if (*it->key_sha256 != '\0' && *conf->listen.client_ca_file == '\0')
		fault_in(reader, group, "key_sha256",
		    "needs listen.client_ca_file: nobody is asked for a certificate");
}

static void
check_portals(struct reader *reader, const struct conf *conf)
{
	UNIQUE(reader, "portals", conf->portals, conf->portal_count, conf_portal, name);
	UNIQUE(reader, "portals", conf->portals, conf->portal_count, conf_portal, token_sha256);
	UNIQUE(reader, "portals", conf->portals, conf->portal_count, conf_portal, key_sha256);
	for (size_t i = 0; i < conf->portal_count; i++) {
		char *group = mem_format("portals.[%zu]", i);

		if (strcmp(conf->portals[i].name, "admin") == 0)
			fault_in(reader, group, "name",
			    "must not be \"admin\": that is who comes by the admin socket");
		check_credentials(reader, group, conf, &conf->portals[i]);
		mem_free_text(&group);
	}
}

static void
check_password(struct reader *reader, const struct conf_password *password)
{
	static const struct {
		const char *scheme;
		int low, high;
	} costs[] = {{"yescrypt", 1, 11}, {"bcrypt", 4, 31}, {"sha512crypt", 1000, 10000000}};

	if (password->min_length > password->max_length)
		reader_fault_key(
		    reader, "password.min_length", "must not be above password.max_length");
	/* the default is yescrypt's, and far too cheap for the others */
	if (strcmp(password->scheme, "yescrypt") != 0 && !reader_has(reader, "password.cost")) {
		reader_fault_key(reader, "password.cost", "is needed for a scheme but yescrypt");
		return;
	}
	for (size_t i = 0; i < sizeof(costs) / sizeof(*costs); i++)
		if (strcmp(costs[i].scheme, password->scheme) == 0 &&
		    (password->cost < costs[i].low || password->cost > costs[i].high))
			reader_fault_key(reader, "password.cost", "must be from %d to %d for %s",
			    costs[i].low, costs[i].high, costs[i].scheme);
}

static void
check_questions(struct reader *reader, const struct conf_questions *questions)
{
	UNIQUE(reader, "security_questions.pool", questions->pool, questions->pool_count,
	    conf_question, id);
	if (questions->answer_min > questions->answer_max)
		reader_fault_key(reader, "security_questions.answer_min",
		    "must not be above security_questions.answer_max");
	if (!questions->own && questions->pool_count < (size_t)questions->count)
		reader_fault_key(reader, "security_questions.pool",
		    "must hold security_questions.count questions, since own ones are not allowed");
}

static void
check_certificates(struct reader *reader, const struct conf_certificates *certificates)
{
	if (*certificates->roots_file != '\0' && *certificates->crl_folder == '\0')
		reader_fault_key(
		    reader, "certificates.crl_folder", "is needed beside certificates.roots_file");
	if (certificates->ocsp == CONF_OCSP_REQUIRE && *certificates->ocsp_url == '\0')
		reader_fault_key(
		    reader, "certificates.ocsp_url", "is needed while certificates.ocsp is on");
}

void
check_all(struct reader *reader, const struct conf *conf)
{
	check_listen(reader, &conf->listen);
	check_portals(reader, conf);
	check_personnel(reader, conf);
	check_directory(reader, "accounts", &conf->accounts.directory);
	if (*conf->accounts.base != '\0' &&
	    strcasecmp(conf->accounts.base, conf->accounts.claims_base) == 0)
		reader_fault_key(reader, "accounts.claims_base", "must not be accounts.base");
	UNIQUE(reader, "categories", conf->categories, conf->category_count, conf_category, id);
	UNIQUE(
	    reader, "categories", conf->categories, conf->category_count, conf_category, persona);
	check_precedence(reader, conf);
	check_password(reader, &conf->password);
	check_questions(reader, &conf->security_questions);
	check_certificates(reader, &conf->certificates);
	if (conf->activation.late_after > conf->activation.escalate_after)
		reader_fault_key(
		    reader, "activation.late_after", "must not be above activation.escalate_after");
}
