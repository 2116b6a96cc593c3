#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/secret.h"
#include "model/application.h"
#include "model/json_text.h"
#include "model/registration.h"
#include "model/registration_json.h"

static const struct lateness lateness = {1200000, 3600000, 0};

static void
assert_json(const struct registration *registration, int64_t now, const char *expected)
{
	json_t *object = registration_json(registration, &lateness, now);
	char *text;

	assert_non_null(object);
	text = json_dumps(object, JSON_COMPACT);
	assert_string_equal(text, expected);
	free(text);
	json_decref(object);
}

static void
new_one_is_as_the_contract_says(void **state)
{
	struct registration *registration = registration_new();

	strcpy(registration->id, "01900000-0000-7000-8000-000000000001");
	registration->created_at = 1769846400123;
	assert_json(registration, 1769846400123,
	    "{\"id\":\"01900000-0000-7000-8000-000000000001\",\"state\":\"received\","
	    "\"reason\":null,\"created_at\":\"2026-01-31T08:00:00.123Z\","
	    "\"activates_at\":null,\"activated_at\":null,\"uid\":null,\"mail\":null,"
	    "\"categories\":[],\"primary_category\":null,\"dual\":false,\"held\":false,"
	    "\"overdue\":false,\"escalated\":false}");
	registration_free(&registration);
}

static void
full_one_is_as_the_contract_says(void **state)
{
	struct registration *registration = registration_new();

	strcpy(registration->id, "01900000-0000-7000-8000-000000000001");
	registration->state = STATE_PENDING;
	registration->reason = mem_text("why");
	registration->created_at = 1769846400000;
	registration->activates_at = 1769847300000;
	registration->activated_at = 1769847301000;
	registration->uid = mem_text("john.q.doe");
	registration->mail = mem_text("john.q.doe@mail.example.mil");
	registration->held = true;
	mem_texts_add(&registration->categories, "da-civilian");
	mem_texts_add(&registration->categories, "army-retired");
	assert_json(registration, 1769846400000 + 3600000,
	    "{\"id\":\"01900000-0000-7000-8000-000000000001\",\"state\":\"pending\","
	    "\"reason\":\"why\",\"created_at\":\"2026-01-31T08:00:00.000Z\","
	    "\"activates_at\":\"2026-01-31T08:15:00.000Z\","
	    "\"activated_at\":\"2026-01-31T08:15:01.000Z\",\"uid\":\"john.q.doe\","
	    "\"mail\":\"john.q.doe@mail.example.mil\","
	    "\"categories\":[\"da-civilian\",\"army-retired\"],"
	    "\"primary_category\":\"da-civilian\",\"dual\":true,\"held\":true,"
	    "\"overdue\":true,\"escalated\":true}");
	registration_free(&registration);
}

static void
late_is_what_has_not_ended(void **state)
{
	static const struct {
		enum registration_state state;
		int64_t age;
		bool overdue, escalated;
	} rows[] = {
	    {STATE_RECEIVED, 1199999, false, false},
	    {STATE_RECEIVED, 1200000, true, false},
	    {STATE_VERIFIED, 1200000, true, false},
	    {STATE_PENDING, 3599999, true, false},
	    {STATE_PENDING, 3600000, true, true},
	    {STATE_FAILED, 3600000, true, true},
	    {STATE_ACTIVE, 3600000, false, false},
	    {STATE_REJECTED, 3600000, false, false},
	    {STATE_CANCELLED, 3600000, false, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct registration *registration = registration_new();
		json_t *object;

		registration->state = rows[i].state;
		registration->created_at = 1769846400000;
		object = registration_json(
		    registration, &lateness, registration->created_at + rows[i].age);
		assert_int_equal(json_is_true(json_object_get(object, "overdue")), rows[i].overdue);
		assert_int_equal(
		    json_is_true(json_object_get(object, "escalated")), rows[i].escalated);
		json_decref(object);
		registration_free(&registration);
	}
}

/* The wall clock was set an hour back: people are shown what it says then; how late is no matter
 * of what is shown. */
static void
times_are_shown_by_the_wall(void **state)
{
	const struct lateness set_back = {1200000, 3600000, -3600000};
	struct registration *registration = registration_new();
	json_t *object;

	registration->created_at = 1769846400123;
	registration->activates_at = 1769847300000;
	object = registration_json(registration, &set_back, 1769846400123 + 1199999);
	assert_string_equal(
	    json_string_value(json_object_get(object, "created_at")), "2026-01-31T07:00:00.123Z");
	assert_string_equal(
	    json_string_value(json_object_get(object, "activates_at")), "2026-01-31T07:15:00.000Z");
	assert_true(json_is_null(json_object_get(object, "activated_at")));
	assert_false(json_is_true(json_object_get(object, "overdue")));
	json_decref(object);
	registration_free(&registration);
}

/* What a directory says need not be UTF-8, and must not make the answer fail. */
static void
bad_bytes_become_question_marks(void **state)
{
	struct registration *registration = registration_new();
	json_t *object;

	registration->state = STATE_FAILED;
	registration->reason = mem_text("sch\xf6n \xc3\xb6 \xed\xa0\x80");
	object = registration_json(registration, &lateness, 0);
	assert_string_equal(
	    json_string_value(json_object_get(object, "reason")), "sch?n \xc3\xb6 ???");
	json_decref(object);
	registration_free(&registration);
}

static struct application *
application_full(void)
{
	struct application *application = application_new();

	application->identifier.kind = IDENTIFIER_FIN;
	strcpy(application->identifier.digits, "900123456");
	application->birth_date = (struct date){1980, 2, 29};
	application->pay_entry_base_date = (struct date){2001, 6, 15};
	application->legal_name.given = mem_text("J\xc3\xb6rg \"\\\n");
	application->legal_name.middle = mem_text("Quincy");
	application->legal_name.family = mem_text("Doe");
	application->legal_name.suffix = mem_text("Jr");
	application->card.shown = true;
	strcpy(application->card.edipi, "1000000001");
	application->external_mail = mem_text("jd@example.org");
	application->phone = mem_text("+1 555 0100");
	application->postal_address = mem_text("street\ntown");
	application->unit = mem_text("unit");
	application->title = mem_text("title");
	application->password_hash = mem_text("{CRYPT}$y$one");
	application->answers_hash = mem_text("{CRYPT}$y$two");
	for (size_t i = 0; i < QUESTIONS_MOST; i++)
		application->questions[i] = mem_format("question %zu", i);
	application->person.name.given = mem_text("Joerg");
	application->person.name.middle = mem_text("Q");
	application->person.name.family = mem_text("Doe-Smith");
	application->person.name.suffix = mem_text("II");
	application->person.edipi = mem_text("1000000001");
	application->person.o = mem_text("o");
	application->person.ou = mem_text("ou");
	application->person.title = mem_text("their title");
	mem_texts_add(&application->person.categories, "da-civilian");
	mem_texts_add(&application->person.categories, "army-retired");
	return application;
}

static void
assert_same_text(const char *a, const char *b)
{
	assert_int_equal(a == NULL, b == NULL);
	if (a != NULL)
		assert_string_equal(a, b);
}

static void
assert_same_name(const struct name *a, const struct name *b)
{
	assert_same_text(a->given, b->given);
	assert_same_text(a->middle, b->middle);
	assert_same_text(a->family, b->family);
	assert_same_text(a->suffix, b->suffix);
}

static void
assert_same_person(const struct person *a, const struct person *b)
{
	assert_same_name(&a->name, &b->name);
	assert_same_text(a->edipi, b->edipi);
	assert_same_text(a->o, b->o);
	assert_same_text(a->ou, b->ou);
	assert_same_text(a->title, b->title);
	assert_int_equal(mem_texts_count(a->categories), mem_texts_count(b->categories));
	for (size_t i = 0; i < mem_texts_count(a->categories); i++)
		assert_string_equal(a->categories[i], b->categories[i]);
}

static void
assert_same(const struct application *a, const struct application *b)
{
	assert_int_equal(a->identifier.kind, b->identifier.kind);
	assert_string_equal(a->identifier.digits, b->identifier.digits);
	assert_memory_equal(&a->birth_date, &b->birth_date, sizeof(a->birth_date));
	assert_memory_equal(
	    &a->pay_entry_base_date, &b->pay_entry_base_date, sizeof(a->pay_entry_base_date));
	assert_same_name(&a->legal_name, &b->legal_name);
	assert_int_equal(a->card.shown, b->card.shown);
	assert_string_equal(a->card.edipi, b->card.edipi);
	assert_same_text(a->card.refusal, b->card.refusal);
	assert_same_text(a->external_mail, b->external_mail);
	assert_same_text(a->phone, b->phone);
	assert_same_text(a->postal_address, b->postal_address);
	assert_same_text(a->unit, b->unit);
	assert_same_text(a->title, b->title);
	assert_same_text(a->password_hash, b->password_hash);
	assert_same_text(a->answers_hash, b->answers_hash);
	for (size_t i = 0; i < QUESTIONS_MOST; i++)
		assert_same_text(a->questions[i], b->questions[i]);
	assert_same_person(&a->person, &b->person);
}

static void
assert_round_trip(const struct application *application)
{
	char *text = application_encode(application);
	struct err err = {0};
	struct application *again;

	assert_non_null(text);
	again = application_decode(text, strlen(text), &err);
	assert_string_equal(err.text, "");
	assert_non_null(again);
	assert_same(application, again);
	application_free(&again);
	secret_wipe_text(&text);
}

static void
application_comes_back(void **state)
{
	struct application *application = application_full();

	assert_round_trip(application);
	application->card.edipi[0] = '\0';
	application->card.refusal = mem_text("expired");
	assert_round_trip(application);
	application_reduce(application);
	assert_round_trip(application);
	application_free(&application);
	application = application_new();
	assert_round_trip(application);
	application->identifier.kind = IDENTIFIER_SSN;
	strcpy(application->identifier.digits, "000123456");
	application->questions[0] = mem_text("first-car");
	application->person.name.family = mem_text("Doe");
	assert_round_trip(application);
	application_free(&application);
}

/* A row that was cut or changed is damage, told without a word of what it holds. */
static void
damage_is_told(void **state)
{
	static const char *const rows[] = {
	    "",
	    "[]",
	    "{",
	    "{}x",
	    "{\"phone\":\"zebra\",\"phone\":\"zebra\"}",
	    "{\"phone\":7}",
	    "{\"phone\":null}",
	    "{\"ssn\":\"zebra\"}",
	    "{\"fin\":9}",
	    "{\"birth_date\":\"zebra\"}",
	    "{\"pay_entry_base_date\":\"2001-02-29\"}",
	    "{\"legal_name\":\"zebra\"}",
	    "{\"legal_name\":{\"given\":[]}}",
	    "{\"questions\":{}}",
	    "{\"questions\":[\"zebra\",1]}",
	    "{\"questions\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\",\"11\"]}",
	    "{\"card\":\"zebra\"}",
	    "{\"card\":{}}",
	    "{\"card\":{\"edipi\":\"zebra\"}}",
	    "{\"card\":{\"edipi\":1000000001}}",
	    "{\"card\":{\"refusal\":null}}",
	    "{\"card\":{\"edipi\":\"1000000001\",\"refusal\":\"zebra\"}}",
	    "{\"person\":\"zebra\"}",
	    "{\"person\":{\"edipi\":1}}",
	    "{\"person\":{\"name\":\"zebra\"}}",
	    "{\"person\":{\"categories\":\"zebra\"}}",
	    "{\"person\":{\"categories\":[\"zebra\",{}]}}",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = {0};

		assert_null(application_decode(rows[i], strlen(rows[i]), &err));
		assert_int_equal(err.kind, ERR_BROKEN);
		assert_string_not_equal(err.text, "");
		assert_null(strstr(err.text, "zebra"));
	}
}

static void
size_bounds_the_text(void **state)
{
	static const char text[] = "{\"phone\":\"1\"}rest";
	struct application *application = application_decode(text, sizeof(text) - 5, NULL);

	assert_non_null(application);
	assert_string_equal(application->phone, "1");
	application_free(&application);
}

/* The bytes of a text that outlives the document, because the test holds it too. */
static void
wiped_json_is_empty(void **state)
{
	json_t *document = json_loads("{\"a\":[{\"b\":\"secret\"},\"other\"]}", 0, NULL);
	json_t *inner = json_array_get(json_object_get(document, "a"), 0);
	json_t *text = json_incref(json_object_get(inner, "b"));
	static const char zero[6];

	json_text_wipe_free(&document);
	assert_null(document);
	assert_memory_equal(json_string_value(text), zero, sizeof(zero));
	json_decref(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(new_one_is_as_the_contract_says),
	    cmocka_unit_test(full_one_is_as_the_contract_says),
	    cmocka_unit_test(late_is_what_has_not_ended),
	    cmocka_unit_test(times_are_shown_by_the_wall),
	    cmocka_unit_test(bad_bytes_become_question_marks),
	    cmocka_unit_test(application_comes_back),
	    cmocka_unit_test(damage_is_told),
	    cmocka_unit_test(size_bounds_the_text),
	    cmocka_unit_test(wiped_json_is_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
