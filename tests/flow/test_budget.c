/* The attempt budget where it meets the driver: what piled up, and what is done again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "budget/budget.h"
#include "fake_dir.h"
#include "model/application.h"
#include "stage.h"

#define UID "john.q.doe"
#define MANY 12
#define MOST 100

/* Somebody who guesses the day of birth. */
static char *
register_wrong(struct stage *stage, int number, int day)
{
	struct registration *registration = stage_application(number);

	registration->application->birth_date = (struct date){1981, 1, day};
	return stage_append(stage, registration);
}

static void
personnel_is_up(struct stage *stage, bool up)
{
	for (size_t i = 0; i < SOURCES; i++)
		fake_dir_set_up(stage->fakes[TO_PERSONNEL(i)], up);
}

/* Whether the claim was compared; it was refused in any case, with nothing left behind. */
static bool
was_compared(struct stage *stage, const char *id)
{
	struct registration *registration = stage_find(stage, id);
	bool compared = strcmp(registration->detail, BUDGET_NOT_COMPARED) != 0;

	if (compared)
		assert_string_equal(registration->detail, "birth date differs");
	registration_free(&registration);
	stage_check_gone(stage, id, STATE_REJECTED, "identity-not-verified");
	return compared;
}

static void
check_total(struct stage *stage, const char *id, int total)
{
	struct registration *registration = stage_find(stage, id);
	struct budget_look look;

	assert_int_equal(budget_look(stage->site.budget, registration->person_key, &look), 0);
	assert_int_equal(look.total, total);
	registration_free(&registration);
}

/* Guesses that pile up while nobody can look get three comparisons all the same. */
static void
test_received_while_away(void **state)
{
	struct stage stage;
	char *guesses[MANY], *other;
	int compared = 0;

	stage_begin(&stage);
	stage_put_person(&stage, 2);
	personnel_is_up(&stage, false);
	for (int i = 0; i < MANY; i++)
		guesses[i] = register_wrong(&stage, 1, i + 1);
	other = stage_register(&stage, 2);
	stage_settle(&stage);
	for (int i = 0; i < MANY; i++)
		stage_check_state(&stage, guesses[i], STATE_RECEIVED);
	personnel_is_up(&stage, true);
	stage_run(&stage);
	for (int i = 0; i < MANY; i++)
		compared += was_compared(&stage, guesses[i]);
	assert_int_equal(compared, 3);
	check_total(&stage, guesses[0], 3);
	stage_check_active(&stage, other, UID);
	for (int i = 0; i < MANY; i++)
		free(guesses[i]);
	free(other);
	stage_end(&stage);
}

/* The right claim is refused while its identifier is locked, and not after. */
static void
test_lock_ends(void **state)
{
	struct stage stage;
	char *ids[5];

	stage_begin(&stage);
	for (int i = 0; i < 3; i++) {
		ids[i] = register_wrong(&stage, 1, i + 1);
		stage_settle(&stage);
		assert_true(was_compared(&stage, ids[i]));
	}
	ids[3] = stage_register(&stage, 1);
	stage_settle(&stage);
	assert_false(was_compared(&stage, ids[3]));
	stage_wait(&stage, stage.conf.identity.lock);
	ids[4] = stage_register(&stage, 1);
	stage_run(&stage);
	stage_check_active(&stage, ids[4], UID);
	check_total(&stage, ids[4], 3);
	for (int i = 0; i < 5; i++)
		free(ids[i]);
	stage_end(&stage);
}

/* Wherever the daemon crashes, and however often: one failure for one claim. */
static void
test_counted_once_through_crashes(void **state)
{
	struct stage stage;
	int at = 0, crashes;

	do {
		char *id;

		stage_begin(&stage);
		stage.crash_at = ++at;
		stage.crash_always = at % 2 == 0;
		stage.crash = at % 3 == 0 ? CRASH_AFTER_ASKING : CRASH_BEFORE_ASKING;
		id = register_wrong(&stage, 1, 1);
		stage_run(&stage);
		assert_true(was_compared(&stage, id));
		check_total(&stage, id, 1);
		crashes = stage.crashes;
		free(id);
		stage_end(&stage);
	} while (crashes > 0 && at < MOST);
	assert_in_range(at, 3, MOST - 1);
}

/* The failure is in the journal, and what it belongs to is not: the step is done again. */
static void
test_repeated_step(void **state)
{
	struct stage stage;
	struct registration *registration;
	struct budget_keys keys;
	char *id;

	stage_begin(&stage);
	personnel_is_up(&stage, false);
	id = register_wrong(&stage, 1, 1);
	stage_settle(&stage);
	registration = stage_find(&stage, id);
	budget_keys(stage.site.person_keys, registration->application, true, &keys);
	assert_int_equal(budget_fail(stage.site.budget, &keys, id, NULL, NULL), 0);
	registration_free(&registration);
	stage_crash(&stage);
	stage_open(&stage);
	personnel_is_up(&stage, true);
	stage_run(&stage);
	assert_true(was_compared(&stage, id));
	check_total(&stage, id, 1);
	free(id);
	stage_end(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_received_while_away),
	    cmocka_unit_test(test_lock_ends),
	    cmocka_unit_test(test_counted_once_through_crashes),
	    cmocka_unit_test(test_repeated_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
