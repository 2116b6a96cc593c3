/* Choosing a uid and adding the entry: against a directory that is a set of numbers taken. */
#include "kit.h"
#include "model/naming.h"
#include "provision/steps.h"

enum { LOOK, NARROW, ADD };

#define LOOKING "looking for a free uid: " KIT_REPLY_TEXT
#define ADDING "adding the entry: " KIT_REPLY_TEXT
#define LOOKS \
	"search accounts " KIT_PEOPLE " one (|(musterRegistrationId=" KIT_ID \
	")(musterPersonKey=" KIT_KEY ")"
#define TAKEN(uid) "dn: uid=" uid "," KIT_PEOPLE "\nuid: " uid "\nmusterRegistrationId: " KIT_OTHER
#define OURS(more) \
	"dn: uid=john.q.doe7," KIT_PEOPLE "\nuid: john.q.doe7\nmail: john.q.doe7@mail.example.mil" \
	"\nmusterRegistrationId: " KIT_ID more

#define MAIL "@mail.example.mil"
#define LOOKS_FOR \
	"search accounts " KIT_PEOPLE " one (|(musterRegistrationId=" KIT_ID \
	")(musterPersonKey=" KIT_KEY ")"
#define FOR(number) \
	"(uid=john.q.doe" number ")(mail=john.q.doe" number MAIL \
	")(mailLocalAddress=john.q.doe" number MAIL ")"
#define WANTED \
	" [uid mail mailLocalAddress musterRegistrationId musterPersonKey musterAccountStatus" \
	" musterActivationTime] 0"
#define OTHER(more) "dn: uid=other," KIT_PEOPLE "\nuid: other" more

static void
prepare(struct kit *kit)
{
	struct registration *registration = kit->registration;

	registration->state = STATE_VERIFIED;
	mem_free_text(&registration->uid);
	mem_free_text(&registration->mail);
	registration->activates_at = 0;
	snprintf(registration->stem, sizeof(registration->stem), "john.q.doe");
	registration->low = registration->phase == LOOK ? 0 : 4;
	registration->high = registration->phase == LOOK ? 0 : 8;
}

static const struct kit_case cases[] = {
    {"the person's, of another registration", LOOK, REPLY_DONE,
	{TAKEN("john.q.doe2") "\nmusterPersonKey: " KIT_KEY}, REFUSE, 0, ERR_REFUSED,
	"account-exists"},
    {"the stem is free", LOOK, REPLY_DONE, {0}, AGAIN, ADD, ERR_NONE, NULL},
    {"the second is free", LOOK, REPLY_DONE, {TAKEN("john.q.doe")}, AGAIN, ADD, ERR_NONE, NULL},
    {"letters do not matter", LOOK, REPLY_DONE, {TAKEN("John.Q.Doe"), TAKEN("JOHN.Q.DOE2")}, AGAIN,
	NARROW, ERR_NONE, NULL},
    {"ours is there", LOOK, REPLY_DONE, {TAKEN("john.q.doe"), OURS("")}, NEXT, 0, ERR_NONE, NULL},
    {"its address is another's", LOOK, REPLY_DONE, {OTHER("\nmail: John.Q.Doe" MAIL)}, AGAIN, ADD,
	ERR_NONE, NULL},
    {"its addresses are others'", LOOK, REPLY_DONE,
	{OTHER("\nmailLocalAddress: john.q.doe" MAIL "\nmail: other" MAIL),
	    OTHER("\nmailLocalAddress: other" MAIL "\nmailLocalAddress: john.q.doe2" MAIL)},
	AGAIN, NARROW, ERR_NONE, NULL},
    {"the person has one, without a claim", LOOK, REPLY_DONE,
	{OTHER("\nmusterPersonKey: " KIT_KEY "\nmusterRegistrationId: " KIT_OTHER)}, REFUSE, 0,
	ERR_REFUSED, "account-exists"},
    {"ours is there, whatever else", LOOK, REPLY_DONE,
	{OTHER("\nmusterPersonKey: " KIT_KEY "\nmusterRegistrationId: " KIT_OTHER),
	    OURS("\nmusterPersonKey: " KIT_KEY)},
	NEXT, 0, ERR_NONE, NULL},
    {"exists", LOOK, REPLY_EXISTS, {0}, RETRY, 0, ERR_BUSY, LOOKING},
    {"the base is away", LOOK, REPLY_NO_ENTRY, {0}, RETRY, 0, ERR_BUSY, LOOKING},
    {"no value", LOOK, REPLY_NO_VALUE, {0}, RETRY, 0, ERR_BUSY, LOOKING},
    {"has value", LOOK, REPLY_HAS_VALUE, {0}, RETRY, 0, ERR_BUSY, LOOKING},
    {"not all is shown", LOOK, REPLY_LIMIT, {TAKEN("john.q.doe")}, RETRY, 0, ERR_BUSY, LOOKING},
    {"invalid", LOOK, REPLY_INVALID, {0}, RETRY, 0, ERR_BUSY, LOOKING},
    {"the first of the gap", NARROW, REPLY_DONE, {0}, AGAIN, ADD, ERR_NONE, NULL},
    {"the last of the gap", NARROW, REPLY_DONE, {TAKEN("john.q.doe5"), TAKEN("john.q.doe6")}, AGAIN,
	ADD, ERR_NONE, NULL},
    {"added by a twin of this daemon", NARROW, REPLY_DONE, {OURS("")}, NEXT, 0, ERR_NONE, NULL},
    {"exists", NARROW, REPLY_EXISTS, {0}, RETRY, 0, ERR_BUSY, LOOKING},
    {"no entry", NARROW, REPLY_NO_ENTRY, {0}, RETRY, 0, ERR_BUSY, LOOKING},
    {"no value", NARROW, REPLY_NO_VALUE, {0}, RETRY, 0, ERR_BUSY, LOOKING},
    {"has value", NARROW, REPLY_HAS_VALUE, {0}, RETRY, 0, ERR_BUSY, LOOKING},
    {"not all is shown", NARROW, REPLY_LIMIT, {0}, RETRY, 0, ERR_BUSY, LOOKING},
    {"invalid", NARROW, REPLY_INVALID, {0}, RETRY, 0, ERR_BUSY, LOOKING},
    {"added", ADD, REPLY_DONE, {0}, NEXT, 0, ERR_NONE, NULL},
    {"taken meanwhile", ADD, REPLY_EXISTS, {0}, AGAIN, LOOK, ERR_NONE, NULL},
    {"no people base", ADD, REPLY_NO_ENTRY, {0}, RETRY, 0, ERR_BROKEN, ADDING},
    {"no value", ADD, REPLY_NO_VALUE, {0}, RETRY, 0, ERR_BROKEN, ADDING},
    {"a value twice", ADD, REPLY_HAS_VALUE, {0}, RETRY, 0, ERR_BROKEN, ADDING},
    {"limit", ADD, REPLY_LIMIT, {0}, RETRY, 0, ERR_BROKEN, ADDING},
    {"it will never do", ADD, REPLY_INVALID, {0}, RETRY, 0, ERR_BROKEN, ADDING},
};

static void
test_verdicts(void **state)
{
	kit_run(*state, entry_judge, prepare, 3, cases, sizeof(cases) / sizeof(cases[0]));
}

static void
test_questions(void **state)
{
	static const char first[] = LOOKS_FOR FOR("") FOR("2") FOR("4") FOR("8") FOR("16");
	struct kit *kit = *state;
	const char *asked;

	asked = kit_ask(kit, entry_ask);
	assert_memory_equal(asked, first, strlen(first));
	assert_non_null(strstr(asked, FOR("524288") ")" WANTED));
	kit->registration->phase = NARROW;
	kit->registration->low = 4;
	kit->registration->high = 8;
	assert_string_equal(
	    kit_ask(kit, entry_ask), LOOKS_FOR FOR("5") FOR("6") FOR("7") ")" WANTED);
}

/* The name is the record's; a name that makes no stem is an operator's affair. */
static void
test_stem(void **state)
{
	struct kit *kit = *state;

	mem_set_text(&kit->registration->application->person.name.given, "Jürgen");
	assert_non_null(strstr(kit_ask(kit, entry_ask), "(uid=jurgen.q.doe)"));
	kit->conf.accounts.uid_template = "{nobody}";
	assert_memory_equal(kit_ask(kit, entry_ask), "-1: naming template", 19);
}

/* ---- the search: numbers that are taken, as a directory shows them ---- */

struct numbers {
	int64_t from, to; /* all of these are taken */
	bool every;       /* every add collides */
	int questions, adds;
};

static bool
is_taken(const struct numbers *numbers, int64_t number)
{
	return number >= numbers->from && number <= numbers->to;
}

/* The uids that the question names and that are taken, as entries of a reply. */
static void
answer_search(const char *asked, const struct numbers *numbers, char **entries)
{
	size_t count = 0;

	for (const char *at = strstr(asked, "(uid=john.q.doe"); at != NULL;
	     at = strstr(at + 1, "(uid=john.q.doe")) {
		int64_t number = strtoll(at + strlen("(uid=john.q.doe"), NULL, 10);
		char uid[NAMING_UID_SIZE];

		if (number == 0)
			number = 1;
		naming_uid("john.q.doe", number, uid);
		if (is_taken(numbers, number))
			entries[count++] = mem_format("dn: uid=%s," KIT_PEOPLE "\nuid: %s"
						      "\nmusterRegistrationId: " KIT_OTHER,
			    uid, uid);
	}
	assert_in_range(count, 0, 40);
}

static enum verdict
answer_add(struct kit *kit, struct numbers *numbers)
{
	bool taken = numbers->every || is_taken(numbers, kit->registration->high);

	numbers->adds++;
	return kit_judge(kit, entry_judge, taken ? REPLY_EXISTS : REPLY_DONE, NULL);
}

/* Asks and judges as the driver does, until the row is left. */
static enum verdict
choose(struct kit *kit, struct numbers *numbers)
{
	enum verdict verdict = AGAIN;

	kit_renew(kit);
	prepare(kit);
	for (numbers->questions = numbers->adds = 0; verdict == AGAIN; numbers->questions++) {
		char *entries[42] = {NULL};
		const char *asked = kit_ask(kit, entry_ask);

		assert_in_range(numbers->questions, 0, 1000);
		if (asked[0] == 'a') {
			verdict = answer_add(kit, numbers);
			continue;
		}
		answer_search(asked, numbers, entries);
		verdict = kit_judge(kit, entry_judge, REPLY_DONE, (const char *const *)entries);
		for (size_t i = 0; i < 42; i++)
			free(entries[i]);
	}
	return verdict;
}

/* The first number that is free, with a handful of questions. */
static void
test_search(void **state)
{
	static const int64_t taken[] = {
	    0, 1, 2, 3, 4, 7, 8, 9, 100, 511, 512, 513, 999, 1000, 1023, 5000, 99999, 524287};
	struct kit *kit = *state;

	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		struct numbers numbers = {.from = 1, .to = taken[i]};
		char uid[NAMING_UID_SIZE];

		naming_uid("john.q.doe", taken[i] + 1, uid);
		assert_int_equal(choose(kit, &numbers), NEXT);
		assert_string_equal(kit->registration->uid, uid);
		assert_int_equal(numbers.adds, 1);
		assert_in_range(numbers.questions, 2, taken[i] < 2000 ? 5 : 7);
	}
}

/* A hole is as good as the end: whatever is chosen is free. */
static void
test_hole(void **state)
{
	struct numbers numbers = {.from = 2, .to = 999};
	struct kit *kit = *state;

	assert_int_equal(choose(kit, &numbers), NEXT);
	assert_string_equal(kit->registration->uid, "john.q.doe");
	assert_string_equal(kit->registration->mail, "john.q.doe@mail.example.mil");
}

/* Reserved uids are taken, however the configuration writes them. */
static void
test_reserved(void **state)
{
	static char *reserved[] = {"john.q.doe", "John.Q.Doe2", "john.q.doe3", NULL};
	struct numbers numbers = {0};
	struct kit *kit = *state;

	kit->conf.accounts.reserved_uids = reserved;
	assert_int_equal(choose(kit, &numbers), NEXT);
	assert_string_equal(kit->registration->uid, "john.q.doe4");
}

/* A step to the side after a collision does not lead to a reserved uid either. */
static void
test_reserved_after_collision(void **state)
{
	static char *reserved[] = {"john.q.doe2", "john.q.doe3", NULL};
	struct kit *kit = *state;

	kit->conf.accounts.reserved_uids = reserved;
	for (int i = 0; i < 60; i++) {
		kit_renew(kit);
		prepare(kit);
		kit->registration->collisions = 1;
		assert_int_equal(kit_judge(kit, entry_judge, REPLY_DONE, NULL), AGAIN);
		assert_int_equal(kit->registration->phase, ADD);
		assert_true(kit->registration->high == 1 || kit->registration->high == 4);
	}
}

/* Collisions step aside by chance, more widely the more there were. */
static void
test_collisions_spread(void **state)
{
	struct kit *kit = *state;
	int64_t most = 0;

	for (int i = 0; i < 200; i++) {
		kit_renew(kit);
		prepare(kit);
		kit->registration->collisions = 10;
		assert_int_equal(kit_judge(kit, entry_judge, REPLY_DONE, NULL), AGAIN);
		assert_in_range(kit->registration->high, 1, 21);
		if (kit->registration->high > most)
			most = kit->registration->high;
	}
	assert_in_range(most, 11, 21);
}

/* Always somebody faster: put off, and long before the driver takes it for a loop (200). */
static void
test_collisions_without_end(void **state)
{
	static const int64_t taken[] = {0, 3, 999, 99999, 524287};
	struct kit *kit = *state;

	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		struct numbers numbers = {.from = 1, .to = taken[i], .every = true};

		assert_int_equal(choose(kit, &numbers), RETRY);
		assert_int_equal(kit->err.kind, ERR_BUSY);
		assert_string_equal(
		    kit->err.text, "every uid that was free has been taken meanwhile");
		assert_in_range(numbers.adds, 10, 100);
		assert_in_range(numbers.questions, 20, 200);
	}
}

/* ---- times, and what is left when it is added ---- */

static void
test_delay(void **state)
{
	static const struct {
		const char *category;
		int64_t activates_at;
	} rows[] = {
	    {"da-civilian", KIT_DUE},               /* the common delay */
	    {"rotc-cadet", INT64_C(1790000061000)}, /* its own */
	    {"gone", KIT_DUE},                      /* no longer configured */
	};
	struct kit *kit = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct person *person;

		kit_renew(kit);
		prepare(kit);
		person = &kit->registration->application->person;
		mem_texts_free(&person->categories);
		mem_texts_add(&person->categories, rows[i].category);
		mem_texts_add(&person->categories, "rotc-cadet");
		assert_int_equal(kit_judge(kit, entry_judge, REPLY_DONE, NULL), AGAIN);
		assert_int_equal(kit->registration->activates_at, rows[i].activates_at);
	}
}

static void
check_reduced(const struct registration *registration)
{
	const struct application *application = registration->application;

	assert_null(application->password_hash);
	assert_null(application->answers_hash);
	assert_null(application->questions[0]);
	assert_null(application->external_mail);
	assert_string_equal(application->identifier.digits, "900000001");
}

/* Once it is in the directory the journal forgets what only the entry needed. */
static void
test_added(void **state)
{
	struct numbers numbers = {.from = 1, .to = 2};
	struct kit *kit = *state;

	assert_int_equal(choose(kit, &numbers), NEXT);
	assert_string_equal(kit->registration->uid, "john.q.doe3");
	assert_string_equal(kit->registration->mail, "john.q.doe3@mail.example.mil");
	assert_int_equal(kit->registration->activates_at, KIT_DUE);
	check_reduced(kit->registration);
}

/* An entry that a try with a lost reply has made: its own uid and time count. Pending without a
 * time that can be read it waits anew: never early. */
static void
test_taken_over(void **state)
{
	static const struct {
		const char *entry;
		int64_t activates_at;
	} rows[] = {
	    {OURS("\nmusterActivationTime: 20260921141500Z"), INT64_C(1790000100000)},
	    {OURS("\nmusterAccountStatus: active"), KIT_NOW - 1000},
	    {OURS("\nmusterAccountStatus: pending"), KIT_DUE},
	    {OURS("\nmusterAccountStatus: pending\nmusterActivationTime: soon"), KIT_DUE},
	};
	struct kit *kit = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *const entries[] = {rows[i].entry, NULL};

		kit_renew(kit);
		prepare(kit);
		assert_int_equal(kit_judge(kit, entry_judge, REPLY_DONE, entries), NEXT);
		assert_string_equal(kit->registration->uid, "john.q.doe7");
		assert_string_equal(kit->registration->mail, "john.q.doe7@mail.example.mil");
		assert_int_equal(kit->registration->activates_at, rows[i].activates_at);
		check_reduced(kit->registration);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_verdicts, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_questions, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_stem, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_search, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_hole, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_reserved, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_reserved_after_collision, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_collisions_spread, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_collisions_without_end, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_delay, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_added, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_taken_over, kit_setup, kit_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
