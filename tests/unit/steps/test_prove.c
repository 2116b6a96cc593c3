/* Proving an identity: every source is asked, then all records are judged together. */
#include "base/keyring.h"
#include "budget/budget.h"
#include "kit.h"
#include "proof/prove.h"

#define WANTED \
	"[birthDate payEntryBaseDate givenName middleName sn edipi personnelCategory" \
	" personnelStatus o ou title] 64"
#define FILTER "(&(objectClass=musterPersonnelRecord)(personnelId=900000001))"
#define SEARCH(source) "search personnel " source " " KIT_PERSONNEL " one "
#define ANY \
	"(&(objectClass=musterPersonnelRecord)(&(personnelId=*)(sn=*)(birthDate=*)))" \
	" [personnelId sn birthDate] 1"
#define RECORD(cn, category, more) \
	"dn: cn=" cn "," KIT_PERSONNEL "\nbirthDate: 1980-02-29\npayEntryBaseDate: 20010615" \
	"\ngivenName: John\nmiddleName: Quincy\npersonnelCategory: " category more
#define RETIRED \
	RECORD("r", "army-retired", "\nsn: Doe\npersonnelStatus: current\nedipi: 1000000001")
#define CIVILIAN RECORD("c", "da-civilian", "\nsn: Doe\npersonnelStatus: current\no: Army")
#define LAPSED RECORD("r", "army-retired", "\nsn: Doe\npersonnelStatus: lapsed")
#define ANOTHER RECORD("c", "da-civilian", "\nsn: Roe\npersonnelStatus: current")
#define CONTRACTOR RECORD("c", "contractor", "\nsn: Doe\npersonnelStatus: current")
#define NAMELESS RECORD("c", "da-civilian", "\npersonnelStatus: current")

/* ---- in front of the budget: what it says, and what it is told ---- */

static struct {
	enum budget_answer answer;
	bool uncounted; /* a failure can't be counted */
	int failures, passes;
} budget;

enum budget_answer
budget_ask(struct budget *it, const struct budget_keys *keys, const char *id, int64_t *wait_out)
{
	*wait_out = 1000;
	return budget.answer;
}

int
budget_fail(struct budget *it, const struct budget_keys *keys, const char *id, budget_done_fn *done,
    void *arg)
{
	budget.failures++;
	return budget.uncounted ? -1 : 0;
}

void
budget_pass(struct budget *it, const struct budget_keys *keys)
{
	budget.passes++;
}

/* As it comes in: nothing is known of the person. */
static void
prepare(struct kit *kit)
{
	struct registration *registration = kit->registration;

	person_fini(&registration->application->person);
	memset(registration->person_key, 0, sizeof(registration->person_key));
	registration->state = STATE_RECEIVED;
	mem_set_text(&registration->detail, "of an earlier try");
	memset(&budget, 0, sizeof(budget));
	kit->roll = true;
}

#define SAID(source) source ": " KIT_REPLY_TEXT

static const struct kit_case cases[] = {
    {"proved by the first", 0, REPLY_DONE, {RETIRED}, NEXT, 0, ERR_NONE, NULL},
    {"nobody in the first", 0, REPLY_DONE, {0}, REFUSE, 0, ERR_REFUSED, "identity-not-verified"},
    {"exists", 0, REPLY_EXISTS, {0}, RETRY, 0, ERR_BUSY, SAID("army")},
    {"the base is hidden or away", 0, REPLY_NO_ENTRY, {0}, RETRY, 0, ERR_BUSY, SAID("army")},
    {"no value", 0, REPLY_NO_VALUE, {0}, RETRY, 0, ERR_BUSY, SAID("army")},
    {"has value", 0, REPLY_HAS_VALUE, {0}, RETRY, 0, ERR_BUSY, SAID("army")},
    {"too many", 0, REPLY_LIMIT, {0}, RETRY, 0, ERR_BUSY, SAID("army")},
    {"invalid", 0, REPLY_INVALID, {0}, RETRY, 0, ERR_BUSY, SAID("army")},
    {"proved", 1, REPLY_DONE, {CIVILIAN}, NEXT, 0, ERR_NONE, NULL},
    {"dual", 1, REPLY_DONE, {RETIRED, CIVILIAN}, NEXT, 0, ERR_NONE, NULL},
    {"nobody", 1, REPLY_DONE, {0}, REFUSE, 0, ERR_REFUSED, "identity-not-verified"},
    {"another name", 1, REPLY_DONE, {ANOTHER}, REFUSE, 0, ERR_REFUSED, "identity-not-verified"},
    {"lapsed", 1, REPLY_DONE, {LAPSED}, REFUSE, 0, ERR_REFUSED, "not-eligible"},
    {"not admitted", 1, REPLY_DONE, {CONTRACTOR}, REFUSE, 0, ERR_REFUSED, "not-eligible"},
    {"a conflict", 1, REPLY_DONE, {RETIRED, ANOTHER}, RETRY, 0, ERR_BROKEN,
	"the helpdesk must look at the personnel records"},
    {"a record that can't be read", 1, REPLY_DONE, {NAMELESS}, RETRY, 0, ERR_BROKEN,
	"a record in civilians has no sn"},
    {"exists", 1, REPLY_EXISTS, {0}, RETRY, 0, ERR_BUSY, SAID("civilians")},
    {"no entry", 1, REPLY_NO_ENTRY, {0}, RETRY, 0, ERR_BUSY, SAID("civilians")},
    {"no value", 1, REPLY_NO_VALUE, {0}, RETRY, 0, ERR_BUSY, SAID("civilians")},
    {"has value", 1, REPLY_HAS_VALUE, {0}, RETRY, 0, ERR_BUSY, SAID("civilians")},
    {"too many", 1, REPLY_LIMIT, {0}, RETRY, 0, ERR_BUSY, SAID("civilians")},
    {"invalid", 1, REPLY_INVALID, {0}, RETRY, 0, ERR_BUSY, SAID("civilians")},
};

static void
test_verdicts(void **state)
{
	kit_run(*state, prove_judge, prepare, KIT_SOURCES, cases, sizeof(cases) / sizeof(cases[0]));
}

static void
test_questions(void **state)
{
	struct kit *kit = *state;

	assert_string_equal(kit_ask(kit, prove_ask),
	    SEARCH("0") FILTER " " WANTED "\n\n" SEARCH("0") ANY "\n\n" SEARCH("1") FILTER
	    " " WANTED "\n\n" SEARCH("1") ANY);
	application_free(&kit->registration->application);
	assert_string_equal(kit_ask(kit, prove_ask), "-1: the sealed identity can't be read");
	assert_int_equal(kit->err.kind, ERR_BROKEN);
}

static enum verdict
prove(struct kit *kit, const char *army, const char *civilians)
{
	prepare(kit);
	return kit_judge_both(kit, prove_judge, army, civilians);
}

/* The person is what the records say, and not what was typed; the key is not the identifier. */
static void
test_what_is_kept(void **state)
{
	struct kit *kit = *state;
	struct registration *it = kit->registration;
	const struct person *person = &it->application->person;
	char key[KEYRING_HMAC_SIZE];

	assert_int_equal(prove(kit, RETIRED, CIVILIAN), NEXT);
	assert_string_equal(person->name.given, "John");
	assert_string_equal(person->name.middle, "Quincy");
	assert_string_equal(person->name.family, "Doe");
	assert_string_equal(person->edipi, "1000000001");
	assert_string_equal(person->o, "Army");
	assert_string_equal(it->categories[0], "da-civilian");
	assert_string_equal(it->categories[1], "army-retired");
	assert_null(it->categories[2]);
	assert_true(registration_is_dual(it));
	assert_null(it->detail);
	keyring_hmac(kit->person_keys, "person", "900000001", 9, key);
	assert_string_equal(it->person_key, key);
}

/* One person has one key, however the identifier was written; another has another. */
static void
test_person_keys(void **state)
{
	static const char *const written[] = {"900000001", "900-00-0001", "900000002"};
	struct kit *kit = *state;
	char keys[3][KEYRING_HMAC_SIZE];

	for (size_t i = 0; i < 3; i++) {
		kit_renew(kit);
		assert_int_equal(identifier_parse(IDENTIFIER_SSN, written[i],
				     &kit->registration->application->identifier),
		    0);
		assert_int_equal(prove(kit, RETIRED, NULL), NEXT);
		memcpy(keys[i], kit->registration->person_key, sizeof(keys[i]));
	}
	assert_string_equal(keys[0], keys[1]);
	assert_string_not_equal(keys[0], keys[2]);
}

/* The helpdesk sees which record contradicts which; nothing is kept of the person. */
static void
test_what_is_said(void **state)
{
	static const struct {
		const char *army, *civilians, *says;
	} rows[] = {
	    {RETIRED, ANOTHER,
		"two records of one identifier contradict each other: cn=r," KIT_PERSONNEL
		" and cn=c," KIT_PERSONNEL},
	    {NULL, NULL, "no record with that identifier"},
	    {NULL, ANOTHER, "name differs"},
	    {LAPSED, NULL, "no current record in an admitted category"},
	};
	struct kit *kit = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		kit_renew(kit);
		assert_int_not_equal(prove(kit, rows[i].army, rows[i].civilians), NEXT);
		assert_string_equal(kit->registration->detail, rows[i].says);
		assert_null(kit->registration->categories);
		assert_null(kit->registration->application->person.categories);
	}
}

/* Only what differs counts as a failure; what is locked is not compared, and not counted. */
static void
test_budget(void **state)
{
	static const struct {
		const char *army, *civilians;
		enum budget_answer answer;
		bool uncounted;
		enum verdict verdict;
		int failures, passes;
	} rows[] = {
	    {RETIRED, CIVILIAN, BUDGET_OPEN, false, NEXT, 0, 1},
	    {LAPSED, NULL, BUDGET_OPEN, false, REFUSE, 0, 1},
	    {RETIRED, ANOTHER, BUDGET_OPEN, false, RETRY, 0, 1},
	    {NULL, ANOTHER, BUDGET_OPEN, false, REFUSE, 1, 0},
	    {NULL, NULL, BUDGET_OPEN, false, REFUSE, 1, 0},
	    {NULL, NULL, BUDGET_OPEN, true, RETRY, 1, 0},
	    {RETIRED, CIVILIAN, BUDGET_LOCKED, false, REFUSE, 0, 0},
	    {RETIRED, CIVILIAN, BUDGET_UNKNOWN, false, RETRY, 0, 0},
	};
	struct kit *kit = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		kit_renew(kit);
		prepare(kit);
		budget.answer = rows[i].answer;
		budget.uncounted = rows[i].uncounted;
		assert_int_equal(kit_judge_both(kit, prove_judge, rows[i].army, rows[i].civilians),
		    rows[i].verdict);
		assert_int_equal(budget.failures, rows[i].failures);
		assert_int_equal(budget.passes, rows[i].passes);
		if (rows[i].answer == BUDGET_LOCKED)
			assert_string_equal(kit->registration->detail, BUDGET_NOT_COMPARED);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_verdicts, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_questions, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_what_is_kept, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_person_keys, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_what_is_said, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_budget, kit_setup, kit_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
