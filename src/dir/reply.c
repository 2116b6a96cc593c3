#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "dir/question.h"

/* The attribute itself before one with options: givenName before givenName;lang-de. */
static const struct entry_attribute *
entry_find(const struct entry *entry, const char *attribute)
{
	const struct entry_attribute *with_options = NULL;
	size_t size = strlen(attribute);

	for (size_t i = 0; i < entry->attribute_count; i++) {
		const struct entry_attribute *it = &entry->attributes[i];

		if (strncasecmp(it->name, attribute, size) != 0)
			continue;
		if (it->name[size] == '\0')
			return it;
		if (it->name[size] == ';' && with_options == NULL)
			with_options = it;
	}
	return with_options;
}

char *const *
entry_values(const struct entry *entry, const char *attribute)
{
	const struct entry_attribute *found = entry_find(entry, attribute);

	return found == NULL || found->values == NULL || found->values[0] == NULL ? NULL
										  : found->values;
}

const char *
entry_value(const struct entry *entry, const char *attribute)
{
	char *const *values = entry_values(entry, attribute);

	return values == NULL ? NULL : values[0];
}

bool
entry_has(const struct entry *entry, const char *attribute, const char *value)
{
	char *const *values = entry_values(entry, attribute);

	for (; values != NULL && *values != NULL; values++)
		if (strcasecmp(*values, value) == 0)
			return true;
	return false;
}

const char *
entry_named(const struct entry *entry, const char *attribute)
{
	char *const *values = entry_values(entry, attribute);

	for (; values != NULL && *values != NULL; values++) {
		char *start = dn_make(attribute, *values, "");
		bool is_name = strncasecmp(entry->dn, start, strlen(start)) == 0 &&
			       entry->dn[strlen(start)] == ',';

		mem_free_text(&start);
		if (is_name)
			return *values;
	}
	return NULL;
}

static void
entry_fini(struct entry *entry)
{
	for (size_t i = 0; i < entry->attribute_count; i++) {
		struct entry_attribute *it = &entry->attributes[i];

		mem_texts_free(&it->values);
		free(it->name);
	}
	free(entry->attributes);
	mem_free_text(&entry->dn);
}

void
reply_fini(struct reply *reply)
{
	for (size_t i = 0; i < reply->entry_count; i++)
		entry_fini(&reply->entries[i]);
	free(reply->entries);
	memset(reply, 0, sizeof(*reply));
}

const char *
reply_kind_name(enum reply_kind kind)
{
	static const char *const names[] = {
	    [REPLY_DONE] = "done",
	    [REPLY_AWAY] = "away",
	    [REPLY_BUSY] = "busy",
	    [REPLY_EXISTS] = "exists",
	    [REPLY_NO_ENTRY] = "no-entry",
	    [REPLY_NO_BASE] = "no-base",
	    [REPLY_NO_VALUE] = "no-value",
	    [REPLY_HAS_VALUE] = "has-value",
	    [REPLY_LIMIT] = "limit",
	    [REPLY_INVALID] = "invalid",
	    [REPLY_DENIED] = "denied",
	};

	return names[kind];
}
