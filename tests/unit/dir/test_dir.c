#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/text.h"
#include "conf/conf.h"
#include "dir/dir.h"
#include "dir/question.h"
#include "private_slapd.h"

#define PEOPLE "ou=people," SLAPD_BASE
#define PATIENCE 8000 /* milliseconds until a test gives up */

static struct slapd slapd;

/* One client: a loop, a directory, and what was answered. */
struct client {
	struct loop *loop;
	struct dir *dir;
	struct conf_directory conf;
	int asked, answered;
	int by_kind[REPLY_DENIED + 1];
	int ups, downs;
	struct reply last; /* without entries */
	char *value;       /* of the first entry's description */
	size_t entries;
	bool closes; /* the first answer closes the directory */
};

static void
client_conf(struct client *client, const char *uri)
{
	client->conf = (struct conf_directory){
	    .bind_method = CONF_BIND_SIMPLE,
	    .bind_dn = mem_text(SLAPD_ADMIN),
	    .bind_password_file = mem_text(slapd_path(&slapd, "password")),
	    .ca_file = mem_text(""),
	    .certificate_file = mem_text(""),
	    .key_file = mem_text(""),
	    .connections = 1,
	    .window = 16,
	    .connect_timeout = 5000,
	    .operation_timeout = 5000,
	    .retry_min = 20,
	    .retry_max = 100,
	};
	mem_texts_add(&client->conf.uris, uri);
}

static void
on_change(struct dir *dir, bool up, void *arg)
{
	struct client *client = arg;

	assert_true(dir_is_up(dir) == up);
	if (up)
		client->ups++;
	else
		client->downs++;
}

static void
client_open(struct client *client)
{
	struct err err = {0};

	client->loop = loop_new(&err);
	assert_non_null(client->loop);
	client->dir = dir_open(client->loop, "accounts", &client->conf, &err);
	assert_non_null(client->dir);
	dir_on_change(client->dir, on_change, client);
}

static void
client_new(struct client *client, const char *uri)
{
	memset(client, 0, sizeof(*client));
	client_conf(client, uri);
	client_open(client);
}

static void
client_free(struct client *client)
{
	struct conf_directory *conf = &client->conf;

	dir_close(&client->dir);
	assert_int_equal(client->answered, client->asked);
	loop_free(&client->loop);
	mem_texts_free(&conf->uris);
	free(conf->bind_dn);
	free(conf->bind_password_file);
	free(conf->ca_file);
	free(conf->certificate_file);
	free(conf->key_file);
	free(client->value);
}

static void
on_reply(struct reply *reply, void *arg)
{
	struct client *client = arg;

	client->answered++;
	client->by_kind[reply->kind]++;
	client->last = *reply;
	client->entries = reply->entry_count;
	if (reply->entry_count > 0)
		mem_set_text(&client->value, entry_value(&reply->entries[0], "description"));
	client->last.entries = NULL;
	client->last.entry_count = 0;
	if (client->closes) {
		client->closes = false;
		dir_close(&client->dir);
	}
}

static void
submit(struct client *client, struct question *question)
{
	int before = client->answered;

	client->asked++;
	dir_submit(client->dir, question, on_reply, client);
	assert_int_equal(client->answered, before);
	assert_int_equal(question->kind, QUESTION_NONE);
	assert_null(question->dn);
}

/* Turns the loop until the condition holds. */
#define WAIT_FOR(client, condition) \
	do { \
		int64_t end_ = clock_boot() + PATIENCE; \
		bool met_; \
		while (!(met_ = (condition)) && clock_boot() < end_) \
			loop_turn((client)->loop, 20); \
		assert_true(met_); \
	} while (0)

#define WAIT_ALL(client) WAIT_FOR(client, (client)->answered == (client)->asked)

static enum reply_kind
ask(struct client *client, struct question *question)
{
	submit(client, question);
	WAIT_ALL(client);
	return client->last.kind;
}

static void
make_search(struct question *question, const char *base, enum question_scope scope, int limit)
{
	question_search(question, TO_ACCOUNTS, base, scope, "(objectClass=*)", NULL, limit);
}

static enum reply_kind
search(struct client *client, const char *base, enum question_scope scope, int limit)
{
	struct question question;

	make_search(&question, base, scope, limit);
	return ask(client, &question);
}

static void
submit_searches(struct client *client, int count)
{
	for (int i = 0; i < count; i++) {
		struct question question;

		make_search(&question, PEOPLE, SCOPE_BASE, 1);
		submit(client, &question);
	}
}

static char *
person(const char *cn)
{
	return dn_make("cn", cn, PEOPLE);
}

static void
make_add(struct question *question, const char *cn, const char *description)
{
	char *dn = person(cn);

	question_add(question, TO_ACCOUNTS, dn);
	question_change(question, CHANGE_ADD, "objectClass", "device");
	question_change(question, CHANGE_ADD, "cn", cn);
	question_change(question, CHANGE_ADD, "description", description);
	free(dn);
}

static enum reply_kind
add(struct client *client, const char *cn, const char *description)
{
	struct question question;

	make_add(&question, cn, description);
	return ask(client, &question);
}

/* The one modify that only one writer can win. */
static void
make_swap(struct question *question, const char *cn, const char *from, const char *to)
{
	char *dn = person(cn);

	question_modify(question, TO_ACCOUNTS, dn);
	question_change(question, CHANGE_DELETE, "description", from);
	question_change(question, CHANGE_ADD, "description", to);
	free(dn);
}

static enum reply_kind
swap(struct client *client, const char *cn, const char *from, const char *to)
{
	struct question question;

	make_swap(&question, cn, from, to);
	return ask(client, &question);
}

static enum reply_kind delete (struct client *client, const char *cn) {
	struct question question; char *dn = person(cn);

	question_delete(&question, TO_ACCOUNTS, dn);
	free(dn);
	return ask(client, &question);
}

static void
test_entry_life(void **state)
{
	struct client client;
	char *dn = person("a, \"b\"+c");

	client_new(&client, slapd.ldapi);
	assert_int_equal(add(&client, "a, \"b\"+c", "pending"), REPLY_DONE);
	assert_int_equal(add(&client, "a, \"b\"+c", "pending"), REPLY_EXISTS);
	assert_int_equal(search(&client, dn, SCOPE_BASE, 1), REPLY_DONE);
	assert_int_equal(client.entries, 1);
	assert_string_equal(client.value, "pending");
	assert_int_equal(swap(&client, "a, \"b\"+c", "pending", "active"), REPLY_DONE);
	assert_int_equal(swap(&client, "a, \"b\"+c", "pending", "active"), REPLY_NO_VALUE);
	assert_int_equal(search(&client, dn, SCOPE_BASE, 1), REPLY_DONE);
	assert_string_equal(client.value, "active");
	assert_int_equal(delete (&client, "a, \"b\"+c"), REPLY_DONE);
	assert_int_equal(delete (&client, "a, \"b\"+c"), REPLY_NO_ENTRY);
	assert_int_equal(search(&client, dn, SCOPE_BASE, 1), REPLY_NO_ENTRY);
	assert_int_equal(client.entries, 0);
	assert_int_equal(client.ups, 1);
	assert_string_equal(dir_name(client.dir), "accounts");
	assert_string_equal(dir_trouble(client.dir), "");
	assert_int_equal(dir_depth(client.dir), 0);
	free(dn);
	client_free(&client);
}

static enum reply_kind
ask_filter(struct client *client, const char *filter)
{
	struct question question;

	question_search(&question, TO_ACCOUNTS, PEOPLE, SCOPE_BASE, filter, NULL, 0);
	return ask(client, &question);
}

/* An entry is gone only from a place that is there; written in another way it is the same place. */
static void
check_base_missing(struct client *client)
{
	static const struct {
		enum question_kind kind;
		enum question_scope scope;
		const char *dn;
		enum reply_kind reply;
	} rows[] = {
	    {QUESTION_SEARCH, SCOPE_BASE, "uid=none," PEOPLE, REPLY_NO_ENTRY},
	    {QUESTION_SEARCH, SCOPE_BASE, "UID=a\\,b , OU=People, " SLAPD_BASE, REPLY_NO_ENTRY},
	    {QUESTION_SEARCH, SCOPE_BASE, "uid=none,ou=none," SLAPD_BASE, REPLY_NO_BASE},
	    {QUESTION_SEARCH, SCOPE_ONE, "ou=none," SLAPD_BASE, REPLY_NO_BASE},
	    {QUESTION_SEARCH, SCOPE_SUBTREE, "ou=none," SLAPD_BASE, REPLY_NO_BASE},
	    {QUESTION_ADD, 0, "uid=none,ou=none," SLAPD_BASE, REPLY_NO_BASE},
	    {QUESTION_MODIFY, 0, "uid=none,ou=none," SLAPD_BASE, REPLY_NO_BASE},
	    {QUESTION_MODIFY, 0, "uid=none," PEOPLE, REPLY_NO_ENTRY},
	    {QUESTION_DELETE, 0, "uid=none,ou=none," SLAPD_BASE, REPLY_NO_BASE},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct question question = {0};

		if (rows[i].kind == QUESTION_SEARCH)
			question_search(
			    &question, TO_ACCOUNTS, rows[i].dn, rows[i].scope, "(uid=*)", NULL, 0);
		else if (rows[i].kind == QUESTION_ADD)
			question_add(&question, TO_ACCOUNTS, rows[i].dn);
		else if (rows[i].kind == QUESTION_MODIFY)
			question_modify(&question, TO_ACCOUNTS, rows[i].dn);
		else
			question_delete(&question, TO_ACCOUNTS, rows[i].dn);
		if (rows[i].kind == QUESTION_ADD || rows[i].kind == QUESTION_MODIFY)
			question_change(&question, CHANGE_ADD, "objectClass", "account");
		assert_string_equal(
		    reply_kind_name(ask(client, &question)), reply_kind_name(rows[i].reply));
		assert_int_equal(client->last.code, 32);
	}
}

static void
test_refusals(void **state)
{
	struct client client;
	struct question question;

	client_new(&client, slapd.ldap);
	assert_int_equal(add(&client, "x", "one"), REPLY_DONE);
	assert_int_equal(add(&client, "y", "one"), REPLY_DONE);
	assert_int_equal(search(&client, PEOPLE, SCOPE_SUBTREE, 2), REPLY_LIMIT);
	assert_int_equal(client.entries, 2);
	assert_int_equal(search(&client, PEOPLE, SCOPE_SUBTREE, 3), REPLY_DONE);
	assert_int_equal(search(&client, PEOPLE, SCOPE_ONE, 0), REPLY_DONE);
	assert_int_equal(client.entries, 2);
	assert_int_equal(search(&client, "ou=far," SLAPD_BASE, SCOPE_SUBTREE, 0), REPLY_DENIED);
	assert_int_equal(client.entries, 0);
	assert_string_not_equal(client.last.text, "");
	/* References among the entries. */
	assert_int_equal(search(&client, SLAPD_BASE, SCOPE_SUBTREE, 0), REPLY_DENIED);
	assert_int_equal(client.entries, 0);
	assert_non_null(strstr(client.last.text, "refers us"));
	assert_int_equal(
	    search(&client, "ou=away,ou=far," SLAPD_BASE, SCOPE_BASE, 0), REPLY_DENIED);
	assert_int_equal(search(&client, "no name", SCOPE_BASE, 0), REPLY_INVALID);
	check_base_missing(&client);
	assert_int_equal(ask_filter(&client, "(cn=a"), REPLY_INVALID);
	assert_int_equal(ask_filter(&client, "(cn=a)"), REPLY_DONE);

	question_modify(&question, TO_ACCOUNTS, "cn=x," PEOPLE);
	question_change(&question, CHANGE_ADD, "description", "one");
	assert_int_equal(ask(&client, &question), REPLY_HAS_VALUE);
	question_modify(&question, TO_ACCOUNTS, "cn=x," PEOPLE);
	question_change(&question, CHANGE_ADD, "mail", "x@example.mil");
	assert_int_equal(ask(&client, &question), REPLY_INVALID);
	question_modify(&question, TO_ACCOUNTS, "cn=x," PEOPLE);
	question_change(&question, CHANGE_REPLACE, "description", "two");
	question_change(&question, CHANGE_DELETE, "description", NULL);
	assert_int_equal(ask(&client, &question), REPLY_DONE);
	memset(&question, 0, sizeof(question));
	assert_int_equal(ask(&client, &question), REPLY_INVALID);
	assert_true(dir_is_up(client.dir));
	assert_int_equal(delete (&client, "x"), REPLY_DONE);
	assert_int_equal(delete (&client, "y"), REPLY_DONE);
	client_free(&client);
}

static void
test_300_at_once(void **state)
{
	struct client client;

	memset(&client, 0, sizeof(client));
	client_conf(&client, slapd.ldap);
	client.conf.connections = 3;
	client_open(&client);
	submit_searches(&client, 300);
	assert_int_equal(dir_depth(client.dir), 300);
	WAIT_ALL(&client);
	assert_int_equal(client.by_kind[REPLY_DONE], 300);
	assert_int_equal(client.entries, 1);
	assert_int_equal(dir_depth(client.dir), 0);
	client_free(&client);
}

static void
test_eight_writers(void **state)
{
	struct client clients[8];
	int done = 0, lost = 0;

	for (int i = 0; i < 8; i++)
		client_new(&clients[i], i % 2 == 0 ? slapd.ldap : slapd.ldapi);
	assert_int_equal(add(&clients[0], "prize", "pending"), REPLY_DONE);
	for (int i = 0; i < 8; i++)
		WAIT_FOR(&clients[i], dir_is_up(clients[i].dir));
	memset(clients[0].by_kind, 0, sizeof(clients[0].by_kind));
	for (int i = 0; i < 8; i++) {
		struct question question;
		char name[16];

		snprintf(name, sizeof(name), "active %d", i);
		make_swap(&question, "prize", "pending", name);
		submit(&clients[i], &question);
	}
	for (int i = 0; i < 8; i++) {
		WAIT_ALL(&clients[i]);
		done += clients[i].by_kind[REPLY_DONE];
		lost += clients[i].by_kind[REPLY_NO_VALUE];
	}
	assert_int_equal(done, 1);
	assert_int_equal(lost, 7);
	assert_int_equal(delete (&clients[0], "prize"), REPLY_DONE);
	for (int i = 0; i < 8; i++)
		client_free(&clients[i]);
}

/* Requests larger than the socket takes, to a server that does not read for a while. */
static void
check_blocked_writes(const char *uri, bool start_tls)
{
	struct client client;
	char *big = mem_new(200001), *filter;

	memset(&client, 0, sizeof(client));
	memset(big, 'x', 200000);
	filter = filter_equals("description", big);
	client_conf(&client, uri);
	client.conf.start_tls = start_tls;
	client.conf.window = 64;
	mem_set_text(&client.conf.ca_file, slapd_path(&slapd, "ca.pem"));
	client_open(&client);
	WAIT_FOR(&client, dir_is_up(client.dir));
	slapd_freeze(&slapd);
	for (int i = 0; i < 60; i++) {
		struct question question;

		question_search(&question, TO_ACCOUNTS, PEOPLE, SCOPE_BASE, filter, NULL, 0);
		submit(&client, &question);
	}
	for (int i = 0; i < 50; i++)
		loop_turn(client.loop, 1);
	assert_int_equal(client.answered, 0);
	slapd_thaw(&slapd);
	WAIT_ALL(&client);
	assert_int_equal(client.by_kind[REPLY_DONE], 60);
	assert_int_equal(client.downs, 0);
	free(big);
	free(filter);
	client_free(&client);
}

static void
test_blocked_writes(void **state)
{
	check_blocked_writes(slapd.ldap, false);
	check_blocked_writes(slapd.ldapi, false);
	check_blocked_writes(slapd.ldap, true);
}

static void
test_stopped_server(void **state)
{
	struct client client;

	memset(&client, 0, sizeof(client));
	client_conf(&client, slapd.ldap);
	client.conf.operation_timeout = 300;
	client.conf.connect_timeout = 500;
	client_open(&client);
	assert_int_equal(search(&client, PEOPLE, SCOPE_BASE, 0), REPLY_DONE);
	slapd_freeze(&slapd);
	submit_searches(&client, 40);
	WAIT_ALL(&client);
	assert_int_equal(client.by_kind[REPLY_AWAY], 40);
	WAIT_FOR(&client, client.downs == 1);
	WAIT_FOR(&client, strstr(dir_trouble(client.dir), "in time") != NULL);
	slapd_thaw(&slapd);
	WAIT_FOR(&client, client.ups == 2);
	assert_int_equal(search(&client, PEOPLE, SCOPE_BASE, 0), REPLY_DONE);
	client_free(&client);
}

static void
test_killed_server(void **state)
{
	struct client client;

	memset(&client, 0, sizeof(client));
	client_conf(&client, slapd.ldap);
	client.conf.connections = 2;
	client.conf.operation_timeout = 10 * PATIENCE;
	client_open(&client);
	WAIT_FOR(&client, client.ups == 1);
	slapd_freeze(&slapd);
	submit_searches(&client, 300);
	loop_turn(client.loop, 1);
	slapd_kill(&slapd, SIGKILL);
	WAIT_ALL(&client);
	assert_int_equal(client.by_kind[REPLY_AWAY], 300);
	assert_int_equal(client.downs, 1);
	assert_string_not_equal(dir_trouble(client.dir), "");
	/* Soon, not after the whole operation_timeout. */
	assert_int_equal(search(&client, PEOPLE, SCOPE_BASE, 0), REPLY_AWAY);
	slapd_start(&slapd);
	WAIT_FOR(&client, client.ups == 2);
	assert_int_equal(search(&client, PEOPLE, SCOPE_BASE, 0), REPLY_DONE);
	for (int i = 0; i < 20; i++)
		loop_turn(client.loop, 1);
	assert_int_equal(client.answered, client.asked);
	client_free(&client);
}

/* SIGTERM: a notice of disconnection, with nothing in flight. */
static void
test_ended_server(void **state)
{
	struct client client;

	client_new(&client, slapd.ldapi);
	WAIT_FOR(&client, client.ups == 1);
	slapd_kill(&slapd, SIGTERM);
	WAIT_FOR(&client, client.downs == 1);
	slapd_start(&slapd);
	WAIT_FOR(&client, client.ups == 2);
	client_free(&client);
}

static void
check_no_bind(const char *password_file, const char *words)
{
	struct client client;

	memset(&client, 0, sizeof(client));
	client_conf(&client, slapd.ldap);
	client.conf.operation_timeout = 10 * PATIENCE;
	client.conf.retry_min = client.conf.retry_max = 10 * PATIENCE;
	mem_set_text(&client.conf.bind_password_file, slapd_path(&slapd, password_file));
	client_open(&client);
	assert_int_equal(search(&client, PEOPLE, SCOPE_BASE, 0), REPLY_AWAY);
	assert_non_null(strstr(dir_trouble(client.dir), words));
	/* No attempt is going on: the answer waits neither for one nor for its deadline. */
	assert_int_equal(search(&client, PEOPLE, SCOPE_BASE, 0), REPLY_AWAY);
	assert_null(strstr(dir_trouble(client.dir), "entirely-wrong"));
	assert_false(dir_is_up(client.dir));
	client_free(&client);
}

static void
test_wrong_password(void **state)
{
	check_no_bind("wrong-password", "password is wrong");
	check_no_bind("empty-password", "empty");
	check_no_bind("no-such-file", "can't read");
}

static void
test_external_and_anonymous(void **state)
{
	struct client client;

	memset(&client, 0, sizeof(client));
	client_conf(&client, slapd.ldapi);
	client.conf.bind_method = CONF_BIND_EXTERNAL;
	client_open(&client);
	assert_int_equal(search(&client, PEOPLE, SCOPE_BASE, 0), REPLY_DONE);
	assert_int_equal(add(&client, "x", "one"), REPLY_DENIED);
	client_free(&client);
	memset(&client, 0, sizeof(client));
	client_conf(&client, slapd.ldap);
	client.conf.bind_method = CONF_BIND_ANONYMOUS;
	client_open(&client);
	assert_int_equal(search(&client, PEOPLE, SCOPE_BASE, 0), REPLY_DONE);
	client_free(&client);
}

static void
test_two_uris(void **state)
{
	struct client client;
	char dead[64];

	memset(&client, 0, sizeof(client));
	snprintf(dead, sizeof(dead), "ldap://127.0.0.1:%d", slapd_free_port());
	client_conf(&client, dead);
	mem_texts_add(&client.conf.uris, slapd.ldap);
	client_open(&client);
	assert_int_equal(search(&client, PEOPLE, SCOPE_BASE, 0), REPLY_DONE);
	assert_int_equal(client.ups, 1);
	assert_int_equal(client.downs, 0);
	client_free(&client);
	memset(&client, 0, sizeof(client));
	client_conf(&client, dead);
	client_open(&client);
	assert_int_equal(search(&client, PEOPLE, SCOPE_BASE, 0), REPLY_AWAY);
	assert_non_null(strstr(dir_trouble(client.dir), dead));
	client_free(&client);
}

static enum reply_kind
ask_over_tls(const char *uri, bool start_tls, const char *ca)
{
	struct client client;
	enum reply_kind kind;

	memset(&client, 0, sizeof(client));
	client_conf(&client, uri);
	client.conf.start_tls = start_tls;
	mem_set_text(&client.conf.ca_file, ca == NULL ? "" : slapd_path(&slapd, ca));
	client_open(&client);
	kind = search(&client, PEOPLE, SCOPE_BASE, 0);
	if (kind == REPLY_DONE) {
		submit_searches(&client, 300);
		WAIT_ALL(&client);
		assert_int_equal(client.by_kind[REPLY_DONE], 301);
	} else {
		assert_non_null(strstr(dir_trouble(client.dir), "ca_file"));
	}
	client_free(&client);
	return kind;
}

static void
test_tls(void **state)
{
	char other_name[64];

	assert_int_equal(ask_over_tls(slapd.ldap, true, "ca.pem"), REPLY_DONE);
	assert_int_equal(ask_over_tls(slapd.ldaps, false, "ca.pem"), REPLY_DONE);
	assert_int_equal(ask_over_tls(slapd.ldap, true, "other.pem"), REPLY_AWAY);
	assert_int_equal(ask_over_tls(slapd.ldaps, false, "other.pem"), REPLY_AWAY);
	assert_int_equal(ask_over_tls(slapd.ldaps, false, "no-such-file"), REPLY_AWAY);
	assert_int_equal(ask_over_tls(slapd.ldaps, false, NULL), REPLY_AWAY);
	/* The right authority, and a name that the certificate does not have. */
	snprintf(other_name, sizeof(other_name), "ldaps://localhost:%d", slapd.tls_port);
	assert_int_equal(ask_over_tls(other_name, false, "ca.pem"), REPLY_AWAY);
}

static void
test_close(void **state)
{
	struct client client;

	client_new(&client, slapd.ldap);
	submit_searches(&client, 50);
	client_free(&client);
	assert_int_equal(client.by_kind[REPLY_AWAY], 50);

	client_new(&client, slapd.ldap);
	WAIT_FOR(&client, dir_is_up(client.dir));
	submit_searches(&client, 100);
	client.closes = true;
	WAIT_ALL(&client);
	assert_null(client.dir);
	client_free(&client);
}

static int
listen_alone(char uri[64])
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int one = 1, port = slapd_free_port();

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.sin_port = htons((uint16_t)port);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 8), 0);
	snprintf(uri, 64, "ldap://127.0.0.1:%d", port);
	return listener;
}

/* A server that says what the test wants, to a client that asks one question at a time. */
struct puppet {
	int listener, fd;
	char uri[64];
};

/* The id of the request that has come, or 0. */
static int
puppet_heard(struct puppet *puppet)
{
	unsigned char request[1024];
	ssize_t got;

	if (puppet->fd < 0)
		puppet->fd = accept4(puppet->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	got = puppet->fd < 0 ? -1 : read(puppet->fd, request, sizeof(request));
	if (got < 8)
		return 0;
	/* SEQUENCE, its length in one byte, INTEGER of one byte (RFC 4511 section 4.1.1). */
	assert_int_equal(request[0], 0x30);
	assert_true(request[1] < 0x80 && request[2] == 2 && request[3] == 1);
	return request[4];
}

/* A message that is one result: 0x61 of a bind, 0x65 of a search. */
static void
puppet_say(struct puppet *puppet, int id, int type, int code)
{
	const unsigned char message[] = {0x30, 12, 2, 1, (unsigned char)id, (unsigned char)type, 7,
	    10, 1, (unsigned char)code, 4, 0, 4, 0};

	assert_int_equal(write(puppet->fd, message, sizeof(message)), sizeof(message));
}

/* A search entry without attributes. */
static void
puppet_say_entry(struct puppet *puppet, int id)
{
	const unsigned char message[] = {
	    0x30, 12, 2, 1, (unsigned char)id, 0x64, 7, 4, 3, 'c', 'n', '=', 0x30, 0};

	assert_int_equal(write(puppet->fd, message, sizeof(message)), sizeof(message));
}

static void
puppet_open(struct puppet *puppet, struct client *client, int64_t timeout)
{
	int id;

	puppet->fd = -1;
	puppet->listener = listen_alone(puppet->uri);
	memset(client, 0, sizeof(*client));
	client_conf(client, puppet->uri);
	client->conf.window = 1;
	client->conf.operation_timeout = timeout;
	client_open(client);
	WAIT_FOR(client, (id = puppet_heard(puppet)) != 0);
	puppet_say(puppet, id, 0x61, 0);
	WAIT_FOR(client, dir_is_up(client->dir));
}

static void
puppet_close(struct puppet *puppet, struct client *client)
{
	client_free(client);
	close(puppet->fd);
	close(puppet->listener);
}

/* Whatever goes wrong with a search is said, also after entries: it never looks like nothing found.
 */
static void
test_search_results(void **state)
{
	static const struct {
		int code;
		enum reply_kind kind;
		size_t entries;
	} rows[] = {
	    {0, REPLY_DONE, 1},
	    {3, REPLY_BUSY, 0},
	    {4, REPLY_LIMIT, 1},
	    {10, REPLY_DENIED, 0},
	    {11, REPLY_LIMIT, 1},
	    {12, REPLY_DENIED, 0},
	    {32, REPLY_NO_BASE, 0},
	    {50, REPLY_DENIED, 0},
	    {51, REPLY_BUSY, 0},
	    {80, REPLY_BUSY, 0},
	    {123, REPLY_DENIED, 0},
	};
	struct puppet puppet;
	struct client client;

	puppet_open(&puppet, &client, 5000);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int id;

		submit_searches(&client, 1);
		WAIT_FOR(&client, (id = puppet_heard(&puppet)) != 0);
		puppet_say_entry(&puppet, id);
		puppet_say(&puppet, id, 0x65, rows[i].code);
		WAIT_ALL(&client);
		assert_int_equal(client.last.code, rows[i].code);
		assert_int_equal(client.last.kind, rows[i].kind);
		assert_int_equal(client.entries, rows[i].entries);
		assert_string_not_equal(client.last.text, "");
	}
	puppet_close(&puppet, &client);
}

/* One deadline from dir_submit on: the time in the queue counts. Who was asked late is not held
 * against the server; who owes an answer for the whole time is gone, though nobody waits for it. */
static void
test_one_deadline(void **state)
{
	struct puppet puppet;
	struct client client;
	int64_t begin, timeout = 1500;
	int id;

	puppet_open(&puppet, &client, timeout);
	begin = clock_boot();
	submit_searches(&client, 2);
	WAIT_FOR(&client, (id = puppet_heard(&puppet)) != 0);
	while (clock_boot() < begin + timeout * 2 / 3)
		loop_turn(client.loop, 10);
	puppet_say(&puppet, id, 0x65, 0);
	WAIT_FOR(&client, puppet_heard(&puppet) == id + 1);
	assert_int_equal(client.by_kind[REPLY_AWAY], 0);
	WAIT_ALL(&client);
	assert_int_equal(client.by_kind[REPLY_DONE], 1);
	assert_int_equal(client.by_kind[REPLY_AWAY], 1);
	assert_true(clock_boot() >= begin + timeout);
	assert_true(clock_boot() < begin + timeout * 3 / 2);
	assert_int_equal(client.downs, 0);
	WAIT_FOR(&client, client.downs == 1);
	assert_non_null(strstr(dir_trouble(client.dir), "in time"));
	puppet_close(&puppet, &client);
}

/* A server that takes the connection and never says a word. */
static void
test_silent_server(void **state)
{
	struct client client;
	char uri[64], byte[512];
	int listener = listen_alone(uri), fd;
	int64_t begin;

	memset(&client, 0, sizeof(client));
	client_conf(&client, uri);
	client.conf.connect_timeout = 300;
	client_open(&client);
	assert_int_equal(search(&client, PEOPLE, SCOPE_BASE, 0), REPLY_AWAY);
	WAIT_FOR(&client, (fd = accept(listener, NULL, NULL)) >= 0);
	while (read(fd, byte, sizeof(byte)) > 0)
		;
	close(fd);
	/* Closed in the middle of an attempt: at once, and its thread drops the connection. */
	WAIT_FOR(&client, (fd = accept(listener, NULL, NULL)) >= 0);
	begin = clock_boot();
	client_free(&client);
	assert_true(clock_boot() - begin < 200);
	while (read(fd, byte, sizeof(byte)) > 0)
		;
	close(fd);
	close(listener);
}

static void
test_try(void **state)
{
	struct client client;
	struct err err = {0};
	char **names;

	memset(&client, 0, sizeof(client));
	client_conf(&client, slapd.ldap);
	assert_int_equal(dir_try(&client.conf, PEOPLE, &err), 0);
	assert_int_equal(dir_try(&client.conf, NULL, &err), 0);
	assert_int_equal(dir_try(&client.conf, "ou=nowhere," SLAPD_BASE, &err), -1);
	assert_non_null(strstr(err.text, "ou=nowhere"));
	assert_int_equal(dir_read_schema(&client.conf, &names, &err), 0);
	assert_true(text_is_one_of("inetOrgPerson", names));
	assert_true(text_is_one_of("employeeNumber", names));
	assert_false(text_is_one_of("musterAccount", names));
	mem_texts_free(&names);
	mem_set_text(&client.conf.bind_password_file, slapd_path(&slapd, "wrong-password"));
	assert_int_equal(dir_try(&client.conf, PEOPLE, &err), -1);
	assert_non_null(strstr(err.text, "password is wrong"));
	assert_int_equal(dir_read_schema(&client.conf, &names, &err), -1);
	client_free(&client);
}

/* The library is set up where an ldaprc waits for it: what it says of trust, limits and ciphers
 * would be in force for every connection, but for what each handle is told. */
static void
set_up_beside_ldaprc(void)
{
	char *before = getcwd(NULL, 0);
	FILE *file = fopen(slapd_path(&slapd, "ldaprc"), "we");

	assert_non_null(file);
	fputs("TLS_REQCERT never\nSIZELIMIT 1\nSOCKET_BIND_ADDRESSES 192.0.2.1\n", file);
	fclose(file);
	assert_int_equal(chdir(slapd.folder), 0);
	dir_setup_process();
	assert_int_equal(chdir(before), 0);
	free(before);
}

static int
set_up(void **state)
{
	slapd_make(&slapd);
	set_up_beside_ldaprc();
	slapd_start(&slapd);
	return 0;
}

/* Whatever the test before has left. */
static int
set_up_one(void **state)
{
	if (slapd.pid == 0)
		slapd_start(&slapd);
	slapd_thaw(&slapd);
	return 0;
}

static int
tear_down(void **state)
{
	slapd_remove(&slapd);
	return 0;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_entry_life, set_up_one),
	    cmocka_unit_test_setup(test_refusals, set_up_one),
	    cmocka_unit_test_setup(test_300_at_once, set_up_one),
	    cmocka_unit_test_setup(test_eight_writers, set_up_one),
	    cmocka_unit_test_setup(test_blocked_writes, set_up_one),
	    cmocka_unit_test_setup(test_stopped_server, set_up_one),
	    cmocka_unit_test_setup(test_killed_server, set_up_one),
	    cmocka_unit_test_setup(test_ended_server, set_up_one),
	    cmocka_unit_test_setup(test_wrong_password, set_up_one),
	    cmocka_unit_test_setup(test_external_and_anonymous, set_up_one),
	    cmocka_unit_test_setup(test_two_uris, set_up_one),
	    cmocka_unit_test_setup(test_tls, set_up_one),
	    cmocka_unit_test_setup(test_close, set_up_one),
	    cmocka_unit_test_setup(test_search_results, set_up_one),
	    cmocka_unit_test_setup(test_one_deadline, set_up_one),
	    cmocka_unit_test_setup(test_silent_server, set_up_one),
	    cmocka_unit_test_setup(test_try, set_up_one),
	};

	if (!slapd_is_installed()) {
		puts("SKIP: slapd and its schema are not installed");
		return 77;
	}
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
