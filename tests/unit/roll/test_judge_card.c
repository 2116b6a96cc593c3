/* What a smart card adds to a person's records, and what it may never replace. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "conf/conf.h"
#include "model/application.h"
#include "roll/roll.h"

static struct conf_category categories[] = {
    {"da-civilian", "", "civ", 50, CONF_PROOF_ALL_RECORDED, -1, true},
    {"future-soldier", "", "fs", 90, CONF_PROOF_ANY_DATE, -1, true},
    {"army-retired", "", "ret", 100, CONF_PROOF_ALL_RECORDED, -1, false},
};
static const struct conf conf = {.categories = categories, .category_count = 3};

#define BIRTH "1980-02-29"
#define PEBD "2001-06-15"
#define JOHNS "1000000001"
#define OTHERS "1000000002"

struct row {
	const char *category, *edipi, *pebd,
	    *birth; /* birth: BIRTH where it is NULL, "" for none */
	bool lapsed;
};

static const struct {
	const char *what;
	struct row rows[2];
	const char *edipi, *refusal; /* of the card; none shown where both are NULL */
	const char *pebd, *birth, *family;
	enum roll_verdict verdict;
	const char *why;
} cases[] = {
    {"a good card beside everything", {{"army-retired", JOHNS, PEBD, NULL, false}}, JOHNS, NULL,
	PEBD, BIRTH, "Doe", ROLL_PROVED, NULL},
    {"it waives the PEBD", {{"da-civilian", JOHNS, PEBD, NULL, false}}, JOHNS, NULL, NULL, BIRTH,
	"Doe", ROLL_PROVED, NULL},
    {"no card waives nothing", {{"da-civilian", JOHNS, PEBD, NULL, false}}, NULL, NULL, NULL, BIRTH,
	"Doe", ROLL_NOT_VERIFIED, "pay entry base date differs"},
    {"a wrong PEBD is still wrong", {{"da-civilian", JOHNS, PEBD, NULL, false}}, JOHNS, NULL,
	"2001-06-16", BIRTH, "Doe", ROLL_NOT_VERIFIED, "pay entry base date differs"},
    {"a category that does not waive", {{"army-retired", JOHNS, PEBD, NULL, false}}, JOHNS, NULL,
	NULL, BIRTH, "Doe", ROLL_NOT_VERIFIED, "pay entry base date differs"},
    {"one record of two waives",
	{{"da-civilian", JOHNS, NULL, NULL, false}, {"army-retired", JOHNS, PEBD, NULL, false}},
	JOHNS, NULL, NULL, BIRTH, "Doe", ROLL_PROVED, NULL},
    {"a lapsed record waives nothing",
	{{"da-civilian", JOHNS, PEBD, NULL, true}, {"army-retired", JOHNS, PEBD, NULL, false}},
	JOHNS, NULL, NULL, BIRTH, "Doe", ROLL_NOT_VERIFIED, "pay entry base date differs"},
    {"it waives no birth date", {{"da-civilian", JOHNS, PEBD, NULL, false}}, JOHNS, NULL, NULL,
	"1980-02-28", "Doe", ROLL_NOT_VERIFIED, "birth date differs, pay entry base date differs"},
    {"it waives no name", {{"da-civilian", JOHNS, PEBD, NULL, false}}, JOHNS, NULL, NULL, BIRTH,
	"Roe", ROLL_NOT_VERIFIED, "pay entry base date differs, name differs"},
    {"it does not stand for both dates", {{"da-civilian", JOHNS, PEBD, "", false}}, JOHNS, NULL,
	NULL, BIRTH, "Doe", ROLL_NOT_VERIFIED, "pay entry base date differs"},
    {"it does not stand for the one of any-date", {{"future-soldier", JOHNS, PEBD, NULL, false}},
	JOHNS, NULL, NULL, "1980-02-28", "Doe", ROLL_NOT_VERIFIED,
	"birth date differs, pay entry base date differs"},
    {"another's", {{"da-civilian", JOHNS, PEBD, NULL, false}}, OTHERS, NULL, PEBD, BIRTH, "Doe",
	ROLL_NOT_VERIFIED, "card: its EDIPI differs from the record's"},
    {"no EDIPI on record", {{"da-civilian", NULL, PEBD, NULL, false}}, JOHNS, NULL, PEBD, BIRTH,
	"Doe", ROLL_NOT_VERIFIED, "card: no EDIPI is on record to compare with"},
    {"one record of two has it",
	{{"da-civilian", NULL, PEBD, NULL, false}, {"army-retired", JOHNS, PEBD, NULL, false}},
	JOHNS, NULL, PEBD, BIRTH, "Doe", ROLL_PROVED, NULL},
    {"one record of two has another",
	{{"da-civilian", OTHERS, PEBD, NULL, false}, {"army-retired", JOHNS, PEBD, NULL, false}},
	JOHNS, NULL, PEBD, BIRTH, "Doe", ROLL_NOT_VERIFIED,
	"card: its EDIPI differs from the record's"},
    {"a record that is cut short", {{"da-civilian", "100000000", PEBD, NULL, false}}, JOHNS, NULL,
	PEBD, BIRTH, "Doe", ROLL_NOT_VERIFIED, "card: its EDIPI differs from the record's"},
    {"a refused card beside everything", {{"da-civilian", JOHNS, PEBD, NULL, false}}, NULL,
	"expired", PEBD, BIRTH, "Doe", ROLL_NOT_VERIFIED, "card: expired"},
    {"a refused card waives nothing", {{"da-civilian", JOHNS, PEBD, NULL, false}}, NULL, "expired",
	NULL, BIRTH, "Doe", ROLL_NOT_VERIFIED, "card: expired"},
    {"a refused card and nobody", {{NULL, NULL, NULL, NULL, false}}, NULL, "revoked", PEBD, BIRTH,
	"Doe", ROLL_NOT_VERIFIED, "card: revoked"},
    {"a card of an empty EDIPI", {{"da-civilian", "", PEBD, NULL, false}}, "", "not in DER", PEBD,
	BIRTH, "Doe", ROLL_NOT_VERIFIED, "card: not in DER"},
};

static void
add_record(struct records *records, const struct row *row)
{
	struct record *record = records_add(records);

	record->dn = mem_format("cn=%s", row->category);
	record->category = mem_text(row->category);
	record->current = !row->lapsed;
	record->edipi = mem_text(row->edipi);
	if (row->birth == NULL)
		assert_int_equal(date_parse(DATE_ISO, BIRTH, &record->birth_date), 0);
	if (row->pebd != NULL)
		assert_int_equal(date_parse(DATE_ISO, row->pebd, &record->pay_entry_base_date), 0);
	record->name.family = mem_text("Doe");
	record->name.given = mem_text("John");
}

static struct application *
claim(size_t i)
{
	struct application *claimed = application_new();

	assert_int_equal(date_parse(DATE_ISO, cases[i].birth, &claimed->birth_date), 0);
	if (cases[i].pebd != NULL)
		assert_int_equal(
		    date_parse(DATE_ISO, cases[i].pebd, &claimed->pay_entry_base_date), 0);
	claimed->legal_name.family = mem_text(cases[i].family);
	claimed->legal_name.given = mem_text("John");
	claimed->card.shown = cases[i].edipi != NULL || cases[i].refusal != NULL;
	if (cases[i].edipi != NULL)
		memcpy(claimed->card.edipi, cases[i].edipi, strlen(cases[i].edipi));
	claimed->card.refusal = mem_text(cases[i].refusal);
	return claimed;
}

static void
each_case_is_judged(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct application *claimed = claim(i);
		struct records records = {0};
		struct person person;
		enum roll_verdict verdict;
		char *why;

		for (size_t k = 0; k < 2 && cases[i].rows[k].category != NULL; k++)
			add_record(&records, &cases[i].rows[k]);
		verdict = roll_judge(&conf, claimed, true, &records, &person, &why);
		if (verdict != cases[i].verdict || (why == NULL) != (cases[i].why == NULL) ||
		    (why != NULL && strcmp(why, cases[i].why) != 0))
			fail_msg("%s: %d %s", cases[i].what, (int)verdict, why);
		/* What is said of the records is what was decided by them. */
		if (verdict == ROLL_PROVED &&
		    (records.items[0].differs & (PART_CARD | PART_PAY_ENTRY_BASE_DATE)) != 0)
			fail_msg("%s: the record differs by %x", cases[i].what,
			    records.items[0].differs);
		if (claimed->card.refusal != NULL && records.count > 0)
			assert_true((records.items[0].differs & PART_CARD) != 0);
		mem_free_text(&why);
		person_fini(&person);
		records_fini(&records);
		application_free(&claimed);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_case_is_judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
