/* The way to active: straight, through crashes, lost replies and directories that are away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "fake_clock.h"
#include "fake_dir.h"
#include "stage.h"

#define UID "john.q.doe"
#define MOST 100 /* more changes or questions than one life has */

static void
check_one(struct stage *stage, const char *id)
{
	stage_check_active(stage, id, UID);
	assert_int_equal(stage_accounts(stage), 1);
	assert_int_equal(stage_claims(stage), 1);
}

static void
check_pending_entry(struct stage *stage)
{
	const struct entry *entry =
	    fake_dir_entry(stage->fakes[TO_ACCOUNTS], "uid=" UID "," PEOPLE);

	assert_non_null(entry);
	assert_string_equal(entry_value(entry, "musterAccountStatus"), "pending");
	assert_non_null(entry_value(entry, "musterPendingPassword"));
	assert_null(entry_value(entry, "userPassword"));
}

static void
test_straight(void **state)
{
	struct stage stage;
	struct registration *registration;
	char *id;

	stage_begin(&stage);
	id = stage_register(&stage, 1);
	stage_settle(&stage);
	registration = stage_find(&stage, id);
	assert_int_equal(registration->state, STATE_PENDING);
	assert_string_equal(registration->step, "wait");
	assert_int_equal(registration->due_at, registration->activates_at);
	assert_true(registration->activates_at >= registration->created_at + DELAY);
	check_pending_entry(&stage);
	fake_clock_add(registration->due_at - clock_now() - 1);
	driver_wake(stage.driver);
	stage_settle(&stage);
	stage_check_state(&stage, id, STATE_PENDING);
	check_pending_entry(&stage);
	fake_clock_add(1);
	driver_wake(stage.driver);
	stage_settle(&stage);
	check_one(&stage, id);
	registration_free(&registration);
	free(id);
	stage_end(&stage);
}

/* ---- crashes ---- */

/* One run with the daemon dying after the k-th commit; true where it died. */
static bool
run_with_crash(int k, enum crash crash)
{
	struct stage stage;
	bool crashed;
	char *id;

	stage_begin(&stage);
	stage.crash_at = k;
	stage.crash = crash;
	id = stage_register(&stage, 1);
	stage_run(&stage);
	check_one(&stage, id);
	crashed = stage.crashes > 0;
	free(id);
	stage_end(&stage);
	return crashed;
}

static void
test_crash_before_asking(void **state)
{
	int k = 1;

	while (k < MOST && run_with_crash(k, CRASH_BEFORE_ASKING))
		k++;
	assert_in_range(k, 5, MOST - 1);
}

static void
test_crash_after_asking(void **state)
{
	int k = 1;

	while (k < MOST && run_with_crash(k, CRASH_AFTER_ASKING))
		k++;
	assert_in_range(k, 5, MOST - 1);
}

/* Every life ends with its first commit: it still gets on, one commit a life. */
static void
test_crash_always(void **state)
{
	struct stage stage;
	char *id;

	stage_begin(&stage);
	stage.crash = CRASH_AFTER_ASKING;
	stage.crash_at = 1;
	stage.crash_always = true;
	id = stage_register(&stage, 1);
	stage_run(&stage);
	check_one(&stage, id);
	assert_in_range(stage.crashes, 5, MOST - 1);
	free(id);
	stage_end(&stage);
}

/* ---- trouble with a question ---- */

/* A personnel directory that shows nothing, or not all, is no proof: neither at first nor when the
 * time has come. */
static void
test_personnel_in_the_dark(void **state)
{
	static const enum reply_kind kinds[] = {
	    REPLY_NO_ENTRY, REPLY_DENIED, REPLY_LIMIT, REPLY_INVALID};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) * SOURCES; i++) {
		enum reply_kind kind = kinds[i / SOURCES];
		struct stage stage;
		struct dir *fake;
		char *id;

		stage_begin(&stage);
		fake = stage.fakes[TO_PERSONNEL(i % SOURCES)];
		fake_dir_fail_next(fake, kind);
		id = stage_register(&stage, 1);
		stage_settle(&stage);
		stage_check_state(&stage, id, STATE_RECEIVED);
		stage_run_to(&stage, id, STATE_PENDING);
		fake_dir_fail_next(fake, kind);
		stage_wait(&stage, DELAY + 1000);
		stage_check_state(&stage, id, STATE_PENDING);
		stage_run(&stage);
		check_one(&stage, id);
		free(id);
		stage_end(&stage);
	}
}

/* What is to go wrong with which questions, counted over all directories. */
struct trouble {
	int first, last;
	bool away;            /* the directory goes down with it */
	bool lost;            /* it is carried out, and its reply is lost */
	enum reply_kind kind; /* else: it is not carried out, and this is the reply */
	struct dir *fake;     /* whom it met */
};

static void
on_ask_trouble(struct stage *stage, struct dir *fake, const struct question *question)
{
	struct trouble *trouble = stage->test;

	if (stage->asks < trouble->first || stage->asks > trouble->last)
		return;
	trouble->fake = fake;
	if (trouble->away)
		fake_dir_set_up(fake, false);
	else if (trouble->lost)
		fake_dir_lose_next_reply(fake, 1);
	else
		fake_dir_fail_next(fake, trouble->kind);
}

/* Ends active; true where the trouble was met. crash_at may be 0. */
static bool
run_with_trouble(struct trouble trouble, int crash_at)
{
	struct stage stage;
	char *id;

	stage_begin(&stage);
	stage.test = &trouble;
	stage.on_ask = on_ask_trouble;
	stage.crash_at = crash_at;
	stage.crash = CRASH_AFTER_ASKING;
	id = stage_register(&stage, 1);
	stage_run(&stage);
	check_one(&stage, id);
	free(id);
	stage_end(&stage);
	return trouble.fake != NULL;
}

static void
test_lost_reply(void **state)
{
	int k = 1;

	while (k < MOST && run_with_trouble((struct trouble){k, k, .lost = true}, 0))
		k++;
	assert_in_range(k, 8, MOST - 1);
}

static void
test_lost_replies_in_a_row(void **state)
{
	int k = 1;

	while (k < MOST && run_with_trouble((struct trouble){k, k + 3, .lost = true}, 0))
		k++;
	assert_in_range(k, 8, MOST - 1);
}

static void
test_busy_and_denied(void **state)
{
	static const enum reply_kind kinds[] = {REPLY_BUSY, REPLY_DENIED, REPLY_AWAY};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		int k = 1;

		while (k < MOST && run_with_trouble((struct trouble){k, k, .kind = kinds[i]}, 0))
			k++;
		assert_in_range(k, 8, MOST - 1);
	}
}

static void
test_lost_reply_and_crash(void **state)
{
	for (int crash_at = 1; crash_at <= 8; crash_at++) {
		int k = 1;

		while (k < MOST && run_with_trouble((struct trouble){k, k, .lost = true}, crash_at))
			k++;
		assert_in_range(k, 8, MOST - 1);
	}
}

/* ---- a directory that is away ---- */

/* It waits for the directory by name, and goes on without a turn of the clock once it is back. */
static void
come_back_from_away(struct stage *stage, const char *id, struct dir *fake)
{
	struct registration *registration = stage_find(stage, id);

	assert_string_equal(registration->waits_for, dir_name(fake));
	assert_non_null(registration->detail);
	assert_int_equal(registration->attempts, 1);
	assert_true(registration->due_at > clock_now());
	registration_free(&registration);
	fake_dir_set_up(fake, true);
	stage_settle(stage);
	registration = stage_find(stage, id);
	assert_null(registration->waits_for);
	assert_int_equal(registration->attempts, 0);
	registration_free(&registration);
}

static bool
run_with_away(int k)
{
	struct trouble trouble = {k, k, .away = true};
	struct stage stage;
	char *id;

	stage_begin(&stage);
	stage.test = &trouble;
	stage.on_ask = on_ask_trouble;
	id = stage_register(&stage, 1);
	stage_settle(&stage);
	if (trouble.fake == NULL)
		stage_wait(&stage, DELAY + 1000);
	if (trouble.fake != NULL) {
		come_back_from_away(&stage, id, trouble.fake);
		stage_wait(&stage, DELAY + 1000);
	}
	check_one(&stage, id);
	free(id);
	stage_end(&stage);
	return trouble.fake != NULL;
}

static void
test_directory_away(void **state)
{
	int k = 1;

	while (k < MOST && run_with_away(k))
		k++;
	assert_in_range(k, 8, MOST - 1);
}

/* An hour without the account directory: tried again and again, at most 15 seconds apart. */
static void
test_away_for_long(void **state)
{
	struct registration *registration;
	struct stage stage;
	int asks;
	char *id;

	stage_begin(&stage);
	fake_dir_set_up(stage.fakes[TO_ACCOUNTS], false);
	id = stage_register(&stage, 1);
	stage_settle(&stage);
	for (int seconds = 0; seconds < 3600; seconds++)
		stage_wait(&stage, 1000);
	asks = fake_dir_asked(stage.fakes[TO_ACCOUNTS]);
	assert_in_range(asks, 240, 560);
	registration = stage_find(&stage, id);
	assert_int_equal(registration->attempts, asks);
	registration_free(&registration);
	fake_dir_set_up(stage.fakes[TO_ACCOUNTS], true);
	stage_run(&stage);
	check_one(&stage, id);
	free(id);
	stage_end(&stage);
}

/* ---- clocks ---- */

/* Set ahead by a day, with and without a restart within the boot: nothing comes early. */
static void
test_wall_clock_is_set(void **state)
{
	struct stage stage;
	char *id;

	stage_begin(&stage);
	id = stage_register(&stage, 1);
	stage_run_to(&stage, id, STATE_PENDING);
	fake_clock_step_wall(86400000);
	driver_wake(stage.driver);
	stage_settle(&stage);
	check_pending_entry(&stage);
	stage_crash(&stage);
	stage_open(&stage);
	stage_settle(&stage);
	check_pending_entry(&stage);
	stage_run(&stage);
	check_one(&stage, id);
	free(id);
	stage_end(&stage);
}

static void
boot_again_after(struct stage *stage, int64_t milliseconds)
{
	stage_crash(stage);
	fake_clock_reboot();
	fake_clock_step_wall(milliseconds);
	stage_open(stage);
	stage_settle(stage);
}

/* Across a boot the wall clock is all there is: time that went by while it was off counts. */
static void
test_reboot(void **state)
{
	struct stage stage;
	char *id;

	stage_begin(&stage);
	id = stage_register(&stage, 1);
	stage_run_to(&stage, id, STATE_PENDING);
	boot_again_after(&stage, DELAY / 2);
	check_pending_entry(&stage);
	boot_again_after(&stage, DELAY / 2 + 1000);
	check_one(&stage, id);
	free(id);
	stage_end(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_straight),
	    cmocka_unit_test(test_crash_before_asking),
	    cmocka_unit_test(test_crash_after_asking),
	    cmocka_unit_test(test_crash_always),
	    cmocka_unit_test(test_personnel_in_the_dark),
	    cmocka_unit_test(test_lost_reply),
	    cmocka_unit_test(test_lost_replies_in_a_row),
	    cmocka_unit_test(test_busy_and_denied),
	    cmocka_unit_test(test_lost_reply_and_crash),
	    cmocka_unit_test(test_directory_away),
	    cmocka_unit_test(test_away_for_long),
	    cmocka_unit_test(test_wall_clock_is_set),
	    cmocka_unit_test(test_reboot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
