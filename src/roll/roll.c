#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"
#include "conf/conf.h"
#include "dir/dir.h"
#include "dir/question.h"
#include "model/application.h"
#include "model/date.h"
#include "roll/roll.h"

#define RECORDS_MOST 64 /* of one person in one source */

void
roll_question(const struct conf_personnel *source, size_t index,
    const struct identifier *identifier, struct question *question)
{
	const struct conf_attributes *map = &source->attributes;
	const char *attributes[16 + 32] = {map->birth_date, map->pay_entry_base_date,
	    map->given_name, map->middle_name, map->family_name, map->suffix, map->edipi,
	    map->category, map->status, map->o, map->ou, map->title};
	const char *wanted[16 + 32 + 1];
	char hyphened[12];
	size_t count = 12, kept = 0;
	char *filter;

	for (size_t i = 0; i < source->rule_count && count < 48; i++)
		attributes[count++] = source->rules[i].where_attribute;
	for (size_t i = 0; i < count; i++)
		if (attributes[i] != NULL && attributes[i][0] != '\0')
			wanted[kept++] = attributes[i];
	wanted[kept] = NULL;
	filter = filter_equals(map->identifier,
	    source->hyphens ? identifier_hyphened(identifier, hyphened) : identifier->digits);
	if (source->filter[0] != '\0')
		filter = filter_join('&', mem_text(source->filter), filter, NULL);
	question_search(question, TO_PERSONNEL(index), source->base,
	    source->subtree ? SCOPE_SUBTREE : SCOPE_ONE, filter, wanted, RECORDS_MOST);
	secret_wipe_text(&filter);
	secret_wipe(hyphened, sizeof(hyphened));
}

static int
roll_read_date(const struct conf_personnel *source, const struct entry *entry,
    const char *attribute, struct date *date_out, struct err *err)
{
	const char *text = entry_value(entry, attribute);

	if (text == NULL)
		return 0;
	if (date_parse((enum date_form)source->date_form, text, date_out) != 0)
		return err_set(err, ERR_BROKEN, "a record in %s has a %s that can't be read",
		    source->name, attribute);
	return 0;
}

static bool
roll_is_current(const struct conf_personnel *source, const struct entry *entry)
{
	if (source->current_values == NULL || source->current_values[0] == NULL)
		return true;
	for (size_t i = 0; source->current_values[i] != NULL; i++)
		if (entry_has(entry, source->attributes.status, source->current_values[i]))
			return true;
	return false;
}

static bool
roll_rule_fits(const struct conf_category_rule *rule, const struct entry *entry, const char *value)
{
	if (strcasecmp(rule->value, value) != 0)
		return false;
	if (rule->where_attribute == NULL || rule->where_attribute[0] == '\0')
		return true;
	for (size_t i = 0; rule->where_values != NULL && rule->where_values[i] != NULL; i++)
		if (entry_has(entry, rule->where_attribute, rule->where_values[i]))
			return true;
	return false;
}

/* The category that a value of the category attribute makes; NULL where no rule fits. */
static const char *
roll_category(const struct conf_personnel *source, const struct entry *entry, const char *value)
{
	if (source->rule_count == 0)
		return value;
	for (size_t i = 0; i < source->rule_count; i++)
		if (roll_rule_fits(&source->rules[i], entry, value))
			return source->rules[i].category;
	return NULL;
}

static char *
roll_text(const struct entry *entry, const char *attribute)
{
	return attribute == NULL || attribute[0] == '\0' ? NULL
							 : mem_text(entry_value(entry, attribute));
}

static int
roll_read_entry(const struct conf_personnel *source, const struct entry *entry, const char *value,
    struct records *records, struct err *err)
{
	const struct conf_attributes *map = &source->attributes;
	struct record *record = records_add(records);

	record->source = mem_text(source->name);
	record->dn = mem_text(entry->dn);
	record->name.given = roll_text(entry, map->given_name);
	record->name.middle = roll_text(entry, map->middle_name);
	record->name.family = roll_text(entry, map->family_name);
	record->name.suffix = roll_text(entry, map->suffix);
	record->edipi = roll_text(entry, map->edipi);
	record->o = roll_text(entry, map->o);
	record->ou = roll_text(entry, map->ou);
	record->title = roll_text(entry, map->title);
	record->current = roll_is_current(source, entry);
	record->category = value == NULL ? NULL : mem_text(roll_category(source, entry, value));
	if (record->name.family == NULL)
		return err_set(
		    err, ERR_BROKEN, "a record in %s has no %s", source->name, map->family_name);
	if (roll_read_date(source, entry, map->birth_date, &record->birth_date, err) != 0)
		return -1;
	return roll_read_date(
	    source, entry, map->pay_entry_base_date, &record->pay_entry_base_date, err);
}

int
roll_read(const struct conf_personnel *source, const struct reply *reply, struct records *records,
    struct err *err)
{
	if (reply->kind != REPLY_DONE)
		return err_set(err, ERR_BUSY, "%s: %s", source->name, reply->text);
	for (size_t i = 0; i < reply->entry_count; i++) {
		const struct entry *entry = &reply->entries[i];
		char *const *values = entry_values(entry, source->attributes.category);

		/* An entry with two categories (a student who is staff) is two records. */
		if (values == NULL && roll_read_entry(source, entry, NULL, records, err) != 0)
			return -1;
		for (; values != NULL && *values != NULL; values++)
			if (roll_read_entry(source, entry, *values, records, err) != 0)
				return -1;
	}
	return 0;
}

/* One source's part of a look-up. */
struct lookup_part {
	struct lookup *lookup;
	size_t index;
};

struct lookup {
	const struct conf *const *conf; /* a reload may replace it meanwhile */
	size_t open;                    /* sources that have not answered */
	struct records records;
	bool trouble_set;
	struct reply trouble; /* kind, code and text alone */
	roll_done_fn *done;
	void *arg;
	struct lookup_part *parts;
};

static void
lookup_note_trouble(struct lookup *lookup, enum reply_kind kind, const char *text)
{
	lookup->trouble_set = true;
	lookup->trouble.kind = kind;
	snprintf(lookup->trouble.text, sizeof(lookup->trouble.text), "%.150s", text);
	text_trim(lookup->trouble.text);
}

static void
lookup_on_reply(struct reply *reply, void *arg)
{
	struct lookup_part *part = arg;
	struct lookup *lookup = part->lookup;
	struct err err = {0};

	if (reply->kind != REPLY_DONE)
		lookup_note_trouble(lookup, reply->kind, reply->text);
	else if (roll_read(
		     &(*lookup->conf)->personnel[part->index], reply, &lookup->records, &err) != 0)
		lookup_note_trouble(lookup, REPLY_INVALID, err.text);
	if (--lookup->open > 0)
		return;
	lookup->done(lookup->trouble_set ? &lookup->trouble : NULL, &lookup->records, lookup->arg);
	records_fini(&lookup->records);
	free(lookup->parts);
	free(lookup);
}

void
roll_lookup(const struct conf *const *conf, struct dir *const *sources,
    const struct identifier *identifier, roll_done_fn *done, void *arg)
{
	struct lookup *lookup = mem_new(sizeof(*lookup));

	lookup->conf = conf;
	lookup->open = (*conf)->personnel_count;
	lookup->done = done;
	lookup->arg = arg;
	lookup->parts = mem_grow(NULL, (*conf)->personnel_count, sizeof(*lookup->parts));
	for (size_t i = 0; i < (*conf)->personnel_count; i++) {
		struct question question = {0};

		lookup->parts[i] = (struct lookup_part){lookup, i};
		roll_question(&(*conf)->personnel[i], i, identifier, &question);
		dir_submit(sources[i], &question, lookup_on_reply, &lookup->parts[i]);
	}
}
