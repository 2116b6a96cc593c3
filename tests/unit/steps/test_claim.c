/* Claiming a person, and giving the claim up. */
#include "kit.h"
#include "provision/steps.h"

enum { ADD, READ, DELETE };

#define CLAIM(id) \
	{ \
		"dn: " KIT_CLAIM_DN "\nmusterRegistrationId: " id \
	}
#define CLAIMING "claiming the person: " KIT_REPLY_TEXT
#define REMOVING "removing the claim: " KIT_REPLY_TEXT
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

static const struct kit_case remove_cases[] = {
    {"there, and ours", ADD, REPLY_DONE, CLAIM(KIT_ID), AGAIN, DELETE, ERR_NONE, NULL},
    {"another's is not touched", ADD, REPLY_DONE, CLAIM(KIT_OTHER), NEXT, 0, ERR_NONE, NULL},
    {"it exists, and is not shown", ADD, REPLY_DONE, {0}, RETRY, 0, ERR_BUSY, UNREADABLE},
    {"exists", ADD, REPLY_EXISTS, {0}, RETRY, 0, ERR_BUSY, REMOVING},
    {"none there", ADD, REPLY_NO_ENTRY, {0}, NEXT, 0, ERR_NONE, NULL},
    {"no value", ADD, REPLY_NO_VALUE, {0}, RETRY, 0, ERR_BUSY, REMOVING},
    {"has value", ADD, REPLY_HAS_VALUE, {0}, RETRY, 0, ERR_BUSY, REMOVING},
    {"limit", ADD, REPLY_LIMIT, {0}, RETRY, 0, ERR_BUSY, REMOVING},
    {"invalid", ADD, REPLY_INVALID, {0}, RETRY, 0, ERR_BUSY, REMOVING},
    {"deleted", DELETE, REPLY_DONE, {0}, NEXT, 0, ERR_NONE, NULL},
    {"deleted before", DELETE, REPLY_NO_ENTRY, {0}, NEXT, 0, ERR_NONE, NULL},
    {"can't be deleted", DELETE, REPLY_INVALID, {0}, RETRY, 0, ERR_BUSY, REMOVING},
};

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
	kit->registration->phase = DELETE;
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
	    cmocka_unit_test_setup_teardown(test_remove_claim_verdicts, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_remove_claim_questions, kit_setup, kit_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
