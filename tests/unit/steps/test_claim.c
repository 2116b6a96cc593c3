/* Claiming a person, and giving the claim up. */
#include "kit.h"
#include "provision/steps.h"

enum { ADD, READ };
enum { KEEP_READ, KEEP_ADD, KEEP_LOOK, KEEP_TAKE };
enum { REMOVE_READ, REMOVE_DELETE };

#define CLAIM(id) \
	{ \
		"dn: " KIT_CLAIM_DN "\nmusterRegistrationId: " id \
	}
#define CLAIMING "claiming the person: " KIT_REPLY_TEXT
#define REMOVING "removing the claim: " KIT_REPLY_TEXT
#define KEEPING "keeping the person's claim: " KIT_REPLY_TEXT
#define UNREADABLE "the person's claim can't be read"

static const struct kit_case claim_cases[] = {
    {"added", ADD, REPLY_DONE, {0}, NEXT, 0, ERR_NONE, NULL},
    {"somebody has it", ADD, REPLY_EXISTS, {0}, AGAIN, READ, ERR_NONE, NULL},
    {"no claims base", ADD, REPLY_NO_ENTRY, {0}, RETRY, 0, ERR_BROKEN, CLAIMING},
    {"an add has no value to miss", ADD, REPLY_NO_VALUE, {0}, RETRY, 0, ERR_BROKEN, CLAIMING},
    {"a value twice", ADD, REPLY_HAS_VALUE, {0}, RETRY, 0, ERR_BROKEN, CLAIMING},
    {"a limit on an add", ADD, REPLY_LIMIT, {0}, RETRY, 0, ERR_BUSY, CLAIMING},
    {"no schema", ADD, REPLY_INVALID, {0}, RETRY, 0, ERR_BROKEN, CLAIMING},
    {"ours: the reply was lost", READ, REPLY_DONE, CLAIM(KIT_ID), NEXT, 0, ERR_NONE, NULL},
    {"another's", READ, REPLY_DONE, CLAIM(KIT_OTHER), REFUSE, 0, ERR_REFUSED, "account-exists"},
    {"a claim of nobody", READ, REPLY_DONE, {"dn: " KIT_CLAIM_DN}, REFUSE, 0, ERR_REFUSED,
	"account-exists"},
    {"it exists, and is not shown", READ, REPLY_DONE, {0}, RETRY, 0, ERR_BUSY, UNREADABLE},
    {"it can't exist by reading", READ, REPLY_EXISTS, {0}, RETRY, 0, ERR_BROKEN, CLAIMING},
    {"given up meanwhile", READ, REPLY_NO_ENTRY, {0}, AGAIN, ADD, ERR_NONE, NULL},
    {"no value", READ, REPLY_NO_VALUE, {0}, RETRY, 0, ERR_BROKEN, CLAIMING},
    {"has value", READ, REPLY_HAS_VALUE, {0}, RETRY, 0, ERR_BROKEN, CLAIMING},
    {"limit", READ, REPLY_LIMIT, {0}, RETRY, 0, ERR_BUSY, CLAIMING},
    {"invalid", READ, REPLY_INVALID, {0}, RETRY, 0, ERR_BROKEN, CLAIMING},
};

static void
test_claim_verdicts(void **state)
{
	kit_run(*state, claim_judge, NULL, 2, claim_cases,
	    sizeof(claim_cases) / sizeof(claim_cases[0]));
}

static void
test_claim_questions(void **state)
{
	struct kit *kit = *state;

	assert_string_equal(kit_ask(kit, claim_ask), "add accounts " KIT_CLAIM_DN "\n"
						     "+ objectClass: musterClaim\n"
						     "+ musterPersonKey: " KIT_KEY "\n"
						     "+ musterRegistrationId: " KIT_ID);
	kit->registration->phase = READ;
	assert_string_equal(kit_ask(kit, claim_ask),
	    "search accounts " KIT_CLAIM_DN " base (objectClass=musterClaim)"
	    " [musterRegistrationId] 1");
}

/* Set aside: nothing is done for it, for the entry could not be made. */
static void
test_claim_needs_the_application(void **state)
{
	struct kit *kit = *state;

	application_free(&kit->registration->application);
	assert_string_equal(kit_ask(kit, claim_ask), "-1: the sealed application can't be read");
	assert_int_equal(kit->err.kind, ERR_BROKEN);
	assert_string_equal(
	    kit_ask(kit, keep_claim_ask), "-1: the sealed application can't be read");
}

/* The add whose reply was lost: tried again from the start, it finds its own claim. */
static void
test_lost_reply(void **state)
{
	struct kit *kit = *state;

	assert_int_equal(kit_judge(kit, claim_judge, REPLY_EXISTS, NULL), AGAIN);
	assert_memory_equal(kit_ask(kit, claim_ask), "search", 6);
	assert_int_equal(
	    kit_judge(kit, claim_judge, REPLY_DONE, (const char *const[2])CLAIM(KIT_ID)), NEXT);
}

#define ENTRY(id) "dn: uid=x," KIT_PEOPLE "\nmusterRegistrationId: " id

static const struct kit_case keep_cases[] = {
    {"still ours", KEEP_READ, REPLY_DONE, CLAIM(KIT_ID), NEXT, 0, ERR_NONE, NULL},
    {"another's by now", KEEP_READ, REPLY_DONE, CLAIM(KIT_OTHER), AGAIN, KEEP_LOOK, ERR_NONE, NULL},
    {"nobody's", KEEP_READ, REPLY_DONE, {"dn: " KIT_CLAIM_DN}, AGAIN, KEEP_LOOK, ERR_NONE, NULL},
    {"not shown", KEEP_READ, REPLY_DONE, {0}, RETRY, 0, ERR_BUSY, UNREADABLE},
    {"exists", KEEP_READ, REPLY_EXISTS, {0}, RETRY, 0, ERR_BUSY, KEEPING},
    {"somebody has taken it away", KEEP_READ, REPLY_NO_ENTRY, {0}, AGAIN, KEEP_ADD, ERR_NONE, NULL},
    {"no value", KEEP_READ, REPLY_NO_VALUE, {0}, RETRY, 0, ERR_BUSY, KEEPING},
    {"has value", KEEP_READ, REPLY_HAS_VALUE, {0}, RETRY, 0, ERR_BUSY, KEEPING},
    {"limit", KEEP_READ, REPLY_LIMIT, {0}, RETRY, 0, ERR_BUSY, KEEPING},
    {"invalid", KEEP_READ, REPLY_INVALID, {0}, RETRY, 0, ERR_BROKEN, KEEPING},
    {"added anew", KEEP_ADD, REPLY_DONE, {0}, NEXT, 0, ERR_NONE, NULL},
    {"somebody was faster", KEEP_ADD, REPLY_EXISTS, {0}, AGAIN, KEEP_READ, ERR_NONE, NULL},
    {"no entry", KEEP_ADD, REPLY_NO_ENTRY, {0}, RETRY, 0, ERR_BUSY, KEEPING},
    {"no value", KEEP_ADD, REPLY_NO_VALUE, {0}, RETRY, 0, ERR_BUSY, KEEPING},
    {"has value", KEEP_ADD, REPLY_HAS_VALUE, {0}, RETRY, 0, ERR_BUSY, KEEPING},
    {"limit", KEEP_ADD, REPLY_LIMIT, {0}, RETRY, 0, ERR_BUSY, KEEPING},
    {"invalid", KEEP_ADD, REPLY_INVALID, {0}, RETRY, 0, ERR_BROKEN, KEEPING},
    {"the other has no entry", KEEP_LOOK, REPLY_DONE, {ENTRY(KIT_ID)}, AGAIN, KEEP_TAKE, ERR_NONE,
	NULL},
    {"nor have we", KEEP_LOOK, REPLY_DONE, {0}, AGAIN, KEEP_TAKE, ERR_NONE, NULL},
    {"the other has one", KEEP_LOOK, REPLY_DONE, {ENTRY(KIT_ID), ENTRY(KIT_OTHER)}, REFUSE, 0,
	ERR_REFUSED, "account-exists"},
    {"exists", KEEP_LOOK, REPLY_EXISTS, {0}, RETRY, 0, ERR_BUSY, KEEPING},
    {"no entry", KEEP_LOOK, REPLY_NO_ENTRY, {0}, RETRY, 0, ERR_BUSY, KEEPING},
    {"no value", KEEP_LOOK, REPLY_NO_VALUE, {0}, RETRY, 0, ERR_BUSY, KEEPING},
    {"has value", KEEP_LOOK, REPLY_HAS_VALUE, {0}, RETRY, 0, ERR_BUSY, KEEPING},
    {"not all is shown", KEEP_LOOK, REPLY_LIMIT, {0}, RETRY, 0, ERR_BUSY, KEEPING},
    {"invalid", KEEP_LOOK, REPLY_INVALID, {0}, RETRY, 0, ERR_BROKEN, KEEPING},
    {"taken", KEEP_TAKE, REPLY_DONE, {0}, NEXT, 0, ERR_NONE, NULL},
    {"exists", KEEP_TAKE, REPLY_EXISTS, {0}, RETRY, 0, ERR_BUSY, KEEPING},
    {"given back meanwhile", KEEP_TAKE, REPLY_NO_ENTRY, {0}, AGAIN, KEEP_READ, ERR_NONE, NULL},
    {"a third has it", KEEP_TAKE, REPLY_NO_VALUE, {0}, AGAIN, KEEP_READ, ERR_NONE, NULL},
    {"ours already", KEEP_TAKE, REPLY_HAS_VALUE, {0}, AGAIN, KEEP_READ, ERR_NONE, NULL},
    {"limit", KEEP_TAKE, REPLY_LIMIT, {0}, RETRY, 0, ERR_BUSY, KEEPING},
    {"invalid", KEEP_TAKE, REPLY_INVALID, {0}, RETRY, 0, ERR_BROKEN, KEEPING},
};

static void
test_keep_verdicts(void **state)
{
	kit_run(*state, keep_claim_judge, NULL, 4, keep_cases,
	    sizeof(keep_cases) / sizeof(keep_cases[0]));
}

/* Added anew where it is gone; taken over by compare-and-set where another has it. */
static void
test_keep_questions(void **state)
{
	static const char *const others[] = CLAIM(KIT_OTHER),
				 *nobodys[] = {"dn: " KIT_CLAIM_DN, NULL};
	struct kit *kit = *state;

	assert_memory_equal(kit_ask(kit, keep_claim_ask), "search accounts " KIT_CLAIM_DN, 90);
	assert_int_equal(kit_judge(kit, keep_claim_judge, REPLY_NO_ENTRY, NULL), AGAIN);
	assert_memory_equal(
	    kit_ask(kit, keep_claim_ask), "add accounts " KIT_CLAIM_DN, 13 + strlen(KIT_CLAIM_DN));
	kit->registration->phase = KEEP_READ;
	assert_int_equal(
	    kit_judge(kit, keep_claim_judge, REPLY_DONE, (const char *const[]){others[0], NULL}),
	    AGAIN);
	assert_string_equal(kit_ask(kit, keep_claim_ask),
	    "search accounts " KIT_PEOPLE " one (musterPersonKey=" KIT_KEY
	    ") [musterRegistrationId] 0");
	assert_int_equal(kit_judge(kit, keep_claim_judge, REPLY_DONE, NULL), AGAIN);
	assert_string_equal(kit_ask(kit, keep_claim_ask),
	    "modify accounts " KIT_CLAIM_DN "\n- musterRegistrationId: " KIT_OTHER
	    "\n+ musterRegistrationId: " KIT_ID);
	kit->registration->phase = KEEP_READ;
	assert_int_equal(kit_judge(kit, keep_claim_judge, REPLY_DONE, nobodys), AGAIN);
	kit->registration->phase = KEEP_TAKE;
	assert_string_equal(kit_ask(kit, keep_claim_ask),
	    "modify accounts " KIT_CLAIM_DN "\n+ musterRegistrationId: " KIT_ID);
}

static const struct kit_case remove_cases[] = {
    {"there, and ours", REMOVE_READ, REPLY_DONE, CLAIM(KIT_ID), AGAIN, REMOVE_DELETE, ERR_NONE,
	NULL},
    {"another's is not touched", REMOVE_READ, REPLY_DONE, CLAIM(KIT_OTHER), NEXT, 0, ERR_NONE,
	NULL},
    {"it exists, and is not shown", REMOVE_READ, REPLY_DONE, {0}, RETRY, 0, ERR_BUSY, UNREADABLE},
    {"exists", REMOVE_READ, REPLY_EXISTS, {0}, RETRY, 0, ERR_BUSY, REMOVING},
    {"none there yet", REMOVE_READ, REPLY_NO_ENTRY, {0}, LATER, 0, ERR_NONE, NULL},
    {"no value", REMOVE_READ, REPLY_NO_VALUE, {0}, RETRY, 0, ERR_BUSY, REMOVING},
    {"has value", REMOVE_READ, REPLY_HAS_VALUE, {0}, RETRY, 0, ERR_BUSY, REMOVING},
    {"limit", REMOVE_READ, REPLY_LIMIT, {0}, RETRY, 0, ERR_BUSY, REMOVING},
    {"invalid", REMOVE_READ, REPLY_INVALID, {0}, RETRY, 0, ERR_BROKEN, REMOVING},
    {"deleted", REMOVE_DELETE, REPLY_DONE, {0}, NEXT, 0, ERR_NONE, NULL},
    {"deleted before", REMOVE_DELETE, REPLY_NO_ENTRY, {0}, NEXT, 0, ERR_NONE, NULL},
    {"can't be deleted", REMOVE_DELETE, REPLY_INVALID, {0}, RETRY, 0, ERR_BROKEN, REMOVING},
};

/* What is not there when it is looked for again is not coming any more. */
static void
test_remove_late(void **state)
{
	struct kit *kit = *state;

	kit->conf.accounts.directory.operation_timeout = 7000;
	assert_int_equal(kit_judge(kit, remove_claim_judge, REPLY_NO_ENTRY, NULL), LATER);
	assert_int_equal(kit->registration->due_at, KIT_NOW + 14000);
	assert_int_equal(kit_judge(kit, remove_late_claim_judge, REPLY_NO_ENTRY, NULL), NEXT);
	kit->registration->phase = REMOVE_DELETE;
	mem_set_text(&kit->registration->detail, "a try that came to nothing");
	assert_int_equal(kit_judge(kit, remove_claim_judge, REPLY_DONE, NULL), LATER);
	kit->registration->phase = REMOVE_READ;
	assert_int_equal(kit_judge(kit, remove_late_claim_judge, REPLY_DONE,
			     (const char *const[2])CLAIM(KIT_ID)),
	    AGAIN);
	assert_memory_equal(kit_ask(kit, remove_claim_ask), "delete", 6);
}

static void
test_remove_claim_verdicts(void **state)
{
	kit_run(*state, remove_claim_judge, NULL, 1, remove_cases,
	    sizeof(remove_cases) / sizeof(remove_cases[0]));
}

/* What is withdrawn needs nothing of the application, which may be erased. */
static void
test_remove_claim_questions(void **state)
{
	struct kit *kit = *state;

	application_free(&kit->registration->application);
	assert_string_equal(kit_ask(kit, remove_claim_ask),
	    "search accounts " KIT_CLAIM_DN " base (objectClass=musterClaim)"
	    " [musterRegistrationId] 1");
	kit->registration->phase = REMOVE_DELETE;
	assert_string_equal(kit_ask(kit, remove_claim_ask), "delete accounts " KIT_CLAIM_DN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_claim_verdicts, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_claim_questions, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(
		test_claim_needs_the_application, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_lost_reply, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_keep_verdicts, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_keep_questions, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_remove_late, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_remove_claim_verdicts, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_remove_claim_questions, kit_setup, kit_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
