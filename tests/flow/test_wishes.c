/* What people want in between: cancel, hold, release, activate; and a journal that refuses. */
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/loop.h"
#include "fake_clock.h"
#include "fake_dir.h"
#include "stage.h"

#define UID "john.q.doe"
#define MOST 100

/* ---- cancelled ---- */

/* When a cancel is wished: by what was heard or asked. */
struct cancel {
	int at_change, at_ask;
	char *id;
	struct answer answer;
	bool wished;
};

static void
on_change_cancel(struct stage *stage, const struct registration *registration, bool rests)
{
	struct cancel *cancel = stage->test;

	if (stage->changes != cancel->at_change)
		return;
	cancel->wished = true;
	stage_wish(stage, registration->id, WISH_CANCEL, &cancel->answer);
}

static void
on_ask_cancel(struct stage *stage, struct dir *fake, const struct question *question)
{
	struct cancel *cancel = stage->test;

	if (stage->asks != cancel->at_ask)
		return;
	cancel->wished = true;
	stage_wish(stage, cancel->id, WISH_CANCEL, &cancel->answer);
}

/* Either cancelled and nothing left, or active and the wish refused. */
static bool
run_with_cancel(struct cancel cancel)
{
	struct stage stage;
	char *again;

	stage_begin(&stage);
	stage.test = &cancel;
	stage.on_change = on_change_cancel;
	stage.on_ask = on_ask_cancel;
	cancel.id = stage_register(&stage, 1);
	stage_run(&stage);
	assert_int_equal(cancel.answer.calls, cancel.wished);
	if (cancel.wished && cancel.answer.result == WISH_GRANTED) {
		stage_check_gone(&stage, cancel.id, STATE_CANCELLED, NULL);
		assert_int_equal(stage_accounts(&stage), 0);
		assert_int_equal(stage_claims(&stage), 0);
		/* The person may come again. */
		stage.on_change = NULL;
		stage.on_ask = NULL;
		again = stage_register(&stage, 1);
		stage_run(&stage);
		stage_check_active(&stage, again, UID);
		free(again);
	} else {
		if (cancel.wished)
			assert_int_equal(cancel.answer.result, WISH_CONFLICT);
		stage_check_active(&stage, cancel.id, UID);
	}
	free(cancel.id);
	stage_end(&stage);
	return cancel.wished;
}

static void
test_cancel_after_every_change(void **state)
{
	int k = 2; /* the first is the append */

	while (k < MOST && run_with_cancel((struct cancel){.at_change = k}))
		k++;
	assert_in_range(k, 6, MOST - 1);
}

static void
test_cancel_during_every_question(void **state)
{
	int k = 1;

	while (k < MOST && run_with_cancel((struct cancel){.at_ask = k}))
		k++;
	assert_in_range(k, 8, MOST - 1);
}

/* A cancel that was granted stays so, whatever is lost afterwards and whenever a crash comes. */
static void
test_cancel_and_crash(void **state)
{
	bool crashed = true;
	int crash_at = 1;

	for (; crash_at < MOST && crashed; crash_at++) {
		struct stage stage;
		struct answer answer = {0};
		char *id;

		stage_begin(&stage);
		id = stage_register(&stage, 1);
		stage_run_to(&stage, id, STATE_PENDING);
		stage.crash = CRASH_AFTER_ASKING;
		stage.crash_at = stage.changes + crash_at;
		fake_dir_lose_next_reply(stage.fakes[TO_ACCOUNTS], crash_at % 3);
		stage_wish(&stage, id, WISH_CANCEL, &answer);
		stage_run(&stage);
		assert_int_equal(answer.calls, 1);
		assert_int_equal(answer.result, WISH_GRANTED);
		stage_check_gone(&stage, id, STATE_CANCELLED, NULL);
		assert_int_equal(stage_accounts(&stage), 0);
		assert_int_equal(stage_claims(&stage), 0);
		crashed = stage.crashes > 0;
		free(id);
		stage_end(&stage);
	}
	assert_in_range(crash_at, 4, MOST - 1);
}

static void
on_ask_lose_activation(struct stage *stage, struct dir *fake, const struct question *question)
{
	bool *lost = stage->test;

	if (question->kind != QUESTION_MODIFY || *lost)
		return;
	*lost = true;
	fake_dir_lose_next_reply(fake, 1);
}

/* Active already, but its reply was lost when the cancel came: the directory decides. */
static void
test_cancel_too_late(void **state)
{
	bool lost = false;
	struct stage stage;
	char *id;

	stage_begin(&stage);
	stage.test = &lost;
	stage.on_ask = on_ask_lose_activation;
	id = stage_register(&stage, 1);
	stage_settle(&stage);
	stage_wait(&stage, DELAY + 1000);
	assert_true(lost);
	stage_check_state(&stage, id, STATE_PENDING);
	assert_int_equal(stage_wish_now(&stage, id, WISH_CANCEL), WISH_GRANTED);
	stage_run(&stage);
	stage_check_active(&stage, id, UID);
	assert_int_equal(stage_wish_now(&stage, id, WISH_CANCEL), WISH_CONFLICT);
	free(id);
	stage_end(&stage);
}

/* Whatever keeps the look for the entry from its answer: it is looked for again, not taken as gone.
 */
static void
test_cancel_in_the_dark(void **state)
{
	static const enum reply_kind kinds[] = {
	    REPLY_NO_BASE, REPLY_DENIED, REPLY_LIMIT, REPLY_BUSY, REPLY_AWAY};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct stage stage;
		char *id;

		stage_begin(&stage);
		id = stage_register(&stage, 1);
		stage_run_to(&stage, id, STATE_PENDING);
		fake_dir_fail_next(stage.fakes[TO_ACCOUNTS], kinds[i]);
		assert_int_equal(stage_wish_now(&stage, id, WISH_CANCEL), WISH_GRANTED);
		assert_int_equal(stage_accounts(&stage), 1);
		assert_int_equal(stage_claims(&stage), 1);
		stage_run(&stage);
		stage_check_gone(&stage, id, STATE_CANCELLED, NULL);
		free(id);
		stage_end(&stage);
	}
}

static int refuse_at;

static void
on_ask_refuse(struct stage *stage, struct dir *fake, const struct question *question)
{
	if (fake_dir_asked(fake) == refuse_at)
		fake_dir_fail_next(fake, REPLY_INVALID);
}

static void
refuse_nth_of(struct stage *stage, int nth)
{
	struct dir *fake = stage->fakes[TO_ACCOUNTS];

	refuse_at = fake_dir_asked(fake) + 1 + nth;
	stage->on_ask = on_ask_refuse;
}

/* A withdrawal that the directory will never carry out is told to a person, not tried for ever;
 * what mends it lets it end as it should. */
static void
test_cancel_refused(void **state)
{
	static const enum wish ways_out[] = {WISH_RETRY, WISH_CANCEL};

	for (int nth = 0; nth < 5; nth++) {
		struct registration *registration;
		struct stage stage;
		char *id;

		stage_begin(&stage);
		id = stage_register(&stage, 1);
		stage_run_to(&stage, id, STATE_PENDING);
		refuse_nth_of(&stage, nth);
		assert_int_equal(stage_wish_now(&stage, id, WISH_CANCEL), WISH_GRANTED);
		stage_wait(&stage, 86400000);
		registration = stage_find(&stage, id);
		assert_string_equal(registration_state_name(registration->state), "failed");
		assert_non_null(strstr(registration->reason, "removing the "));
		assert_int_equal(registration->due_at, 0);
		registration_free(&registration);
		assert_int_equal(stage_wish_now(&stage, id, ways_out[nth % 2]), WISH_GRANTED);
		stage_run(&stage);
		stage_check_gone(&stage, id, STATE_CANCELLED, NULL);
		free(id);
		stage_end(&stage);
	}
}

/* The add's reply is lost, and the server carries it out long after the withdrawal has looked. */
struct late {
	const char *base; /* of the entry whose add is kept back */
	bool dies;        /* the daemon, while it waits for the reply */
	bool fails;       /* the next one, for a person */
	struct question question;
	int64_t until; /* to be carried out then */
};

static void
on_ask_late(struct stage *stage, struct dir *fake, const struct question *question)
{
	struct late *late = stage->test;

	if (question->kind != QUESTION_ADD || strstr(question->dn, late->base) == NULL)
		return;
	if (late->question.dn != NULL) {
		if (late->fails)
			fake_dir_fail_next(fake, REPLY_INVALID);
		late->fails = false;
		return;
	}
	question_add(&late->question, TO_ACCOUNTS, question->dn);
	for (size_t i = 0; i < question->change_count; i++)
		for (char **value = question->changes[i].values; *value != NULL; value++)
			question_change(
			    &late->question, CHANGE_ADD, question->changes[i].attribute, *value);
	fake_dir_fail_next(fake, REPLY_AWAY);
	if (late->dies) {
		fake_dir_delay(fake, DELAY);
		stage_die(stage);
	}
}

static void
on_death_late(struct stage *stage)
{
	fake_dir_delay(stage->fakes[TO_ACCOUNTS], 0);
	fake_clock_add(1);
}

static void
ignore_reply(struct reply *reply, void *arg)
{
	assert_int_equal(reply->kind, REPLY_DONE);
}

static void
test_add_comes_late(void **state)
{
	static const char *const bases[] = {PEOPLE, CLAIMS};

	for (int i = 0; i < 2; i++) {
		struct late late = {.base = bases[i]};
		struct stage stage;
		char *id, *again;

		stage_begin(&stage);
		stage.test = &late;
		stage.on_ask = on_ask_late;
		id = stage_register(&stage, 1);
		stage_settle(&stage);
		assert_non_null(late.question.dn);
		assert_int_equal(stage_wish_now(&stage, id, WISH_CANCEL), WISH_GRANTED);
		stage_check_state(&stage, id, STATE_CANCELLED);
		/* Nor does it look any sooner because somebody asks again. */
		assert_int_equal(stage_wish_now(&stage, id, WISH_CANCEL), WISH_GRANTED);
		assert_int_equal(stage_wish_now(&stage, id, WISH_RETRY), WISH_GRANTED);
		dir_submit(stage.directories[TO_ACCOUNTS], &late.question, ignore_reply, NULL);
		late.base = "nowhere";
		stage_settle(&stage);
		stage_run(&stage);
		stage_check_gone(&stage, id, STATE_CANCELLED, NULL);
		again = stage_register(&stage, 1);
		stage_run(&stage);
		stage_check_active(&stage, again, UID);
		free(again);
		free(id);
		stage_end(&stage);
	}
}

/* The same was added since: by a daemon that does not know of the first, for that one died; or when
 * somebody had it tried again. */
static void
test_forgotten_add_comes_late(void **state)
{
	for (int i = 0; i < 2; i++) {
		struct late late = {.base = PEOPLE, .dies = i == 0, .fails = i == 1};
		struct stage stage;
		char *id;

		stage_begin(&stage);
		stage.test = &late;
		stage.on_ask = on_ask_late;
		stage.crash = CRASH_AFTER_ASKING;
		stage.on_death = on_death_late;
		id = stage_register(&stage, 1);
		if (late.fails) {
			stage_run_to(&stage, id, STATE_FAILED);
			assert_int_equal(stage_wish_now(&stage, id, WISH_RETRY), WISH_GRANTED);
		}
		stage_run_to(&stage, id, STATE_PENDING);
		assert_int_equal(stage.crashes, late.dies ? 1 : 0);
		assert_int_equal(stage_wish_now(&stage, id, WISH_CANCEL), WISH_GRANTED);
		assert_int_equal(stage_accounts(&stage), 0);
		dir_submit(stage.directories[TO_ACCOUNTS], &late.question, ignore_reply, NULL);
		stage_settle(&stage);
		stage_run(&stage);
		stage_check_gone(&stage, id, STATE_CANCELLED, NULL);
		free(id);
		stage_end(&stage);
	}
}

/* A claim that is there and not shown is neither somebody else's nor gone. */
static void
test_claim_in_the_dark(void **state)
{
	struct registration *registration;
	struct stage stage;
	char *id, *again, *dn;

	stage_begin(&stage);
	id = stage_register(&stage, 1);
	stage_run_to(&stage, id, STATE_PENDING);
	registration = stage_find(&stage, id);
	dn = dn_make("musterPersonKey", registration->person_key, CLAIMS);
	registration_free(&registration);
	fake_dir_set(stage.fakes[TO_ACCOUNTS], dn, "objectClass", NULL);
	assert_int_equal(stage_wish_now(&stage, id, WISH_CANCEL), WISH_GRANTED);
	assert_non_null(fake_dir_entry(stage.fakes[TO_ACCOUNTS], dn));
	registration = stage_find(&stage, id);
	assert_string_equal(registration->step, "remove-claim");
	registration_free(&registration);
	again = stage_register(&stage, 1);
	stage_settle(&stage);
	stage_check_state(&stage, again, STATE_VERIFIED);
	fake_dir_set(stage.fakes[TO_ACCOUNTS], dn, "objectClass", "musterClaim");
	stage_run(&stage);
	stage_check_gone(&stage, id, STATE_CANCELLED, NULL);
	free(dn);
	free(again);
	free(id);
	stage_end(&stage);
}

/* The daemon ends while wishes are open: one that is being saved, one that waits for a reply. */
static void
test_stop_with_wishes(void **state)
{
	struct answer saving = {0}, waiting = {0};
	struct stage stage;
	char *first, *second;

	stage_begin(&stage);
	stage_put_person(&stage, 2);
	first = stage_register(&stage, 1);
	stage_run_to(&stage, first, STATE_PENDING);
	fake_dir_delay(stage.fakes[TO_PERSONNEL(0)], 60000);
	second = stage_register(&stage, 2);
	for (int turns = 0; dir_depth(stage.directories[TO_PERSONNEL(0)]) == 0; turns++) {
		assert_true(turns < 1000);
		loop_turn(stage.loop, 20);
	}
	stage_wish(&stage, second, WISH_CANCEL, &waiting);
	stage_wish(&stage, first, WISH_HOLD, &saving);
	assert_int_equal(waiting.calls + saving.calls, 0);
	stage_crash(&stage);
	assert_int_equal(waiting.calls, 1);
	assert_int_equal(waiting.result, WISH_TRY_LATER);
	assert_int_equal(saving.calls, 1);
	assert_int_equal(saving.result, WISH_TRY_LATER);
	fake_dir_delay(stage.fakes[TO_PERSONNEL(0)], 0);
	stage_open(&stage);
	stage_wait(&stage, 1000);
	assert_int_equal(stage_wish_now(&stage, first, WISH_RELEASE), WISH_GRANTED);
	stage_run(&stage);
	stage_check_active(&stage, first, UID);
	stage_check_active(&stage, second, NULL);
	free(first);
	free(second);
	stage_end(&stage);
}

/* ---- the other wishes ---- */

static void
test_hold_and_release(void **state)
{
	struct stage stage;
	char *id;

	stage_begin(&stage);
	id = stage_register(&stage, 1);
	stage_run_to(&stage, id, STATE_PENDING);
	assert_int_equal(stage_wish_now(&stage, id, WISH_HOLD), WISH_GRANTED);
	stage_wait(&stage, 10 * DELAY);
	stage_run(&stage);
	stage_check_state(&stage, id, STATE_PENDING);
	stage_crash(&stage);
	stage_open(&stage);
	stage_run(&stage);
	stage_check_state(&stage, id, STATE_PENDING);
	assert_int_equal(stage_wish_now(&stage, id, WISH_RELEASE), WISH_GRANTED);
	stage_settle(&stage);
	stage_check_active(&stage, id, UID);
	assert_int_equal(stage_wish_now(&stage, id, WISH_HOLD), WISH_CONFLICT);
	free(id);
	stage_end(&stage);
}

/* Held from any question on: never active until it is released, unless it was too late. */
static void
on_ask_hold(struct stage *stage, struct dir *fake, const struct question *question)
{
	struct cancel *hold = stage->test;

	if (stage->asks != hold->at_ask)
		return;
	hold->wished = true;
	stage_wish(stage, hold->id, WISH_HOLD, &hold->answer);
}

static bool
run_with_hold(int k)
{
	struct cancel hold = {.at_ask = k};
	struct stage stage;

	stage_begin(&stage);
	stage.test = &hold;
	stage.on_ask = on_ask_hold;
	hold.id = stage_register(&stage, 1);
	stage_run(&stage);
	assert_int_equal(hold.answer.calls, hold.wished);
	if (hold.wished && hold.answer.result == WISH_GRANTED) {
		struct registration *registration = stage_find(&stage, hold.id);

		assert_true(registration->held);
		assert_string_equal(registration_state_name(registration->state), "pending");
		registration_free(&registration);
		assert_int_equal(stage_wish_now(&stage, hold.id, WISH_RELEASE), WISH_GRANTED);
		stage_run(&stage);
	}
	stage_check_active(&stage, hold.id, UID);
	free(hold.id);
	stage_end(&stage);
	return hold.wished;
}

static void
test_hold_during_every_question(void **state)
{
	int k = 1;

	while (k < MOST && run_with_hold(k))
		k++;
	assert_in_range(k, 8, MOST - 1);
}

/* An administrator's word makes the time now: the entry's own time is not the daemon's any more. */
static void
test_activate_now(void **state)
{
	struct stage stage;
	char *id;

	stage_begin(&stage);
	id = stage_register(&stage, 1);
	stage_run_to(&stage, id, STATE_PENDING);
	assert_int_equal(stage_wish_now(&stage, id, WISH_HOLD), WISH_GRANTED);
	stage_wait(&stage, 1000);
	assert_int_equal(stage_wish_now(&stage, id, WISH_ACTIVATE), WISH_GRANTED);
	assert_true(stage.early);
	stage.early = false;
	stage_check_active(&stage, id, UID);
	assert_int_equal(stage_wish_now(&stage, id, WISH_ACTIVATE), WISH_CONFLICT);
	assert_int_equal(
	    stage_wish_now(&stage, "00000000-0000-0000-0000-000000000000", WISH_ACTIVATE),
	    WISH_NOT_FOUND);
	free(id);
	stage_end(&stage);
}

/* ---- a journal that somebody wrote to ---- */

static void
journal_do(struct stage *stage, const char *sql)
{
	sqlite3 *database;

	assert_int_equal(sqlite3_open(stage->journal_path, &database), SQLITE_OK);
	sqlite3_busy_timeout(database, 5000);
	assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(database);
}

/* Written by another version: kept for a person, who is told the truth, until the step is known. */
static void
test_unknown_step(void **state)
{
	static const enum wish wishes[] = {WISH_CANCEL, WISH_RETRY};
	struct stage stage;
	char *id;

	stage_begin(&stage);
	id = stage_register(&stage, 1);
	stage_run_to(&stage, id, STATE_PENDING);
	journal_do(&stage, "UPDATE registration SET step = 'of-the-future', due_at = 1");
	stage_wait(&stage, 1000);
	stage_check_state(&stage, id, STATE_FAILED);
	for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++) {
		struct answer answer = {0};

		stage_wish(&stage, id, wishes[i], &answer);
		stage_settle(&stage);
		assert_int_equal(answer.result, WISH_CONFLICT);
		assert_non_null(strstr(answer.why, "not in this version's plan"));
	}
	journal_do(&stage, "UPDATE registration SET step = 'wait'");
	assert_int_equal(stage_wish_now(&stage, id, WISH_RETRY), WISH_GRANTED);
	stage_run(&stage);
	stage_check_active(&stage, id, UID);
	free(id);
	stage_end(&stage);
}

/* ---- a journal that can't save ---- */

static void
journal_refuses(struct stage *stage, bool refuses)
{
	static const char begin[] = "CREATE TRIGGER refuse BEFORE UPDATE ON registration BEGIN"
				    " SELECT RAISE(FAIL, 'the test refuses'); END";

	journal_do(stage, refuses ? begin : "DROP TRIGGER refuse");
}

/* Wishes that come while a save is on its way are answered too when it fails. */
static void
on_change_two_wishes(struct stage *stage, const struct registration *registration, bool rests)
{
	struct answer *answers = stage->test;

	stage->on_change = NULL;
	journal_refuses(stage, true);
	stage_wish(stage, registration->id, WISH_HOLD, &answers[0]);
	stage_wish(stage, registration->id, WISH_RELEASE, &answers[1]);
}

static void
test_journal_refuses(void **state)
{
	struct answer answers[3] = {{0}};
	struct stage stage;
	char *id;

	stage_begin(&stage);
	id = stage_register(&stage, 1);
	stage_run_to(&stage, id, STATE_PENDING);
	journal_refuses(&stage, true);
	stage_wish(&stage, id, WISH_HOLD, &answers[0]);
	stage_wish(&stage, id, WISH_RELEASE, &answers[1]);
	stage_wish(&stage, id, WISH_CANCEL, &answers[2]);
	stage_settle(&stage);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(answers[i].calls, 1);
		assert_int_equal(answers[i].result, WISH_TRY_LATER);
	}
	stage_wait(&stage, DELAY + 1000);
	for (int i = 0; i < 5; i++)
		stage_wait(&stage, 1000);
	stage_check_state(&stage, id, STATE_PENDING);
	journal_refuses(&stage, false);
	stage_run(&stage);
	stage_check_active(&stage, id, UID);
	free(id);
	stage_end(&stage);
}

static void
test_journal_refuses_midway(void **state)
{
	struct answer answers[2] = {{0}};
	struct stage stage;
	char *id;

	stage_begin(&stage);
	stage.test = answers;
	stage.on_change = on_change_two_wishes;
	id = stage_register(&stage, 1);
	stage_settle(&stage);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(answers[i].calls, 1);
		assert_int_equal(answers[i].result, WISH_TRY_LATER);
	}
	journal_refuses(&stage, false);
	stage_run(&stage);
	stage_check_active(&stage, id, UID);
	free(id);
	stage_end(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cancel_after_every_change),
	    cmocka_unit_test(test_cancel_during_every_question),
	    cmocka_unit_test(test_cancel_and_crash),
	    cmocka_unit_test(test_cancel_too_late),
	    cmocka_unit_test(test_cancel_in_the_dark),
	    cmocka_unit_test(test_cancel_refused),
	    cmocka_unit_test(test_add_comes_late),
	    cmocka_unit_test(test_forgotten_add_comes_late),
	    cmocka_unit_test(test_claim_in_the_dark),
	    cmocka_unit_test(test_stop_with_wishes),
	    cmocka_unit_test(test_hold_and_release),
	    cmocka_unit_test(test_hold_during_every_question),
	    cmocka_unit_test(test_activate_now),
	    cmocka_unit_test(test_unknown_step),
	    cmocka_unit_test(test_journal_refuses),
	    cmocka_unit_test(test_journal_refuses_midway),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
