/* Replies that come late: to a driver that has stopped, after somebody's wish, to a registration
 * that is not the same flight any more; and replies of many in any order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/loop.h"
#include "base/mem.h"
#include "fake_dir.h"
#include "journal/journal.h"
#include "pipeline/driver_internal.h"
#include "stage.h"

#define UID "john.q.doe"
#define MOST 100

/* The reply of one question is kept back; lost: it is AWAY when it comes. */
struct kept {
	int at_ask;
	bool lost;
	struct dir *fake; /* whose */
};

static void
on_ask_keep(struct stage *stage, struct dir *fake, const struct question *question)
{
	struct kept *kept = stage->test;

	if (stage->asks != kept->at_ask)
		return;
	kept->fake = fake;
	fake_dir_hold(fake, true);
	if (kept->lost)
		fake_dir_lose_next_reply(fake, 1);
}

/* One registration up to the question whose reply is kept; false where there is no such question.
 */
static bool
stage_keep(struct stage *stage, struct kept *kept, char **id_out)
{
	stage_begin(stage);
	stage->test = kept;
	stage->on_ask = on_ask_keep;
	*id_out = stage_register(stage, 1);
	stage_settle(stage);
	if (kept->fake == NULL)
		stage_wait(stage, DELAY + 1000);
	return kept->fake != NULL;
}

static void
stage_hold_all(struct stage *stage, bool hold)
{
	for (int i = 0; i < DIRECTORIES; i++)
		fake_dir_hold(stage->fakes[i], hold);
}

/* Everything that was let go is delivered, and what is saved because of it committed. */
static void
stage_turn(struct stage *stage)
{
	for (int turns = 0; turns < 10 || journal_depth(stage->journal) > 0; turns++) {
		assert_in_range(turns, 0, 1000);
		loop_turn(stage->loop, journal_depth(stage->journal) > 0 ? 20 : 0);
	}
}

/* How a registration stands in the journal, and what was done for it so far. */
struct standing {
	struct registration *registration;
	int changes, asks;
};

static struct standing
standing_of(struct stage *stage, const char *id)
{
	return (struct standing){stage_find(stage, id), stage->changes, stage->asks};
}

static void
check_same(struct stage *stage, struct standing *before)
{
	struct registration *old = before->registration, *now = stage_find(stage, old->id);

	assert_string_equal(
	    registration_state_name(now->state), registration_state_name(old->state));
	assert_string_equal(now->step, old->step);
	assert_int_equal(now->due_at, old->due_at);
	assert_int_equal(now->attempts, old->attempts);
	assert_int_equal(now->activates_at, old->activates_at);
	assert_int_equal(now->activated_at, old->activated_at);
	assert_int_equal(stage->changes, before->changes);
	assert_int_equal(stage->asks, before->asks);
	registration_free(&now);
	registration_free(&before->registration);
}

static void
end_active(struct stage *stage, char *id)
{
	stage_hold_all(stage, false);
	stage_run(stage);
	stage_check_active(stage, id, UID);
	assert_int_equal(stage_accounts(stage), 1);
	assert_int_equal(stage_claims(stage), 1);
	free(id);
	stage_end(stage);
}

/* Runs the case for every question of a life. */
static void
keep_each(bool (*run)(struct kept kept), bool lost)
{
	int k = 1;

	while (k < MOST && run((struct kept){.at_ask = k, .lost = lost}))
		k++;
	assert_in_range(k, 8, MOST - 1);
}

/* ---- a driver that has stopped, a daemon that has died ---- */

static bool
run_stopped(struct kept kept)
{
	struct standing before;
	struct stage stage;
	char *id;

	if (stage_keep(&stage, &kept, &id)) {
		before = standing_of(&stage, id);
		driver_stop(stage.driver);
		stage_hold_all(&stage, false);
		stage_turn(&stage);
		assert_int_equal(dir_depth(kept.fake), 0);
		check_same(&stage, &before);
		stage_crash(&stage);
		stage_open(&stage);
	}
	end_active(&stage, id);
	return kept.fake != NULL;
}

static void
test_after_stop(void **state)
{
	keep_each(run_stopped, false);
	keep_each(run_stopped, true);
}

/* What it said is never heard, whatever was carried out: the next life finds out for itself. */
static bool
run_died(struct kept kept)
{
	struct stage stage;
	char *id;

	if (stage_keep(&stage, &kept, &id)) {
		stage_crash(&stage);
		assert_int_equal(dir_depth(kept.fake), 0);
		stage_open(&stage);
	}
	end_active(&stage, id);
	return kept.fake != NULL;
}

static void
test_after_death(void **state)
{
	keep_each(run_died, false);
}

static void
on_change_die_adding(struct stage *stage, const struct registration *registration, bool rests)
{
	if (strcmp(registration->step, "add-entry") == 0 && stage->crashes == 0)
		stage_die(stage);
}

/* The add of the life before may come later still: the withdrawal keeps the claim, and looks twice.
 */
static void
test_withdrawn_after_death(void **state)
{
	struct registration *registration;
	struct stage stage;
	char *id;

	stage_begin(&stage);
	stage.on_change = on_change_die_adding;
	id = stage_register(&stage, 1);
	stage_run_to(&stage, id, STATE_PENDING);
	assert_int_equal(stage.crashes, 1);
	assert_int_equal(stage_wish_now(&stage, id, WISH_CANCEL), WISH_GRANTED);
	registration = stage_find(&stage, id);
	assert_string_equal(registration->step, "remove-late-entry");
	assert_int_equal(stage_claims(&stage), 1);
	registration_free(&registration);
	stage_run(&stage);
	stage_check_gone(&stage, id, STATE_CANCELLED, NULL);
	free(id);
	stage_end(&stage);
}

/* ---- wishes while a reply is awaited ---- */

/* An hour goes by and nothing more is asked; the wish is answered once, after the reply. */
static void
wish_and_wait(struct stage *stage, const char *id, enum wish wish, struct answer *answer)
{
	struct standing before = standing_of(stage, id);

	stage_wish(stage, id, wish, answer);
	for (int i = 0; i < 6; i++)
		stage_wait(stage, 600000);
	assert_int_equal(answer->calls, 0);
	check_same(stage, &before);
	stage_hold_all(stage, false);
	stage_settle(stage);
	assert_int_equal(answer->calls, 1);
}

/* Granted or refused, the directory says the same as the journal. */
static void
end_cancelled(struct stage *stage, char *id, const struct answer *answer)
{
	struct registration *registration;
	bool active;

	stage_run(stage);
	registration = stage_find(stage, id);
	active = registration->state == STATE_ACTIVE;
	registration_free(&registration);
	if (active)
		stage_check_active(stage, id, UID);
	else
		stage_check_gone(stage, id, STATE_CANCELLED, NULL);
	assert_true(active || answer->result == WISH_GRANTED);
	assert_int_equal(stage_accounts(stage), active);
	assert_int_equal(stage_claims(stage), active);
	free(id);
	stage_end(stage);
}

static bool
run_cancelled(struct kept kept)
{
	struct answer answer = {0};
	struct stage stage;
	char *id;

	if (!stage_keep(&stage, &kept, &id)) {
		end_active(&stage, id);
		return false;
	}
	wish_and_wait(&stage, id, WISH_CANCEL, &answer);
	end_cancelled(&stage, id, &answer);
	return true;
}

static void
test_cancel_before_the_reply(void **state)
{
	keep_each(run_cancelled, false);
	keep_each(run_cancelled, true);
}

static bool
run_held(struct kept kept)
{
	struct answer answer = {0};
	struct stage stage;
	char *id;

	if (stage_keep(&stage, &kept, &id)) {
		wish_and_wait(&stage, id, WISH_HOLD, &answer);
		stage_run(&stage);
		if (answer.result == WISH_GRANTED) {
			struct registration *registration = stage_find(&stage, id);

			assert_true(registration->held);
			registration_free(&registration);
			assert_int_equal(stage_wish_now(&stage, id, WISH_RELEASE), WISH_GRANTED);
		}
	}
	end_active(&stage, id);
	return kept.fake != NULL;
}

static void
test_hold_before_the_reply(void **state)
{
	keep_each(run_held, false);
}

/* ---- a reply to another flight ---- */

static void
flight_forget(struct stage *stage, const char *id)
{
	struct flight *flight = flight_find(stage->driver, id);

	assert_non_null(flight);
	assert_true(flight->asking);
	flight_end(flight);
}

/* The flight has ended: its reply finds nobody. */
static bool
run_ended(struct kept kept)
{
	struct standing before;
	struct stage stage;
	char *id;

	if (stage_keep(&stage, &kept, &id)) {
		before = standing_of(&stage, id);
		flight_forget(&stage, id);
		stage_hold_all(&stage, false);
		stage_turn(&stage);
		assert_int_equal(dir_depth(kept.fake), 0);
		assert_int_equal(driver_in_flight(stage.driver), 0);
		check_same(&stage, &before);
		driver_wake(stage.driver);
	}
	end_active(&stage, id);
	return kept.fake != NULL;
}

static void
test_of_an_ended_flight(void **state)
{
	keep_each(run_ended, false);
	keep_each(run_ended, true);
}

/* It flies again with a question of its own: the old one's reply is not taken for its answer. */
static bool
run_reflown(struct kept kept)
{
	struct standing before;
	struct stage stage;
	char *id;

	if (stage_keep(&stage, &kept, &id)) {
		flight_forget(&stage, id);
		stage_hold_all(&stage, true);
		driver_wake(stage.driver);
		stage_settle(&stage);
		assert_int_equal(driver_in_flight(stage.driver), 1);
		before = standing_of(&stage, id);
		fake_dir_let_go(kept.fake, 0);
		stage_turn(&stage);
		assert_non_null(flight_find(stage.driver, id));
		assert_true(flight_find(stage.driver, id)->asking);
		check_same(&stage, &before);
	}
	end_active(&stage, id);
	return kept.fake != NULL;
}

static void
test_of_a_flight_before(void **state)
{
	keep_each(run_reflown, false);
	keep_each(run_reflown, true);
}

/* ---- many in flight, their replies in any order ---- */

#define PERSONS 24
#define TWICE 8 /* the first of them come twice */

struct crowd {
	struct stage stage;
	char *ids[PERSONS + TWICE];
	int lose_every; /* questions; 0: none */
};

static void
on_ask_lose_some(struct stage *stage, struct dir *fake, const struct question *question)
{
	const struct crowd *crowd = stage->test;

	if (crowd->lose_every > 0 && stage->asks % crowd->lose_every == 0)
		fake_dir_lose_next_reply(fake, 1);
}

static void
crowd_begin(struct crowd *crowd, unsigned seed)
{
	struct stage *stage = &crowd->stage;

	stage_begin(stage);
	stage->test = crowd;
	stage->on_ask = on_ask_lose_some;
	for (int i = 0; i < DIRECTORIES; i++)
		fake_dir_shuffle(stage->fakes[i], seed + (unsigned)i);
	for (int i = 0; i < PERSONS + TWICE; i++) {
		if (i > 0 && i < PERSONS)
			stage_put_person(stage, i + 1);
		crowd->ids[i] = stage_register(stage, i % PERSONS + 1);
	}
}

static enum registration_state
crowd_state(struct crowd *crowd, int i)
{
	struct registration *registration = stage_find(&crowd->stage, crowd->ids[i]);
	enum registration_state its_state = registration->state;

	registration_free(&registration);
	return its_state;
}

/* One of two of the same person, and everybody else; an entry carries its uid, so as many entries
 * are as many uids. */
static void
crowd_end(struct crowd *crowd)
{
	struct stage *stage = &crowd->stage;

	assert_int_equal(stage_accounts(stage), PERSONS);
	assert_int_equal(stage_claims(stage), PERSONS);
	for (int i = 0; i < PERSONS + TWICE; i++) {
		bool active = crowd_state(crowd, i) == STATE_ACTIVE;

		if (active)
			stage_check_active(stage, crowd->ids[i], NULL);
		else
			stage_check_gone(stage, crowd->ids[i], STATE_REJECTED, "account-exists");
		if (i < TWICE)
			assert_true(active != (crowd_state(crowd, i + PERSONS) == STATE_ACTIVE));
		else if (i < PERSONS)
			assert_true(active);
	}
	for (int i = 0; i < PERSONS + TWICE; i++)
		free(crowd->ids[i]);
	stage_end(stage);
}

static void
test_reordered(void **state)
{
	for (unsigned seed = 1; seed <= 6; seed++) {
		struct crowd crowd = {.lose_every = seed % 2 == 0 ? 7 : 0};

		crowd_begin(&crowd, seed * 1000);
		if (seed > 3) {
			crowd.stage.crash_at = crowd.stage.changes + (int)seed * 20;
			crowd.stage.crash = CRASH_AFTER_ASKING;
		}
		stage_run(&crowd.stage);
		assert_int_equal(crowd.stage.crashes, seed > 3);
		crowd_end(&crowd);
	}
}

/* Kept back until nobody can go on, then all at once, the directories in turn. */
static void
test_held_and_reordered(void **state)
{
	struct crowd crowd = {0};

	crowd_begin(&crowd, 77);
	for (int i = 0; i < 60; i++) {
		stage_hold_all(&crowd.stage, true);
		stage_settle(&crowd.stage);
		fake_dir_hold(crowd.stage.fakes[i % DIRECTORIES], false);
		stage_settle(&crowd.stage);
	}
	stage_hold_all(&crowd.stage, false);
	stage_run(&crowd.stage);
	crowd_end(&crowd);
}

#define DUE_MANY 20

/* Many that are due leave room in the window for one that was just acknowledged. */
static void
test_room_for_the_new(void **state)
{
	char *ids[DUE_MANY + 1];
	struct stage stage;

	stage_begin(&stage);
	stage_crash(&stage);
	stage.conf.limits.in_flight = 8;
	stage_open(&stage);
	for (int i = 0; i < DIRECTORIES; i++)
		fake_dir_set_up(stage.fakes[i], false);
	for (int i = 0; i < DUE_MANY; i++) {
		stage_put_person(&stage, i + 2);
		ids[i] = stage_register(&stage, i + 2);
	}
	stage_settle(&stage);
	stage_crash(&stage);
	for (int i = 0; i < DIRECTORIES; i++)
		fake_dir_set_up(stage.fakes[i], true);
	stage_hold_all(&stage, true);
	stage_open(&stage);
	stage_wait(&stage, DELAY);
	assert_int_equal(driver_in_flight(stage.driver), 4);
	ids[DUE_MANY] = stage_register(&stage, 1);
	stage_settle(&stage);
	assert_int_equal(driver_in_flight(stage.driver), 5);
	assert_non_null(flight_find(stage.driver, ids[DUE_MANY]));
	stage_hold_all(&stage, false);
	stage_run(&stage);
	for (int i = 0; i <= DUE_MANY; i++) {
		stage_check_state(&stage, ids[i], STATE_ACTIVE);
		free(ids[i]);
	}
	stage_end(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_after_stop),
	    cmocka_unit_test(test_after_death),
	    cmocka_unit_test(test_withdrawn_after_death),
	    cmocka_unit_test(test_cancel_before_the_reply),
	    cmocka_unit_test(test_hold_before_the_reply),
	    cmocka_unit_test(test_of_an_ended_flight),
	    cmocka_unit_test(test_of_a_flight_before),
	    cmocka_unit_test(test_reordered),
	    cmocka_unit_test(test_held_and_reordered),
	    cmocka_unit_test(test_room_for_the_new),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
