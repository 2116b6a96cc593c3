/* Refused, failed and tried again; and persons who come together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fake_dir.h"
#include "model/application.h"
#include "stage.h"

#define UID "john.q.doe"
#define MOST 100

static void
check_detail(struct stage *stage, const char *id, const char *part)
{
	struct registration *registration = stage_find(stage, id);

	assert_non_null(registration->detail);
	assert_non_null(strstr(registration->detail, part));
	registration_free(&registration);
}

/* Failed for a person to look at: the application is kept, and nothing happens by itself. */
static void
check_failed(struct stage *stage, const char *id, const char *step)
{
	struct registration *registration = stage_find(stage, id);

	assert_string_equal(registration_state_name(registration->state), "failed");
	assert_string_equal(registration->step, step);
	assert_non_null(registration->reason);
	assert_non_null(registration->application);
	assert_int_equal(registration->due_at, 0);
	registration_free(&registration);
}

/* ---- persons who come together ---- */

static void
test_one_person_twice(void **state)
{
	struct stage stage;
	char *first, *second, *late;

	stage_begin(&stage);
	first = stage_register(&stage, 1);
	stage_settle(&stage);
	second = stage_register(&stage, 1);
	stage_settle(&stage);
	stage_check_gone(&stage, second, STATE_REJECTED, "account-exists");
	stage_run(&stage);
	late = stage_register(&stage, 1);
	stage_run(&stage);
	stage_check_gone(&stage, late, STATE_REJECTED, "account-exists");
	stage_check_active(&stage, first, UID);
	assert_int_equal(stage_accounts(&stage), 1);
	assert_int_equal(stage_claims(&stage), 1);
	free(first);
	free(second);
	free(late);
	stage_end(&stage);
}

static int
count_state(struct stage *stage, char *const *ids, size_t count, enum registration_state wanted)
{
	int found = 0;

	for (size_t i = 0; i < count; i++) {
		struct registration *registration = stage_find(stage, ids[i]);

		found += registration->state == wanted;
		registration_free(&registration);
	}
	return found;
}

/* Ten at the same moment, with a crash in the midst: exactly one of them gets the account. */
static void
test_one_person_ten_times(void **state)
{
	for (int crash_at = 0; crash_at <= 30; crash_at += 3) {
		struct stage stage;
		char *ids[10];

		stage_begin(&stage);
		stage.crash_at = crash_at;
		stage.crash = CRASH_AFTER_ASKING;
		for (size_t i = 0; i < 10; i++)
			ids[i] = stage_register(&stage, 1);
		stage_run(&stage);
		assert_int_equal(count_state(&stage, ids, 10, STATE_ACTIVE), 1);
		assert_int_equal(count_state(&stage, ids, 10, STATE_REJECTED), 9);
		assert_int_equal(stage_accounts(&stage), 1);
		assert_int_equal(stage_claims(&stage), 1);
		for (size_t i = 0; i < 10; i++)
			free(ids[i]);
		stage_end(&stage);
	}
}

#define NAMESAKES 40

/* Forty of one name at once, eight at a time, crashes or none: everybody gets a uid of their own.
 */
static void
run_namesakes(int crash_at, int in_flight)
{
	struct stage stage;
	char *ids[NAMESAKES];

	stage_begin(&stage);
	stage_crash(&stage);
	stage.conf.limits.in_flight = in_flight;
	stage_open(&stage);
	stage.crash_at = crash_at;
	stage.crash = CRASH_AFTER_ASKING;
	for (int i = 0; i < NAMESAKES; i++) {
		if (i > 0)
			stage_put_person(&stage, i + 1);
		ids[i] = stage_register(&stage, i + 1);
	}
	stage_run(&stage);
	/* An entry carries its uid, so as many entries are as many uids. */
	assert_int_equal(stage_accounts(&stage), NAMESAKES);
	assert_int_equal(stage_claims(&stage), NAMESAKES);
	for (int i = 0; i < NAMESAKES; i++) {
		stage_check_active(&stage, ids[i], NULL);
		free(ids[i]);
	}
	stage_end(&stage);
}

static void
test_namesakes(void **state)
{
	run_namesakes(0, 64);
	run_namesakes(0, 8);
	run_namesakes(0, 1);
	run_namesakes(60, 8);
	run_namesakes(100, 8);
}

/* ---- refused ---- */

static void
set_status(struct stage *stage, const char *status)
{
	for (size_t i = 0; i < SOURCES; i++)
		stage_set(stage, 1, i, "personnelStatus", status);
}

static void
test_not_verified(void **state)
{
	struct registration *registration = stage_application(1);
	struct stage stage;
	char *id;

	stage_begin(&stage);
	registration->application->birth_date.day = 28;
	id = stage_append(&stage, registration);
	stage_run(&stage);
	stage_check_gone(&stage, id, STATE_REJECTED, "identity-not-verified");
	check_detail(&stage, id, "birth date differs");
	assert_int_equal(fake_dir_asked(stage.fakes[TO_ACCOUNTS]), 0);
	free(id);
	stage_end(&stage);
}

static void
test_unknown_person(void **state)
{
	struct stage stage;
	char *id;

	stage_begin(&stage);
	id = stage_register(&stage, 2);
	stage_run(&stage);
	stage_check_gone(&stage, id, STATE_REJECTED, "identity-not-verified");
	free(id);
	stage_end(&stage);
}

/* Lapsed between the registration and the due time: nothing is left, whenever a crash comes. */
static void
test_lapsed_before_due(void **state)
{
	bool crashed = true;
	int crash_at = 0;

	for (; crash_at < MOST && crashed; crash_at++) {
		struct stage stage;
		char *id;

		stage_begin(&stage);
		id = stage_register(&stage, 1);
		stage_run_to(&stage, id, STATE_PENDING);
		assert_int_equal(stage_accounts(&stage), 1);
		set_status(&stage, "lapsed");
		stage.crash = CRASH_AFTER_ASKING;
		stage.crash_at = crash_at == 0 ? 0 : stage.changes + crash_at;
		stage_run(&stage);
		stage_check_gone(&stage, id, STATE_REJECTED, "not-eligible");
		assert_int_equal(stage_accounts(&stage), 0);
		assert_int_equal(stage_claims(&stage), 0);
		crashed = crash_at == 0 || stage.crashes > 0;
		free(id);
		stage_end(&stage);
	}
	assert_in_range(crash_at, 4, MOST - 1);
}

/* One record of two lapsed: there is another one. */
static void
test_half_lapsed(void **state)
{
	struct stage stage;
	char *id;

	stage_begin(&stage);
	id = stage_register(&stage, 1);
	stage_run_to(&stage, id, STATE_PENDING);
	stage_set(&stage, 1, 0, "personnelStatus", "lapsed");
	stage_run(&stage);
	stage_check_active(&stage, id, UID);
	free(id);
	stage_end(&stage);
}

/* ---- failed, and tried again ---- */

/* No record at all is trouble in the directory, not a lapse. */
static void
test_records_gone_and_back(void **state)
{
	struct stage stage;
	char *id;

	stage_begin(&stage);
	stage_put_person(&stage, 2); /* the directory shows somebody still */
	id = stage_register(&stage, 1);
	stage_run_to(&stage, id, STATE_PENDING);
	stage_remove_person(&stage, 1);
	stage_run(&stage);
	check_failed(&stage, id, "recheck-record");
	assert_int_equal(stage_accounts(&stage), 1);
	assert_int_equal(stage_wish_now(&stage, id, WISH_RETRY), WISH_GRANTED);
	check_failed(&stage, id, "recheck-record");
	stage_put_person(&stage, 1);
	assert_int_equal(stage_wish_now(&stage, id, WISH_RETRY), WISH_GRANTED);
	stage_run(&stage);
	stage_check_active(&stage, id, UID);
	assert_int_equal(stage_wish_now(&stage, id, WISH_RETRY), WISH_CONFLICT);
	free(id);
	stage_end(&stage);
}

/* A directory that shows nobody any more is in trouble: it is asked again, and nobody is lost. */
static void
test_everybody_hidden(void **state)
{
	struct registration *registration;
	struct stage stage;
	char *id;

	stage_begin(&stage);
	id = stage_register(&stage, 1);
	stage_run_to(&stage, id, STATE_PENDING);
	stage_remove_person(&stage, 1);
	for (int i = 0; i < 20; i++)
		stage_wait(&stage, 120000);
	registration = stage_find(&stage, id);
	assert_int_equal(registration->state, STATE_PENDING);
	assert_non_null(strstr(registration->detail, "access rules"));
	assert_true(registration->attempts > 3);
	registration_free(&registration);
	stage_put_person(&stage, 1);
	stage_run(&stage);
	stage_check_active(&stage, id, UID);
	free(id);
	stage_end(&stage);
}

static void
test_personnel_conflict(void **state)
{
	struct stage stage;
	char *id;

	stage_begin(&stage);
	fake_dir_put(stage.fakes[TO_PERSONNEL(1)], "cn=another," PERSONNEL, "objectClass",
	    "musterPersonnelRecord", "cn", "another", "personnelId", "900000001", "sn", "Roe",
	    "birthDate", "1980-02-29", "personnelCategory", "da-civilian", "personnelStatus",
	    "current", NULL);
	fake_dir_remove(stage.fakes[TO_PERSONNEL(1)], "cn=record 1," PERSONNEL);
	id = stage_register(&stage, 1);
	stage_run(&stage);
	check_failed(&stage, id, "prove-identity");
	check_detail(&stage, id, "cn=record 1," PERSONNEL);
	check_detail(&stage, id, "cn=another," PERSONNEL);
	assert_int_equal(fake_dir_asked(stage.fakes[TO_ACCOUNTS]), 0);
	fake_dir_remove(stage.fakes[TO_PERSONNEL(1)], "cn=another," PERSONNEL);
	stage_put_person(&stage, 1);
	assert_int_equal(stage_wish_now(&stage, id, WISH_RETRY), WISH_GRANTED);
	stage_run(&stage);
	stage_check_active(&stage, id, UID);
	free(id);
	stage_end(&stage);
}

static void
test_cancel_failed(void **state)
{
	struct stage stage;
	char *id;

	stage_begin(&stage);
	stage_put_person(&stage, 2); /* the directory shows somebody still */
	id = stage_register(&stage, 1);
	stage_run_to(&stage, id, STATE_PENDING);
	stage_remove_person(&stage, 1);
	stage_run(&stage);
	check_failed(&stage, id, "recheck-record");
	assert_int_equal(stage_wish_now(&stage, id, WISH_CANCEL), WISH_GRANTED);
	stage_run(&stage);
	stage_check_gone(&stage, id, STATE_CANCELLED, NULL);
	free(id);
	stage_end(&stage);
}

static void
test_unknown_step(void **state)
{
	struct registration *registration = stage_application(1);
	struct stage stage;
	char *id;

	stage_begin(&stage);
	mem_set_text(&registration->step, "step-of-another-version");
	id = stage_append(&stage, registration);
	stage_run(&stage);
	check_failed(&stage, id, "step-of-another-version");
	assert_int_equal(stage.asks, 0);
	free(id);
	stage_end(&stage);
}

static struct dir *refusing;

static void
on_ask_invalid(struct stage *stage, struct dir *fake, const struct question *question)
{
	if (stage->asks != *(int *)stage->test)
		return;
	refusing = fake;
	fake_dir_fail_next(fake, REPLY_INVALID);
}

/* The directory says that an entry will never do: tried again on a person's word, or by itself. */
static void
test_invalid_everywhere(void **state)
{
	int failed = 0, k = 0;

	do {
		struct registration *registration;
		struct stage stage;
		char *id;

		k++;
		stage_begin(&stage);
		refusing = NULL;
		stage.test = &k;
		stage.on_ask = on_ask_invalid;
		id = stage_register(&stage, 1);
		stage_run(&stage);
		registration = stage_find(&stage, id);
		if (registration->state == STATE_FAILED) {
			failed++;
			assert_int_equal(stage_wish_now(&stage, id, WISH_RETRY), WISH_GRANTED);
			stage_run(&stage);
		}
		registration_free(&registration);
		stage_check_active(&stage, id, UID);
		free(id);
		stage_end(&stage);
	} while (k < MOST && refusing != NULL);
	assert_in_range(k, 8, MOST - 1);
	assert_true(failed >= 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_person_twice),
	    cmocka_unit_test(test_one_person_ten_times),
	    cmocka_unit_test(test_namesakes),
	    cmocka_unit_test(test_not_verified),
	    cmocka_unit_test(test_unknown_person),
	    cmocka_unit_test(test_lapsed_before_due),
	    cmocka_unit_test(test_half_lapsed),
	    cmocka_unit_test(test_records_gone_and_back),
	    cmocka_unit_test(test_everybody_hidden),
	    cmocka_unit_test(test_personnel_conflict),
	    cmocka_unit_test(test_cancel_failed),
	    cmocka_unit_test(test_unknown_step),
	    cmocka_unit_test(test_invalid_everywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
