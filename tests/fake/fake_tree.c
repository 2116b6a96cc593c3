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
	char *bound;
	bool fits = false;

	if (values == NULL)
		return false;
	bound = filter_piece(from, end);
	for (; *values != NULL && !fits; values++) {
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

/* ---- the entries, and what finds them ---- */

#define BUCKETS 4096

/* The entry comes first: a pointer to it is one to the node. */
struct tree_node {
	struct entry entry;
	char *dn; /* in normal form */
	unsigned serial;
	struct tree_node *before, *after, *same_bucket;
	struct tree_key *keys;
};

struct tree_key {
	char *value; /* "attribute=value" in small letters */
	struct tree_node *node;
	struct tree_key *same_bucket, *same_node;
};

static const char *const indexed[] = {
    "uid", "musterRegistrationId", "personnelId", "musterPersonKey", "mail", "mailLocalAddress"};
#define INDEXED (sizeof(indexed) / sizeof(indexed[0]))

static size_t
bucket_of(const char *text)
{
	size_t hash = 5381;

	for (; *text != '\0'; text++)
		hash = hash * 33 + (unsigned char)*text;
	return hash % BUCKETS;
}

static char *
key_text(const char *attribute, const char *value)
{
	char *text = mem_format("%s=%s", attribute, value);

	for (char *letter = text; *letter != '\0'; letter++)
		*letter = (char)tolower((unsigned char)*letter);
	return text;
}

static struct tree_node *
tree_node_find(const struct tree *tree, const char *normal)
{
	struct tree_node *node = tree->by_dn == NULL ? NULL : tree->by_dn[bucket_of(normal)];

	while (node != NULL && strcmp(node->dn, normal) != 0)
		node = node->same_bucket;
	return node;
}

static void
tree_node_unindex(struct tree *tree, struct tree_node *node)
{
	struct tree_key *key;

	while ((key = node->keys) != NULL) {
		struct tree_key **at = &tree->by_value[bucket_of(key->value)];

		while (*at != key)
			at = &(*at)->same_bucket;
		*at = key->same_bucket;
		node->keys = key->same_node;
		free(key->value);
		free(key);
	}
}

static void
tree_node_index(struct tree *tree, struct tree_node *node)
{
	tree_node_unindex(tree, node);
	for (size_t i = 0; i < INDEXED; i++) {
		char *const *value = entry_values(&node->entry, indexed[i]);

		for (; value != NULL && *value != NULL; value++) {
			struct tree_key *key = mem_new(sizeof(*key)), **bucket;

			key->value = key_text(indexed[i], *value);
			key->node = node;
			key->same_node = node->keys;
			node->keys = key;
			bucket = &tree->by_value[bucket_of(key->value)];
			key->same_bucket = *bucket;
			*bucket = key;
		}
	}
}

void
tree_index(struct tree *tree, struct entry *entry)
{
	tree_node_index(tree, (struct tree_node *)entry);
}

struct entry *
tree_find(const struct tree *tree, const char *dn)
{
	char *normal = dn_normal(dn);
	struct tree_node *node = normal == NULL ? NULL : tree_node_find(tree, normal);

	free(normal);
	return node == NULL ? NULL : &node->entry;
}

static void
tree_link(struct tree *tree, struct tree_node *node)
{
	struct tree_node **bucket = &tree->by_dn[bucket_of(node->dn)];

	node->same_bucket = *bucket;
	*bucket = node;
	node->before = tree->last;
	if (tree->last != NULL)
		tree->last->after = node;
	else
		tree->first = node;
	tree->last = node;
	node->serial = ++tree->serial;
}

static void
tree_unlink(struct tree *tree, struct tree_node *node)
{
	struct tree_node **at = &tree->by_dn[bucket_of(node->dn)];

	while (*at != node)
		at = &(*at)->same_bucket;
	*at = node->same_bucket;
	if (node->before != NULL)
		node->before->after = node->after;
	else
		tree->first = node->after;
	if (node->after != NULL)
		node->after->before = node->before;
	else
		tree->last = node->before;
}

struct entry *
tree_put(struct tree *tree, const char *dn)
{
	struct entry *entry = tree_find(tree, dn);
	struct tree_node *node;

	if (entry != NULL)
		return entry;
	if (tree->by_dn == NULL) {
		tree->by_dn = mem_new(BUCKETS * sizeof(*tree->by_dn));
		tree->by_value = mem_new(BUCKETS * sizeof(*tree->by_value));
	}
	node = mem_new(sizeof(*node));
	node->entry.dn = mem_text(dn);
	node->dn = dn_normal(dn);
	tree_link(tree, node);
	return &node->entry;
}

static void
tree_node_remove(struct tree *tree, struct tree_node *node)
{
	tree_node_unindex(tree, node);
	tree_unlink(tree, node);
	entry_clear(&node->entry);
	free(node->dn);
	free(node);
}

void
tree_remove(struct tree *tree, const char *dn)
{
	struct entry *entry = tree_find(tree, dn);

	if (entry != NULL)
		tree_node_remove(tree, (struct tree_node *)entry);
}

void
tree_fini(struct tree *tree)
{
	while (tree->first != NULL)
		tree_node_remove(tree, tree->first);
	free(tree->by_dn);
	free(tree->by_value);
	memset(tree, 0, sizeof(*tree));
}

/* ---- searches ---- */

/* Nodes that may fit, in the order of their adding, each once. */
struct candidates {
	struct tree_node **nodes;
	size_t count;
};

static int
candidate_compare(const void *a, const void *b)
{
	const struct tree_node *const *one = a, *const *other = b;

	return ((*one)->serial > (*other)->serial) - ((*one)->serial < (*other)->serial);
}

static void
candidates_sort(struct candidates *candidates)
{
	size_t kept = 0;

	if (candidates->count < 2)
		return;
	qsort(candidates->nodes, candidates->count, sizeof(*candidates->nodes), candidate_compare);
	for (size_t i = 0; i < candidates->count; i++)
		if (kept == 0 || candidates->nodes[i] != candidates->nodes[kept - 1])
			candidates->nodes[kept++] = candidates->nodes[i];
	candidates->count = kept;
}

static void
candidates_add(struct candidates *candidates, struct tree_node *node)
{
	candidates->nodes =
	    mem_grow(candidates->nodes, candidates->count + 1, sizeof(*candidates->nodes));
	candidates->nodes[candidates->count++] = node;
}

/* "(attribute=value)" of an attribute that is indexed, at place; false where it is none. */
static bool
candidates_add_item(
    const struct tree *tree, const char *item, const char *end, struct candidates *candidates)
{
	size_t size = strcspn(item, "=");

	for (size_t i = 0; i < INDEXED; i++) {
		char *piece, *text;

		if (strlen(indexed[i]) != size || strncasecmp(indexed[i], item, size) != 0 ||
		    memchr(item, '*', (size_t)(end - item)) != NULL)
			continue;
		piece = filter_piece(item + size + 1, end);
		text = key_text(indexed[i], piece);
		for (struct tree_key *key = tree->by_value[bucket_of(text)]; key;
		     key = key->same_bucket)
			if (strcmp(key->value, text) == 0)
				candidates_add(candidates, key->node);
		free(piece);
		free(text);
		return true;
	}
	return false;
}

/*
 * Whether the index finds all that a filter may fit: one item of "(&" is enough, "(|" needs all.
 * The filter is well formed; only lists of plain items are looked into.
 */
static bool
candidates_find(const struct tree *tree, const char *filter, struct candidates *candidates)
{
	bool any = filter[1] != '|';
	const char *item = filter[1] == '&' || filter[1] == '|' ? filter + 2 : filter;

	if (tree->by_value == NULL)
		return false;
	for (; *item == '('; item = strchr(item, ')') + 1) {
		if (item[1] == '&' || item[1] == '|' || item[1] == '!')
			return false;
		if (candidates_add_item(tree, item + 1, strchr(item, ')'), candidates) == any)
			return any;
	}
	return !any;
}

static bool
tree_is_in_scope(const char *dn, const char *base, enum question_scope scope)
{
	bool same = strcmp(dn, base) == 0;

	if (scope == SCOPE_BASE)
		return same;
	return dn_is_below(dn, base, scope == SCOPE_ONE) || (same && scope == SCOPE_SUBTREE);
}

/* False where it would be one too many. */
static bool
tree_show(const struct tree_node *node, const struct question *question, const char *base,
    struct reply *reply)
{
	if (!tree_is_in_scope(node->dn, base, question->scope) ||
	    entry_fits(&node->entry, question->filter) <= 0)
		return true;
	if (question->limit > 0 && reply->entry_count == (size_t)question->limit)
		return false;
	reply->entries = mem_grow(reply->entries, reply->entry_count + 1, sizeof(*reply->entries));
	reply->entries[reply->entry_count++] = entry_copy(&node->entry, question->attributes);
	return true;
}

static int
tree_search(
    struct tree *tree, const struct question *question, const char *base, struct reply *reply)
{
	static const struct entry nothing;
	struct candidates candidates = {0};
	struct tree_node *node = tree_node_find(tree, base);
	bool whole = true;

	if (entry_fits(&nothing, question->filter) < 0)
		return LDAP_FILTER_ERROR;
	if (question->scope == SCOPE_BASE && node == NULL)
		return LDAP_NO_SUCH_OBJECT;
	if (question->scope == SCOPE_BASE) {
		tree_show(node, question, base, reply);
	} else if (question->filter != NULL &&
		   candidates_find(tree, question->filter, &candidates)) {
		candidates_sort(&candidates);
		for (size_t i = 0; i < candidates.count && whole; i++)
			whole = tree_show(candidates.nodes[i], question, base, reply);
	} else {
		for (node = tree->first; node != NULL && whole; node = node->after)
			whole = tree_show(node, question, base, reply);
	}
	free(candidates.nodes);
	return whole ? LDAP_SUCCESS : LDAP_SIZELIMIT_EXCEEDED;
}

/* ---- changes ---- */

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
tree_change_all(struct tree *tree, struct tree_node *node, const struct question *question)
{
	int code;

	code = entry_change_all(&node->entry, question);
	tree_node_index(tree, node);
	return code;
}

static int
tree_add(struct tree *tree, const struct question *question, const char *dn)
{
	struct tree_node *node;
	int code;

	if (tree_node_find(tree, dn) != NULL)
		return LDAP_ALREADY_EXISTS;
	node = (struct tree_node *)tree_put(tree, question->dn);
	code = tree_change_all(tree, node, question);
	if (code != LDAP_SUCCESS)
		tree_node_remove(tree, node);
	return code;
}

static int
tree_modify(struct tree *tree, const struct question *question, const char *dn)
{
	struct tree_node *node = tree_node_find(tree, dn);

	return node == NULL ? LDAP_NO_SUCH_OBJECT : tree_change_all(tree, node, question);
}

static int
tree_delete(struct tree *tree, const char *dn)
{
	struct tree_node *node = tree_node_find(tree, dn);

	if (node == NULL)
		return LDAP_NO_SUCH_OBJECT;
	for (const struct tree_node *it = tree->first; it != NULL; it = it->after)
		if (dn_is_below(it->dn, dn, false))
			return LDAP_NOT_ALLOWED_ON_NONLEAF;
	tree_node_remove(tree, node);
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
