/* What a person's records prove: design.md section 4. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"
#include "conf/conf.h"
#include "model/application.h"
#include "model/person.h"
#include "roll/roll.h"

/* How one record compares with what was claimed. */
struct match {
	bool birth_date, name, proved;
};

/* The records that count: the current ones, or all where none is current. */
static bool
judge_counts(const struct records *records, size_t i)
{
	if (records->items[i].current)
		return true;
	for (size_t k = 0; k < records->count; k++)
		if (records->items[k].current)
			return false;
	return true;
}

/*
 * Why a card that was shown proves nothing; NULL where it is good, or none was shown. The records
 * that count must carry its EDIPI, and none of them another.
 */
static char *
judge_card(const struct shown_card *card, const struct records *records)
{
	bool recorded = false, same = true;

	if (!card->shown)
		return NULL;
	for (size_t i = 0; i < records->count; i++) {
		const char *edipi = records->items[i].edipi;

		if (edipi == NULL || !judge_counts(records, i))
			continue;
		recorded = true;
		same &= strlen(edipi) == EDIPI_SIZE - 1 &&
			secret_is_equal(edipi, card->edipi, EDIPI_SIZE - 1);
	}
	if (card->refusal != NULL)
		return mem_format("card: %s", card->refusal);
	if (!recorded)
		return mem_text("card: no EDIPI is on record to compare with");
	return same ? NULL : mem_text("card: its EDIPI differs from the record's");
}

/*
 * Pay entry base dates are looked at over all records that count: one that carries another is no
 * reason to refuse a person who gave the first (two careers, two dates), and a record that carries
 * none is no way round a wrong one.
 */
static void
judge_pay_entry_base_date(const struct application *claimed, const struct records *records,
    bool *recorded_out, bool *same_out)
{
	bool any_counts = false;

	/* Where none that counts carries one, a lapsed record's is asked for (contract section 2).
	 */
	for (size_t i = 0; i < records->count; i++)
		any_counts |=
		    judge_counts(records, i) && date_is_set(&records->items[i].pay_entry_base_date);
	*recorded_out = *same_out = false;
	for (size_t i = 0; i < records->count; i++) {
		const struct date *recorded = &records->items[i].pay_entry_base_date;
		bool counts = (!any_counts || judge_counts(records, i)) && date_is_set(recorded);
		bool same = date_is_equal(recorded, &claimed->pay_entry_base_date);

		*recorded_out |= counts;
		*same_out |= counts & same;
	}
}

/* For the helpdesk: what this record was compared by, and what of it is another. */
static void
judge_mark(struct record *record, const struct application *claimed, bool names, bool waived,
    const struct match *match)
{
	const struct shown_card *card = &claimed->card;
	bool pebd = date_is_equal(&record->pay_entry_base_date, &claimed->pay_entry_base_date);
	bool card_asked = card->shown && (record->edipi != NULL || card->refusal != NULL);
	bool card_same = card->refusal == NULL && record->edipi != NULL &&
			 strcmp(card->edipi, record->edipi) == 0;

	record->asked =
	    (date_is_set(&record->birth_date) ? PART_BIRTH_DATE : 0U) |
	    (date_is_set(&record->pay_entry_base_date) && !waived ? PART_PAY_ENTRY_BASE_DATE : 0U) |
	    (names ? PART_NAME : 0U) | (card_asked ? PART_CARD : 0U);
	record->differs = (match->birth_date ? 0U : PART_BIRTH_DATE) |
			  (pebd ? 0U : PART_PAY_ENTRY_BASE_DATE) | (match->name ? 0U : PART_NAME) |
			  (card_same ? 0U : PART_CARD);
	record->differs &= record->asked;
}

static struct match
judge_record(const struct conf *conf, const struct application *claimed, bool names,
    struct record *record, bool card, bool pebd_recorded, bool pebd_same)
{
	const struct conf_category *category =
	    record->category == NULL ? NULL : conf_category_find(conf, record->category);
	bool any_date = category != NULL && category->proof == CONF_PROOF_ANY_DATE;
	bool waived = card && category != NULL && category->card_waives_pebd &&
		      !date_is_set(&claimed->pay_entry_base_date);
	bool recorded = date_is_set(&record->birth_date);
	bool same = date_is_equal(&record->birth_date, &claimed->birth_date);
	struct match match;

	match.birth_date = same | !recorded;
	match.name = !names | name_is_same(&claimed->legal_name, &record->name);
	if (any_date)
		match.proved = (recorded & same) | pebd_same;
	else
		match.proved = match.birth_date & (pebd_same | !pebd_recorded | waived) &
			       (recorded | pebd_same);
	match.proved &= match.name;
	judge_mark(record, claimed, names, waived, &match);
	return match;
}

static char *
judge_why(const struct match *best, bool any, bool pebd_recorded, bool pebd_same)
{
	struct text why = {0};

	if (!any)
		return mem_text("no record with that identifier");
	if (!best->birth_date)
		text_add(&why, "birth date differs");
	if (pebd_recorded && !pebd_same)
		text_add(&why, "%spay entry base date differs", why.size > 0 ? ", " : "");
	if (!best->name)
		text_add(&why, "%sname differs", why.size > 0 ? ", " : "");
	if (why.size == 0)
		text_add(&why, "the record carries no date to compare");
	return text_take(&why);
}

static bool
judge_contradict(const struct record *a, const struct record *b)
{
	bool dates = date_is_set(&a->birth_date) && date_is_set(&b->birth_date);

	return (dates && !date_is_equal(&a->birth_date, &b->birth_date)) ||
	       !name_is_same_family(&a->name, &b->name);
}

/* Two records that count and contradict each other; NULL where there are none. All pairs: the
 * first record may carry no birth date, and the second and third another each. */
static char *
judge_conflict(const struct records *records)
{
	const struct record *items = records->items;

	for (size_t i = 0; i < records->count; i++)
		for (size_t k = 0; k < i; k++)
			if (judge_counts(records, i) && judge_counts(records, k) &&
			    judge_contradict(&items[k], &items[i]))
				return mem_format("two records of one identifier contradict each "
						  "other: %s and %s",
				    items[k].dn, items[i].dn);
	return NULL;
}

/* Puts a category in its place by precedence, once. */
static void
judge_add_category(const struct conf *conf, struct person *person, const char *id)
{
	size_t count = mem_texts_count(person->categories), at = 0;
	const struct conf_category *category = conf_category_find(conf, id);

	if (text_is_one_of(id, person->categories))
		return;
	while (at < count &&
	       conf_category_find(conf, person->categories[at])->precedence <= category->precedence)
		at++;
	mem_texts_add(&person->categories, id);
	for (size_t i = count; i > at; i--) {
		char *later = person->categories[i];

		person->categories[i] = person->categories[i - 1];
		person->categories[i - 1] = later;
	}
}

static void
judge_fill(struct person *person, const struct record *record)
{
	if (person->edipi == NULL)
		person->edipi = mem_text(record->edipi);
	if (person->o == NULL)
		person->o = mem_text(record->o);
	if (person->ou == NULL)
		person->ou = mem_text(record->ou);
	if (person->title == NULL)
		person->title = mem_text(record->title);
}

static bool
judge_is_admitted(const struct conf *conf, const struct record *record)
{
	return record->current && record->category != NULL &&
	       conf_category_find(conf, record->category) != NULL;
}

enum roll_verdict
roll_judge_again(const struct conf *conf, const struct records *records, struct person *person_out)
{
	const struct record *primary = NULL;

	memset(person_out, 0, sizeof(*person_out));
	for (size_t i = 0; i < records->count; i++)
		if (judge_is_admitted(conf, &records->items[i]))
			judge_add_category(conf, person_out, records->items[i].category);
	if (person_out->categories == NULL)
		return ROLL_NOT_ELIGIBLE;
	for (size_t i = 0; i < records->count && primary == NULL; i++)
		if (judge_is_admitted(conf, &records->items[i]) &&
		    strcmp(records->items[i].category, person_out->categories[0]) == 0)
			primary = &records->items[i];
	name_copy(&person_out->name, &primary->name);
	judge_fill(person_out, primary);
	for (size_t i = 0; i < records->count; i++)
		if (judge_is_admitted(conf, &records->items[i]))
			judge_fill(person_out, &records->items[i]);
	return ROLL_PROVED;
}

enum roll_verdict
roll_judge(const struct conf *conf, const struct application *claimed, bool names,
    struct records *records, struct person *person_out, char **why_out)
{
	struct match best = {false, false, false};
	bool pebd_recorded, pebd_same, proved = false;
	char *card;

	memset(person_out, 0, sizeof(*person_out));
	*why_out = NULL;
	card = judge_card(&claimed->card, records);
	judge_pay_entry_base_date(claimed, records, &pebd_recorded, &pebd_same);
	for (size_t i = 0; i < records->count; i++) {
		struct match match = judge_record(conf, claimed, names, &records->items[i],
		    claimed->card.shown && card == NULL, pebd_recorded, pebd_same);
		bool counts = judge_counts(records, i);

		best.birth_date |= counts & match.birth_date;
		best.name |= counts & match.name;
		proved |= counts & match.proved;
	}
	if (!proved || card != NULL) {
		*why_out = card != NULL
			       ? card
			       : judge_why(&best, records->count > 0, pebd_recorded, pebd_same);
		return ROLL_NOT_VERIFIED;
	}
	*why_out = judge_conflict(records);
	if (*why_out != NULL)
		return ROLL_CONFLICT;
	if (roll_judge_again(conf, records, person_out) == ROLL_PROVED)
		return ROLL_PROVED;
	*why_out = mem_text("no current record in an admitted category");
	return ROLL_NOT_ELIGIBLE;
}
