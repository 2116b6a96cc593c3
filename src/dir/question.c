#include <ldap.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"
#include "dir/question.h"

static void
question_init(struct question *question, enum question_kind kind, int directory, const char *dn)
{
	memset(question, 0, sizeof(*question));
	question->kind = kind;
	question->directory = directory;
	question->dn = mem_text(dn);
}

void
question_search(struct question *question, int directory, const char *base,
    enum question_scope scope, const char *filter, const char *const *attributes, int limit)
{
	question_init(question, QUESTION_SEARCH, directory, base);
	question->scope = scope;
	question->filter = mem_text(filter);
	question->limit = limit;
	for (; attributes != NULL && *attributes != NULL; attributes++)
		mem_texts_add(&question->attributes, *attributes);
}

void
question_add(struct question *question, int directory, const char *dn)
{
	question_init(question, QUESTION_ADD, directory, dn);
}

void
question_modify(struct question *question, int directory, const char *dn)
{
	question_init(question, QUESTION_MODIFY, directory, dn);
}

void
question_delete(struct question *question, int directory, const char *dn)
{
	question_init(question, QUESTION_DELETE, directory, dn);
}

/*
 * The last change where it can take one more value. One without values deletes the whole attribute
 * (or empties it, for 'replace'), and stays as it is.
 */
static struct change *
question_last_change(const struct question *question, enum change_kind kind, const char *attribute)
{
	struct change *last;

	if (question->change_count == 0)
		return NULL;
	last = &question->changes[question->change_count - 1];
	if (last->kind != kind || last->values == NULL ||
	    strcasecmp(last->attribute, attribute) != 0)
		return NULL;
	return last;
}

void
question_change(
    struct question *question, enum change_kind kind, const char *attribute, const char *value)
{
	struct change *change;
	bool empty = value == NULL || *value == '\0';

	if (empty && kind == CHANGE_ADD)
		return;
	change = empty ? NULL : question_last_change(question, kind, attribute);
	if (change == NULL) {
		question->changes = mem_grow(
		    question->changes, question->change_count + 1, sizeof(*question->changes));
		change = &question->changes[question->change_count++];
		*change = (struct change){.kind = kind, .attribute = mem_text(attribute)};
	}
	if (!empty)
		mem_texts_add(&change->values, value);
}

struct question *
question_also(struct question *question)
{
	while (question->also != NULL)
		question = question->also;
	question->also = mem_new(sizeof(*question->also));
	return question->also;
}

static void
question_fini_one(struct question *question)
{
	for (size_t i = 0; i < question->change_count; i++) {
		struct change *change = &question->changes[i];

		for (char **value = change->values; value != NULL && *value != NULL; value++)
			secret_wipe(*value, strlen(*value));
		mem_texts_free(&change->values);
		free(change->attribute);
	}
	free(question->changes);
	/* Names and filters carry identifiers. */
	secret_wipe_text(&question->dn);
	secret_wipe_text(&question->filter);
	mem_texts_free(&question->attributes);
	memset(question, 0, sizeof(*question));
}

void
question_fini(struct question *question)
{
	struct question *also = question->also, *next;

	question_fini_one(question);
	for (; also != NULL; also = next) {
		next = also->also;
		question_fini_one(also);
		free(also);
	}
}

static void
berval_wipe(struct berval *value)
{
	if (value->bv_val != NULL)
		secret_wipe(value->bv_val, value->bv_len);
	ber_memfree(value->bv_val);
}

char *
filter_equals(const char *attribute, const char *value)
{
	struct berval plain = {strlen(value), (char *)(uintptr_t)value};
	struct berval escaped = {0, NULL};
	char *filter;

	/* It fails only where memory is used up; an empty value comes back as no memory at all. */
	if (ldap_bv2escaped_filter_value(&plain, &escaped) != 0)
		err_end("out of memory");
	filter = mem_format("(%s=%s)", attribute, escaped.bv_val == NULL ? "" : escaped.bv_val);
	if (escaped.bv_val != plain.bv_val)
		berval_wipe(&escaped);
	return filter;
}

char *
filter_join(char operation, char *first, ...)
{
	struct text joined = {0};
	va_list filters;

	text_add(&joined, "(%c", operation);
	va_start(filters, first);
	for (char *filter = first; filter != NULL; filter = va_arg(filters, char *)) {
		text_add_bytes(&joined, filter, strlen(filter));
		secret_wipe_text(&filter);
	}
	va_end(filters);
	text_add(&joined, ")");
	return text_take(&joined);
}

/* What ldap_dn2bv refuses is no UTF-8: the server is to say so, so each byte goes as a pair of
 * digits (RFC 4514 section 2.4). */
static char *
dn_make_hex(const char *attribute, const char *value, const char *base)
{
	struct text dn = {0};

	text_add(&dn, "%s=", attribute);
	for (; *value != '\0'; value++)
		text_add(&dn, "\\%02X", (unsigned)(unsigned char)*value);
	text_add(&dn, "%s%s", *base == '\0' ? "" : ",", base);
	return text_take(&dn);
}

char *
dn_make(const char *attribute, const char *value, const char *base)
{
	LDAPAVA pair = {
	    .la_attr = {strlen(attribute), (char *)(uintptr_t)attribute},
	    .la_value = {strlen(value), (char *)(uintptr_t)value},
	    .la_flags = LDAP_AVA_STRING,
	};
	LDAPAVA *rdn[] = {&pair, NULL};
	LDAPRDN name[] = {rdn, NULL};
	struct berval text = {0, NULL};
	char *dn;
	int code = ldap_dn2bv(name, &text, LDAP_DN_FORMAT_LDAPV3);

	if (code == LDAP_NO_MEMORY)
		err_end("out of memory");
	if (code != LDAP_SUCCESS)
		return dn_make_hex(attribute, value, base);
	dn = mem_format("%s%s%s", text.bv_val, *base == '\0' ? "" : ",", base);
	berval_wipe(&text);
	return dn;
}
