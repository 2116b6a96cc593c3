#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/idmap.h"
#include "base/instant.h"
#include "base/mem.h"
#include "base/text.h"

static void
hex_goes_round(void **state)
{
	unsigned char bytes[] = {0x00, 0x7f, 0xff, 0x10}, back[4];
	char hex[9];

	text_hex(bytes, sizeof(bytes), hex);
	assert_string_equal(hex, "007fff10");
	assert_int_equal(text_unhex("007FfF10", back, sizeof(back)), 0);
	assert_memory_equal(bytes, back, sizeof(bytes));
	assert_int_equal(text_unhex("007fff1", back, sizeof(back)), -1);
	assert_int_equal(text_unhex("007fff1g", back, sizeof(back)), -1);
	assert_int_equal(text_unhex("007fff1000", back, sizeof(back)), -1);
}

static void
uuids_are_ordered_by_time_and_differ(void **state)
{
	char first[UUID_SIZE], second[UUID_SIZE], later[UUID_SIZE];

	text_uuid(1700000000000, first);
	text_uuid(1700000000000, second);
	text_uuid(1700000000001, later);
	assert_true(text_is_uuid(first));
	assert_int_equal(first[14], '7');
	assert_non_null(strchr("89ab", first[19]));
	assert_string_not_equal(first, second);
	assert_true(strcmp(first, later) < 0);
	assert_false(text_is_uuid("018bcfe5-6800-7000-8000-00000000000"));
	assert_false(text_is_uuid("018bcfe5x6800-7000-8000-000000000000"));
	assert_false(text_is_uuid("018bcfe5-6800-7000-8000-00000000000g"));
	assert_false(text_is_uuid("' or 1=1 --"));
}

static void
numbers_are_whole_and_within_range(void **state)
{
	static const struct {
		const char *text;
		int result;
		int64_t value;
	} rows[] = {
	    {"0", 0, 0},
	    {"100", 0, 100},
	    {"-5", 0, -5},
	    {"101", -1, 0},
	    {"-6", -1, 0},
	    {"", -1, 0},
	    {" 1", -1, 0},
	    {"+1", -1, 0},
	    {"1 ", -1, 0},
	    {"1.0", -1, 0},
	    {"0x10", -1, 0},
	    {"99999999999999999999", -1, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t value = 0;

		assert_int_equal(text_number(rows[i].text, -5, 100, &value), rows[i].result);
		assert_int_equal(value, rows[i].value);
	}
}

static void
instants_are_written_and_read(void **state)
{
	char out[INSTANT_SIZE];
	int64_t instant = 0;

	assert_string_equal(instant_rfc3339(1709210096789, out), "2024-02-29T12:34:56.789Z");
	assert_string_equal(instant_generalized(1709210096789, out), "20240229123456Z");
	assert_int_equal(instant_ceil_second(1000), 1000);
	assert_int_equal(instant_ceil_second(1001), 2000);
	assert_int_equal(instant_ceil_second(1999), 2000);
	assert_int_equal(instant_read_generalized("20240229123456Z", &instant), 0);
	assert_int_equal(instant, 1709210096000);
	/* past 2038 */
	assert_int_equal(instant_read_generalized("21060207062816Z", &instant), 0);
	assert_string_equal(instant_generalized(instant, out), "21060207062816Z");
	/* as far as the form reaches */
	assert_int_equal(instant_read_generalized("99991231235959Z", &instant), 0);
	assert_string_equal(instant_generalized(instant, out), "99991231235959Z");
	assert_string_equal(instant_rfc3339(instant, out), "9999-12-31T23:59:59.000Z");
	/* a leap second is the second after it, as the kernel's clock has it */
	assert_int_equal(instant_read_generalized("20161231235960Z", &instant), 0);
	assert_string_equal(instant_generalized(instant, out), "20170101000000Z");
	assert_int_equal(instant_read_generalized("20230229123456Z", &instant), -1);
	assert_int_equal(instant_read_generalized("20240431123456Z", &instant), -1);
	assert_int_equal(instant_read_generalized("20161231235961Z", &instant), -1);
	assert_int_equal(instant_read_generalized("2024022912345Z", &instant), -1);
	assert_int_equal(instant_read_generalized("20240229123456+0100", &instant), -1);
	assert_int_equal(instant_read_generalized("20241329123456Z", &instant), -1);
}

static void
buffers_grow(void **state)
{
	struct text text = {0};
	char *taken;

	text_add(&text, "%s-%d", "a", 1);
	text_add_bytes(&text, "\0b", 2);
	assert_int_equal(text.size, 5);
	assert_memory_equal(text.bytes, "a-1\0b", 6);
	taken = text_take(&text);
	assert_null(text.bytes);
	mem_free_text(&taken);
	taken = text_take(&text);
	assert_string_equal(taken, "");
	mem_free_text(&taken);
}

static void
errors_keep_their_kind_and_are_cut(void **state)
{
	char longest[600];
	struct err err = {0};

	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(err_set(&err, ERR_BUSY, "%s", "busy"), -1);
	assert_int_equal(err_prefix(&err, "%s", "directory"), -1);
	assert_string_equal(err.text, "directory: busy");
	assert_int_equal(err.kind, ERR_BUSY);
	err_prefix(&err, "%s", longest);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	err_set(&err, ERR_INPUT, "%s", longest);
	err_prefix(&err, "a");
	assert_memory_equal(err.text, "a: xxx", 6);
	assert_true(strlen(err.text) < sizeof(err.text));
	assert_int_equal(err_set(NULL, ERR_INPUT, "nobody listens"), -1);
	/* Never in the middle of a character. */
	err_set(&err, ERR_INPUT, "%.*s\xe4\xb8\xad", (int)sizeof(err.text) - 2, longest);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 2);
	err_prefix(&err, "\xc3\xa4");
	assert_int_equal(err.text[strlen(err.text) - 1], 'x');
}

static int drained;

static void
count_drained(void *thing)
{
	drained += *(int *)thing;
}

static void
maps_find_what_was_put_in(void **state)
{
	struct idmap map = {0};
	int things[100];
	char id[UUID_SIZE];

	for (int i = 0; i < 100; i++) {
		things[i] = i;
		snprintf(id, sizeof(id), "id-%d", i * 37 % 100);
		idmap_add(&map, id, &things[i]);
	}
	assert_int_equal(map.count, 100);
	assert_ptr_equal(idmap_find(&map, "id-37"), &things[1]);
	idmap_remove(&map, "id-37");
	assert_null(idmap_find(&map, "id-37"));
	idmap_remove(&map, "id-37");
	assert_int_equal(map.count, 99);
	idmap_drain(&map, count_drained);
	assert_int_equal(drained, 4950 - 1);
	assert_int_equal(map.count, 0);
	assert_null(idmap_find(&map, "id-0"));
}

static void
cut_characters_are_trimmed(void **state)
{
	static const char *const rows[][2] = {
	    {"", ""},
	    {"a", "a"},
	    {"a\xc3", "a"},
	    {"a\xc3\xa4", "a\xc3\xa4"},
	    {"\xe4\xb8", ""},
	    {"\xe4\xb8\xad", "\xe4\xb8\xad"},
	    {"b\xf0\x9f\x98", "b"},
	    {"b\xf0\x9f\x98\x80", "b\xf0\x9f\x98\x80"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[16];

		snprintf(text, sizeof(text), "%s", rows[i][0]);
		text_trim(text);
		assert_string_equal(text, rows[i][1]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(hex_goes_round),
	    cmocka_unit_test(uuids_are_ordered_by_time_and_differ),
	    cmocka_unit_test(numbers_are_whole_and_within_range),
	    cmocka_unit_test(instants_are_written_and_read),
	    cmocka_unit_test(buffers_grow),
	    cmocka_unit_test(errors_keep_their_kind_and_are_cut),
	    cmocka_unit_test(cut_characters_are_trimmed),
	    cmocka_unit_test(maps_find_what_was_put_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
