/* Who is at one piece of work for too long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/pulse.h"

static void
test_stuck(void **state)
{
	struct pulse one, two;

	pulse_start(&one, "one");
	pulse_start(&two, "two");
	assert_null(pulse_stuck(1000, 2000));
	pulse_begin(&two);
	assert_null(pulse_stuck(1000, 2000)); /* seen for the first time */
	assert_null(pulse_stuck(1000, 2000));
	assert_string_equal(pulse_stuck(1000, 2000), "two");
	pulse_end(&two);
	assert_null(pulse_stuck(1000, 2000));
	pulse_begin(&one);
	for (int i = 0; i < 10; i++) {
		/* always at work, never at the same */
		pulse_end(&one);
		pulse_begin(&one);
		assert_null(pulse_stuck(1000, 2000));
	}
	pulse_stop(&one);
	for (int i = 0; i < 10; i++)
		assert_null(pulse_stuck(1000, 2000));
	pulse_stop(&two);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_stuck),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
