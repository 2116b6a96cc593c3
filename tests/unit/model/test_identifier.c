#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "model/identifier.h"

/* digits: NULL where the text is no identifier. */
static const struct row {
	const char *text, *digits;
} rows[] = {
    {"900123456", "900123456"},
    {"900-12-3456", "900123456"},
    {"000000001", "000000001"},
    {"000-00-0001", "000000001"},
    {"", NULL},
    {"-", NULL},
    {"90012345", NULL},
    {"9001234567", NULL},
    {"900-12-34567", NULL},
    {"90012-3456", NULL},
    {"900-123456", NULL},
    {"9001-2-3456", NULL},
    {"900-12-345", NULL},
    {"900--2-3456", NULL},
    {"90012345-67", NULL},
    {"900 12 3456", NULL},
    {"900.12.3456", NULL},
    {" 900123456", NULL},
    {"900123456 ", NULL},
    {"900123456\n", NULL},
    {"+00123456", NULL},
    {"90012345a", NULL},
    {"90O123456", NULL},
    {"900\xe2\x80\x91"
     "12-345",
	NULL}, /* a non-breaking hyphen */
    {"\xd9\xa9\xd9\xa0\xd9\xa0\xd9\xa1"
     "1",
	NULL}, /* Arabic-Indic digits, nine bytes */
    {"\xef\xbc\x99"
     "123456",
	NULL}, /* a full-width digit, nine bytes */
    {"900-12-3456-900-12-3456", NULL},
};

static void
test_parse(void **state)
{
	static const struct identifier wiped;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct identifier identifier;
		int rc;

		memset(&identifier, 'x', sizeof(identifier));
		rc = identifier_parse(IDENTIFIER_FIN, rows[i].text, &identifier);
		if ((rc == 0) != (rows[i].digits != NULL))
			fail_msg("row %zu gave %d", i, rc);
		if (rows[i].digits == NULL) {
			assert_memory_equal(&identifier, &wiped, sizeof(wiped));
			continue;
		}
		assert_string_equal(identifier.digits, rows[i].digits);
		assert_int_equal(identifier.kind, IDENTIFIER_FIN);
	}
}

static void
test_hyphened(void **state)
{
	struct identifier identifier;
	char out[12];

	assert_int_equal(identifier_parse(IDENTIFIER_SSN, "900123456", &identifier), 0);
	assert_string_equal(identifier_hyphened(&identifier, out), "900-12-3456");
	assert_int_equal(identifier_parse(IDENTIFIER_SSN, out, &identifier), 0);
	assert_string_equal(identifier.digits, "900123456");
}

static void
test_kind_name(void **state)
{
	assert_string_equal(identifier_kind_name(IDENTIFIER_SSN), "ssn");
	assert_string_equal(identifier_kind_name(IDENTIFIER_FIN), "fin");
}

static void
test_wipe(void **state)
{
	static const struct identifier wiped;
	struct identifier identifier;

	assert_int_equal(identifier_parse(IDENTIFIER_FIN, "900123456", &identifier), 0);
	identifier_wipe(&identifier);
	assert_memory_equal(&identifier, &wiped, sizeof(wiped));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_parse),
	    cmocka_unit_test(test_hyphened),
	    cmocka_unit_test(test_kind_name),
	    cmocka_unit_test(test_wipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
