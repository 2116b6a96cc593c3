/* From the entries of a personnel directory to records, by the source's map. */
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"
#include "conf/conf.h"
#include "dir/question.h"
#include "model/date.h"
#include "model/identifier.h"
#include "roll/roll_internal.h"

#define EDIPI_DIGITS 10

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

static const struct conf_category_rule *
roll_rule(const struct conf_personnel *source, const struct entry *entry, const char *value)
{
	for (size_t i = 0; i < source->rule_count; i++)
		if (roll_rule_fits(&source->rules[i], entry, value))
			return &source->rules[i];
	return NULL;
}

/* The rule of that value whose condition does not hold; NULL where there is none. */
static const struct conf_category_rule *
roll_rule_missed(const struct conf_personnel *source, const char *value)
{
	for (size_t i = 0; i < source->rule_count; i++)
		if (strcasecmp(source->rules[i].value, value) == 0)
			return &source->rules[i];
	return NULL;
}

/* In words for the helpdesk, from the configuration and the category attribute alone. */
static char *
roll_rule_words(
    const struct conf_personnel *source, const struct conf_category_rule *rule, const char *value)
{
	const char *attribute = source->attributes.category;
	const struct conf_category_rule *said;
	struct text words = {0};

	if (value == NULL)
		return mem_format("the record has no %s", attribute);
	if (source->rule_count == 0)
		return mem_format("%s \"%s\" is a category's id", attribute, value);
	said = rule != NULL ? rule : roll_rule_missed(source, value);
	if (said == NULL)
		return mem_format("no rule of category_map fits %s \"%s\"", attribute, value);
	text_add(&words, "%s \"%s\" makes %s", attribute, said->value, said->category);
	for (size_t i = 0; said->where_values != NULL && said->where_values[i] != NULL; i++)
		text_add(&words, "%s%s \"%s\"",
		    i > 0          ? " or"
		    : rule != NULL ? " where "
				   : " only where ",
		    i > 0 ? "" : said->where_attribute, said->where_values[i]);
	return text_take(&words);
}

/* The category that a value of the category attribute makes; NULL where no rule fits. */
static void
roll_read_category(const struct conf_personnel *source, const struct entry *entry,
    const char *value, struct record *record)
{
	const struct conf_category_rule *rule =
	    value == NULL ? NULL : roll_rule(source, entry, value);

	if (rule != NULL)
		record->category = mem_text(rule->category);
	else if (source->rule_count == 0)
		record->category = mem_text(value);
	record->rule = roll_rule_words(source, rule, value);
}

static char *
roll_text(const struct entry *entry, const char *attribute)
{
	return attribute == NULL || attribute[0] == '\0' ? NULL
							 : mem_text(entry_value(entry, attribute));
}

/* Some directories name their entries by the identifier, which no log or journal may hold. */
static char *
roll_dn(const char *dn, const struct identifier *identifier)
{
	char hyphened[12], *masked = mem_text(dn), *at;
	const char *forms[] = {identifier->digits, identifier_hyphened(identifier, hyphened)};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		while ((at = strstr(masked, forms[i])) != NULL)
			memset(at, '*', strlen(forms[i]));
	secret_wipe(hyphened, sizeof(hyphened));
	return masked;
}

/* Ten digits or none: an employeeNumber must never be an SSN that somebody filed in its place. */
static char *
roll_edipi(const struct entry *entry, const char *attribute)
{
	char *edipi = roll_text(entry, attribute);

	if (edipi != NULL &&
	    (strlen(edipi) != EDIPI_DIGITS || strspn(edipi, "0123456789") != EDIPI_DIGITS))
		secret_wipe_text(&edipi);
	return edipi;
}

static int
roll_read_entry(const struct conf_personnel *source, const struct identifier *identifier,
    const struct entry *entry, const char *value, struct records *records, struct err *err)
{
	const struct conf_attributes *map = &source->attributes;
	struct record *record = records_add(records);

	record->source = mem_text(source->name);
	record->dn = roll_dn(entry->dn, identifier);
	record->name.given = roll_text(entry, map->given_name);
	record->name.middle = roll_text(entry, map->middle_name);
	record->name.family = roll_text(entry, map->family_name);
	record->name.suffix = roll_text(entry, map->suffix);
	record->edipi = roll_edipi(entry, map->edipi);
	record->o = roll_text(entry, map->o);
	record->ou = roll_text(entry, map->ou);
	record->title = roll_text(entry, map->title);
	record->current = roll_is_current(source, entry);
	roll_read_category(source, entry, value, record);
	if (record->name.family == NULL)
		return err_set(
		    err, ERR_BROKEN, "a record in %s has no %s", source->name, map->family_name);
	if (roll_read_date(source, entry, map->birth_date, &record->birth_date, err) != 0)
		return -1;
	return roll_read_date(
	    source, entry, map->pay_entry_base_date, &record->pay_entry_base_date, err);
}

/* What the source hides of any of its records, or a word for all; NULL where it shows enough. */
static const char *
roll_hidden(const struct conf_personnel *source, const struct reply *any)
{
	const char *shown[SHOWN_MOST];
	size_t count = roll_shown(source, shown);

	if (any->entry_count == 0)
		return "every record";
	for (size_t i = 0; i < count; i++)
		if (entry_value(&any->entries[0], shown[i]) == NULL)
			return shown[i];
	return NULL;
}

/* Every record that was found carries what a proof rests on. */
static bool
roll_is_whole(const struct conf_personnel *source, const struct reply *reply)
{
	const char *shown[SHOWN_MOST];
	size_t count = roll_shown(source, shown);

	/* From 1 on: the identifier was not asked for, the record was found by it. */
	for (size_t i = 0; i < reply->entry_count; i++)
		for (size_t k = 1; k < count; k++)
			if (entry_value(&reply->entries[i], shown[k]) == NULL)
				return false;
	return reply->entry_count > 0;
}

/* Whether what a source said may be believed: that it has nobody, or records without a part. */
static int
roll_check_shown(const struct conf_personnel *source, const struct reply *reply,
    const struct reply *any, struct err *err)
{
	const char *hidden;

	if (reply->kind != REPLY_DONE)
		return err_set(err, ERR_BUSY, "%s: %s", source->name, reply->text);
	if (roll_is_whole(source, reply))
		return 0;
	if (any->kind != REPLY_DONE && any->entry_count == 0)
		return err_set(err, ERR_BUSY, "%s: %s", source->name, any->text);
	hidden = roll_hidden(source, any);
	if (hidden != NULL)
		return err_set(err, ERR_BUSY,
		    "%s shows us nothing of %s: it is empty, or access rules hide it", source->name,
		    hidden);
	return 0;
}

static int
roll_read_source(const struct conf_personnel *source, const struct identifier *identifier,
    const struct reply *reply, struct records *records, struct err *err)
{
	for (size_t i = 0; i < reply->entry_count; i++) {
		const struct entry *entry = &reply->entries[i];
		char *const *values = entry_values(entry, source->attributes.category);

		/* An entry with two categories (a student who is staff) is two records. */
		if (values == NULL &&
		    roll_read_entry(source, identifier, entry, NULL, records, err) != 0)
			return -1;
		for (; values != NULL && *values != NULL; values++)
			if (roll_read_entry(source, identifier, entry, *values, records, err) != 0)
				return -1;
	}
	return 0;
}

int
roll_read(const struct conf *conf, const struct identifier *identifier, const struct reply *reply,
    struct records *records, struct err *err)
{
	for (size_t i = 0; i < conf->personnel_count; i++, reply = reply->also->also) {
		const struct conf_personnel *source = &conf->personnel[i];

		if (roll_check_shown(source, reply, reply->also, err) != 0 ||
		    roll_read_source(source, identifier, reply, records, err) != 0)
			return -1;
	}
	return 0;
}
