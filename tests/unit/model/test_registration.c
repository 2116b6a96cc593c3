#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "model/application.h"
#include "model/faults.h"
#include "model/registration.h"

static void
states_have_names(void **state)
{
	static const struct {
		enum registration_state state;
		const char *name;
		bool is_final;
	} rows[] = {
	    {STATE_RECEIVED, "received", false},
	    {STATE_VERIFIED, "verified", false},
	    {STATE_PENDING, "pending", false},
	    {STATE_ACTIVE, "active", true},
	    {STATE_REJECTED, "rejected", true},
	    {STATE_CANCELLED, "cancelled", true},
	    {STATE_FAILED, "failed", false},
	};
	struct registration *registration = registration_new();

	assert_int_equal(sizeof(rows) / sizeof(rows[0]), STATE_COUNT);
	for (size_t i = 0; i < STATE_COUNT; i++) {
		enum registration_state read = STATE_COUNT;

		assert_string_equal(registration_state_name(rows[i].state), rows[i].name);
		assert_int_equal(registration_state_parse(rows[i].name, &read), 0);
		assert_int_equal(read, rows[i].state);
		registration->state = rows[i].state;
		assert_int_equal(registration_is_final(registration), rows[i].is_final);
	}
	registration_free(&registration);
	assert_null(registration);
}

static void
other_names_are_no_state(void **state)
{
	static const char *const names[] = {"", "Active", "active ", "activ", "done"};
	enum registration_state read;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(registration_state_parse(names[i], &read), -1);
}

static void
two_categories_are_dual(void **state)
{
	struct registration *registration = registration_new();
	struct person person = {0};

	assert_false(registration_is_dual(registration));
	assert_false(person_is_dual(&person));
	mem_texts_add(&registration->categories, "da-civilian");
	mem_texts_add(&person.categories, "da-civilian");
	assert_false(registration_is_dual(registration));
	assert_false(person_is_dual(&person));
	mem_texts_add(&registration->categories, "army-retired");
	mem_texts_add(&person.categories, "army-retired");
	assert_true(registration_is_dual(registration));
	assert_true(person_is_dual(&person));
	person_fini(&person);
	registration_free(&registration);
}

static void
records_stay_as_they_were(void **state)
{
	struct records records = {0};

	for (int i = 0; i < 37; i++) {
		struct record *record = records_add(&records);

		assert_null(record->dn);
		assert_null(record->name.family);
		assert_false(record->current);
		assert_false(date_is_set(&record->birth_date));
		record->dn = mem_format("cn=%d", i);
		record->name.family = mem_text("Doe");
		record->birth_date = (struct date){1980, 1, 1 + i % 28};
	}
	assert_int_equal(records.count, 37);
	for (int i = 0; i < 37; i++) {
		char dn[16];

		snprintf(dn, sizeof(dn), "cn=%d", i);
		assert_string_equal(records.items[i].dn, dn);
		assert_int_equal(records.items[i].birth_date.day, 1 + i % 28);
	}
	records_fini(&records);
	assert_int_equal(records.count, 0);
	assert_null(records.items);
	records_fini(&records);
	records_add(&records)->title = mem_text("Clerk");
	records_fini(&records);
}

static void
reset_forgets_the_work_alone(void **state)
{
	struct registration *registration = registration_new();

	registration->uid = mem_text("john.doe");
	registration->attempts = 3;
	registration->phase = 2;
	registration->collisions = 5;
	registration->low = 7;
	registration->high = 9;
	strcpy(registration->stem, "john.doe");
	records_add(&registration->records)->dn = mem_text("cn=1");
	registration_reset_work(registration);
	assert_int_equal(registration->phase, 0);
	assert_int_equal(registration->collisions, 0);
	assert_int_equal(registration->low, 0);
	assert_int_equal(registration->high, 0);
	assert_string_equal(registration->stem, "");
	assert_int_equal(registration->records.count, 0);
	assert_string_equal(registration->uid, "john.doe");
	assert_int_equal(registration->attempts, 3);
	registration_free(&registration);
}

static void
free_takes_everything(void **state)
{
	struct registration *registration = registration_new();

	registration->portal = mem_text("portal");
	registration->reason = mem_text("reason");
	registration->step = mem_text("done");
	registration->waits_for = mem_text("accounts");
	registration->detail = mem_text("detail");
	registration->uid = mem_text("uid");
	registration->mail = mem_text("uid@example.mil");
	mem_texts_add(&registration->categories, "da-civilian");
	records_add(&registration->records)->dn = mem_text("cn=1");
	registration->application = application_new();
	registration->application->password_hash = mem_text("{CRYPT}x");
	registration_free(&registration);
	assert_null(registration);
	registration_free(&registration);
}

static void
reduced_keeps_the_identity(void **state)
{
	struct application *application = application_new();

	strcpy(application->identifier.digits, "900123456");
	application->birth_date = (struct date){1980, 2, 29};
	application->legal_name.family = mem_text("Doe");
	application->person.name.family = mem_text("Doe");
	application->card.shown = true;
	strcpy(application->card.edipi, "1000000001");
	application->card.refusal = mem_text("expired");
	application->external_mail = mem_text("jd@example.org");
	application->phone = mem_text("1");
	application->postal_address = mem_text("street");
	application->unit = mem_text("unit");
	application->title = mem_text("title");
	application->password_hash = mem_text("{CRYPT}x");
	application->answers_hash = mem_text("{CRYPT}y");
	for (size_t i = 0; i < QUESTIONS_MOST; i++)
		application->questions[i] = mem_text("question");
	application_reduce(application);
	assert_false(application->card.shown);
	assert_string_equal(application->card.edipi, "");
	assert_null(application->card.refusal);
	assert_null(application->external_mail);
	assert_null(application->phone);
	assert_null(application->postal_address);
	assert_null(application->unit);
	assert_null(application->title);
	assert_null(application->password_hash);
	assert_null(application->answers_hash);
	for (size_t i = 0; i < QUESTIONS_MOST; i++)
		assert_null(application->questions[i]);
	assert_string_equal(application->identifier.digits, "900123456");
	assert_int_equal(application->birth_date.day, 29);
	assert_string_equal(application->legal_name.family, "Doe");
	assert_string_equal(application->person.name.family, "Doe");
	application_free(&application);
	assert_null(application);
	application_free(&application);
}

static void
faults_have_a_bound(void **state)
{
	struct faults faults = {0};

	for (int i = 0; i < FAULTS_MOST + 10; i++) {
		char pointer[16];

		snprintf(pointer, sizeof(pointer), "/%d", i);
		faults_add(&faults, pointer, "unknown", "words");
	}
	assert_int_equal(faults.count, FAULTS_MOST);
	assert_string_equal(faults.items[0].pointer, "/0");
	assert_string_equal(faults.items[FAULTS_MOST - 1].pointer, "/63");
	assert_string_equal(faults.items[0].code, "unknown");
	assert_string_equal(faults.items[0].detail, "words");
	faults_fini(&faults);
	assert_int_equal(faults.count, 0);
	assert_null(faults.items);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(states_have_names),
	    cmocka_unit_test(other_names_are_no_state),
	    cmocka_unit_test(two_categories_are_dual),
	    cmocka_unit_test(records_stay_as_they_were),
	    cmocka_unit_test(reset_forgets_the_work_alone),
	    cmocka_unit_test(free_takes_everything),
	    cmocka_unit_test(reduced_keeps_the_identity),
	    cmocka_unit_test(faults_have_a_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
