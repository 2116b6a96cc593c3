#include <ctype.h>
#include <ldap.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "fake_tree.h"

/* One way to write a name, in small letters; NULL where it is none. The caller frees. */
static char *
dn_normal(const char *dn)
{
	LDAPDN parts = NULL;
	char *text = NULL, *copy;

	if (dn == NULL || ldap_str2dn(dn, &parts, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS)
		return NULL;
	if (ldap_dn2str(parts, &text, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS)
		text = NULL;
	ldap_dnfree(parts);
	copy = mem_text(text == NULL ? "" : text);
	ldap_memfree(text);
	for (char *letter = copy; *letter != '\0'; letter++)
		*letter = (char)tolower((unsigned char)*letter);
	return copy;
}

/* Whether the name (both in normal form) is below the base, and right below it for one level. */
static bool
dn_is_below(const char *dn, const char *base, bool one_level)
{
	size_t size = strlen(dn), base_size = strlen(base);
	const char *cut;

	if (base_size == 0)
		return !one_level;
	if (size <= base_size + 1 || strcmp(dn + size - base_size, base) != 0)
		return false;
	cut = dn + size - base_size - 1;
	if (*cut != ',' || cut[-1] == '\\')
		return false;
	for (const char *comma = dn; one_level && comma < cut; comma++)
		if (*comma == ',' && comma[-1] != '\\')
			return false;
	return true;
}

static struct entry_attribute *
attribute_find(struct entry *entry, const char *name)
{
	for (size_t i = 0; i < entry->attribute_count; i++)
		if (strcasecmp(entry->attributes[i].name, name) == 0)
			return &entry->attributes[i];
	return NULL;
}

static void
attribute_remove(struct entry *entry, struct entry_attribute *attribute)
{
	size_t place = (size_t)(attribute - entry->attributes);

	mem_texts_free(&attribute->values);
	free(attribute->name);
	entry->attribute_count--;
	memmove(attribute, attribute + 1, (entry->attribute_count - place) * sizeof(*attribute));
}

int
tree_entry_add(struct entry *entry, const char *name, const char *value)
{
	struct entry_attribute *attribute = attribute_find(entry, name);

	if (entry_has(entry, name, value))
		return -1;
	if (attribute == NULL) {
		entry->attributes = mem_grow(
		    entry->attributes, entry->attribute_count + 1, sizeof(*entry->attributes));
		attribute = &entry->attributes[entry->attribute_count++];
		*attribute = (struct entry_attribute){.name = mem_text(name)};
	}
	mem_texts_add(&attribute->values, value);
	return 0;
}

int
tree_entry_delete(struct entry *entry, const char *name, const char *value)
{
	struct entry_attribute *attribute = attribute_find(entry, name);
	char **place;

	if (attribute == NULL)
		return -1;
	if (value == NULL) {
		attribute_remove(entry, attribute);
		return 0;
	}
	for (place = attribute->values; *place != NULL; place++)
		if (strcasecmp(*place, value) == 0)
			break;
	if (*place == NULL)
		return -1;
	free(*place);
	memmove(place, place + 1, (mem_texts_count(place + 1) + 1) * sizeof(*place));
	if (attribute->values[0] == NULL)
		attribute_remove(entry, attribute);
	return 0;
}

static void
entry_clear(struct entry *entry)
{
	while (entry->attribute_count > 0)
		attribute_remove(entry, &entry->attributes[entry->attribute_count - 1]);
	free(entry->attributes);
	free(entry->dn);
	memset(entry, 0, sizeof(*entry));
}

static bool
is_wanted(char *const *wanted, const char *name)
{
	if (wanted == NULL || *wanted == NULL)
		return true;
	for (; *wanted != NULL; wanted++)
		if (strcasecmp(*wanted, name) == 0 || strcmp(*wanted, "*") == 0)
			return true;
	return false;
}

static struct entry
entry_copy(const struct entry *entry, char *const *wanted)
{
	struct entry copy = {.dn = mem_text(entry->dn)};

	for (size_t i = 0; i < entry->attribute_count; i++) {
		const struct entry_attribute *it = &entry->attributes[i];

		for (char **value = it->values; is_wanted(wanted, it->name) && *value; value++)
			tree_entry_add(&copy, it->name, *value);
	}
	return copy;
}

/* ---- filters (RFC 4515) ---- */

/* The bytes up to end, with pairs of digits read. The caller frees. */
static char *
filter_piece(const char *from, const char *end)
{
	char *piece = mem_new((size_t)(end - from) + 1), *out = piece;

	for (; from < end; from++) {
		unsigned char byte = (unsigned char)*from;

		if (byte == '\\' && end - from > 2 &&
		    text_unhex((char[]){from[1], from[2], '\0'}, &byte, 1) == 0)
			from += 2;
		*out++ = (char)byte;
	}
	return piece;
}

/* "a*b*c": the first piece begins the value, the last one ends it, the others stand between. */
static bool
value_fits(const char *value, const char *pattern, const char *end)
{
	bool first = true;

	for (;;) {
		const char *star = memchr(pattern, '*', (size_t)(end - pattern));
		char *piece = filter_piece(pattern, star == NULL ? end : star);
		size_t size = strlen(piece), left = strlen(value);
		const char *found;

		if (star == NULL && first)
			found = strcasecmp(value, piece) == 0 ? value : NULL;
		else if (star == NULL)
			found = left >= size && strcasecmp(value + left - size, piece) == 0
				    ? value + left - size
				    : NULL;
		else if (first)
			found = strncasecmp(value, piece, size) == 0 ? value : NULL;
		else
			found = strcasestr(value, piece);
		free(piece);
		if (found == NULL || star == NULL)
			return found != NULL;
		value = found + size;
		pattern = star + 1;
		first = false;
	}
}

/* operation: '=', '<' (at most) or '>' (at least), by bytes: right for generalizedTime with Z. */
static bool
item_fits(
    const struct entry *entry, const char *name, char operation, const char *from, const char *end)
{
	char *const *values = entry_values(entry, name);
	char *bound = filter_piece(from, end);
	bool fits = false;

	for (; values != NULL && *values != NULL && !fits; values++) {
		if (operation == '=')
			fits = value_fits(*values, from, end);
		else if (operation == '<')
			fits = strcmp(*values, bound) <= 0;
		else
			fits = strcmp(*values, bound) >= 0;
	}
	free(bound);
	return fits;
}

/* place stands on '(' and ends after its ')'; 1 fits, 0 does not, -1 is no filter. */
static int filter_fits(const char **place, const struct entry *entry);

static int
filter_item_fits(const char **place, const struct entry *entry)
{
	const char *end = strchr(*place, ')'), *equals = strchr(*place, '=');
	const char *name_end = equals;
	char operation = '=', *name;
	bool fits;

	if (end == NULL || equals == NULL || equals > end || equals == *place)
		return -1;
	if (equals[-1] == '<' || equals[-1] == '>')
		operation = *--name_end;
	name = mem_text_n(*place, (size_t)(name_end - *place));
	fits = item_fits(entry, name, operation, equals + 1, end);
	free(name);
	*place = end + 1;
	return fits;
}

static int
filter_list_fits(const char **place, const struct entry *entry, char operation)
{
	int all = 1, any = 0;

	while (**place == '(') {
		int fits = filter_fits(place, entry);

		if (fits < 0)
			return -1;
		all &= fits;
		any |= fits;
	}
	if (**place != ')')
		return -1;
	++*place;
	return operation == '&' ? all : operation == '|' ? any : !all;
}

static int
filter_fits(const char **place, const struct entry *entry)
{
	char operation;

	if (**place != '(')
		return -1;
	++*place;
	operation = **place;
	if (operation != '&' && operation != '|' && operation != '!')
		return filter_item_fits(place, entry);
	++*place;
	return filter_list_fits(place, entry, operation);
}

static int
entry_fits(const struct entry *entry, const char *filter)
{
	int fits;

	if (filter == NULL)
		return 1;
	fits = filter_fits(&filter, entry);
	return fits >= 0 && *filter == '\0' ? fits : -1;
}

/* ---- the four questions ---- */

static size_t
tree_place(const struct tree *tree, const char *normal)
{
	for (size_t i = 0; i < tree->count; i++) {
		char *dn = dn_normal(tree->entries[i]->dn);
		bool same = strcmp(dn, normal) == 0;

		free(dn);
		if (same)
			return i;
	}
	return tree->count;
}

struct entry *
tree_find(const struct tree *tree, const char *dn)
{
	char *normal = dn_normal(dn);
	size_t place = normal == NULL ? tree->count : tree_place(tree, normal);

	free(normal);
	return place < tree->count ? tree->entries[place] : NULL;
}

struct entry *
tree_put(struct tree *tree, const char *dn)
{
	struct entry *entry = tree_find(tree, dn);

	if (entry != NULL)
		return entry;
	entry = mem_new(sizeof(*entry));
	entry->dn = mem_text(dn);
	tree->entries = mem_grow(tree->entries, tree->count + 1, sizeof(struct entry *));
	tree->entries[tree->count++] = entry;
	return entry;
}

void
tree_remove(struct tree *tree, const char *dn)
{
	char *normal = dn_normal(dn);
	size_t place = normal == NULL ? tree->count : tree_place(tree, normal);

	free(normal);
	if (place == tree->count)
		return;
	entry_clear(tree->entries[place]);
	free(tree->entries[place]);
	tree->count--;
	memmove(&tree->entries[place], &tree->entries[place + 1],
	    (tree->count - place) * sizeof(struct entry *));
}

void
tree_fini(struct tree *tree)
{
	while (tree->count > 0)
		tree_remove(tree, tree->entries[tree->count - 1]->dn);
	free(tree->entries);
	memset(tree, 0, sizeof(*tree));
}

static bool
tree_is_in_scope(const struct entry *entry, const char *base, enum question_scope scope)
{
	char *dn = dn_normal(entry->dn);
	bool same = strcmp(dn, base) == 0, in;

	if (scope == SCOPE_BASE)
		in = same;
	else
		in = dn_is_below(dn, base, scope == SCOPE_ONE) || (same && scope == SCOPE_SUBTREE);
	free(dn);
	return in;
}

static int
tree_search(
    struct tree *tree, const struct question *question, const char *base, struct reply *reply)
{
	static const struct entry nothing;

	if (entry_fits(&nothing, question->filter) < 0)
		return LDAP_FILTER_ERROR;
	if (question->scope == SCOPE_BASE && tree_find(tree, base) == NULL)
		return LDAP_NO_SUCH_OBJECT;
	for (size_t i = 0; i < tree->count; i++) {
		struct entry *it = tree->entries[i];

		if (!tree_is_in_scope(it, base, question->scope) ||
		    entry_fits(it, question->filter) <= 0)
			continue;
		if (question->limit > 0 && reply->entry_count == (size_t)question->limit)
			return LDAP_SIZELIMIT_EXCEEDED;
		reply->entries =
		    mem_grow(reply->entries, reply->entry_count + 1, sizeof(*reply->entries));
		reply->entries[reply->entry_count++] = entry_copy(it, question->attributes);
	}
	return LDAP_SUCCESS;
}

/* The entry carries what it is named by. */
static bool
entry_carries_name(const struct entry *entry)
{
	LDAPDN parts = NULL;
	bool carries = false;

	if (ldap_str2dn(entry->dn, &parts, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS)
		return false;
	if (parts != NULL) {
		char *name = mem_text_n(parts[0][0]->la_attr.bv_val, parts[0][0]->la_attr.bv_len);
		char *value =
		    mem_text_n(parts[0][0]->la_value.bv_val, parts[0][0]->la_value.bv_len);

		carries = entry_has(entry, name, value);
		free(name);
		free(value);
	}
	ldap_dnfree(parts);
	return carries;
}

static int
entry_change(struct entry *entry, const struct change *change)
{
	if (change->kind == CHANGE_REPLACE)
		tree_entry_delete(entry, change->attribute, NULL);
	if (change->kind == CHANGE_DELETE && change->values == NULL &&
	    tree_entry_delete(entry, change->attribute, NULL) != 0)
		return LDAP_NO_SUCH_ATTRIBUTE;
	for (char **value = change->values; value != NULL && *value != NULL; value++) {
		if (change->kind == CHANGE_DELETE) {
			if (tree_entry_delete(entry, change->attribute, *value) != 0)
				return LDAP_NO_SUCH_ATTRIBUTE;
		} else if (tree_entry_add(entry, change->attribute, *value) != 0) {
			return LDAP_TYPE_OR_VALUE_EXISTS;
		}
	}
	return LDAP_SUCCESS;
}

/* All changes or none: they are made on a copy that takes the entry's place. */
static int
entry_change_all(struct entry *entry, const struct question *question)
{
	struct entry copy = entry_copy(entry, NULL);
	int code = LDAP_SUCCESS;

	for (size_t i = 0; i < question->change_count && code == LDAP_SUCCESS; i++)
		code = entry_change(&copy, &question->changes[i]);
	if (code == LDAP_SUCCESS && !entry_carries_name(&copy))
		code = question->kind == QUESTION_ADD ? LDAP_NAMING_VIOLATION
						      : LDAP_NOT_ALLOWED_ON_RDN;
	if (code == LDAP_SUCCESS) {
		struct entry old = *entry;

		*entry = copy;
		copy = old;
	}
	entry_clear(&copy);
	return code;
}

static int
tree_add(struct tree *tree, const struct question *question, const char *dn)
{
	int code;

	if (tree_find(tree, dn) != NULL)
		return LDAP_ALREADY_EXISTS;
	code = entry_change_all(tree_put(tree, question->dn), question);
	if (code != LDAP_SUCCESS)
		tree_remove(tree, dn);
	return code;
}

static int
tree_modify(struct tree *tree, const struct question *question, const char *dn)
{
	struct entry *entry = tree_find(tree, dn);

	return entry == NULL ? LDAP_NO_SUCH_OBJECT : entry_change_all(entry, question);
}

static int
tree_delete(struct tree *tree, const char *dn)
{
	if (tree_find(tree, dn) == NULL)
		return LDAP_NO_SUCH_OBJECT;
	for (size_t i = 0; i < tree->count; i++) {
		char *other = dn_normal(tree->entries[i]->dn);
		bool below = dn_is_below(other, dn, false);

		free(other);
		if (below)
			return LDAP_NOT_ALLOWED_ON_NONLEAF;
	}
	tree_remove(tree, dn);
	return LDAP_SUCCESS;
}

int
tree_ask(struct tree *tree, const struct question *question, struct reply *reply)
{
	char *dn = dn_normal(question->dn);
	int code = LDAP_PARAM_ERROR;

	if (dn == NULL)
		return question->kind == QUESTION_NONE ? LDAP_PARAM_ERROR : LDAP_INVALID_DN_SYNTAX;
	if (question->kind == QUESTION_SEARCH)
		code = tree_search(tree, question, dn, reply);
	else if (question->kind == QUESTION_ADD)
		code = tree_add(tree, question, dn);
	else if (question->kind == QUESTION_MODIFY)
		code = tree_modify(tree, question, dn);
	else if (question->kind == QUESTION_DELETE)
		code = tree_delete(tree, dn);
	free(dn);
	return code;
}
