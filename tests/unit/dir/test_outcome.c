#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dir/outcome.h"

static void
test_kinds(void **state)
{
	static const struct {
		enum reply_kind kind;
		int codes[20]; /* ends with 0 */
	} rows[] = {
	    {REPLY_AWAY, {-1, -5, -11, -2, -4, -10, -99}},
	    {REPLY_BUSY, {1, 3, 51, 52, 80}},
	    {REPLY_EXISTS, {68}},
	    {REPLY_NO_ENTRY, {32}},
	    {REPLY_NO_VALUE, {16}},
	    {REPLY_HAS_VALUE, {20}},
	    {REPLY_LIMIT, {4, 11}},
	    {REPLY_INVALID, {2, 17, 18, 19, 21, 34, 64, 65, 66, 67, 69, 71, -3, -7, -9}},
	    {REPLY_DENIED, {7, 8, 10, 12, 13, 48, 49, 50, 53, 54, 999, 4096}},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (const int *code = rows[i].codes; *code != 0; code++)
			assert_string_equal(
			    reply_kind_name(outcome_kind(*code)), reply_kind_name(rows[i].kind));
	assert_int_equal(outcome_kind(0), REPLY_DONE);
}

static void
test_text(void **state)
{
	for (int code = -20; code < 130; code++) {
		struct reply reply = {0};
		char number[16];

		outcome_set(&reply, code);
		assert_int_equal(reply.code, code);
		assert_true(strlen(reply.text) > 0 && strlen(reply.text) < sizeof(reply.text) - 1);
		snprintf(number, sizeof(number), "(%d)", code);
		if (code > 0)
			assert_non_null(strstr(reply.text, number));
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_kinds),
	    cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
