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
#include "dir/outcome.h"
#include "dir/question.h"
#include "model/identifier.h"
#include "roll/roll.h"

static char *third_year[] = {(char *)"3", (char *)"4", NULL};
static char *current[] = {(char *)"current", NULL};
static struct conf_category_rule rules[] = {
    {(char *)"rotc", (char *)"rotc-cadet", (char *)"rotcYear", third_year},
    {(char *)"ret", (char *)"army-retired", (char *)"", NULL},
};
static struct conf_personnel source = {
    .name = (char *)"army",
    .base = (char *)"ou=p",
    .filter = (char *)"(objectClass=x)",
    .hyphens = true,
    .date_form = DATE_COMPACT,
    .attributes = {.identifier = (char *)"id",
	.birth_date = (char *)"born",
	.pay_entry_base_date = (char *)"",
	.given_name = (char *)"gn",
	.middle_name = (char *)"",
	.family_name = (char *)"sn",
	.suffix = (char *)"",
	.edipi = (char *)"",
	.category = (char *)"kind",
	.status = (char *)"status",
	.o = (char *)"",
	.ou = (char *)"",
	.title = (char *)""},
    .current_values = current,
    .rules = rules,
    .rule_count = 2,
};

static const struct conf conf = {.personnel = &source, .personnel_count = 1};
static const struct identifier identifier = {IDENTIFIER_SSN, "900123456"};

static char *
one(const char *value)
{
	return (char *)(uintptr_t)value;
}

/* A record with a birth date, a name and values of the category attribute; and any record. */
struct answers {
	char *kinds[4], *born[2], *names[2], *years[2], *states[2], *ids[2];
	struct entry_attribute attributes[5], any_attributes[3];
	struct entry entry, any_entry;
	struct reply reply, any;
};

static void
answers_init(struct answers *answers)
{
	*answers = (struct answers){
	    .kinds = {one("ROTC"), one("ret"), one("other")},
	    .born = {one("19800229")},
	    .names = {one("Doe")},
	    .years = {one("2")},
	    .states = {one("Current")},
	    .ids = {one("900-00-0001")},
	    .attributes = {{one("kind"), answers->kinds}, {one("born"), answers->born},
		{one("sn"), answers->names}, {one("rotcYear"), answers->years},
		{one("status"), answers->states}},
	    .any_attributes = {{one("id"), answers->ids}, {one("sn"), answers->names},
		{one("born"), answers->born}},
	    .entry = {one("id=900-12-3456,ou=p"), answers->attributes, 5},
	    .any_entry = {one("cn=any"), answers->any_attributes, 3},
	    .reply = {.kind = REPLY_DONE, .entry_count = 1},
	    .any = {.kind = REPLY_LIMIT, .entry_count = 1},
	};
	answers->reply.entries = &answers->entry;
	answers->reply.also = &answers->any;
	answers->any.entries = &answers->any_entry;
}

static void
entries_are_mapped_to_records(void **state)
{
	struct records records = {0};
	struct answers answers;
	struct err err = {0};

	answers_init(&answers);
	assert_int_equal(roll_read(&conf, &identifier, &answers.reply, &records, &err), 0);
	assert_int_equal(records.count, 3);
	assert_null(records.items[0].category); /* second year: not admitted */
	assert_string_equal(records.items[0].rule,
	    "kind \"rotc\" makes rotc-cadet only where rotcYear \"3\" or \"4\"");
	assert_string_equal(records.items[1].category, "army-retired");
	assert_string_equal(records.items[1].rule, "kind \"ret\" makes army-retired");
	assert_null(records.items[2].category);
	assert_string_equal(records.items[2].rule, "no rule of category_map fits kind \"other\"");
	assert_true(records.items[0].current);
	assert_int_equal(records.items[0].birth_date.day, 29);
	assert_string_equal(records.items[0].dn, "id=***********,ou=p");
	records_fini(&records);
	answers.years[0] = one("3");
	assert_int_equal(roll_read(&conf, &identifier, &answers.reply, &records, &err), 0);
	assert_string_equal(records.items[0].category, "rotc-cadet");
	assert_string_equal(
	    records.items[0].rule, "kind \"rotc\" makes rotc-cadet where rotcYear \"3\" or \"4\"");
	records_fini(&records);
}

static void
an_edipi_has_ten_digits(void **state)
{
	static const struct {
		const char *value;
		bool kept;
	} rows[] = {{"1000000001", true}, {"900123456", false}, {"900-12-3456", false},
	    {"10000000011", false}, {"100000000x", false}};
	struct conf_personnel other = source;
	const struct conf with_edipi = {.personnel = &other, .personnel_count = 1};

	other.attributes.edipi = one("kind");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct records records = {0};
		struct answers answers;
		struct err err = {0};

		answers_init(&answers);
		answers.kinds[0] = one(rows[i].value);
		assert_int_equal(
		    roll_read(&with_edipi, &identifier, &answers.reply, &records, &err), 0);
		if ((records.items[0].edipi != NULL) != rows[i].kept)
			fail_msg("'%s': expected %d", rows[i].value, rows[i].kept);
		records_fini(&records);
	}
}

static void
a_record_that_cannot_be_read_is_said_without_its_value(void **state)
{
	struct records records = {0};
	struct answers answers;
	struct err err = {0};

	answers_init(&answers);
	answers.born[0] = one("1980-02-30");
	assert_int_equal(roll_read(&conf, &identifier, &answers.reply, &records, &err), -1);
	assert_int_equal(err.kind, ERR_BROKEN);
	assert_non_null(strstr(err.text, "born"));
	assert_null(strstr(err.text, "1980"));
	records_fini(&records);
}

/* How a directory that does not show its people looks, and what is said of it. */
enum trouble { NOBODY, HIDDEN, NO_BASE, LIMITED, NO_NAMES, NO_DATES, DENIED_ANY };
static const struct trouble_case {
	enum trouble trouble;
	const char *says; /* NULL: it is believed */
} troubles[] = {
    {NOBODY, NULL},
    {HIDDEN, "nothing of every record"},
    {NO_BASE, "the base is missing"},
    {LIMITED, "too many"},
    {NO_NAMES, "nothing of sn"},
    {NO_DATES, "nothing of born"},
    {DENIED_ANY, "denied"},
};

static void
answers_trouble(struct answers *answers, enum trouble trouble)
{
	answers_init(answers);
	answers->reply.entry_count = trouble == NO_DATES ? 1 : 0;
	switch (trouble) {
	case NOBODY:
		break;
	case HIDDEN:
		answers->any.kind = REPLY_DONE;
		answers->any.entry_count = 0;
		break;
	case NO_BASE:
		outcome_set_no_base(&answers->reply);
		break;
	case LIMITED:
		answers->reply.kind = REPLY_LIMIT;
		strcpy(answers->reply.text, "too many");
		break;
	case NO_NAMES:
		answers->any_attributes[1].values = NULL;
		break;
	case NO_DATES:
		answers->attributes[1].values = NULL;
		answers->any_attributes[2].values = NULL;
		break;
	case DENIED_ANY:
		answers->any.kind = REPLY_LIMIT;
		answers->any.entry_count = 0;
		strcpy(answers->any.text, "denied");
		break;
	}
}

static void
nobody_is_believed_only_of_a_directory_that_shows_somebody(void **state)
{
	for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++) {
		struct records records = {0};
		struct answers answers;
		struct err err = {0};
		int result;

		answers_trouble(&answers, troubles[i].trouble);
		result = roll_read(&conf, &identifier, &answers.reply, &records, &err);
		assert_int_equal(result, troubles[i].says == NULL ? 0 : -1);
		if (troubles[i].says != NULL &&
		    (err.kind != ERR_BUSY || strstr(err.text, troubles[i].says) == NULL))
			fail_msg("trouble %zu says '%s'", i, err.text);
		records_fini(&records);
	}
}

static void
the_questions_find_by_the_identifier_and_anybody(void **state)
{
	struct conf_personnel two[2] = {source, source};
	const struct conf both = {.personnel = two, .personnel_count = 2};
	struct question question = {0}, *it = &question;
	const char *filters[] = {"(&(objectClass=x)(id=900-12-3456))",
	    "(&(objectClass=x)(&(id=*)(sn=*)(born=*)))", "(&(objectClass=x)(id=900123456))",
	    "(&(objectClass=x)(&(id=*)(sn=*)))"};

	two[1].hyphens = false;
	two[1].attributes.birth_date = one("");
	roll_question(&both, &identifier, &question);
	for (int i = 0; i < 4; i++, it = it->also) {
		assert_non_null(it);
		assert_int_equal(it->directory, TO_PERSONNEL(i / 2));
		assert_string_equal(it->filter, filters[i]);
		assert_int_equal(it->scope, SCOPE_ONE);
	}
	assert_null(it);
	question_fini(&question);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(entries_are_mapped_to_records),
	    cmocka_unit_test(an_edipi_has_ten_digits),
	    cmocka_unit_test(a_record_that_cannot_be_read_is_said_without_its_value),
	    cmocka_unit_test(nobody_is_believed_only_of_a_directory_that_shows_somebody),
	    cmocka_unit_test(the_questions_find_by_the_identifier_and_anybody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
