/* The disk is full right after a directory was changed: the save fails, and when space returns the
 * same is found there and taken, never done twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/loop.h"
#include "fake_dir.h"
#include "fault_vfs.h"
#include "journal/journal.h"
#include "stage.h"

/* The n-th change of the directory fills the disk. */
struct full {
	int at, changes;
};

static void
on_ask_fill(struct stage *stage, struct dir *fake, const struct question *question)
{
	struct full *full = stage->test;

	if (question->kind != QUESTION_ADD && question->kind != QUESTION_MODIFY)
		return;
	if (++full->changes == full->at)
		fault_full = true;
}

static void
free_space(struct stage *stage)
{
	fault_full = false;
	for (int turn = 0; journal_trouble(stage->journal) != NULL; turn++) {
		assert_true(turn < 1000);
		loop_turn(stage->loop, 10);
	}
}

/* How many changes a whole life takes. */
static int
run_full(int at, enum registration_state before, size_t claims, size_t accounts)
{
	struct full full = {.at = at};
	struct stage stage;
	char *id;

	stage_begin(&stage);
	stage.test = &full;
	stage.on_ask = on_ask_fill;
	id = stage_register(&stage, 1);
	for (int rounds = 0; rounds < 10 && !fault_full; rounds++)
		stage_wait(&stage, DELAY / 4);
	stage_settle(&stage);
	if (at > 0) {
		int asks = stage.asks;

		assert_non_null(journal_trouble(stage.journal));
		stage_check_state(&stage, id, before);
		assert_int_equal(stage_claims(&stage), claims);
		assert_int_equal(stage_accounts(&stage), accounts);
		/* The directories are left in peace meanwhile, and wishes are put off. */
		stage_wait(&stage, 1000);
		assert_int_equal(stage.asks, asks);
		assert_int_equal(stage_wish_now(&stage, id, WISH_HOLD), WISH_TRY_LATER);
	}
	free_space(&stage);
	stage_run(&stage);
	stage_check_active(&stage, id, NULL);
	assert_int_equal(stage_accounts(&stage), 1);
	assert_int_equal(stage_claims(&stage), 1);
	free(id);
	stage_end(&stage);
	return full.changes;
}

static void
test_full_after_a_change(void **state)
{
	static const struct {
		enum registration_state before;
		size_t claims, accounts;
	} rows[] = {
	    {STATE_VERIFIED, 1, 0}, /* the claim */
	    {STATE_VERIFIED, 1, 1}, /* the entry */
	    {STATE_PENDING, 1, 1},  /* the activation */
	};

	assert_int_equal(run_full(0, STATE_ACTIVE, 1, 1), 3);
	for (int i = 0; i < 3; i++)
		run_full(i + 1, rows[i].before, rows[i].claims, rows[i].accounts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_full_after_a_change)};

	fault_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
