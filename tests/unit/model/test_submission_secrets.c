/*
 * The password and the security questions of a submission.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "base/secret.h"
#include "model/application.h"
#include "model/faults.h"
#include "submission_body.h"

static void
passwords(void **state)
{
	static const struct row rows[] = {
	    {"/password", NULL, "/password missing"},
	    {"/password", "1", "/password type"},
	    {"/password", "\"\"", "/password policy"},
	    {"/password", "\"14 characters.\"", "/password policy"},
	    {"/password", "\"15 characters..\"", ""},
	    {"/password", "\"32 characters...................\"", ""},
	    {"/password", "\"33 characters....................\"", "/password policy"},
	    {"/password", "\"15 characters.\\u00e4\"", ""},
	    {"/password", "\"13 characters\\u00e4\"", "/password policy"},
	    {"/password", "\"13 charactersa\\u0308\"", "/password policy"},
	    {"/password", "\"a tab\\t or a line\"", "/password policy"},
	    {"/password", "\"a line\\n or a tab\"", "/password policy"},
	    {"/password", "\"a delete\\u007f inside\"", "/password policy"},
	    {"/password", "\"aaaaaaaaaaaaaaa\"", "/password policy"},
	    {"/password", "\"AAAAAAAAAAAAAAa\"", "/password policy"},
	    {"/password", "\"CorrectHorseBattery\"", "/password policy"},
	    {"/password", "\"correcthorsebattery1\"", ""},
	    {"/password", "\"elton JOHN the singer\"", "/password policy"},
	    {"/password", "\"a doe of the woods\"", "/password policy"},
	    {"/password", "\"Quincy is allowed\"", ""},
	    {"/password", "\"short doe\"", "/password policy, /password policy"},
	};
	static const struct row allowed[] = {{"/password", "\"elton JOHN the singer\"", ""}};
	struct submission_rules rules = rules_usual();

	ASSERT_ROWS(&rules, rows);
	rules.password_may_hold_name = true;
	ASSERT_ROWS(&rules, allowed);
}

static void
assert_password(const char *given, const char *family, const char *password, const char *expected)
{
	struct submission_rules rules = rules_usual();
	json_t *body = json_loads(submission_good, 0, NULL);
	json_t *name = json_object_get(body, "legal_name");

	json_object_set_new(name, "given", json_string(given));
	json_object_set_new(name, "family", json_string(family));
	json_object_set_new(body, "password", json_string(password));
	assert_faults(body, &rules, expected);
	json_decref(body);
}

static void
own_names_are_found_however_written(void **state)
{
	assert_password("Al", "Ng", "all is well among us", "");
	assert_password("J\xc3\xb6rg", "Ng", "for J\xc3\x96RG and others", "/password policy");
	assert_password("Jo\xcc\x88rg", "Ng", "for j\xc3\xb6rg and others", "/password policy");
	assert_password("J\xc3\xb6rg", "Ng", "for jorg and others", "");
	assert_password("Al",
	    "Stra\xc3\x9f"
	    "e",
	    "along the STRASSE here", "/password policy");
	assert_password("A.-B.", "Ng", "about a.-b. and others", "");
}

static void
password_is_kept_as_nfc(void **state)
{
	struct submission_rules rules = rules_usual();
	json_t *body = json_loads(submission_good, 0, NULL);
	struct submission submission;
	struct faults faults = {0};

	json_object_set_new(body, "password", json_string("fifteen cha\xcc\x88racters"));
	submission_parse(body, &rules, &submission, &faults);
	assert_int_equal(faults.count, 0);
	assert_string_equal(secret_text(submission.password), "fifteen ch\xc3\xa4racters");
	submission_fini(&submission);
	json_decref(body);
}

static void
questions(void **state)
{
	static const struct row rows[] = {
	    {"/security_questions", NULL, "/security_questions missing"},
	    {"/security_questions", "{}", "/security_questions type"},
	    {"/security_questions", "[]", "/security_questions length"},
	    {"/security_questions/3", "{\"question\": \"first-school\", \"answer\": \"ABC\"}",
		"/security_questions length"},
	    {"/security_questions/3", "7",
		"/security_questions length, /security_questions/3 type"},
	    {"/security_questions/1", "\"x\"", "/security_questions/1 type"},
	    {"/security_questions/1", "{}",
		"/security_questions/1/question missing, /security_questions/1/answer missing"},
	    {"/security_questions/1/hint", "\"x\"", "/security_questions/1/hint unknown"},
	    {"/security_questions/1/question", "7", "/security_questions/1/question type"},
	    {"/security_questions/1/question", "\"Who\"", "/security_questions/1/question length"},
	    {"/security_questions/1/question", "\"Who?\"", ""},
	    {"/security_questions/1/question", "\"Who\\n?\"",
		"/security_questions/1/question format"},
	    {"/security_questions/1/question", "\"     \"",
		"/security_questions/1/question format"},
	    {"/security_questions/1/question", "\"first-car\"",
		"/security_questions/1/question repeated"},
	    {"/security_questions/1/question", "\"First-CAR\"",
		"/security_questions/1/question repeated"},
	    {"/security_questions/1/answer", "\"x\"", "/security_questions/1/answer length"},
	    {"/security_questions/1/answer", "\"xy\"", ""},
	    {"/security_questions/1/answer", "\"a\\u0308\"", "/security_questions/1/answer length"},
	    {"/security_questions/1/answer", "\"1234567890123456789012345678901234567890\"", ""},
	    {"/security_questions/1/answer", "\"12345678901234567890123456789012345678901\"",
		"/security_questions/1/answer length"},
	    {"/security_questions/1/answer", "\"   \"", "/security_questions/1/answer format"},
	    {"/security_questions/1/answer", "\"\\u200b\\u200b\\u200b\"",
		"/security_questions/1/answer format"},
	    {"/security_questions/1/answer", "\"a\\tb\"", "/security_questions/1/answer format"},
	    {"/security_questions/1/answer", "\"Beetle!\"",
		"/security_questions/1/answer repeated"},
	    {"/security_questions/2/answer", "\"oAK\"", "/security_questions/2/answer repeated"},
	    {"/security_questions/2/answer", "\"First-Pet\"",
		"/security_questions/2/answer policy"},
	    {"/security_questions/2/answer", "\"Rex e\\u0301\"", ""},
	};
	static const struct row pool_rows[] = {
	    {"", NULL, "/security_questions/1/question policy"},
	    {"/security_questions/1/question", "\"first-school\"", ""},
	    {"/security_questions/1/question", "\"First-School\"",
		"/security_questions/1/question policy"},
	};
	struct submission_rules rules = rules_usual();

	ASSERT_ROWS(&rules, rows);
	rules.own_questions = false;
	ASSERT_ROWS(&rules, pool_rows);
}

static void
no_questions_where_there_are_none(void **state)
{
	static const struct row rows[] = {
	    {"", NULL, "/security_questions policy"},
	    {"/security_questions", NULL, ""},
	    {"/security_questions", "[]", ""},
	    {"/security_questions", "7", "/security_questions type"},
	};
	struct submission_rules rules = rules_usual();

	rules.question_count = 0;
	ASSERT_ROWS(&rules, rows);
}

static void
long_lists_are_not_read(void **state)
{
	struct submission_rules rules = rules_usual();
	json_t *body = json_loads(submission_good, 0, NULL), *array = json_array();

	for (int i = 0; i < QUESTIONS_MOST + 1; i++)
		json_array_append_new(array, json_integer(7));
	json_object_set_new(body, "security_questions", array);
	assert_faults(body, &rules, "/security_questions length");
	json_decref(body);
}

/* intake's reader refuses NUL; a body that had one must not be cut at it. */
static void
nul_cuts_nothing(void **state)
{
	struct submission_rules rules = rules_usual();
	json_t *body = json_loads(submission_good, 0, NULL);

	json_object_set_new(body, "password", json_stringn("correct horse battery\0x", 23));
	assert_faults(body, &rules, "/password format");
	json_decref(body);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(passwords),
	    cmocka_unit_test(own_names_are_found_however_written),
	    cmocka_unit_test(password_is_kept_as_nfc),
	    cmocka_unit_test(questions),
	    cmocka_unit_test(no_questions_where_there_are_none),
	    cmocka_unit_test(long_lists_are_not_read),
	    cmocka_unit_test(nul_cuts_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
