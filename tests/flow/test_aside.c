/* A row whose sealed part does not unseal: nothing goes on with it, and everybody else does. */
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fake_dir.h"
#include "journal/journal.h"
#include "pipeline/step.h"
#include "stage.h"

#define PERSONS 3

/* What the daemon finds when it comes back. */
struct aside {
	char *ids[PERSONS];
	int die_at;   /* the daemon does, when it was told so often of the first one */
	bool spoiled; /* the first one's row could be spoiled: it was still sealed */
	struct registration *before;
	size_t accounts, claims; /* its own */
};

static int
run_sql(struct stage *stage, const char *text, const char *id)
{
	sqlite3 *database;
	sqlite3_stmt *statement;
	int changes;

	assert_int_equal(sqlite3_open(stage->journal_path, &database), SQLITE_OK);
	sqlite3_busy_timeout(database, 5000);
	assert_int_equal(sqlite3_prepare_v2(database, text, -1, &statement, NULL), SQLITE_OK);
	sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
	assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
	changes = sqlite3_changes(database);
	sqlite3_finalize(statement);
	sqlite3_close(database);
	return changes;
}

static bool
spoil(struct stage *stage, const char *id)
{
	return run_sql(stage,
		   "UPDATE registration SET sealed_key = 'x' || sealed_key"
		   " WHERE id = ?1 AND sealed IS NOT NULL",
		   id) == 1;
}

static void
mend(struct stage *stage, const char *id)
{
	assert_int_equal(run_sql(stage,
			     "UPDATE registration SET sealed_key = substr(sealed_key, 2)"
			     " WHERE id = ?1",
			     id),
	    1);
}

static size_t
count_of(struct stage *stage, const char *base, const char *id)
{
	char *filter = filter_equals("musterRegistrationId", id);
	size_t count = fake_dir_count(stage->fakes[TO_ACCOUNTS], base, filter);

	free(filter);
	return count;
}

static void
on_change_die(struct stage *stage, const struct registration *registration, bool rests)
{
	struct aside *aside = stage->test;

	if (strcmp(registration->id, aside->ids[0]) == 0 && --aside->die_at == 0)
		stage_die(stage);
}

static void
on_death_spoil(struct stage *stage)
{
	struct aside *aside = stage->test;

	aside->spoiled = spoil(stage, aside->ids[0]);
	aside->accounts = count_of(stage, PEOPLE, aside->ids[0]);
	aside->claims = count_of(stage, CLAIMS, aside->ids[0]);
}

static void
count_listed(const struct registration *registration, void *arg)
{
	struct aside *aside = arg;

	if (strcmp(registration->id, aside->ids[0]) == 0) {
		registration_free(&aside->before);
		aside->before = registration_new();
		aside->before->state = registration->state;
		aside->before->step = mem_text(registration->step);
		aside->before->due_at = registration->due_at;
		aside->before->detail = mem_text(registration->detail);
		aside->before->set_aside = registration->set_aside;
	}
}

/* Kept as it was, off the clock, with the reason; found, listed and counted. */
static void
check_aside(struct stage *stage, struct aside *aside, const char *step)
{
	struct registration *it = stage_find(stage, aside->ids[0]);
	struct journal_filter filter = {.set_aside = true};
	struct journal_counts counts;

	assert_null(it->application);
	assert_true(it->set_aside);
	assert_string_equal(it->step, step);
	assert_true(it->state == STATE_RECEIVED || it->state == STATE_VERIFIED ||
		    it->state == STATE_PENDING);
	assert_int_equal(it->due_at, 0);
	assert_non_null(strstr(it->detail, "set aside"));
	assert_int_equal(journal_list(stage->journal, &filter, count_listed, aside), 0);
	assert_non_null(aside->before);
	assert_true(aside->before->set_aside);
	assert_int_equal(aside->before->state, it->state);
	assert_int_equal(aside->before->due_at, 0);
	assert_non_null(strstr(aside->before->detail, "set aside"));
	journal_counts(stage->journal, &counts);
	assert_int_equal(counts.set_aside, 1);
	assert_int_equal(counts.next_due, 0);
	/* Nothing was done for it in the directory since. */
	assert_int_equal(count_of(stage, PEOPLE, it->id), aside->accounts);
	assert_int_equal(count_of(stage, CLAIMS, it->id), aside->claims);
	registration_free(&it);
}

static void
check_others(struct stage *stage, struct aside *aside)
{
	for (int i = 1; i < PERSONS; i++)
		stage_check_active(stage, aside->ids[i], NULL);
}

/* What people wish is not for what can't be read, but to have done with it. */
static void
check_wishes(struct stage *stage, const char *id)
{
	static const enum wish wishes[] = {WISH_HOLD, WISH_RELEASE, WISH_RETRY, WISH_ACTIVATE};

	for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++) {
		struct answer answer = {0};

		stage_wish(stage, id, wishes[i], &answer);
		stage_settle(stage);
		assert_int_equal(answer.calls, 1);
		assert_int_equal(answer.result, WISH_CONFLICT);
		assert_non_null(strstr(answer.why, "set aside"));
	}
	stage_run(stage);
}

enum way_out { MENDED, CANCELLED };

static void
way_out(struct stage *stage, struct aside *aside, enum way_out way)
{
	const char *id = aside->ids[0];
	struct journal_counts counts;

	if (way == MENDED) {
		mend(stage, id);
		assert_int_equal(stage_wish_now(stage, id, WISH_RETRY), WISH_GRANTED);
		stage_run(stage);
		stage_check_active(stage, id, NULL);
	} else {
		assert_int_equal(stage_wish_now(stage, id, WISH_CANCEL), WISH_GRANTED);
		stage_run(stage);
		stage_check_gone(stage, id, STATE_CANCELLED, NULL);
	}
	journal_counts(stage->journal, &counts);
	assert_int_equal(counts.set_aside, 0);
}

static char *
step_of(struct stage *stage, const char *id)
{
	struct registration *it = stage_find(stage, id);
	char *step = mem_text(it->step);

	registration_free(&it);
	return step;
}

static void
aside_end(struct stage *stage, struct aside *aside)
{
	check_others(stage, aside);
	registration_free(&aside->before);
	for (int i = 0; i < PERSONS; i++)
		free(aside->ids[i]);
	stage_end(stage);
}

/* The daemon dies after the first one's append and k more changes, and comes back to a row that it
 * can't unseal. False where the row had nothing sealed any more. */
static bool
run_spoiled(int k, enum crash crash, enum way_out way, char **step_out)
{
	/* The first that it is told of is the taking, before any change. */
	struct aside aside = {.die_at = k == 0 ? 0 : k + 1};
	struct stage stage;

	stage_begin(&stage);
	stage.test = &aside;
	stage.on_change = on_change_die;
	stage.on_death = on_death_spoil;
	stage.crash = crash;
	stage.crash_at = k == 0;
	for (int i = 0; i < PERSONS; i++) {
		if (i > 0)
			stage_put_person(&stage, i + 1);
		aside.ids[i] = stage_register(&stage, i + 1);
	}
	stage_run(&stage);
	assert_int_equal(stage.crashes, 1);
	*step_out = step_of(&stage, aside.ids[0]);
	/* Active already, it needs nothing of what was sealed: that is erased. */
	if (aside.spoiled && strcmp(*step_out, STEP_DONE) != 0) {
		check_aside(&stage, &aside, *step_out);
		check_wishes(&stage, aside.ids[0]);
		check_aside(&stage, &aside, *step_out);
		way_out(&stage, &aside, way);
	} else {
		stage_check_active(&stage, aside.ids[0], NULL);
	}
	aside_end(&stage, &aside);
	return aside.spoiled;
}

static void
run_each(enum crash crash, enum way_out way)
{
	static const char *const steps[] = {
	    "prove-identity", "claim-person", "add-entry", "wait", "recheck-record", STEP_DONE};
	size_t count = sizeof(steps) / sizeof(steps[0]);

	for (size_t k = 0; k < count; k++) {
		char *step;

		assert_true(run_spoiled((int)k, crash, way, &step));
		assert_string_equal(step, steps[k]);
		free(step);
	}
}

static void
test_mended(void **state)
{
	run_each(CRASH_BEFORE_ASKING, MENDED);
	run_each(CRASH_AFTER_ASKING, MENDED);
}

static void
test_cancelled(void **state)
{
	run_each(CRASH_BEFORE_ASKING, CANCELLED);
	run_each(CRASH_AFTER_ASKING, CANCELLED);
}

/* More of them than fit into the window, all due before anybody else. */
#define MANY 20

static void
test_many(void **state)
{
	struct journal_counts counts;
	char *ids[MANY + 1];
	struct stage stage;

	stage_begin(&stage);
	stage_crash(&stage);
	stage.conf.limits.in_flight = 4;
	stage_open(&stage);
	for (int i = 0; i < DIRECTORIES; i++)
		fake_dir_set_up(stage.fakes[i], false);
	for (int i = 0; i <= MANY; i++) {
		if (i > 0)
			stage_put_person(&stage, i + 1);
		ids[i] = stage_register(&stage, i + 1);
	}
	stage_settle(&stage);
	stage_crash(&stage);
	for (int i = 0; i < MANY; i++)
		assert_true(spoil(&stage, ids[i]));
	for (int i = 0; i < DIRECTORIES; i++)
		fake_dir_set_up(stage.fakes[i], true);
	stage_open(&stage);
	stage_run(&stage);
	stage_check_active(&stage, ids[MANY], NULL);
	assert_int_equal(stage_accounts(&stage), 1);
	assert_int_equal(stage_claims(&stage), 1);
	journal_counts(stage.journal, &counts);
	assert_int_equal(counts.set_aside, MANY);
	assert_int_equal(counts.by_state[STATE_RECEIVED], MANY);
	for (int i = 0; i <= MANY; i++)
		free(ids[i]);
	stage_end(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_mended),
	    cmocka_unit_test(test_cancelled),
	    cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
