/* Taking the entry out again: whoever was active once is never deleted. */
#include "kit.h"
#include "provision/steps.h"

enum { LOOK, DISABLE, DELETE };

#define ENTRY(status, more) \
	{ \
		"dn: uid=john.q.doe3," KIT_PEOPLE \
		"\nuid: john.q.doe3\nmusterAccountStatus: " status more \
	}
#define ACTIVATED "\nmusterActivatedAt: 20260921141500Z"
#define REMOVING "removing the entry: " KIT_REPLY_TEXT

static const struct kit_case cases[] = {
    {"deleted by somebody", LOOK, REPLY_DONE, {0}, NEXT, 0, ERR_NONE, NULL},
    {"pending", LOOK, REPLY_DONE, ENTRY("pending", ""), AGAIN, DISABLE, ERR_NONE, NULL},
    {"disabled by an earlier try", LOOK, REPLY_DONE, ENTRY("disabled", ""), AGAIN, DELETE, ERR_NONE,
	NULL},
    {"too late", LOOK, REPLY_DONE, ENTRY("active", ACTIVATED), REFUSE, 0, ERR_REFUSED,
	"already-active"},
    {"too late, without a time", LOOK, REPLY_DONE, ENTRY("Active", ""), REFUSE, 0, ERR_REFUSED,
	"already-active"},
    {"too late, and suspended since", LOOK, REPLY_DONE, ENTRY("suspended", ACTIVATED), REFUSE, 0,
	ERR_REFUSED, "already-active"},
    {"exists", LOOK, REPLY_EXISTS, {0}, RETRY, 0, ERR_BUSY, REMOVING},
    {"without a base nobody knows what is there", LOOK, REPLY_NO_ENTRY, {0}, RETRY, 0, ERR_BUSY,
	REMOVING},
    {"no value", LOOK, REPLY_NO_VALUE, {0}, RETRY, 0, ERR_BUSY, REMOVING},
    {"has value", LOOK, REPLY_HAS_VALUE, {0}, RETRY, 0, ERR_BUSY, REMOVING},
    {"limit", LOOK, REPLY_LIMIT, {0}, RETRY, 0, ERR_BUSY, REMOVING},
    {"named by something else", LOOK, REPLY_DONE,
	{"dn: cn=john.q.doe3," KIT_PEOPLE "\nuid: john.q.doe3\nmusterAccountStatus: pending"},
	RETRY, 0, ERR_BROKEN, "removing the entry: somebody has given it another name"},
    {"invalid", LOOK, REPLY_INVALID, {0}, RETRY, 0, ERR_BROKEN, REMOVING},
    {"disabled", DISABLE, REPLY_DONE, {0}, AGAIN, DELETE, ERR_NONE, NULL},
    {"exists", DISABLE, REPLY_EXISTS, {0}, RETRY, 0, ERR_BUSY, REMOVING},
    {"gone meanwhile, or renamed", DISABLE, REPLY_NO_ENTRY, {0}, AGAIN, LOOK, ERR_NONE, NULL},
    {"somebody was faster", DISABLE, REPLY_NO_VALUE, {0}, AGAIN, LOOK, ERR_NONE, NULL},
    {"somebody was faster", DISABLE, REPLY_HAS_VALUE, {0}, AGAIN, LOOK, ERR_NONE, NULL},
    {"limit", DISABLE, REPLY_LIMIT, {0}, RETRY, 0, ERR_BUSY, REMOVING},
    {"invalid", DISABLE, REPLY_INVALID, {0}, RETRY, 0, ERR_BROKEN, REMOVING},
    {"deleted", DELETE, REPLY_DONE, {0}, NEXT, 0, ERR_NONE, NULL},
    {"exists", DELETE, REPLY_EXISTS, {0}, RETRY, 0, ERR_BUSY, REMOVING},
    {"gone meanwhile, or renamed", DELETE, REPLY_NO_ENTRY, {0}, AGAIN, LOOK, ERR_NONE, NULL},
    {"no value", DELETE, REPLY_NO_VALUE, {0}, RETRY, 0, ERR_BUSY, REMOVING},
    {"has value", DELETE, REPLY_HAS_VALUE, {0}, RETRY, 0, ERR_BUSY, REMOVING},
    {"limit", DELETE, REPLY_LIMIT, {0}, RETRY, 0, ERR_BUSY, REMOVING},
    {"entries below it", DELETE, REPLY_INVALID, {0}, RETRY, 0, ERR_BROKEN, REMOVING},
};

static void
prepare(struct kit *kit)
{
	kit->registration->state = STATE_CANCELLED;
	snprintf(kit->registration->stem, sizeof(kit->registration->stem), "john.q.doe3");
	application_free(&kit->registration->application);
}

static void
test_verdicts(void **state)
{
	kit_run(*state, remove_entry_judge, prepare, 3, cases, sizeof(cases) / sizeof(cases[0]));
}

/* Never seen: an add may yet be carried out, so it is looked for once more, later. */
static void
test_late(void **state)
{
	struct kit *kit = *state;

	prepare(kit);
	mem_free_text(&kit->registration->uid);
	kit->conf.accounts.directory.operation_timeout = 7000;
	assert_int_equal(kit_judge(kit, remove_entry_judge, REPLY_DONE, NULL), LATER);
	assert_int_equal(kit->registration->due_at, KIT_NOW + 14000);
	assert_int_equal(kit_judge(kit, remove_late_entry_judge, REPLY_DONE, NULL), NEXT);
	/* Seen and deleted, but a try before that came to nothing. */
	kit->registration->phase = DELETE;
	assert_int_equal(kit_judge(kit, remove_entry_judge, REPLY_DONE, NULL), NEXT);
	mem_set_text(&kit->registration->detail, "a try that came to nothing");
	assert_int_equal(kit_judge(kit, remove_entry_judge, REPLY_DONE, NULL), LATER);
	kit->registration->phase = LOOK;
	assert_int_equal(kit_judge(kit, remove_late_entry_judge, REPLY_DONE,
			     (const char *const[2])ENTRY("pending", "")),
	    AGAIN);
}

/* A uid that was given a second value is the one that names the entry. */
static void
test_renamed(void **state)
{
	static const char *const entries[] = {
	    "dn: uid=jdoe," KIT_PEOPLE
	    "\nuid: john.q.doe3\nuid: jdoe\nmusterAccountStatus: disabled",
	    NULL};
	struct kit *kit = *state;

	prepare(kit);
	assert_int_equal(kit_judge(kit, remove_entry_judge, REPLY_DONE, entries), AGAIN);
	assert_string_equal(kit_ask(kit, remove_entry_ask), "delete accounts uid=jdoe," KIT_PEOPLE);
}

/* It is found by the registration, for its uid may not be known; then as it is named. */
static void
test_questions(void **state)
{
	static const char *const entries[] = ENTRY("pending", "");
	struct kit *kit = *state;

	prepare(kit);
	mem_free_text(&kit->registration->uid);
	assert_string_equal(kit_ask(kit, remove_entry_ask),
	    "search accounts " KIT_PEOPLE " one (musterRegistrationId=" KIT_ID
	    ") [uid musterAccountStatus musterActivatedAt] 0");
	assert_int_equal(
	    kit_judge(kit, remove_entry_judge, REPLY_DONE, (const char *const[]){entries[0], NULL}),
	    AGAIN);
	assert_string_equal(kit_ask(kit, remove_entry_ask),
	    "modify accounts uid=john.q.doe3," KIT_PEOPLE "\n"
	    "- musterAccountStatus: pending\n"
	    "+ musterAccountStatus: disabled\n"
	    "- musterRegistrationId: " KIT_ID "\n"
	    "+ musterRegistrationId: " KIT_ID);
	assert_int_equal(kit_judge(kit, remove_entry_judge, REPLY_DONE, NULL), AGAIN);
	assert_string_equal(
	    kit_ask(kit, remove_entry_ask), "delete accounts uid=john.q.doe3," KIT_PEOPLE);
}

/* What came too late notes when the account became active. */
static void
test_too_late(void **state)
{
	static const struct {
		const char *more;
		int64_t activated_at;
	} rows[] = {
	    {ACTIVATED, INT64_C(1790000100000)},
	    {"", KIT_DUE},
	    {"\nmusterActivatedAt: once", KIT_DUE},
	};
	struct kit *kit = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *entry = mem_format("dn: uid=john.q.doe," KIT_PEOPLE "\nuid: john.q.doe"
					 "\nmusterAccountStatus: active%s",
		    rows[i].more);

		kit_renew(kit);
		prepare(kit);
		assert_int_equal(kit_judge(kit, remove_entry_judge, REPLY_DONE,
				     (const char *const[]){entry, NULL}),
		    REFUSE);
		assert_int_equal(kit->registration->activated_at, rows[i].activated_at);
		free(entry);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_verdicts, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_questions, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_late, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_renamed, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_too_late, kit_setup, kit_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
