/* Waiting, the record again, the activation by compare-and-set, and reading it back. */
#include "kit.h"
#include "activate/steps.h"

enum { READ, MODIFY, MODIFY_NO_TIME };

#define DN "uid=john.q.doe," KIT_PEOPLE
#define NAMED(uid, id, status, more) \
	"dn: uid=" uid "," KIT_PEOPLE "\nuid: " uid "\nmail: " uid "@mail.example.mil" \
	"\nmusterRegistrationId: " id "\nmusterAccountStatus: " status more
#define ENTRY(id, status, more) NAMED("john.q.doe", id, status, more)
#define PENDING_PASSWORD "\nmusterPendingPassword: {CRYPT}of-the-entry"
#define TIME "\nmusterActivationTime: " KIT_DUE_TEXT
#define ACTIVATED "\nmusterActivatedAt: 20260921141500Z"
#define READ_ENTRY \
	"search accounts " KIT_PEOPLE " one (|(musterRegistrationId=" KIT_ID ")(uid=john.q.doe))" \
	" [uid mail musterAccountStatus musterRegistrationId musterPendingPassword" \
	" musterActivationTime musterActivatedAt userPassword] 0"

#define ACTIVATING "activating: " KIT_REPLY_TEXT
#define GONE "the account's entry is gone: somebody has deleted or moved it"
#define ANOTHERS "the account's entry is gone, and another has its uid now"
#define SOMEBODY(what) "somebody has " what " the entry before its activation"
#define NO_STATUS "somebody has taken the entry's status away, or given it one that is none"
#define NO_HASH "the entry has lost its musterPendingPassword, or access rules hide it"
#define HAS(attribute) \
	"the entry has a " attribute \
	" already, though it is pending: somebody has put it there, and it must be taken away"
#define TWO "two entries carry this registration: one of them must be deleted"

/* ---- wait ---- */

static void
test_wait(void **state)
{
	static const struct {
		int64_t activates_at;
		bool held;
		enum verdict verdict;
		int64_t due_at;
	} rows[] = {
	    {KIT_NOW + 1, false, HOLD, KIT_NOW + 1},
	    {KIT_NOW, false, NEXT, 7},
	    {KIT_NOW - 1, false, NEXT, 7},
	    {KIT_NOW + 1, true, HOLD, 0},
	    {KIT_NOW - 1, true, HOLD, 0},
	};
	struct kit *kit = *state;

	assert_string_equal(kit_ask(kit, wait_ask), "nothing");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		kit->registration->activates_at = rows[i].activates_at;
		kit->registration->held = rows[i].held;
		kit->registration->due_at = 7;
		assert_int_equal(
		    wait_judge(&kit->site, kit->registration, NULL, KIT_NOW, &kit->err),
		    rows[i].verdict);
		assert_int_equal(kit->registration->due_at, rows[i].due_at);
	}
}

/* Held: neither the records nor the entry are asked for, and only a person goes on with it. */
static void
test_held(void **state)
{
	static const struct {
		kit_ask_fn *ask;
		kit_judge_fn *judge;
	} rows[] = {{recheck_ask, recheck_judge}, {activate_ask, activate_judge}};
	struct kit *kit = *state;

	kit->registration->held = true;
	for (size_t i = 0; i < 2; i++) {
		kit->registration->due_at = 7;
		assert_string_equal(kit_ask(kit, rows[i].ask), "nothing");
		assert_int_equal(
		    rows[i].judge(&kit->site, kit->registration, NULL, KIT_NOW, &kit->err), HOLD);
		assert_int_equal(kit->registration->due_at, 0);
	}
}

/* ---- the record again ---- */

#define RECORD(status, category) \
	"dn: cn=r," KIT_PERSONNEL "\nsn: Doe\ngivenName: John\npersonnelStatus: " status \
	"\npersonnelCategory: " category
#define CURRENT RECORD("current", "army-retired")
#define LAPSED RECORD("lapsed", "army-retired")
#define NOBODY "the personnel record can't be found any more"
#define SAID(source) source ": " KIT_REPLY_TEXT

static const struct kit_case recheck_cases[] = {
    {"current in the first", 0, REPLY_DONE, {CURRENT}, NEXT, 0, ERR_NONE, NULL},
    {"lapsed in the first", 0, REPLY_DONE, {LAPSED}, REFUSE, 0, ERR_REFUSED, "not-eligible"},
    {"exists", 0, REPLY_EXISTS, {0}, RETRY, 0, ERR_BUSY, SAID("army")},
    {"the base is hidden or away", 0, REPLY_NO_ENTRY, {0}, RETRY, 0, ERR_BUSY, SAID("army")},
    {"no value", 0, REPLY_NO_VALUE, {0}, RETRY, 0, ERR_BUSY, SAID("army")},
    {"has value", 0, REPLY_HAS_VALUE, {0}, RETRY, 0, ERR_BUSY, SAID("army")},
    {"too many", 0, REPLY_LIMIT, {0}, RETRY, 0, ERR_BUSY, SAID("army")},
    {"invalid", 0, REPLY_INVALID, {0}, RETRY, 0, ERR_BUSY, SAID("army")},
    {"current", 1, REPLY_DONE, {CURRENT}, NEXT, 0, ERR_NONE, NULL},
    {"another is current", 1, REPLY_DONE, {LAPSED, CURRENT}, NEXT, 0, ERR_NONE, NULL},
    {"lapsed", 1, REPLY_DONE, {LAPSED}, REFUSE, 0, ERR_REFUSED, "not-eligible"},
    {"not admitted any more", 1, REPLY_DONE, {RECORD("current", "contractor")}, REFUSE, 0,
	ERR_REFUSED, "not-eligible"},
    {"nothing found is never a lapse", 1, REPLY_DONE, {0}, RETRY, 0, ERR_BROKEN, NOBODY},
    {"a record that can't be read", 1, REPLY_DONE, {"dn: cn=r," KIT_PERSONNEL "\ngivenName: J"},
	RETRY, 0, ERR_BROKEN, "a record in civilians has no sn"},
    {"exists", 1, REPLY_EXISTS, {0}, RETRY, 0, ERR_BUSY, SAID("civilians")},
    {"no entry", 1, REPLY_NO_ENTRY, {0}, RETRY, 0, ERR_BUSY, SAID("civilians")},
    {"no value", 1, REPLY_NO_VALUE, {0}, RETRY, 0, ERR_BUSY, SAID("civilians")},
    {"has value", 1, REPLY_HAS_VALUE, {0}, RETRY, 0, ERR_BUSY, SAID("civilians")},
    {"too many", 1, REPLY_LIMIT, {0}, RETRY, 0, ERR_BUSY, SAID("civilians")},
    {"invalid", 1, REPLY_INVALID, {0}, RETRY, 0, ERR_BUSY, SAID("civilians")},
};

static void
prepare_recheck(struct kit *kit)
{
	kit->roll = true;
}

static void
test_recheck_verdicts(void **state)
{
	kit_run(*state, recheck_judge, prepare_recheck, KIT_SOURCES, recheck_cases,
	    sizeof(recheck_cases) / sizeof(recheck_cases[0]));
}

static void
test_recheck_questions(void **state)
{
	struct kit *kit = *state;

	const char *asked = kit_ask(kit, recheck_ask);

	for (int source = 0; source < KIT_SOURCES; source++) {
		char *part =
		    mem_format("search personnel %d " KIT_PERSONNEL " one "
			       "(&(objectClass=musterPersonnelRecord)(personnelId=900000001)) [",
			source);

		assert_non_null(strstr(asked, part));
		free(part);
	}
	application_free(&kit->registration->application);
	assert_string_equal(kit_ask(kit, recheck_ask), "-1: the sealed identity can't be read");
	assert_int_equal(kit->err.kind, ERR_BROKEN);
}

/* ---- the activation ---- */

static const struct kit_case activate_cases[] = {
    {"pending", READ, REPLY_DONE, {ENTRY(KIT_ID, "pending", PENDING_PASSWORD TIME)}, AGAIN, MODIFY,
	ERR_NONE, NULL},
    {"its time was taken away", READ, REPLY_DONE, {ENTRY(KIT_ID, "pending", PENDING_PASSWORD)},
	AGAIN, MODIFY_NO_TIME, ERR_NONE, NULL},
    {"active: the reply was lost", READ, REPLY_DONE, {ENTRY(KIT_ID, "active", ACTIVATED)}, NEXT, 0,
	ERR_NONE, NULL},
    {"another's, and active", READ, REPLY_DONE, {ENTRY(KIT_OTHER, "active", ACTIVATED)}, RETRY, 0,
	ERR_BROKEN, ANOTHERS},
    {"another's, and pending", READ, REPLY_DONE,
	{ENTRY(KIT_OTHER, "pending", PENDING_PASSWORD TIME)}, RETRY, 0, ERR_BROKEN, ANOTHERS},
    {"suspended", READ, REPLY_DONE, {ENTRY(KIT_ID, "suspended", PENDING_PASSWORD TIME)}, RETRY, 0,
	ERR_BROKEN, SOMEBODY("suspended")},
    {"disabled", READ, REPLY_DONE, {ENTRY(KIT_ID, "disabled", PENDING_PASSWORD TIME)}, RETRY, 0,
	ERR_BROKEN, SOMEBODY("disabled")},
    {"without a status", READ, REPLY_DONE, {ENTRY(KIT_ID, "asleep", PENDING_PASSWORD TIME)}, RETRY,
	0, ERR_BROKEN, NO_STATUS},
    {"with a password", READ, REPLY_DONE,
	{ENTRY(KIT_ID, "pending", PENDING_PASSWORD TIME "\nuserPassword: {CRYPT}x")}, RETRY, 0,
	ERR_BROKEN, HAS("userPassword")},
    {"activated at some time, and pending", READ, REPLY_DONE,
	{ENTRY(KIT_ID, "pending", PENDING_PASSWORD TIME ACTIVATED)}, RETRY, 0, ERR_BROKEN,
	HAS("musterActivatedAt")},
    {"renamed to no uid", READ, REPLY_DONE,
	{"dn: cn=John Doe," KIT_PEOPLE "\nuid: john.q.doe\nmusterAccountStatus: pending"
	 "\nmusterRegistrationId: " KIT_ID PENDING_PASSWORD TIME},
	RETRY, 0, ERR_BROKEN, "somebody has given the entry a name that is no uid"},
    {"twice", READ, REPLY_DONE,
	{ENTRY(KIT_ID, "pending", PENDING_PASSWORD TIME),
	    NAMED("john.q.doe2", KIT_ID, "pending", PENDING_PASSWORD TIME)},
	RETRY, 0, ERR_BROKEN, TWO},
    {"without a hash", READ, REPLY_DONE, {ENTRY(KIT_ID, "pending", TIME)}, RETRY, 0, ERR_BROKEN,
	NO_HASH},
    {"no account any more", READ, REPLY_DONE, {0}, RETRY, 0, ERR_BROKEN, GONE},
    {"exists", READ, REPLY_EXISTS, {0}, RETRY, 0, ERR_BUSY, ACTIVATING},
    {"no entry", READ, REPLY_NO_ENTRY, {0}, RETRY, 0, ERR_BUSY, ACTIVATING},
    {"no value", READ, REPLY_NO_VALUE, {0}, RETRY, 0, ERR_BUSY, ACTIVATING},
    {"has value", READ, REPLY_HAS_VALUE, {0}, RETRY, 0, ERR_BUSY, ACTIVATING},
    {"limit", READ, REPLY_LIMIT, {0}, RETRY, 0, ERR_BUSY, ACTIVATING},
    {"invalid", READ, REPLY_INVALID, {0}, RETRY, 0, ERR_BROKEN, ACTIVATING},
    {"won", MODIFY, REPLY_DONE, {0}, NEXT, 0, ERR_NONE, NULL},
    {"exists", MODIFY, REPLY_EXISTS, {0}, RETRY, 0, ERR_BUSY, ACTIVATING},
    {"renamed or deleted meanwhile", MODIFY, REPLY_NO_ENTRY, {0}, AGAIN, READ, ERR_NONE, NULL},
    {"lost", MODIFY, REPLY_NO_VALUE, {0}, AGAIN, READ, ERR_NONE, NULL},
    {"lost", MODIFY, REPLY_HAS_VALUE, {0}, AGAIN, READ, ERR_NONE, NULL},
    {"limit", MODIFY, REPLY_LIMIT, {0}, RETRY, 0, ERR_BUSY, ACTIVATING},
    {"it will never do", MODIFY, REPLY_INVALID, {0}, RETRY, 0, ERR_BROKEN, ACTIVATING},
    {"won", MODIFY_NO_TIME, REPLY_DONE, {0}, NEXT, 0, ERR_NONE, NULL},
    {"exists", MODIFY_NO_TIME, REPLY_EXISTS, {0}, RETRY, 0, ERR_BUSY, ACTIVATING},
    {"renamed or deleted meanwhile", MODIFY_NO_TIME, REPLY_NO_ENTRY, {0}, AGAIN, READ, ERR_NONE,
	NULL},
    {"lost", MODIFY_NO_TIME, REPLY_NO_VALUE, {0}, AGAIN, READ, ERR_NONE, NULL},
    {"lost", MODIFY_NO_TIME, REPLY_HAS_VALUE, {0}, AGAIN, READ, ERR_NONE, NULL},
    {"limit", MODIFY_NO_TIME, REPLY_LIMIT, {0}, RETRY, 0, ERR_BUSY, ACTIVATING},
    {"it will never do", MODIFY_NO_TIME, REPLY_INVALID, {0}, RETRY, 0, ERR_BROKEN, ACTIVATING},
};

static void
test_activate_verdicts(void **state)
{
	kit_run(*state, activate_judge, NULL, 3, activate_cases,
	    sizeof(activate_cases) / sizeof(activate_cases[0]));
}

static enum verdict
read_entry(struct kit *kit, const char *entry)
{
	return kit_judge(kit, activate_judge, REPLY_DONE, (const char *const[]){entry, NULL});
}

/* The order of the contract, the compare-and-set first; the hash is the entry's. */
static void
test_activate_questions(void **state)
{
	struct kit *kit = *state;

	assert_string_equal(kit_ask(kit, activate_ask), READ_ENTRY);
	assert_int_equal(read_entry(kit, ENTRY(KIT_ID, "pending", PENDING_PASSWORD TIME)), AGAIN);
	assert_string_equal(kit_ask(kit, activate_ask),
	    "modify accounts " DN "\n"
	    "- musterAccountStatus: pending\n"
	    "+ musterAccountStatus: active\n"
	    "- musterPendingPassword: {CRYPT}of-the-entry\n"
	    "+ userPassword: {CRYPT}of-the-entry\n"
	    "- musterActivationTime\n"
	    "+ musterActivatedAt: " KIT_NOW_TEXT);
	kit->registration->phase = READ;
	assert_int_equal(read_entry(kit, ENTRY(KIT_ID, "pending", PENDING_PASSWORD)), AGAIN);
	assert_string_equal(kit_ask(kit, activate_ask),
	    "modify accounts " DN "\n"
	    "- musterAccountStatus: pending\n"
	    "+ musterAccountStatus: active\n"
	    "- musterPendingPassword: {CRYPT}of-the-entry\n"
	    "+ userPassword: {CRYPT}of-the-entry\n"
	    "+ musterActivatedAt: " KIT_NOW_TEXT);
	application_free(&kit->registration->application);
	assert_string_equal(kit_ask(kit, activate_ask), "-1: the sealed identity can't be read");
}

/* An administrator's new name is the account's. */
static void
test_renamed(void **state)
{
	struct kit *kit = *state;

	assert_int_equal(
	    read_entry(kit, NAMED("jdoe", KIT_ID, "pending", PENDING_PASSWORD TIME)), AGAIN);
	assert_memory_equal(kit_ask(kit, activate_ask), "modify accounts uid=jdoe," KIT_PEOPLE, 50);
	assert_string_equal(kit->registration->uid, "jdoe");
	assert_string_equal(kit->registration->mail, "jdoe@mail.example.mil");
}

/* Lost again and again though it is pending: an end is made of it, and said. */
static void
test_lost_for_ever(void **state)
{
	struct kit *kit = *state;
	enum verdict verdict;
	int questions = 0;

	do {
		verdict = kit->registration->phase == READ
			      ? read_entry(kit, ENTRY(KIT_ID, "pending", PENDING_PASSWORD TIME))
			      : kit_judge(kit, activate_judge, REPLY_HAS_VALUE, NULL);
		assert_in_range(++questions, 1, 12);
	} while (verdict == AGAIN);
	assert_int_equal(verdict, RETRY);
	assert_int_equal(kit->err.kind, ERR_BROKEN);
	assert_non_null(strstr(kit->err.text, "userPassword that we can't see"));
}

/* When it became active: what the modify wrote, or what another's modify wrote. */
static void
test_activated_at(void **state)
{
	struct kit *kit = *state;

	assert_int_equal(read_entry(kit, ENTRY(KIT_ID, "pending", PENDING_PASSWORD TIME)), AGAIN);
	assert_int_equal(kit_judge(kit, activate_judge, REPLY_DONE, NULL), NEXT);
	assert_int_equal(kit->registration->activated_at, KIT_NOW / 1000 * 1000);
	kit_renew(kit);
	assert_int_equal(read_entry(kit, ENTRY(KIT_ID, "pending", PENDING_PASSWORD TIME)), AGAIN);
	assert_int_equal(kit_judge(kit, activate_judge, REPLY_NO_VALUE, NULL), AGAIN);
	assert_string_equal(kit_ask(kit, activate_ask), READ_ENTRY);
	assert_int_equal(read_entry(kit, ENTRY(KIT_ID, "active", ACTIVATED)), NEXT);
	assert_int_equal(kit->registration->activated_at, INT64_C(1790000100000));
	kit_renew(kit);
	assert_int_equal(read_entry(kit, ENTRY(KIT_ID, "active", "")), NEXT);
	assert_int_equal(kit->registration->activated_at, KIT_DUE);
}

/* ---- reading it back ---- */

#define BACK "reading the account back: " KIT_REPLY_TEXT

static const struct kit_case confirm_cases[] = {
    {"active", 0, REPLY_DONE, {ENTRY(KIT_ID, "active", ACTIVATED)}, NEXT, 0, ERR_NONE, NULL},
    {"changed", 0, REPLY_DONE, {ENTRY(KIT_ID, "suspended", "")}, NEXT, 0, ERR_NONE, NULL},
    {"no account any more", 0, REPLY_DONE, {0}, NEXT, 0, ERR_NONE, NULL},
    {"no entry", 0, REPLY_NO_ENTRY, {0}, RETRY, 0, ERR_BUSY, BACK},
    {"exists", 0, REPLY_EXISTS, {0}, RETRY, 0, ERR_BUSY, BACK},
    {"no value", 0, REPLY_NO_VALUE, {0}, RETRY, 0, ERR_BUSY, BACK},
    {"has value", 0, REPLY_HAS_VALUE, {0}, RETRY, 0, ERR_BUSY, BACK},
    {"limit", 0, REPLY_LIMIT, {0}, RETRY, 0, ERR_BUSY, BACK},
    {"invalid", 0, REPLY_INVALID, {0}, RETRY, 0, ERR_BUSY, BACK},
};

static void
test_confirm_verdicts(void **state)
{
	kit_run(*state, confirm_judge, NULL, 1, confirm_cases,
	    sizeof(confirm_cases) / sizeof(confirm_cases[0]));
}

/* What was found is kept for the helpdesk, and the time that the directory has. */
static void
test_confirmed(void **state)
{
	static const struct {
		const char *entry, *detail;
		int64_t activated_at;
	} rows[] = {
	    {ENTRY(KIT_ID, "active", ACTIVATED), NULL, INT64_C(1790000100000)},
	    {ENTRY(KIT_ID, "active", ""), NULL, KIT_NOW},
	    {ENTRY(KIT_ID, "suspended", ACTIVATED), "the entry was changed after the activation",
		INT64_C(1790000100000)},
	    {NULL, GONE, KIT_NOW},
	};
	struct kit *kit = *state;

	assert_string_equal(kit_ask(kit, confirm_ask), READ_ENTRY);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		mem_set_text(&kit->registration->detail, "of an earlier try");
		kit->registration->activated_at = KIT_NOW;
		assert_int_equal(kit_judge(kit, confirm_judge, REPLY_DONE,
				     (const char *const[]){rows[i].entry, NULL}),
		    NEXT);
		if (rows[i].detail == NULL)
			assert_null(kit->registration->detail);
		else
			assert_string_equal(kit->registration->detail, rows[i].detail);
		assert_int_equal(kit->registration->activated_at, rows[i].activated_at);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_wait, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_held, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_recheck_verdicts, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_recheck_questions, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_activate_verdicts, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_activate_questions, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_renamed, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_lost_for_ever, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_activated_at, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_confirm_verdicts, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_confirmed, kit_setup, kit_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
