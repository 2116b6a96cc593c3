/*
 * The body of a submission, all but its secrets.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "model/application.h"
#include "model/faults.h"
#include "submission_body.h"

static void
good_body_is_read(void **state)
{
	static const unsigned char answers[] = "\0\0\0\7Beetle!\0\0\0\3Oak\0\0\0\6Rex \xc3\xa9";
	struct submission_rules rules = rules_usual();
	json_t *body = json_loads(submission_good, 0, NULL);
	struct submission submission;
	struct faults faults = {0};
	struct application *it;

	submission_parse(body, &rules, &submission, &faults);
	json_decref(body);
	assert_int_equal(faults.count, 0);
	it = submission.application;
	assert_int_equal(it->identifier.kind, IDENTIFIER_SSN);
	assert_string_equal(it->identifier.digits, "900123456");
	assert_int_equal(it->birth_date.year, 1980);
	assert_int_equal(it->birth_date.day, 29);
	assert_int_equal(it->pay_entry_base_date.month, 6);
	assert_string_equal(it->legal_name.given, "John");
	assert_string_equal(it->legal_name.middle, "Quincy");
	assert_string_equal(it->legal_name.family, "Doe");
	assert_string_equal(it->legal_name.suffix, "Jr");
	assert_non_null(strstr(submission.certificate, "AAAA"));
	assert_string_equal(it->external_mail, "jd@example.org");
	assert_string_equal(it->phone, "+1 555 0100");
	assert_string_equal(it->postal_address, "1 Street\nTown");
	assert_string_equal(it->unit, "1st");
	assert_string_equal(it->title, "Clerk");
	assert_string_equal(it->questions[0], "first-car");
	assert_string_equal(it->questions[1], "What is the best tree?");
	assert_string_equal(it->questions[2], "first-pet");
	assert_null(it->questions[3]);
	assert_null(it->password_hash);
	assert_string_equal(secret_text(submission.password), "correct horse battery");
	assert_int_equal(secret_size(submission.answers), sizeof(answers) - 1);
	assert_memory_equal(secret_text(submission.answers), answers, sizeof(answers) - 1);
	submission_fini(&submission);
	faults_fini(&faults);
}

static void
whole_body(void **state)
{
	static const struct row rows[] = {
	    {"", NULL, ""},
	    {"/nonsense", "1", "/nonsense unknown"},
	    {"/900123456", "1", " unknown"},
	    {"/identity/900-12-3456", "1", "/identity unknown"},
	    {"/A plain long sentence", "1", " unknown"},
	    {"/agreement", NULL, "/agreement missing"},
	    {"/agreement", "[]", "/agreement type"},
	    {"/agreement", "{}", "/agreement/version missing, /agreement/accepted missing"},
	    {"/agreement/version", "\"2025-01\"", "/agreement/version policy"},
	    {"/agreement/version", "7", "/agreement/version type"},
	    {"/agreement/accepted", "false", "/agreement/accepted policy"},
	    {"/agreement/accepted", "1", "/agreement/accepted type"},
	    {"/agreement/accepted", "\"true\"", "/agreement/accepted type"},
	    {"/agreement/date", "1", "/agreement/date unknown"},
	    {"/certificate", NULL, ""},
	    {"/certificate", "null", "/certificate type"},
	    {"/certificate", "\"\"", "/certificate format"},
	    {"/certificate", "[]", "/certificate type"},
	    {"/certificate", "\"no certificate\"", ""}, /* the proof tells nobody why not */
	    {"/certificate", "\"-----BEGIN CERTIFICATE-----\\nAA\\n-----END CERTIFICATE-----\"",
		""},
	    {"/certificate",
		"\"-----BEGIN CERTIFICATE-----\\r\\nAA\\r\\n-----END CERTIFICATE-----\\r\\n\"", ""},
	};
	struct submission_rules rules = rules_usual();

	ASSERT_ROWS(&rules, rows);
}

static void
what_is_no_name_is_not_quoted(void **state)
{
	struct submission_rules rules = rules_usual();
	json_t *body = json_loads(submission_good, 0, NULL);
	char name[34];

	json_object_set_new(body, "a/b~c", json_true());
	assert_faults(body, &rules, " unknown");
	json_object_del(body, "a/b~c");
	memset(name, 'x', 33);
	name[33] = '\0';
	json_object_set_new(json_object_get(body, "contact"), name, json_true());
	assert_faults(body, &rules, "/contact unknown");
	json_decref(body);
}

static void
identity(void **state)
{
	static const struct row rows[] = {
	    {"/identity", NULL, "/identity missing"},
	    {"/identity", "\"x\"", "/identity type"},
	    {"/identity", "{}", "/identity missing, /identity/birth_date missing"},
	    {"/identity/fin", "\"900123457\"", "/identity conflict"},
	    {"/identity/ssn", NULL, "/identity missing"},
	    {"/identity/ssn", "900123456", "/identity/ssn type"},
	    {"/identity/ssn", "\"90012345\"", "/identity/ssn format"},
	    {"/identity/ssn", "\"900-123456\"", "/identity/ssn format"},
	    {"/identity/ssn", "\"900123456\"", ""},
	    {"/identity", "{\"fin\": \"900123456\", \"birth_date\": \"1980-02-29\"}", ""},
	    {"/identity", "{\"fin\": \"\", \"birth_date\": \"1980-02-29\"}",
		"/identity/fin format"},
	    {"/identity/birth_date", NULL, "/identity/birth_date missing"},
	    {"/identity/birth_date", "\"1981-02-29\"", "/identity/birth_date format"},
	    {"/identity/birth_date", "\"19800229\"", "/identity/birth_date format"},
	    {"/identity/birth_date", "19800229", "/identity/birth_date type"},
	    {"/identity/pay_entry_base_date", NULL, ""},
	    {"/identity/pay_entry_base_date", "\"\"", "/identity/pay_entry_base_date format"},
	    {"/identity/pay_entry_base_date", "null", "/identity/pay_entry_base_date type"},
	    {"/identity/edipi", "\"1000000001\"", "/identity/edipi unknown"},
	};
	struct submission_rules rules = rules_usual();

	ASSERT_ROWS(&rules, rows);
}

static void
legal_name(void **state)
{
	static const struct row rows[] = {
	    {"/legal_name", NULL, "/legal_name missing"},
	    {"/legal_name", "{}", "/legal_name/family missing"},
	    {"/legal_name", "{\"family\": \"Sukarno\"}", ""},
	    {"/legal_name", "{\"given\": \"A\", \"family\": \"Sukarno\"}", ""},
	    {"/legal_name", "{\"given\": \"A\"}", "/legal_name/family missing"},
	    {"/legal_name", "{\"middle\": \"A\", \"family\": \"Sukarno\"}",
		"/legal_name/given missing"},
	    {"/legal_name", "{\"family\": \"Sukarno\", \"suffix\": \"Jr\"}",
		"/legal_name/given missing"},
	    {"/legal_name/given", "\"\"", "/legal_name/given format"},
	    {"/legal_name/given", "\"123\"", "/legal_name/given format"},
	    {"/legal_name/middle", "\"a\\u202eb\"", "/legal_name/middle format"},
	    {"/legal_name/family", "7", "/legal_name/family type"},
	    {"/legal_name/suffix", "\"\\n\"", "/legal_name/suffix format"},
	    {"/legal_name/nick", "\"Joe\"", "/legal_name/nick unknown"},
	};
	struct submission_rules rules = rules_usual();

	ASSERT_ROWS(&rules, rows);
}

static void
contact(void **state)
{
	static const struct row rows[] = {
	    {"/contact", NULL, "/contact missing"},
	    {"/contact", "{\"external_mail\": \"a@b.example\"}", ""},
	    {"/contact", "{}", "/contact/external_mail missing"},
	    {"/contact/phone", "\"\"", "/contact/phone format"},
	    {"/contact/phone", "\"none\"", "/contact/phone format"},
	    {"/contact/phone", "\"+1;555\"", "/contact/phone format"},
	    {"/contact/phone", "\"+1 (555) 010-0000 ext. 7\"", ""},
	    {"/contact/phone", "5550100", "/contact/phone type"},
	    {"/contact/postal_address", "\" \\n\"", "/contact/postal_address format"},
	    {"/contact/postal_address", "\"a\\rb\"", "/contact/postal_address format"},
	    {"/contact/postal_address", "\"a\\r\\nb\"", ""},
	    {"/contact/postal_address", "\"a\\n\\r\"", "/contact/postal_address format"},
	    {"/contact/fax", "\"1\"", "/contact/fax unknown"},
	    {"/organization", NULL, ""},
	    {"/organization", "{}", ""},
	    {"/organization", "\"1st\"", "/organization type"},
	    {"/organization/unit", "\"\"", "/organization/unit format"},
	    {"/organization/unit", "\"1st\\n2nd\"", "/organization/unit format"},
	    {"/organization/title", "\"\\u200e\"", "/organization/title format"},
	    {"/organization/rank", "\"1\"", "/organization/rank unknown"},
	};
	struct submission_rules rules = rules_usual();

	ASSERT_ROWS(&rules, rows);
}

static void
mail_addresses(void **state)
{
	static const struct {
		const char *mail;
		bool is_good;
	} rows[] = {
	    {"jd@example.org", true},
	    {"j.d+x=y@mail-1.example.org", true},
	    {"o'neil@example.org", true},
	    {"a@1.example", true},
	    {"", false},
	    {"@", false},
	    {"jd", false},
	    {"@example.org", false},
	    {"jd@", false},
	    {"jd@@example.org", false},
	    {"j@d@example.org", false},
	    {".jd@example.org", false},
	    {"jd.@example.org", false},
	    {"j..d@example.org", false},
	    {"j d@example.org", false},
	    {"\"jd\"@example.org", false},
	    {"jd@example.org.", false},
	    {"jd@.example.org", false},
	    {"jd@example..org", false},
	    {"jd@-example.org", false},
	    {"jd@example-.org", false},
	    {"jd@example.org-", false},
	    {"jd@example.-org", false},
	    {"jd@exam_ple.org", false},
	    {"jd@[127.0.0.1]", false},
	    {"<jd@example.org>", false},
	    {"jd@example.org\r\nRCPT TO:<x@example.org>", false},
	    {"jd@example.org\n", false},
	    {"j\xc3\xb6@example.org", false},
	    {"jd@ex\xc3\xa4mple.org", false},
	    {"jd,xy@example.org", false},
	    {"jd@example.org,xy", false},
	};
	struct submission_rules rules = rules_usual();
	json_t *body = json_loads(submission_good, 0, NULL);
	json_t *place = json_object_get(body, "contact");

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_object_set_new(place, "external_mail", json_string(rows[i].mail));
		assert_faults(body, &rules, rows[i].is_good ? "" : "/contact/external_mail format");
	}
	json_decref(body);
}

/* A text of count times x at a member of an object of the body, between two others. */
static void
assert_long(const char *object, const char *member, const char *before, size_t count,
    const char *after, const char *expected)
{
	struct submission_rules rules = rules_usual();
	json_t *body = json_loads(submission_good, 0, NULL), *place = body;
	struct text text = {0};

	text_add(&text, "%s", before);
	for (size_t i = 0; i < count; i++)
		text_add(&text, "%s", "x");
	text_add(&text, "%s", after);
	if (object != NULL)
		place = json_object_get(body, object);
	json_object_set_new(place, member, json_string(text.bytes));
	assert_faults(body, &rules, expected);
	text_fini(&text);
	json_decref(body);
}

static void
lengths_are_bounded(void **state)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----\n";
	static const char end[] = "\n-----END CERTIFICATE-----";
	size_t frame = strlen(begin) + strlen(end);

	assert_long("contact", "external_mail", "", 64, "@example.org", "");
	assert_long(
	    "contact", "external_mail", "", 65, "@example.org", "/contact/external_mail format");
	assert_long("contact", "external_mail", "a.b.", 60, "@example.org", "");
	assert_long("contact", "external_mail", "a.b.", 61, "@example.org",
	    "/contact/external_mail format");
	assert_long("contact", "external_mail", "a@", 63, ".example", "");
	assert_long(
	    "contact", "external_mail", "a@", 64, ".example", "/contact/external_mail format");
	assert_long("contact", "phone", "1", 63, "", "");
	assert_long("contact", "phone", "1", 64, "", "/contact/phone format");
	assert_long("contact", "postal_address", "", 500, "", "");
	assert_long("contact", "postal_address", "", 501, "", "/contact/postal_address format");
	assert_long("organization", "unit", "", 128, "", "");
	assert_long("organization", "unit", "", 129, "", "/organization/unit format");
	assert_long("legal_name", "family", "", 128, "", "");
	assert_long("legal_name", "family", "", 129, "", "/legal_name/family format");
	assert_long(NULL, "certificate", begin, 8192 - frame, end, "");
	assert_long(NULL, "certificate", begin, 8193 - frame, end, "/certificate format");
}

/* 254 bytes in all, where every part is within its own bound. */
static void
mail_is_bounded_as_a_whole(void **state)
{
	struct text after = {0};

	text_add(&after, "@");
	for (int i = 0; i < 61; i++)
		text_add(&after, "aa.");
	text_add(&after, "bbbbbb");
	assert_int_equal(after.size, 190);
	assert_long("contact", "external_mail", "", 64, after.bytes, "");
	text_add(&after, "c");
	assert_long(
	    "contact", "external_mail", "", 64, after.bytes, "/contact/external_mail format");
	text_fini(&after);
}

static void
no_fault_quotes_what_was_sent(void **state)
{
	struct submission_rules rules = rules_usual();
	json_t *body = json_loads(submission_good, 0, NULL);
	struct submission submission;
	struct faults faults = {0};

	change(body, "/password", "\"zebra john\"");
	change(body, "/identity/ssn", "\"zebra\"");
	change(body, "/identity/birth_date", "\"zebra\"");
	change(body, "/legal_name/family", "\"zebra\\n\"");
	change(body, "/contact/external_mail", "\"zebra\"");
	change(body, "/security_questions/0/answer", "\"zebra\\n\"");
	change(body, "/security_questions/1/question", "\"zebra\\n\"");
	submission_parse(body, &rules, &submission, &faults);
	assert_int_equal(faults.count, 8);
	for (size_t i = 0; i < faults.count; i++)
		assert_null(strstr(faults.items[i].detail, "zebra"));
	faults_fini(&faults);
	submission_fini(&submission);
	json_decref(body);
}

static void
all_faults_at_once(void **state)
{
	struct submission_rules rules = rules_usual();
	json_t *body = json_object();
	json_t *array = json_array();

	assert_faults(body, &rules,
	    "/agreement missing, /identity missing, /legal_name missing, /contact missing, "
	    "/password missing, /security_questions missing");
	assert_faults(array, &rules, " type");
	json_decref(array);
	json_decref(body);
}

static void
faults_stop_at_the_bound(void **state)
{
	struct submission_rules rules = rules_usual();
	json_t *body = json_object();
	struct submission submission;
	struct faults faults = {0};

	for (int i = 0; i < 200; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%d", i);
		json_object_set_new(body, name, json_true());
	}
	submission_parse(body, &rules, &submission, &faults);
	assert_int_equal(faults.count, FAULTS_MOST);
	faults_fini(&faults);
	submission_fini(&submission);
	json_decref(body);
}

static void
identity_checks(void **state)
{
	static const struct {
		const char *body, *faults;
	} rows[] = {
	    {"{\"identity\": {\"fin\": \"900-12-3456\", \"birth_date\": \"1980-02-29\"}}", ""},
	    {"{\"identity\": {\"fin\": \"900-12-3456\", \"birth_date\": \"1980-02-29\"}, "
	     "\"password\": \"x\"}",
		"/password unknown"},
	    {"{\"identity\": {\"birth_date\": \"1980-02-30\"}}",
		"/identity missing, /identity/birth_date format"},
	    {"{}", "/identity missing"},
	    {"[]", " type"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *body = json_loads(rows[i].body, 0, NULL);
		struct application *application = application_new();
		struct faults faults = {0};
		char *list;

		submission_parse_check(body, application, &faults);
		list = faults_list(&faults);
		assert_string_equal(list, rows[i].faults);
		if (faults.count == 0) {
			assert_int_equal(application->identifier.kind, IDENTIFIER_FIN);
			assert_string_equal(application->identifier.digits, "900123456");
		}
		free(list);
		faults_fini(&faults);
		application_free(&application);
		json_decref(body);
	}
}

/* The identity of a whole body: its other members are no fault here. */
static void
identity_alone(void **state)
{
	json_t *body = json_loads(submission_good, 0, NULL);
	struct application *application = application_new();
	struct faults faults = {0};

	submission_parse_identity(body, application, &faults);
	assert_int_equal(faults.count, 0);
	assert_string_equal(application->identifier.digits, "900123456");
	assert_int_equal(application->pay_entry_base_date.year, 2001);
	application_free(&application);
	json_decref(body);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good_body_is_read),
	    cmocka_unit_test(whole_body),
	    cmocka_unit_test(what_is_no_name_is_not_quoted),
	    cmocka_unit_test(identity),
	    cmocka_unit_test(legal_name),
	    cmocka_unit_test(contact),
	    cmocka_unit_test(mail_addresses),
	    cmocka_unit_test(lengths_are_bounded),
	    cmocka_unit_test(mail_is_bounded_as_a_whole),
	    cmocka_unit_test(no_fault_quotes_what_was_sent),
	    cmocka_unit_test(all_faults_at_once),
	    cmocka_unit_test(faults_stop_at_the_bound),
	    cmocka_unit_test(identity_checks),
	    cmocka_unit_test(identity_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
