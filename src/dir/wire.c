#include <ldap.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "base/mem.h"
#include "base/secret.h"
#include "dir/question.h"
#include "dir/wire.h"

static int
wire_send_search(LDAP *handle, const struct question *question, int64_t timeout, int *msgid_out)
{
	static const int scopes[] = {
	    [SCOPE_BASE] = LDAP_SCOPE_BASE,
	    [SCOPE_ONE] = LDAP_SCOPE_ONELEVEL,
	    [SCOPE_SUBTREE] = LDAP_SCOPE_SUBTREE,
	};
	struct timeval limit = {(timeout + 999) / 1000, 0};

	return ldap_search_ext(handle, question->dn, scopes[question->scope], question->filter,
	    question->attributes, 0, NULL, NULL, &limit,
	    question->limit > 0 ? question->limit : LDAP_NO_LIMIT, msgid_out);
}

/* The library's form of the changes, without copies of the values. */
static LDAPMod **
wire_mods_new(const struct question *question)
{
	static const int operations[] = {
	    [CHANGE_ADD] = LDAP_MOD_ADD,
	    [CHANGE_DELETE] = LDAP_MOD_DELETE,
	    [CHANGE_REPLACE] = LDAP_MOD_REPLACE,
	};
	LDAPMod **mods = mem_new((question->change_count + 1) * sizeof(LDAPMod *));

	for (size_t i = 0; i < question->change_count; i++) {
		const struct change *change = &question->changes[i];

		mods[i] = mem_new(sizeof(LDAPMod));
		mods[i]->mod_op = operations[change->kind];
		mods[i]->mod_type = change->attribute;
		mods[i]->mod_values = change->values;
	}
	return mods;
}

static void
wire_mods_free(LDAPMod **mods)
{
	for (LDAPMod **mod = mods; *mod != NULL; mod++)
		free(*mod);
	free(mods);
}

static int
wire_send_changes(LDAP *handle, const struct question *question, int *msgid_out)
{
	LDAPMod **mods = wire_mods_new(question);
	int code;

	if (question->kind == QUESTION_ADD)
		code = ldap_add_ext(handle, question->dn, mods, NULL, NULL, msgid_out);
	else
		code = ldap_modify_ext(handle, question->dn, mods, NULL, NULL, msgid_out);
	wire_mods_free(mods);
	return code;
}

int
wire_send(LDAP *handle, const struct question *question, int64_t timeout, int *msgid_out)
{
	switch (question->kind) {
	case QUESTION_SEARCH:
		return wire_send_search(handle, question, timeout, msgid_out);
	case QUESTION_ADD:
	case QUESTION_MODIFY:
		return wire_send_changes(handle, question, msgid_out);
	case QUESTION_DELETE:
		return ldap_delete_ext(handle, question->dn, NULL, NULL, msgid_out);
	case QUESTION_NONE:
		break;
	}
	return LDAP_PARAM_ERROR;
}

/*
 * A copy; the bytes are wiped where they lie, in the library's message: it frees that as it is, and
 * calls LBER_OPT_MEMORY_FNS for the server's memory alone (libldap 2.5.13).
 */
static char *
wire_take(struct berval *bytes)
{
	char *copy = mem_text_n(bytes->bv_val, bytes->bv_len);

	secret_wipe(bytes->bv_val, bytes->bv_len);
	return copy;
}

static char **
wire_take_values(struct berval *values)
{
	size_t count = 0;
	char **copy;

	while (values != NULL && values[count].bv_val != NULL)
		count++;
	copy = mem_new((count + 1) * sizeof(*copy));
	for (size_t i = 0; i < count; i++)
		copy[i] = wire_take(&values[i]);
	return copy;
}

/* Room for one more in a list that doubles whenever it is full. */
static void *
wire_room(void *list, size_t count, size_t size)
{
	if ((count & (count - 1)) != 0)
		return list;
	return mem_grow(list, count == 0 ? 1 : 2 * count, size);
}

static void
wire_add_attribute(struct entry *entry, const struct berval *name, struct berval *values)
{
	struct entry_attribute *attribute;

	entry->attributes =
	    wire_room(entry->attributes, entry->attribute_count, sizeof(*entry->attributes));
	attribute = &entry->attributes[entry->attribute_count++];
	attribute->name = mem_text_n(name->bv_val, name->bv_len);
	attribute->values = wire_take_values(values);
}

/* ldap_next_attribute would not tell the last attribute from one that can't be read. */
int
wire_add_entry(LDAP *handle, LDAPMessage *message, struct reply *reply)
{
	struct entry *entry;
	BerElement *place = NULL;
	struct berval name, *values = NULL;
	int code = ldap_get_dn_ber(handle, message, &place, &name);

	if (code != LDAP_SUCCESS)
		return code;
	reply->entries = wire_room(reply->entries, reply->entry_count, sizeof(*reply->entries));
	entry = &reply->entries[reply->entry_count++];
	*entry = (struct entry){.dn = wire_take(&name)};
	while ((code = ldap_get_attribute_ber(handle, message, place, &name, &values)) ==
		   LDAP_SUCCESS &&
	       name.bv_val != NULL) {
		wire_add_attribute(entry, &name, values);
		ber_memfree(values);
		values = NULL;
	}
	ber_free(place, 0);
	return code;
}

size_t
wire_names(const char *dn)
{
	LDAPDN names = NULL;
	size_t count = 0;

	if (dn == NULL || ldap_str2dn(dn, &names, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS)
		return 0;
	while (names != NULL && names[count] != NULL)
		count++;
	ldap_dnfree(names);
	return count;
}

int
wire_result(LDAP *handle, LDAPMessage *message, size_t *matched_out)
{
	int code = LDAP_DECODING_ERROR;
	char *matched = NULL;

	if (ldap_parse_result(handle, message, &code, &matched, NULL, NULL, NULL, 0) !=
	    LDAP_SUCCESS)
		code = LDAP_DECODING_ERROR;
	*matched_out = wire_names(matched);
	ldap_memfree(matched);
	return code;
}
