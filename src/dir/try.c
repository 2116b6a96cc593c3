#include <lber.h>
#include <ldap.h>
#include <ldap_schema.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/time.h>

#include "base/err.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "dir/connect.h"
#include "dir/dir.h"
#include "dir/outcome.h"
#include "dir/question.h"

/* The first of the URIs that works, or NULL with what is wrong with the last one. */
static LDAP *
try_connect(const struct conf_directory *conf, struct err *err)
{
	LDAP *handle = NULL;

	if (mem_texts_count(conf->uris) == 0)
		err_set(err, ERR_BROKEN, "there is no URI");
	for (char **uri = conf->uris; handle == NULL && uri != NULL && *uri != NULL; uri++)
		handle = connect_now(conf, *uri, err);
	return handle;
}

/* One entry, or NULL with err; the caller frees with ldap_msgfree. */
static LDAPMessage *
try_read(LDAP *handle, const struct conf_directory *conf, const char *dn, const char *filter,
    char **attributes, struct err *err)
{
	struct timeval limit = {conf->connect_timeout / 1000, conf->connect_timeout % 1000 * 1000};
	LDAPMessage *answer = NULL;
	int code = ldap_search_ext_s(handle, dn, LDAP_SCOPE_BASE, filter, attributes, 0, NULL, NULL,
	    &limit, LDAP_NO_LIMIT, &answer);

	if (code == LDAP_SUCCESS && ldap_count_entries(handle, answer) > 0)
		return answer;
	if (code == LDAP_SUCCESS)
		code = LDAP_NO_SUCH_OBJECT;
	ldap_msgfree(answer);
	err_set(err, ERR_BROKEN, "\"%s\" can't be read: %s", dn, outcome_words(code));
	return NULL;
}

int
dir_try(const struct conf_directory *conf, const char *base, struct err *err)
{
	char *attributes[] = {(char[]){LDAP_NO_ATTRS}, NULL};
	LDAP *handle = try_connect(conf, err);
	LDAPMessage *answer;

	if (handle == NULL)
		return -1;
	answer =
	    try_read(handle, conf, base == NULL ? "" : base, "(objectClass=*)", attributes, err);
	ldap_msgfree(answer);
	connect_drop(&handle);
	return answer == NULL ? -1 : 0;
}

/* The first wanted attribute that the entry does not show; NULL where it shows all. */
static const char *
try_not_shown(LDAP *handle, LDAPMessage *entry, char *const *wanted)
{
	for (; wanted != NULL && *wanted != NULL; wanted++) {
		struct berval **values = ldap_get_values_len(handle, entry, *wanted);
		bool shown = ldap_count_values_len(values) > 0;

		ldap_value_free_len(values);
		if (!shown)
			return *wanted;
	}
	return NULL;
}

static int
try_search(LDAP *handle, const struct conf_directory *conf, const struct question *question,
    struct err *err)
{
	struct timeval limit = {conf->connect_timeout / 1000, conf->connect_timeout % 1000 * 1000};
	int scope = question->scope == SCOPE_SUBTREE ? LDAP_SCOPE_SUBTREE : LDAP_SCOPE_ONELEVEL;
	LDAPMessage *answer = NULL;
	int code = ldap_search_ext_s(handle, question->dn, scope, question->filter,
	    question->attributes, 0, NULL, NULL, &limit, 1, &answer);
	LDAPMessage *entry = answer == NULL ? NULL : ldap_first_entry(handle, answer);
	const char *hidden =
	    entry == NULL ? NULL : try_not_shown(handle, entry, question->attributes);

	/* One is enough: there may be more, or limits to finding them. */
	if (entry == NULL && code != LDAP_SUCCESS)
		err_set(err, ERR_BROKEN, "searching \"%s\": %s", question->dn, outcome_words(code));
	else if (entry == NULL)
		err_set(err, ERR_BROKEN,
		    "\"%s\" has no entry that fits %s: it is empty, access rules hide it, or an "
		    "attribute is misspelled",
		    question->dn, question->filter);
	else if (hidden != NULL)
		err_set(err, ERR_BROKEN, "access rules hide %s below \"%s\"", hidden, question->dn);
	ldap_msgfree(answer);
	return entry == NULL || hidden != NULL ? -1 : 0;
}

int
dir_try_search(const struct conf_directory *conf, const struct question *question, struct err *err)
{
	LDAP *handle = try_connect(conf, err);
	int result;

	if (handle == NULL)
		return -1;
	result = try_search(handle, conf, question, err);
	connect_drop(&handle);
	return result;
}

static void
names_add(char ***names, char *const *found)
{
	for (; found != NULL && *found != NULL; found++)
		mem_texts_add(names, *found);
}

static void
names_add_type(char ***names, const char *description)
{
	const char *place;
	int code;
	LDAPAttributeType *type =
	    ldap_str2attributetype(description, &code, &place, LDAP_SCHEMA_ALLOW_ALL);

	if (type == NULL)
		return;
	names_add(names, type->at_names);
	ldap_attributetype_free(type);
}

static void
names_add_class(char ***names, const char *description)
{
	const char *place;
	int code;
	LDAPObjectClass *class =
	    ldap_str2objectclass(description, &code, &place, LDAP_SCHEMA_ALLOW_ALL);

	if (class == NULL)
		return;
	names_add(names, class->oc_names);
	ldap_objectclass_free(class);
}

static void
names_read(LDAP *handle, LDAPMessage *answer, const char *attribute,
    void (*add)(char ***names, const char *description), char ***names)
{
	LDAPMessage *entry = ldap_first_entry(handle, answer);
	struct berval **values = ldap_get_values_len(handle, entry, attribute);

	for (int i = 0; i < ldap_count_values_len(values); i++)
		add(names, values[i]->bv_val);
	ldap_value_free_len(values);
}

/* The root entry says where the schema is (RFC 4512 section 4.4). */
static char *
schema_find(LDAP *handle, const struct conf_directory *conf, struct err *err)
{
	char *attributes[] = {(char[]){"subschemaSubentry"}, NULL};
	LDAPMessage *answer = try_read(handle, conf, "", "(objectClass=*)", attributes, err);
	struct berval **values;
	char *dn = NULL;

	if (answer == NULL)
		return NULL;
	values = ldap_get_values_len(handle, ldap_first_entry(handle, answer), attributes[0]);
	if (ldap_count_values_len(values) > 0)
		dn = mem_text_n(values[0]->bv_val, values[0]->bv_len);
	else
		err_set(err, ERR_BROKEN, "%s: the server does not say where its schema is",
		    conf->uris[0]);
	ldap_value_free_len(values);
	ldap_msgfree(answer);
	return dn;
}

int
dir_read_schema(const struct conf_directory *conf, char ***names_out, struct err *err)
{
	char *attributes[] = {(char[]){"attributeTypes"}, (char[]){"objectClasses"}, NULL};
	LDAP *handle = try_connect(conf, err);
	LDAPMessage *answer = NULL;
	char *dn;

	*names_out = NULL;
	if (handle == NULL)
		return -1;
	dn = schema_find(handle, conf, err);
	if (dn != NULL)
		answer = try_read(handle, conf, dn, "(objectClass=subschema)", attributes, err);
	if (answer != NULL) {
		names_read(handle, answer, attributes[0], names_add_type, names_out);
		names_read(handle, answer, attributes[1], names_add_class, names_out);
	}
	ldap_msgfree(answer);
	free(dn);
	connect_drop(&handle);
	return answer == NULL ? -1 : 0;
}

void
dir_setup_process(void)
{
	int version = 0;

	/* An ldaprc in the working directory could switch certificate checks off. */
	setenv("LDAPNOINIT", "1", 1);
	/* A write to a connection that the server has closed would end the process. */
	signal(SIGPIPE, SIG_IGN);
	/* The first call sets the library up, and not while threads race for it. */
	ldap_get_option(NULL, LDAP_OPT_PROTOCOL_VERSION, &version);
}
