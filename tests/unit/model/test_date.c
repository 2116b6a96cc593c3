#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "model/date.h"

/* expected: YYYY-MM-DD, or NULL where the text is no date of the form. */
static const struct row {
	enum date_form form;
	const char *text, *expected;
} rows[] = {
    {DATE_ISO, "1980-02-29", "1980-02-29"},
    {DATE_ISO, "1981-02-29", NULL},
    {DATE_ISO, "1900-02-29", NULL},
    {DATE_ISO, "2000-02-29", "2000-02-29"},
    {DATE_ISO, "2100-02-29", NULL},
    {DATE_ISO, "1850-01-01", "1850-01-01"},
    {DATE_ISO, "1849-12-31", NULL},
    {DATE_ISO, "2200-12-31", "2200-12-31"},
    {DATE_ISO, "2201-01-01", NULL},
    {DATE_ISO, "0000-01-01", NULL},
    {DATE_ISO, "2001-00-10", NULL},
    {DATE_ISO, "2001-13-10", NULL},
    {DATE_ISO, "2001-04-00", NULL},
    {DATE_ISO, "2001-04-30", "2001-04-30"},
    {DATE_ISO, "2001-04-31", NULL},
    {DATE_ISO, "2001-12-31", "2001-12-31"},
    {DATE_ISO, "2001-12-32", NULL},
    {DATE_ISO, "2001-6-15", NULL},
    {DATE_ISO, "2001-06-15 ", NULL},
    {DATE_ISO, " 2001-06-15", NULL},
    {DATE_ISO, "2001-06-15Z", NULL},
    {DATE_ISO, "2001/06/15", NULL},
    {DATE_ISO, "2001-06", NULL},
    {DATE_ISO, "2001-06-", NULL},
    {DATE_ISO, "2001-06-1", NULL},
    {DATE_ISO, "+2001-06-15", NULL},
    {DATE_ISO, "-001-06-15", NULL},
    {DATE_ISO, "20010615", NULL},
    {DATE_ISO, "", NULL},
    {DATE_ISO, "2001-06-1\xd9\xa5", NULL},
    {DATE_COMPACT, "20010615", "2001-06-15"},
    {DATE_COMPACT, "20010631", NULL},
    {DATE_COMPACT, "2001061", NULL},
    {DATE_COMPACT, "200106150", NULL},
    {DATE_COMPACT, "20010615000000Z", NULL},
    {DATE_COMPACT, "2001-06-15", NULL},
    {DATE_COMPACT, "", NULL},
    {DATE_GENERALIZED, "20010615000000Z", "2001-06-15"},
    {DATE_GENERALIZED, "2001061523Z", "2001-06-15"},
    {DATE_GENERALIZED, "200106152359Z", "2001-06-15"},
    {DATE_GENERALIZED, "20010615235960Z", "2001-06-15"},
    {DATE_GENERALIZED, "20010615235961Z", NULL},
    {DATE_GENERALIZED, "20010615236000Z", NULL},
    {DATE_GENERALIZED, "20010615240000Z", NULL},
    {DATE_GENERALIZED, "20010615000000.5Z", "2001-06-15"},
    {DATE_GENERALIZED, "2001061500,25Z", "2001-06-15"},
    {DATE_GENERALIZED, "20010615000000.Z", NULL},
    {DATE_GENERALIZED, "20010615230000-0500", "2001-06-15"},
    {DATE_GENERALIZED, "20010615010000+14", "2001-06-15"},
    {DATE_GENERALIZED, "20010615010000+1460", NULL},
    {DATE_GENERALIZED, "20010615010000+24", NULL},
    {DATE_GENERALIZED, "20010615010000+", NULL},
    {DATE_GENERALIZED, "20010615010000+0500Z", NULL},
    {DATE_GENERALIZED, "20010615010000", NULL},
    {DATE_GENERALIZED, "2001061501000Z", NULL},
    {DATE_GENERALIZED, "20010615Z", NULL},
    {DATE_GENERALIZED, "20010615", NULL},
    {DATE_GENERALIZED, "20010615000000z", NULL},
    {DATE_GENERALIZED, "20010615000000Zx", NULL},
    {DATE_GENERALIZED, "20010229000000Z", NULL},
    {DATE_ANY, "2001-06-15", "2001-06-15"},
    {DATE_ANY, "20010615", "2001-06-15"},
    {DATE_ANY, "20010615000000Z", "2001-06-15"},
    {DATE_ANY, "20010615000000+0200", "2001-06-15"},
    {DATE_ANY, "20010615Z", NULL},
    {DATE_ANY, "2001-0615", NULL},
    {DATE_ANY, "2001", NULL},
    {DATE_ANY, "15 June 2001", NULL},
    {DATE_ANY, "", NULL},
};

static void
test_parse(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *row = &rows[i];
		struct date date = {1, 2, 3};
		char out[DATE_SIZE];
		int rc = date_parse(row->form, row->text, &date);

		if ((rc == 0) != (row->expected != NULL))
			fail_msg("row %zu: '%s' gave %d", i, row->text, rc);
		if (row->expected != NULL)
			assert_string_equal(date_text(&date, out), row->expected);
		else
			assert_true(date.year == 1 && date.month == 2 && date.day == 3);
	}
}

/* Every date of the range, against the calendar counted day by day. */
static void
test_every_day(void **state)
{
	char text[DATE_SIZE];
	int days = 0;

	for (int year = 1850; year <= 2200; year++)
		for (int month = 0; month <= 13; month++)
			for (int day = 0; day <= 32; day++) {
				struct date date;

				snprintf(text, sizeof(text), "%04u-%02u-%02u",
				    (unsigned)year % 10000, (unsigned)month, (unsigned)day);
				days += date_parse(DATE_ISO, text, &date) == 0;
			}
	/* 351 years, 88 of them divisible by four, without 1900, 2100 and 2200. */
	assert_int_equal(days, 351 * 365 + 85);
}

static void
test_is_set(void **state)
{
	struct date none = {0}, some = {1980, 2, 29};
	char out[DATE_SIZE] = "x";

	assert_false(date_is_set(&none));
	assert_true(date_is_set(&some));
	assert_string_equal(date_text(&none, out), "");
}

static void
test_is_equal(void **state)
{
	struct date date = {1980, 2, 29}, same = {1980, 2, 29};
	struct date others[] = {
	    {1981, 2, 29}, {1980, 3, 29}, {1980, 2, 28}, {0, 0, 0}, {29, 2, 1980}};

	assert_true(date_is_equal(&date, &same));
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		assert_false(date_is_equal(&date, &others[i]));
		assert_false(date_is_equal(&others[i], &date));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_parse),
	    cmocka_unit_test(test_every_day),
	    cmocka_unit_test(test_is_set),
	    cmocka_unit_test(test_is_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
