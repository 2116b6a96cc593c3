#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>

#include "model/submission_json.h"

static void
documents_are_bounded(void **state)
{
	static const struct {
		const char *json;
		int result;
	} rows[] = {
	    {"{}", 0},
	    {"7", 0},
	    {"[[[[[[[[]]]]]]]]", 0},
	    {"[[[[[[[[1,true,null,\"x\"]]]]]]]]", 0},
	    {"[[[[[[[[[]]]]]]]]]", -1},
	    {"{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}}}", -1},
	    {"[1,[2],{\"a\":[[[[[[[]]]]]]]}]", -1},
	    {"[\"a\\nb\\tc\"]", 0},
	    {"[\"\\u00e4\\u4e2d\\ud83d\\ude00\"]", 0},
	    {"[\"\\r\"]", -1},
	    {"{\"certificate\": \"a\\r\\nb\\r\\n\"}", 0},
	    {"{\"certificate\": \"a\\rb\"}", -1},
	    {"{\"certificate\": \"a\\r\"}", -1},
	    {"{\"certificate\": \"a\\r\\r\\n\"}", -1},
	    {"{\"certificate\": \"a\\r\\n\\u0000\"}", -1},
	    {"[\"a\\r\\nb\"]", 0},
	    {"[\"a\\n\\rb\"]", -1},
	    {"[\"a\\r\\r\\n\"]", -1},
	    {"{\"certificate\": \"a\\u0001\"}", -1},
	    {"{\"phone\": \"\\r\"}", -1},
	    {"[\"\\u0001\"]", -1},
	    {"[\"\\u001f\"]", -1},
	    {"[\"\\u007f\"]", -1},
	    {"[\"\\u0080\"]", -1},
	    {"[\"\\u009f\"]", -1},
	    {"[\"\\u00a0\"]", 0},
	    {"[\"\\u061c\"]", -1},
	    {"[\"\\u200d\"]", 0},
	    {"[\"\\u200e\"]", -1},
	    {"[\"\\u200f\"]", -1},
	    {"[\"\\u202a\"]", -1},
	    {"[\"\\u202e\"]", -1},
	    {"[\"\\u2065\"]", 0},
	    {"[\"\\u2066\"]", -1},
	    {"[\"\\u2069\"]", -1},
	    {"[\"\\ufdcf\"]", 0},
	    {"[\"\\ufdd0\"]", -1},
	    {"[\"\\ufdef\"]", -1},
	    {"[\"\\ufffd\"]", 0},
	    {"[\"\\ufffe\"]", -1},
	    {"[\"\\uffff\"]", -1},
	    {"[\"\\ud83f\\udffe\"]", -1},
	    {"[\"\\udbff\\udfff\"]", -1},
	    {"{\"\\u202e\": 1}", -1},
	    {"{\"a\": {\"b\": [\"\\u202e\"]}}", -1},
	    {"[\"\\u0000\"]", -1},
	    {"[\"a\\u0000\"]", -1},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *document = json_loads(rows[i].json, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

		assert_non_null(document);
		if (submission_check_document(document) != rows[i].result)
			fail_msg("row %zu: %s", i, rows[i].json);
		json_decref(document);
	}
}

static void
folding_is_canonical(void **state)
{
	static const struct {
		const char *text, *folded;
	} rows[] = {
	    {"", ""},
	    {"PassWord", "password"},
	    {"STRASSE", "strasse"},
	    {"Stra\xc3\x9f"
	     "e",
		"strasse"},
	    {"A\xcc\x88", "\xc3\xa4"},
	    {"\xce\x90\xce\x90\xce\x90", "\xce\x90\xce\x90\xce\x90"},
	    {"\xef\xac\x83", "ffi"},
	    {"\xf0\x9d\x85\xa0", "\xf0\x9d\x85\x98\xf0\x9d\x85\xa5\xf0\x9d\x85\xae"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *folded = submission_fold(rows[i].text);

		assert_string_equal(folded, rows[i].folded);
		free(folded);
	}
	assert_null(submission_fold("\xff"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(documents_are_bounded),
	    cmocka_unit_test(folding_is_canonical),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
