/*
 * Clocks that are wrong, set, or stand still while the machine is off: nothing is early, and
 * nothing is late by what was wrong with them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "fake_clock.h"
#include "fake_dir.h"
#include "journal/journal.h"
#include "pipeline/timekeeper.h"
#include "stage.h"

#define HOUR INT64_C(3600000)
#define YEAR (INT64_C(365) * 24 * HOUR)
#define OFF INT64_C(300000) /* five minutes: a third of the delay */

/* One account that waits since now. */
static char *
begin(struct stage *stage)
{
	char *id;

	fake_clock_synchronise(true);
	stage_begin(stage);
	id = stage_register(stage, 1);
	stage_run_to(stage, id, STATE_PENDING);
	fake_clock_add(
	    1000); /* it is looked at after the registration came: due times are whole seconds */
	timekeeper_look(stage->timekeeper);
	stage_settle(stage);
	return id;
}

static void
end(struct stage *stage, char *id)
{
	stage_check_active(stage, id, "john.q.doe");
	free(id);
	stage_end(stage);
}

/* So long the machine is off, and its wall clock is wrong by so much when it is on again. */
static void
boot_again(struct stage *stage, int64_t off, int64_t wrong)
{
	stage_crash(stage);
	fake_clock_reboot();
	fake_clock_step_wall(off + wrong);
	stage_open(stage);
	stage_settle(stage);
}

/* It waits that long from now on, and not a second longer. */
static void
check_waits(struct stage *stage, const char *id, int64_t milliseconds)
{
	stage_check_state(stage, id, STATE_PENDING);
	stage_wait(stage, milliseconds - 2000);
	stage_check_state(stage, id, STATE_PENDING);
	stage_wait(stage, 3000);
	stage_check_state(stage, id, STATE_ACTIVE);
}

static const int64_t jumps[] = {
    HOUR, -HOUR, 24 * HOUR, -56 * YEAR /* 1970 */, 20 * YEAR /* past 2038 */, 8000 * YEAR};
#define JUMPS (sizeof(jumps) / sizeof(jumps[0]))

static void
test_wall_is_set(void **state)
{
	for (size_t i = 0; i < JUMPS; i++) {
		struct stage stage;
		char *id = begin(&stage);

		stage_wait(&stage, DELAY / 3);
		fake_clock_synchronise(false);
		fake_clock_step_wall(jumps[i]);
		timekeeper_look(stage.timekeeper);
		stage_settle(&stage);
		stage_crash(&stage); /* within one boot the line goes on */
		stage_open(&stage);
		check_waits(&stage, id, DELAY - DELAY / 3);
		end(&stage, id);
	}
}

/* Suspended, CLOCK_BOOTTIME goes on. */
static void
test_suspend(void **state)
{
	struct stage stage;
	char *id = begin(&stage);

	stage_wait(&stage, 8 * HOUR);
	stage_check_state(&stage, id, STATE_ACTIVE);
	end(&stage, id);
}

/* Synchronised before and after: time switched off counts, to the second. */
static void
test_reboot_synchronised(void **state)
{
	struct stage stage;
	char *id = begin(&stage);

	boot_again(&stage, OFF, 0);
	check_waits(&stage, id, DELAY - OFF);
	end(&stage, id);
}

/* Nothing synchronises it, and it is right all the same: the administrator said so. */
static void
test_reboot_trusted(void **state)
{
	struct stage stage;
	char *id = begin(&stage);

	fake_clock_synchronise(false);
	stage.conf.activation.trust_clock = true;
	stage_crash(&stage);
	stage_open(&stage);
	boot_again(&stage, OFF, 0);
	check_waits(&stage, id, DELAY - OFF);
	end(&stage, id);
}

/* The wall clock is wrong and nobody says that it is right: time switched off counts as nothing. */
static void
test_reboot_wrong(void **state)
{
	for (size_t i = 0; i < JUMPS; i++) {
		struct stage stage;
		char *id = begin(&stage);

		fake_clock_synchronise(false);
		boot_again(&stage, OFF, jumps[i]);
		check_waits(&stage, id, DELAY);
		end(&stage, id);
	}
}

/* A minute later it is put right, and synchronised: what was pending before gets its time back,
 * once; what came after the reboot waits its whole time. */
static void
test_reboot_then_right(void **state)
{
	for (size_t i = 0; i < JUMPS; i++) {
		struct stage stage;
		char *id = begin(&stage), *after;

		fake_clock_synchronise(false);
		boot_again(&stage, OFF, jumps[i]);
		stage.off = OFF;
		stage_put_person(&stage, 2);
		after = stage_register(&stage, 2);
		stage_run_to(&stage, after, STATE_PENDING);
		stage_wait(&stage, 60000);
		fake_clock_step_wall(-jumps[i]);
		fake_clock_synchronise(true);
		timekeeper_look(stage.timekeeper);
		timekeeper_look(stage.timekeeper);
		stage_settle(&stage);
		stage_crash(&stage);
		stage_open(&stage);
		stage_settle(&stage);
		check_waits(&stage, id, DELAY - 60000 - OFF);
		stage_check_state(&stage, after, STATE_PENDING);
		check_waits(&stage, after, OFF - 1000);
		stage_check_active(&stage, id, "john.q.doe");
		free(after);
		free(id);
		stage_end(&stage);
	}
}

/* What came before the reboot, but was not pending until after it, is owed nothing. */
static void
test_reboot_before_pending(void **state)
{
	struct stage stage;
	char *id = begin(&stage), *late;

	stage_put_person(&stage, 2);
	fake_dir_set_up(stage.fakes[TO_PERSONNEL(0)], false);
	late = stage_register(&stage, 2);
	stage_settle(&stage);
	fake_clock_synchronise(false);
	boot_again(&stage, OFF, 0);
	stage.off = OFF;
	fake_dir_set_up(stage.fakes[TO_PERSONNEL(0)], true);
	stage_run_to(&stage, late, STATE_PENDING);
	fake_clock_synchronise(true);
	timekeeper_look(stage.timekeeper);
	stage_settle(&stage);
	check_waits(&stage, late, DELAY);
	stage_check_active(&stage, id, "john.q.doe");
	free(late);
	end(&stage, id);
}

/* The delay is made shorter before the clock is right: what came since waits that long, and is owed
 * nothing. */
static void
test_reboot_then_shorter(void **state)
{
	struct stage stage;
	char *id = begin(&stage), *after;

	fake_clock_synchronise(false);
	boot_again(&stage, OFF, HOUR);
	stage.off = OFF;
	stage.conf.activation.delay = DELAY / 3;
	timekeeper_reload(stage.timekeeper, &stage.conf);
	stage_settle(&stage);
	stage_crash(&stage);
	stage_open(&stage);
	stage_put_person(&stage, 2);
	after = stage_register(&stage, 2);
	stage_run_to(&stage, after, STATE_PENDING);
	fake_clock_step_wall(-HOUR);
	fake_clock_synchronise(true);
	timekeeper_look(stage.timekeeper);
	stage_settle(&stage);
	check_waits(&stage, after, DELAY / 3);
	free(after);
	stage_run_to(&stage, id, STATE_ACTIVE);
	stage.conf.activation.delay = DELAY;
	end(&stage, id);
}

/* The clock was set while it ran, and not synchronised since: nobody knows how long it was off. */
static void
test_reboot_from_unknown(void **state)
{
	struct stage stage;
	char *id = begin(&stage);

	fake_clock_synchronise(false);
	fake_clock_step_wall(HOUR);
	timekeeper_look(stage.timekeeper);
	stage_settle(&stage);
	fake_clock_synchronise(true);
	boot_again(&stage, OFF, -HOUR);
	check_waits(&stage, id, DELAY);
	end(&stage, id);
}

/* Twice off before the clock is right: what waits since before both gets both times back. */
static void
test_reboot_twice(void **state)
{
	struct stage stage;
	char *id = begin(&stage);

	fake_clock_synchronise(false);
	boot_again(&stage, OFF / 2, HOUR);
	boot_again(&stage, OFF / 2, -HOUR);
	stage.off = OFF;
	fake_clock_synchronise(true);
	timekeeper_look(stage.timekeeper);
	stage_settle(&stage);
	check_waits(&stage, id, DELAY - OFF);
	end(&stage, id);
}

/* Off for longer than it had to wait: active as soon as that is known. */
static void
test_overdue_at_once(void **state)
{
	struct stage stage;
	char *id = begin(&stage);

	fake_clock_synchronise(false);
	boot_again(&stage, 2 * DELAY, 0);
	stage_check_state(&stage, id, STATE_PENDING);
	stage.off = 2 * DELAY;
	fake_clock_synchronise(true);
	timekeeper_look(stage.timekeeper);
	stage_settle(&stage);
	stage_check_state(&stage, id, STATE_ACTIVE);
	end(&stage, id);
}

/* Where nobody waits the line begins anew at the wall clock that is right. */
static void
test_line_heals(void **state)
{
	struct stage stage;
	char *id = begin(&stage);

	stage_wait(&stage, DELAY + 1000);
	stage_check_state(&stage, id, STATE_ACTIVE);
	fake_clock_step_wall(-HOUR);
	timekeeper_look(stage.timekeeper);
	stage_settle(&stage);
	assert_int_equal(clock_lead(), -HOUR);
	boot_again(&stage, OFF, 0);
	assert_int_equal(clock_lead(), 0);
	assert_int_equal(clock_now(), clock_wall());
	end(&stage, id);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_wall_is_set),
	    cmocka_unit_test(test_suspend),
	    cmocka_unit_test(test_reboot_synchronised),
	    cmocka_unit_test(test_reboot_trusted),
	    cmocka_unit_test(test_reboot_wrong),
	    cmocka_unit_test(test_reboot_then_right),
	    cmocka_unit_test(test_reboot_before_pending),
	    cmocka_unit_test(test_reboot_then_shorter),
	    cmocka_unit_test(test_reboot_from_unknown),
	    cmocka_unit_test(test_reboot_twice),
	    cmocka_unit_test(test_overdue_at_once),
	    cmocka_unit_test(test_line_heals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
