/* The questions for a person's records, and asking them. */
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"
#include "conf/conf.h"
#include "dir/gather.h"
#include "dir/question.h"
#include "model/identifier.h"
#include "roll/roll_internal.h"

#define RECORDS_MOST 64 /* of one person in one source */

static char *
roll_filter(const struct conf_personnel *source, char *filter)
{
	if (source->filter[0] == '\0')
		return filter;
	return filter_join('&', mem_text(source->filter), filter, NULL);
}

static void
roll_question_records(const struct conf_personnel *source, size_t index,
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
	filter = roll_filter(source,
	    filter_equals(map->identifier,
		source->hyphens ? identifier_hyphened(identifier, hyphened) : identifier->digits));
	question_search(question, TO_PERSONNEL(index), source->base,
	    source->subtree ? SCOPE_SUBTREE : SCOPE_ONE, filter, wanted, RECORDS_MOST);
	secret_wipe_text(&filter);
	secret_wipe(hyphened, sizeof(hyphened));
}

size_t
roll_shown(const struct conf_personnel *source, const char *attributes[SHOWN_MOST])
{
	const struct conf_attributes *map = &source->attributes;
	size_t count = 0;

	attributes[count++] = map->identifier;
	attributes[count++] = map->family_name;
	if (map->birth_date[0] != '\0')
		attributes[count++] = map->birth_date;
	attributes[count] = NULL;
	return count;
}

void
roll_question_any(const struct conf_personnel *source, size_t index, struct question *question)
{
	const char *shown[SHOWN_MOST];
	size_t count = roll_shown(source, shown);
	struct text present = {0};
	char *filter;

	text_add(&present, "(&");
	for (size_t i = 0; i < count; i++)
		text_add(&present, "(%s=*)", shown[i]);
	text_add(&present, ")");
	filter = roll_filter(source, text_take(&present));
	question_search(question, TO_PERSONNEL(index), source->base,
	    source->subtree ? SCOPE_SUBTREE : SCOPE_ONE, filter, shown, 1);
	mem_free_text(&filter);
}

void
roll_question(
    const struct conf *conf, const struct identifier *identifier, struct question *question)
{
	for (size_t i = 0; i < conf->personnel_count; i++) {
		const struct conf_personnel *source = &conf->personnel[i];

		roll_question_records(
		    source, i, identifier, i == 0 ? question : question_also(question));
		roll_question_any(source, i, question_also(question));
	}
}

struct lookup {
	const struct conf *const *conf;
	const struct identifier *identifier;
	roll_done_fn *done;
	void *arg;
};

static void
lookup_on_reply(struct reply *reply, void *arg)
{
	struct lookup *lookup = arg;
	struct records records = {0};
	struct err err = {0};
	int failed = roll_read(*lookup->conf, lookup->identifier, reply, &records, &err);

	lookup->done(failed != 0 ? err.text : NULL, &records, lookup->arg);
	records_fini(&records);
	free(lookup);
}

void
roll_lookup(const struct conf *const *conf, struct dir *const *directories,
    const struct identifier *identifier, roll_done_fn *done, void *arg)
{
	struct lookup *lookup = mem_new(sizeof(*lookup));
	struct question question = {0};

	*lookup = (struct lookup){conf, identifier, done, arg};
	roll_question(*conf, identifier, &question);
	dir_gather(directories, &question, lookup_on_reply, lookup);
}
