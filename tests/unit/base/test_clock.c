/*
 * The line that due times are on, against the wall clock that people have.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#define ANCHORS 200

/* In a process of its own, which anchors the line afresh: 0 where it was never ahead. */
static int
look_for_ahead(void)
{
	int64_t end = clock_boot() + 4;

	while (clock_boot() < end) {
		int64_t now = clock_now();

		if (now > clock_wall())
			return 1;
	}
	return 0;
}

/* What is due at a second must not be done in the one before it, not by a millisecond either. */
static void
now_is_never_ahead_of_the_wall(void **state)
{
	for (int i = 0; i < ANCHORS; i++) {
		pid_t child = fork();
		int status;

		assert_true(child >= 0);
		if (child == 0)
			_exit(look_for_ahead());
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
}

static void
now_keeps_up_with_the_wall(void **state)
{
	int64_t behind = clock_wall() - clock_now();

	assert_in_range(behind, 0, 1000);
	assert_int_equal(clock_now() - clock_boot(), clock_offset());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(now_is_never_ahead_of_the_wall),
	    cmocka_unit_test(now_keeps_up_with_the_wall),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
