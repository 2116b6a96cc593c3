#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "model/application.h"
#include "roll/roll.h"

static struct conf_category categories[] = {
    {"active-army", "", "mil", 10, CONF_PROOF_ALL_RECORDED, -1, false},
    {"da-civilian", "", "civ", 50, CONF_PROOF_ALL_RECORDED, -1, false},
    {"future-soldier", "", "fs", 90, CONF_PROOF_ANY_DATE, -1, false},
    {"army-retired", "", "ret", 100, CONF_PROOF_ALL_RECORDED, -1, false},
};
static const struct conf conf = {.categories = categories, .category_count = 4};

/* A record in short: "category current birth pebd family given" with '-' for none. */
struct row {
	const char *category;
	bool current;
	const char *birth, *pebd, *family;
};

static void
add_record(struct records *records, const struct row *row)
{
	struct record *record = records_add(records);

	record->dn = mem_format("cn=%s %zu", row->category, records->count);
	record->category = mem_text(row->category);
	record->current = row->current;
	if (row->birth != NULL)
		assert_int_equal(date_parse(DATE_ISO, row->birth, &record->birth_date), 0);
	if (row->pebd != NULL)
		assert_int_equal(date_parse(DATE_ISO, row->pebd, &record->pay_entry_base_date), 0);
	record->name.family = mem_text(row->family);
	record->name.given = mem_text("John");
}

#define BIRTH "1980-02-29"
#define PEBD "2001-06-15"

static const struct {
	const char *what;
	struct row rows[3];
	const char *birth, *pebd, *family; /* claimed */
	enum roll_verdict verdict;
	const char *says; /* categories of the proved, or a part of why */
} cases[] = {
    {"all is right", {{"active-army", true, BIRTH, PEBD, "Doe"}}, BIRTH, PEBD, "Doe", ROLL_PROVED,
	"active-army"},
    {"nobody", {{0}}, BIRTH, PEBD, "Doe", ROLL_NOT_VERIFIED, "no record"},
    {"birth date", {{"active-army", true, BIRTH, PEBD, "Doe"}}, "1980-02-28", PEBD, "Doe",
	ROLL_NOT_VERIFIED, "birth date differs"},
    {"PEBD", {{"active-army", true, BIRTH, PEBD, "Doe"}}, BIRTH, "2001-06-16", "Doe",
	ROLL_NOT_VERIFIED, "pay entry base date differs"},
    {"PEBD not given", {{"active-army", true, BIRTH, PEBD, "Doe"}}, BIRTH, NULL, "Doe",
	ROLL_NOT_VERIFIED, "pay entry base date differs"},
    {"name", {{"active-army", true, BIRTH, PEBD, "Doe"}}, BIRTH, PEBD, "Dough", ROLL_NOT_VERIFIED,
	"name differs"},
    {"all wrong", {{"active-army", true, BIRTH, PEBD, "Doe"}}, "1970-01-01", "1999-01-01", "Roe",
	ROLL_NOT_VERIFIED, "birth date differs, pay entry base date differs, name differs"},
    {"no PEBD on record, none given", {{"da-civilian", true, BIRTH, NULL, "Doe"}}, BIRTH, NULL,
	"Doe", ROLL_PROVED, "da-civilian"},
    {"no PEBD on record, one given", {{"da-civilian", true, BIRTH, NULL, "Doe"}}, BIRTH, PEBD,
	"Doe", ROLL_PROVED, "da-civilian"},
    {"no date on record", {{"da-civilian", true, NULL, NULL, "Doe"}}, BIRTH, NULL, "Doe",
	ROLL_NOT_VERIFIED, "no date to compare"},
    {"dual, by precedence",
	{{"army-retired", true, BIRTH, PEBD, "Doe"}, {"da-civilian", true, BIRTH, NULL, "Doe"}},
	BIRTH, PEBD, "Doe", ROLL_PROVED, "da-civilian army-retired"},
    {"dual: the record without PEBD is no way round a wrong one",
	{{"army-retired", true, BIRTH, PEBD, "Doe"}, {"da-civilian", true, BIRTH, NULL, "Doe"}},
	BIRTH, "2001-06-16", "Doe", ROLL_NOT_VERIFIED, "pay entry base date differs"},
    {"dual: two PEBDs, either is right",
	{{"army-retired", true, BIRTH, PEBD, "Doe"},
	    {"da-civilian", true, BIRTH, "2015-01-01", "Doe"}},
	BIRTH, "2015-01-01", "Doe", ROLL_PROVED, "da-civilian army-retired"},
    {"the same category twice is not dual",
	{{"active-army", true, BIRTH, PEBD, "Doe"}, {"active-army", true, BIRTH, PEBD, "Doe"}},
	BIRTH, PEBD, "Doe", ROLL_PROVED, "active-army"},
    {"a lapsed second record does not count",
	{{"army-retired", true, BIRTH, PEBD, "Doe"}, {"da-civilian", false, BIRTH, NULL, "Smith"}},
	BIRTH, PEBD, "Doe", ROLL_PROVED, "army-retired"},
    {"lapsed alone is told only after the proof", {{"army-retired", false, BIRTH, PEBD, "Doe"}},
	BIRTH, PEBD, "Doe", ROLL_NOT_ELIGIBLE, "no current record"},
    {"lapsed and wrong", {{"army-retired", false, BIRTH, PEBD, "Doe"}}, "1980-02-28", PEBD, "Doe",
	ROLL_NOT_VERIFIED, "birth date differs"},
    {"a category that nobody admits", {{"contractor", true, BIRTH, PEBD, "Doe"}}, BIRTH, PEBD,
	"Doe", ROLL_NOT_ELIGIBLE, "no current record"},
    {"conflict: birth dates",
	{{"army-retired", true, BIRTH, PEBD, "Doe"},
	    {"da-civilian", true, "1981-01-01", NULL, "Doe"}},
	BIRTH, PEBD, "Doe", ROLL_CONFLICT, "cn=army-retired 1 and cn=da-civilian 2"},
    {"conflict: family names",
	{{"army-retired", true, BIRTH, PEBD, "Doe"}, {"da-civilian", true, BIRTH, NULL, "Roe"}},
	BIRTH, PEBD, "Doe", ROLL_CONFLICT, "contradict"},
    {"conflict: birth dates of the second and the third",
	{{"active-army", true, NULL, PEBD, "Doe"}, {"da-civilian", true, BIRTH, NULL, "Doe"},
	    {"army-retired", true, "1981-01-01", NULL, "Doe"}},
	BIRTH, PEBD, "Doe", ROLL_CONFLICT, "cn=da-civilian 2 and cn=army-retired 3"},
    {"a lapsed record's PEBD must be known where no other is recorded",
	{{"da-civilian", true, BIRTH, NULL, "Doe"}, {"army-retired", false, BIRTH, PEBD, "Doe"}},
	BIRTH, NULL, "Doe", ROLL_NOT_VERIFIED, "pay entry base date differs"},
    {"a lapsed record's PEBD is right",
	{{"da-civilian", true, BIRTH, NULL, "Doe"}, {"army-retired", false, BIRTH, PEBD, "Doe"}},
	BIRTH, PEBD, "Doe", ROLL_PROVED, "da-civilian"},
    {"a lapsed record's PEBD is no way round the current one's",
	{{"active-army", true, BIRTH, "2015-01-01", "Doe"},
	    {"army-retired", false, BIRTH, PEBD, "Doe"}},
	BIRTH, PEBD, "Doe", ROLL_NOT_VERIFIED, "pay entry base date differs"},
    {"conflict is not told to who proves nothing",
	{{"army-retired", true, BIRTH, PEBD, "Doe"}, {"da-civilian", true, BIRTH, NULL, "Roe"}},
	"1970-01-01", PEBD, "Doe", ROLL_NOT_VERIFIED, "birth date differs"},
    {"any date: the birth date alone", {{"future-soldier", true, BIRTH, PEBD, "Doe"}}, BIRTH, NULL,
	"Doe", ROLL_PROVED, "future-soldier"},
    {"any date: the PEBD alone", {{"future-soldier", true, BIRTH, PEBD, "Doe"}}, "1970-01-01", PEBD,
	"Doe", ROLL_PROVED, "future-soldier"},
    {"any date: neither", {{"future-soldier", true, BIRTH, PEBD, "Doe"}}, "1970-01-01",
	"1999-01-01", "Doe", ROLL_NOT_VERIFIED, "birth date differs"},
};

static void
judge_case(size_t i)
{
	struct application *claimed = application_new();
	struct records records = {0};
	struct person person;
	char *why, *said = NULL;

	assert_int_equal(date_parse(DATE_ISO, cases[i].birth, &claimed->birth_date), 0);
	if (cases[i].pebd != NULL)
		assert_int_equal(
		    date_parse(DATE_ISO, cases[i].pebd, &claimed->pay_entry_base_date), 0);
	claimed->legal_name.given = mem_text("John");
	claimed->legal_name.family = mem_text(cases[i].family);
	for (size_t k = 0; k < 3 && cases[i].rows[k].category != NULL; k++)
		add_record(&records, &cases[i].rows[k]);
	if (roll_judge(&conf, claimed, true, &records, &person, &why) != cases[i].verdict)
		fail_msg("%s: another verdict (%s)", cases[i].what, why != NULL ? why : "proved");
	if (cases[i].verdict == ROLL_PROVED)
		said = mem_format("%s%s%s", person.categories[0], person.categories[1] ? " " : "",
		    person.categories[1] ? person.categories[1] : "");
	else
		said = mem_text(why);
	if (cases[i].verdict == ROLL_PROVED ? strcmp(said, cases[i].says) != 0
					    : strstr(said, cases[i].says) == NULL)
		fail_msg("%s: says '%s'", cases[i].what, said);
	mem_free_text(&said);
	mem_free_text(&why);
	person_fini(&person);
	records_fini(&records);
	application_free(&claimed);
}

static void
every_case_is_judged_as_it_should(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		judge_case(i);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_case_is_judged_as_it_should),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
