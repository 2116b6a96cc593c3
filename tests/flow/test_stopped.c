/* A directory that says the same to everybody is left alone, and asked again by one at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fake_dir.h"
#include "journal/journal.h"
#include "stage.h"

#define MANY 40

/* What is said to each question of one kind, while it lasts. */
struct trouble {
	enum question_kind kind;
	enum reply_kind reply;
	const char *of; /* only of an entry with this registration's id; NULL: of all */
	bool lasts;
	int asked; /* while it lasted */
};

static bool
is_of(const struct question *question, const char *id)
{
	for (size_t i = 0; i < question->change_count; i++)
		if (strcmp(question->changes[i].attribute, "musterRegistrationId") == 0 &&
		    strcmp(question->changes[i].values[0], id) == 0)
			return true;
	return false;
}

static bool
is_to_people(const struct question *question)
{
	return strstr(question->dn, PEOPLE) != NULL;
}

static void
on_ask(struct stage *stage, struct dir *fake, const struct question *question)
{
	struct trouble *trouble = stage->test;

	if (!trouble->lasts || question->kind != trouble->kind || !is_to_people(question) ||
	    (trouble->of != NULL && !is_of(question, trouble->of)))
		return;
	trouble->asked++;
	fake_dir_fail_next(fake, trouble->reply);
}

static void
register_many(struct stage *stage, char *ids[MANY])
{
	for (int i = 0; i < MANY; i++) {
		stage_put_person(stage, i + 1);
		ids[i] = stage_register(stage, i + 1);
	}
	stage_settle(stage);
}

static size_t
count_state(struct stage *stage, char *const ids[MANY], enum registration_state state)
{
	size_t count = 0;

	for (int i = 0; i < MANY; i++) {
		struct registration *registration = stage_find(stage, ids[i]);

		count += registration->state == state;
		registration_free(&registration);
	}
	return count;
}

static void
check_words(struct stage *stage, const char *part)
{
	char *words = driver_trouble(stage->driver, "accounts");

	if (part == NULL)
		assert_null(words);
	else
		assert_non_null(words);
	if (part != NULL)
		assert_non_null(strstr(words, part));
	mem_free_text(&words);
}

static void
end_many(struct stage *stage, char *ids[MANY])
{
	for (int i = 0; i < MANY; i++) {
		stage_check_active(stage, ids[i], NULL);
		free(ids[i]);
	}
	stage_end(stage);
}

static void
count_line(int64_t at, const char *step, const char *state, const char *what, void *arg)
{
	++*(int *)arg;
}

/* However long it lasts, the timeline tells of it once or twice. */
static void
check_timelines(struct stage *stage, char *const ids[MANY])
{
	for (int i = 0; i < MANY; i++) {
		int lines = 0;

		journal_timeline(stage->journal, ids[i], count_line, &lines);
		assert_in_range(lines, 3, 10);
	}
}

/* Two hours of it cost some hundred questions, however many wait; then all go on at once. */
static void
stop_and_go_on(
    enum question_kind kind, enum reply_kind reply, enum registration_state state, const char *step)
{
	struct trouble trouble = {kind, reply, NULL, true, 0};
	struct stage stage;
	char *ids[MANY];

	stage_begin(&stage);
	stage.test = &trouble;
	stage.on_ask = on_ask;
	register_many(&stage, ids);
	for (int seconds = 0; seconds < 2 * 3600; seconds += 2)
		stage_wait(&stage, 2000);
	assert_int_equal(count_state(&stage, ids, state), MANY);
	assert_in_range(trouble.asked, 300, 1500);
	check_words(&stage, step);
	check_timelines(&stage, ids);
	trouble.lasts = false;
	for (int seconds = 0; seconds < 30; seconds++)
		stage_wait(&stage, 1000);
	assert_int_equal(count_state(&stage, ids, state), 0);
	check_words(&stage, NULL);
	stage_run(&stage);
	end_many(&stage, ids);
}

static void
test_stop_and_go_on(void **state)
{
	stop_and_go_on(QUESTION_ADD, REPLY_DENIED, STATE_VERIFIED, "add-entry: accounts: ");
	stop_and_go_on(QUESTION_ADD, REPLY_NO_BASE, STATE_VERIFIED, "base is missing");
	stop_and_go_on(QUESTION_SEARCH, REPLY_BUSY, STATE_VERIFIED, "busy");
	stop_and_go_on(QUESTION_MODIFY, REPLY_DENIED, STATE_PENDING, "activate: accounts: ");
}

/* What the directory has against one alone is that one's: nobody else waits for it. */
static void
test_one_alone(void **state)
{
	struct trouble trouble = {QUESTION_ADD, REPLY_DENIED, NULL, true, 0};
	struct registration *registration;
	struct stage stage;
	char *id, *ids[MANY];

	stage_begin(&stage);
	stage.test = &trouble;
	stage.on_ask = on_ask;
	stage_put_person(&stage, MANY + 1);
	registration = stage_application(MANY + 1);
	trouble.of = id = mem_text(registration->id);
	free(stage_append(&stage, registration));
	stage_settle(&stage);
	for (int i = 0; i < 20; i++)
		stage_wait(&stage, 1000);
	register_many(&stage, ids);
	assert_int_equal(count_state(&stage, ids, STATE_PENDING), MANY);
	check_words(&stage, NULL);
	registration = stage_find(&stage, id);
	assert_string_equal(registration->waits_for, "accounts");
	assert_non_null(strstr(registration->detail, "lacks the right"));
	registration_free(&registration);
	trouble.lasts = false;
	stage_run(&stage);
	stage_check_active(&stage, id, NULL);
	free(id);
	end_many(&stage, ids);
}

/* One source is in trouble; those who are asked right before it is noticed are told of another. */
static void
on_ask_sources(struct stage *stage, struct dir *fake, const struct question *question)
{
	struct trouble *trouble = stage->test;
	bool is_army = fake == stage->fakes[TO_PERSONNEL(0)];

	if (!trouble->lasts || fake == stage->fakes[TO_ACCOUNTS])
		return;
	trouble->asked += is_army;
	if (is_army == (trouble->asked > 3 && trouble->asked <= MANY))
		fake_dir_fail_next(fake, trouble->reply);
}

/* Whatever they were told themselves, they go on with the others. */
static void
test_two_troubles(void **state)
{
	struct trouble trouble = {QUESTION_SEARCH, REPLY_BUSY, NULL, false, 0};
	struct stage stage;
	char *ids[MANY];

	stage_begin(&stage);
	stage.test = &trouble;
	stage.on_ask = on_ask_sources;
	register_many(&stage, ids);
	trouble.lasts = true;
	stage_wait(&stage, DELAY + 1000);
	for (int i = 0; i < 50; i++)
		stage_wait(&stage, 1000);
	assert_true(trouble.asked > MANY);
	assert_int_equal(count_state(&stage, ids, STATE_PENDING), MANY);
	trouble.lasts = false;
	for (int i = 0; i < 30; i++)
		stage_wait(&stage, 1000);
	assert_int_equal(count_state(&stage, ids, STATE_ACTIVE), MANY);
	end_many(&stage, ids);
}

/* Somebody who has mended it need not wait for the next try. */
static void
test_retry_insists(void **state)
{
	struct trouble trouble = {QUESTION_ADD, REPLY_DENIED, NULL, true, 0};
	struct stage stage;
	char *ids[MANY];

	stage_begin(&stage);
	stage.test = &trouble;
	stage.on_ask = on_ask;
	register_many(&stage, ids);
	for (int i = 0; i < 60; i++)
		stage_wait(&stage, 1000);
	trouble.lasts = false;
	assert_int_equal(stage_wish_now(&stage, ids[MANY - 1], WISH_RETRY), WISH_GRANTED);
	assert_int_equal(count_state(&stage, ids, STATE_PENDING), MANY);
	stage_run(&stage);
	end_many(&stage, ids);
}

/* The try whose turn it was is taken away: another one's turn comes. */
static void
test_the_one_is_cancelled(void **state)
{
	struct trouble trouble = {QUESTION_ADD, REPLY_DENIED, NULL, true, 0};
	struct stage stage;
	char *ids[MANY];

	stage_begin(&stage);
	stage.test = &trouble;
	stage.on_ask = on_ask;
	register_many(&stage, ids);
	for (int i = 0; i < MANY - 1; i++)
		assert_int_equal(stage_wish_now(&stage, ids[i], WISH_CANCEL), WISH_GRANTED);
	trouble.lasts = false;
	stage_run(&stage);
	for (int i = 0; i < MANY - 1; i++) {
		stage_check_gone(&stage, ids[i], STATE_CANCELLED, NULL);
		free(ids[i]);
	}
	stage_check_active(&stage, ids[MANY - 1], NULL);
	free(ids[MANY - 1]);
	stage_end(&stage);
}

/* A directory that comes back, and a start, ask all at once. */
static void
test_up_and_start_open(void **state)
{
	struct trouble trouble = {QUESTION_ADD, REPLY_DENIED, NULL, true, 0};

	for (int crash = 0; crash < 2; crash++) {
		struct stage stage;
		char *ids[MANY];

		trouble.lasts = true;
		stage_begin(&stage);
		stage.test = &trouble;
		stage.on_ask = on_ask;
		register_many(&stage, ids);
		trouble.lasts = false;
		if (crash) {
			stage_crash(&stage);
			stage_open(&stage);
		} else {
			fake_dir_set_up(stage.fakes[TO_ACCOUNTS], false);
			stage_settle(&stage);
			fake_dir_set_up(stage.fakes[TO_ACCOUNTS], true);
		}
		stage_settle(&stage);
		assert_int_equal(count_state(&stage, ids, STATE_PENDING), MANY);
		stage_run(&stage);
		end_many(&stage, ids);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_stop_and_go_on),
	    cmocka_unit_test(test_one_alone),
	    cmocka_unit_test(test_two_troubles),
	    cmocka_unit_test(test_retry_insists),
	    cmocka_unit_test(test_the_one_is_cancelled),
	    cmocka_unit_test(test_up_and_start_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
