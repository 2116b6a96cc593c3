#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "model/faults.h"
#include "submission_body.h"

const char submission_good[] =
    "{\"agreement\": {\"version\": \"2026-01\", \"accepted\": true},"
    "\"identity\": {\"ssn\": \"900-12-3456\", \"birth_date\": \"1980-02-29\","
    "  \"pay_entry_base_date\": \"2001-06-15\"},"
    "\"certificate\": \"-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----\\n\","
    "\"legal_name\": {\"given\": \"John\", \"middle\": \"Quincy\", \"family\": \"Doe\","
    "  \"suffix\": \"Jr\"},"
    "\"contact\": {\"external_mail\": \"jd@example.org\", \"phone\": \"+1 555 0100\","
    "  \"postal_address\": \"1 Street\\nTown\"},"
    "\"organization\": {\"unit\": \"1st\", \"title\": \"Clerk\"},"
    "\"password\": \"correct horse battery\","
    "\"security_questions\": [{\"question\": \"first-car\", \"answer\": \"Beetle!\"},"
    "  {\"question\": \"What is the best tree?\", \"answer\": \"Oak\"},"
    "  {\"question\": \"first-pet\", \"answer\": \"Rex \\u00e9\"}]}";

static char *blocklist[] = {"aaaaaaaaaaaaaaa", "correcthorsebattery"};
static char *pool[] = {"first-car", "first-pet", "first-school", NULL};

struct submission_rules
rules_usual(void)
{
	return (struct submission_rules){
	    .agreement_version = "2026-01",
	    .password_min = 15,
	    .password_max = 32,
	    .blocklist = blocklist,
	    .blocklist_count = 2,
	    .question_count = 3,
	    .pool = pool,
	    .own_questions = true,
	    .answer_min = 2,
	    .answer_max = 40,
	};
}

static json_t *
step_into(json_t *at, const char *name)
{
	return json_is_array(at) ? json_array_get(at, (size_t)atoi(name))
				 : json_object_get(at, name);
}

void
change(json_t *body, const char *pointer, const char *json)
{
	char *path = mem_text(pointer), *rest = path + 1, *name;
	json_t *value = json == NULL ? NULL : json_loads(json, JSON_DECODE_ANY, NULL);

	assert_int_equal(json == NULL, value == NULL);
	while ((name = strsep(&rest, "/")) != NULL && rest != NULL)
		body = step_into(body, name);
	if (value == NULL)
		assert_int_equal(json_object_del(body, name), 0);
	else if (json_is_array(body) && (size_t)atoi(name) == json_array_size(body))
		json_array_append_new(body, value);
	else if (json_is_array(body))
		json_array_set_new(body, (size_t)atoi(name), value);
	else
		json_object_set_new(body, name, value);
	free(path);
}

char *
faults_list(const struct faults *faults)
{
	struct text list = {0};

	for (size_t i = 0; i < faults->count; i++)
		text_add(&list, "%s%s %s", i == 0 ? "" : ", ", faults->items[i].pointer,
		    faults->items[i].code);
	return text_take(&list);
}

/* what: the row, for whom it fails. */
static void
assert_faults_of(const json_t *body, const struct submission_rules *rules, const char *expected,
    const char *what)
{
	struct submission submission;
	struct faults faults = {0};
	char *list;

	submission_parse(body, rules, &submission, &faults);
	list = faults_list(&faults);
	if (strcmp(list, expected) != 0)
		fail_msg("%s: '%s' instead of '%s'", what, list, expected);
	for (size_t i = 0; i < faults.count; i++)
		assert_true(strlen(faults.items[i].detail) > 10);
	free(list);
	faults_fini(&faults);
	submission_fini(&submission);
	assert_null(submission.application);
	assert_null(submission.password);
	assert_null(submission.answers);
}

void
assert_faults(const json_t *body, const struct submission_rules *rules, const char *expected)
{
	assert_faults_of(body, rules, expected, "the body");
}

void
assert_rows(const struct submission_rules *rules, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		json_t *body = json_loads(submission_good, JSON_REJECT_DUPLICATES, NULL);

		assert_non_null(body);
		if (rows[i].pointer[0] != '\0')
			change(body, rows[i].pointer, rows[i].json);
		assert_faults_of(
		    body, rules, rows[i].faults, rows[i].json != NULL ? rows[i].json : "without");
		json_decref(body);
	}
}
