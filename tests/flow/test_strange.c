/* What the model of a life (tests/model) found: the directory changed by somebody's hand or by a
 * write that comes late, and a record that lapses while an activation rests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_dir.h"
#include "journal/journal.h"
#include "stage.h"

#define UID "john.q.doe"
#define DN "uid=" UID "," PEOPLE
#define OTHER "01900000-0000-7000-8000-00000000000f"

/* The first modify that adds this status is met by the test's own change of the directory. */
struct meeting {
	const char *status;
	void (*meet)(struct stage *stage, struct dir *fake);
	int met;
};

static void
on_ask_meet(struct stage *stage, struct dir *fake, const struct question *question)
{
	struct meeting *meeting = stage->test;

	for (size_t i = 0; question->kind == QUESTION_MODIFY && i < question->change_count; i++)
		if (question->changes[i].kind == CHANGE_ADD &&
		    strcmp(question->changes[i].values[0], meeting->status) == 0 &&
		    meeting->met++ == 0)
			meeting->meet(stage, fake);
}

static char *
stage_meet(struct stage *stage, struct meeting *meeting)
{
	char *id;

	stage_begin(stage);
	stage->test = meeting;
	stage->on_ask = on_ask_meet;
	id = stage_register(stage, 1);
	stage_run_to(stage, id, STATE_PENDING);
	return id;
}

/* ---- a record that lapses ---- */

static void
meet_refusal(struct stage *stage, struct dir *fake)
{
	fake_dir_fail_next(fake, REPLY_INVALID);
}

static void
set_lapsed(struct stage *stage)
{
	for (size_t i = 0; i < SOURCES; i++)
		stage_set(stage, 1, i, "personnelStatus", "lapsed");
}

/* A failed activation is tried again on somebody's word: the record is looked at again first. */
static void
test_lapsed_before_retry(void **state)
{
	struct meeting meeting = {"active", meet_refusal, 0};
	struct stage stage;
	char *id = stage_meet(&stage, &meeting);

	stage_run(&stage);
	stage_check_state(&stage, id, STATE_FAILED);
	set_lapsed(&stage);
	assert_int_equal(stage_wish_now(&stage, id, WISH_RETRY), WISH_GRANTED);
	stage_run(&stage);
	stage_check_gone(&stage, id, STATE_REJECTED, "not-eligible");
	free(id);
	stage_end(&stage);
}

static void
meet_absence(struct stage *stage, struct dir *fake)
{
	fake_dir_set_up(fake, false);
}

/* The same where the account directory was away for long, and whether the daemon lives on. */
static void
test_lapsed_while_away(void **state)
{
	for (int crashes = 0; crashes <= 1; crashes++) {
		struct meeting meeting = {"active", meet_absence, 0};
		struct stage stage;
		char *id = stage_meet(&stage, &meeting);

		stage_wait(&stage, DELAY + 1000);
		assert_int_equal(meeting.met, 1);
		set_lapsed(&stage);
		if (crashes > 0) {
			stage_crash(&stage);
			stage_open(&stage);
		}
		fake_dir_set_up(stage.fakes[TO_ACCOUNTS], true);
		stage_run(&stage);
		stage_check_gone(&stage, id, STATE_REJECTED, "not-eligible");
		free(id);
		stage_end(&stage);
	}
}

static void
look_for_recheck(int64_t at, const char *step, const char *state, const char *what, void *arg)
{
	if (strcmp(step, "recheck-record") == 0 && strstr(what, "keep-claim: done") != NULL &&
	    strstr(what, "activate: done") != NULL)
		++*(int *)arg;
}

/* The two are not saved before the activation is; the timeline tells of them all the same. */
static void
test_timeline_tells_all(void **state)
{
	struct stage stage;
	int lines = 0;
	char *id;

	stage_begin(&stage);
	id = stage_register(&stage, 1);
	stage_run(&stage);
	stage_check_active(&stage, id, UID);
	journal_timeline(stage.journal, id, look_for_recheck, &lines);
	assert_int_equal(lines, 1);
	free(id);
	stage_end(&stage);
}

/* ---- a claim that somebody removed ---- */

static void
remove_claim(struct stage *stage, const char *id)
{
	struct registration *registration = stage_find(stage, id);
	char *dn = dn_make("musterPersonKey", registration->person_key, CLAIMS);

	fake_dir_remove(stage->fakes[TO_ACCOUNTS], dn);
	assert_int_equal(stage_claims(stage), 0);
	free(dn);
	registration_free(&registration);
}

/* Pending or active: the person has an account, and gets no second one. */
static void
test_claim_removed(void **state)
{
	for (int active = 0; active <= 1; active++) {
		struct stage stage;
		char *first, *second;

		stage_begin(&stage);
		first = stage_register(&stage, 1);
		stage_run_to(&stage, first, active ? STATE_ACTIVE : STATE_PENDING);
		stage_settle(&stage);
		remove_claim(&stage, first);
		second = stage_register(&stage, 1);
		stage_settle(&stage);
		stage_check_state(&stage, second, STATE_REJECTED);
		stage_run(&stage);
		stage_check_gone(&stage, second, STATE_REJECTED, "account-exists");
		stage_check_state(&stage, first, STATE_ACTIVE);
		assert_int_equal(stage_accounts(&stage), 1);
		free(first);
		free(second);
		stage_end(&stage);
	}
}

/* ---- a modify that comes so late that the name is somebody else's ---- */

static void
meet_another(struct stage *stage, struct dir *fake)
{
	fake_dir_remove(fake, DN);
	fake_dir_put(fake, DN, "objectClass", "musterAccount", "uid", UID, "musterAccountStatus",
	    "pending", "musterPendingPassword", "{CRYPT}another", "musterActivationTime",
	    "20400101000000Z", "musterRegistrationId", OTHER, NULL);
}

static void
check_untouched(struct stage *stage)
{
	struct dir *fake = stage->fakes[TO_ACCOUNTS];

	assert_string_equal(fake_dir_value(fake, DN, "musterAccountStatus"), "pending");
	assert_string_equal(fake_dir_value(fake, DN, "musterRegistrationId"), OTHER);
	assert_string_equal(fake_dir_value(fake, DN, "musterPendingPassword"), "{CRYPT}another");
	assert_null(fake_dir_value(fake, DN, "userPassword"));
}

static void
test_late_activation(void **state)
{
	struct meeting meeting = {"active", meet_another, 0};
	struct stage stage;
	char *id = stage_meet(&stage, &meeting);

	stage_run(&stage);
	assert_int_equal(meeting.met, 1);
	check_untouched(&stage);
	stage_check_state(&stage, id, STATE_FAILED);
	free(id);
	stage_end(&stage);
}

static void
test_late_withdrawal(void **state)
{
	struct meeting meeting = {"disabled", meet_another, 0};
	struct stage stage;
	char *id = stage_meet(&stage, &meeting);

	assert_int_equal(stage_wish_now(&stage, id, WISH_CANCEL), WISH_GRANTED);
	stage_run(&stage);
	assert_int_equal(meeting.met, 1);
	check_untouched(&stage);
	stage_check_gone(&stage, id, STATE_CANCELLED, NULL);
	free(id);
	stage_end(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lapsed_before_retry),
	    cmocka_unit_test(test_lapsed_while_away),
	    cmocka_unit_test(test_timeline_tells_all),
	    cmocka_unit_test(test_claim_removed),
	    cmocka_unit_test(test_late_activation),
	    cmocka_unit_test(test_late_withdrawal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
