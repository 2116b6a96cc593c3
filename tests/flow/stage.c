#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/instant.h"
#include "base/keyring.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "budget/budget.h"
#include "fake_clock.h"
#include "fake_dir.h"
#include "journal/journal.h"
#include "model/application.h"
#include "musterd/plan.h"
#include "pipeline/timekeeper.h"
#include "stage.h"

#define TURNS_MOST 20000
#define ROUNDS_MOST 1000
#define START INT64_C(1790000000123)
#define SECRET_HASH "{CRYPT}$y$j9T$a-test-hash"

static const char *const directory_names[DIRECTORIES] = {
    "accounts", "personnel/army", "personnel/civilians"};

static struct conf_category categories[] = {
    {.id = "da-civilian",
	.label = "DA Civilian",
	.persona = "civ",
	.precedence = 50,
	.activation_delay = -1},
    {.id = "army-retired",
	.label = "Army Retired",
	.persona = "ret",
	.precedence = 60,
	.activation_delay = -1},
};

static char *current_values[] = {"current", NULL};

static void
stage_configure(struct stage *stage)
{
	static char *const names[SOURCES] = {"army", "civilians"};
	struct conf *conf = &stage->conf;

	for (size_t i = 0; i < SOURCES; i++)
		stage->personnel[i] = (struct conf_personnel){
		    .name = names[i],
		    .base = PERSONNEL,
		    .filter = "(objectClass=musterPersonnelRecord)",
		    .date_form = DATE_ANY,
		    .attributes = {.identifier = "personnelId",
			.birth_date = "birthDate",
			.pay_entry_base_date = "payEntryBaseDate",
			.given_name = "givenName",
			.middle_name = "middleName",
			.family_name = "sn",
			.suffix = "generationQualifier",
			.edipi = "edipi",
			.category = "personnelCategory",
			.status = "personnelStatus",
			.o = "o",
			.ou = "ou",
			.title = "title"},
		    .current_values = current_values,
		};
	conf->personnel = stage->personnel;
	conf->personnel_count = SOURCES;
	conf->categories = categories;
	conf->category_count = sizeof(categories) / sizeof(categories[0]);
	conf->accounts.directory.operation_timeout = 10000;
	conf->accounts.base = PEOPLE;
	conf->accounts.claims_base = CLAIMS;
	conf->accounts.uid_template = "{given}.{mi}.{sn}";
	conf->accounts.mail_domain = "mail.example.mil";
	conf->accounts.organization = "";
	conf->identity.failures_in_row = 3;
	conf->identity.failures_ever = 10;
	conf->identity.lock = DELAY;
	conf->identity.spray_failures = 20;
	conf->identity.spray_window = 4 * DELAY;
	conf->activation.delay = DELAY;
	conf->journal.engine = "sqlite";
	conf->journal.path = stage->journal_path;
	conf->limits.in_flight = 64;
	stage->site.conf = conf;
}

/* ---- what the directories are asked, and what the driver says ---- */

/* fake_dir_on_ask has one argument: it is the directory. */
static struct stage *watching;

static bool
question_activates(const struct question *question)
{
	for (size_t i = 0; question->kind == QUESTION_MODIFY && i < question->change_count; i++)
		if (question->changes[i].kind == CHANGE_ADD &&
		    strcmp(question->changes[i].attribute, "musterAccountStatus") == 0 &&
		    strcmp(question->changes[i].values[0], "active") == 0)
			return true;
	return false;
}

static void
stage_on_ask(const struct question *question, void *arg)
{
	struct stage *stage = watching;
	struct dir *fake = arg;
	const char *status = fake_dir_value(fake, question->dn, "musterAccountStatus");
	const char *time = fake_dir_value(fake, question->dn, "musterActivationTime");
	int64_t due;

	if (question_activates(question) && time != NULL &&
	    (instant_read_generalized(time, &due) != 0 || clock_now() + stage->off < due))
		stage->early = true;
	if (question->kind == QUESTION_DELETE && status != NULL && strcmp(status, "active") == 0)
		stage->harmed = true;
	stage->asks++;
	if (stage->on_ask != NULL)
		stage->on_ask(stage, fake, question);
}

void
stage_die(struct stage *stage)
{
	stage->crashing = true;
	for (int i = 0; stage->crash == CRASH_BEFORE_ASKING && i < DIRECTORIES; i++)
		fake_dir_set_up(stage->fakes[i], false);
}

static void
stage_heard(struct stage *stage)
{
	if (++stage->changes == stage->crash_at)
		stage_die(stage);
}

static void
stage_on_change(const struct registration *registration, struct driver_news news, void *arg)
{
	struct stage *stage = arg;

	if (stage->crashing)
		return;
	stage_heard(stage);
	if (!stage->crashing && stage->on_change != NULL)
		stage->on_change(stage, registration, news.rests);
}

static void
stage_on_directory(struct dir *dir, bool up, void *arg)
{
	struct stage *stage = arg;

	if (up)
		driver_directory_is_up(stage->driver, dir_name(dir));
}

/* ---- lives ---- */

void
stage_open(struct stage *stage)
{
	struct err err = {0};

	stage->loop = loop_new(&err);
	assert_non_null(stage->loop);
	stage->journal_keys = keyring_open(stage->journal_key, true, &err);
	stage->person_keys = keyring_open(stage->person_key, true, &err);
	stage->journal = journal_open(stage->loop, &stage->conf.journal, stage->journal_keys, &err);
	assert_string_equal(err.text, "");
	stage->timekeeper = timekeeper_open(stage->loop, stage->journal, &stage->conf, &err);
	assert_non_null(stage->timekeeper);
	stage->site.person_keys = stage->person_keys;
	stage->site.budget = budget_new(stage->loop, stage->journal, &stage->site.conf, NULL);
	for (int i = 0; i < DIRECTORIES; i++) {
		stage->directories[i] = dir_open(stage->loop, directory_names[i], NULL, &err);
		assert_non_null(stage->directories[i]);
		dir_on_change(stage->directories[i], stage_on_directory, stage);
	}
	stage->driver = driver_new(stage->loop, stage->journal, plan, &stage->site,
	    stage->directories, stage->conf.limits.in_flight);
	driver_listen(stage->driver, NULL, stage_on_change, stage);
	timekeeper_start(stage->timekeeper, stage->driver);
	driver_start(stage->driver);
}

void
stage_crash(struct stage *stage)
{
	driver_stop(stage->driver);
	for (int i = 0; i < DIRECTORIES; i++)
		dir_close(&stage->directories[i]);
	/* What is called back finds a driver that has stopped, and just lets go. */
	journal_close(&stage->journal);
	timekeeper_close(&stage->timekeeper);
	budget_free(&stage->site.budget);
	driver_free(&stage->driver);
	loop_free(&stage->loop);
	keyring_free(&stage->journal_keys);
	keyring_free(&stage->person_keys);
	stage->crashing = false;
}

void
stage_begin(struct stage *stage)
{
	memset(stage, 0, sizeof(*stage));
	fake_dir_forget_all(); /* of a test that failed */
	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	fake_clock_set(START);
	snprintf(stage->folder, sizeof(stage->folder), "/tmp/test_flow.XXXXXX");
	assert_non_null(mkdtemp(stage->folder));
	stage->journal_path = mem_format("%s/journal", stage->folder);
	stage->journal_key = mem_format("%s/journal.key", stage->folder);
	stage->person_key = mem_format("%s/person.key", stage->folder);
	stage_configure(stage);
	watching = stage;
	for (int i = 0; i < DIRECTORIES; i++) {
		stage->fakes[i] = fake_dir_named(directory_names[i]);
		fake_dir_on_ask(stage->fakes[i], stage_on_ask, stage->fakes[i]);
	}
	stage_put_person(stage, 1);
	stage_open(stage);
}

static void
stage_remove_folder(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;

	assert_non_null(folder);
	while ((entry = readdir(folder)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			unlinkat(dirfd(folder), entry->d_name, 0);
	closedir(folder);
	assert_int_equal(rmdir(path), 0);
}

void
stage_end(struct stage *stage)
{
	stage_crash(stage);
	fake_dir_forget_all();
	stage_remove_folder(stage->folder);
	mem_free_text(&stage->journal_path);
	mem_free_text(&stage->journal_key);
	mem_free_text(&stage->person_key);
	assert_false(stage->early);
	assert_false(stage->harmed);
}

/* ---- people ---- */

static char *
stage_record_dn(int number)
{
	return mem_format("cn=record %d," PERSONNEL, number);
}

void
stage_put_person(struct stage *stage, int number)
{
	static const char *const records[SOURCES] = {"army-retired", "da-civilian"};
	char *dn = stage_record_dn(number), *cn = mem_format("record %d", number);
	char *identifier = mem_format("900%06d", number);

	for (size_t i = 0; i < SOURCES; i++)
		fake_dir_put(stage->fakes[TO_PERSONNEL(i)], dn, "objectClass",
		    "musterPersonnelRecord", "cn", cn, "personnelId", identifier, "birthDate",
		    "1980-02-29", "payEntryBaseDate", "2001-06-15", "givenName", "John",
		    "middleName", "Quincy", "sn", "Doe", "personnelCategory", records[i],
		    "personnelStatus", "current", NULL);
	free(dn);
	free(cn);
	free(identifier);
}

void
stage_set(struct stage *stage, int number, size_t source, const char *attribute, const char *value)
{
	char *dn = stage_record_dn(number);

	fake_dir_set(stage->fakes[TO_PERSONNEL(source)], dn, attribute, value);
	free(dn);
}

void
stage_remove_person(struct stage *stage, int number)
{
	char *dn = stage_record_dn(number);

	for (size_t i = 0; i < SOURCES; i++)
		fake_dir_remove(stage->fakes[TO_PERSONNEL(i)], dn);
	free(dn);
}

struct registration *
stage_application(int number)
{
	struct registration *registration = registration_new();
	struct application *application = application_new();
	char *digits = mem_format("900%06d", number);

	assert_int_equal(identifier_parse(IDENTIFIER_SSN, digits, &application->identifier), 0);
	free(digits);
	application->birth_date = (struct date){1980, 2, 29};
	application->pay_entry_base_date = (struct date){2001, 6, 15};
	application->legal_name = (struct name){
	    .given = mem_text("John"), .middle = mem_text("Quincy"), .family = mem_text("Doe")};
	application->external_mail = mem_text("jd@example.org");
	application->phone = mem_text("+1 555 0100");
	application->postal_address = mem_text("1 Main Street");
	application->password_hash = mem_text(SECRET_HASH);
	application->answers_hash = mem_text("{CRYPT}$y$j9T$an-answer-hash");
	application->questions[0] = mem_text("first-car");
	text_uuid(clock_now(), registration->id);
	registration->portal = mem_text("webmail");
	registration->state = STATE_RECEIVED;
	registration->step = mem_text(plan[0].name);
	registration->created_at = registration->due_at = clock_now();
	registration->application = application;
	return registration;
}

static void
stage_on_appended(enum journal_result result, const char *id, void *arg)
{
	struct stage *stage = arg;

	assert_int_equal(result, JOURNAL_DONE);
	stage_heard(stage);
	if (!stage->crashing)
		driver_take(stage->driver, journal_find(stage->journal, id));
}

char *
stage_append(struct stage *stage, struct registration *registration)
{
	static const struct journal_note note = {"submit", "received"};
	char *id = mem_text(registration->id);

	journal_append(stage->journal, registration, &note, stage_on_appended, stage);
	registration_free(&registration);
	return id;
}

char *
stage_register(struct stage *stage, int number)
{
	return stage_append(stage, stage_application(number));
}

/* ---- time ---- */

/* What a directory keeps back counts as nothing to wait for. */
static bool
stage_is_quiet(const struct stage *stage)
{
	size_t held = 0;

	for (int i = 0; i < DIRECTORIES; i++) {
		if (dir_depth(stage->fakes[i]) > fake_dir_held(stage->fakes[i]))
			return false;
		held += fake_dir_held(stage->fakes[i]);
	}
	return !stage->crashing && driver_in_flight(stage->driver) <= held &&
	       journal_depth(stage->journal) == 0;
}

static void
stage_come_back(struct stage *stage)
{
	stage_crash(stage);
	stage->crashes++;
	if (stage->on_death != NULL)
		stage->on_death(stage);
	if (stage->crash_always)
		stage->crash_at = stage->changes + 1;
	for (int i = 0; stage->crash == CRASH_BEFORE_ASKING && i < DIRECTORIES; i++)
		fake_dir_set_up(stage->fakes[i], true);
	stage_open(stage);
}

/* Quiet for a few turns on end: a post that waits makes work of its own. */
void
stage_settle(struct stage *stage)
{
	int quiet = 0;

	for (int turns = 0; quiet < 4; turns++) {
		assert_true(turns < TURNS_MOST);
		loop_turn(stage->loop, stage_is_quiet(stage) ? 0 : 20);
		quiet = stage_is_quiet(stage) ? quiet + 1 : 0;
		if (stage->crashing)
			stage_come_back(stage);
	}
}

void
stage_wait(struct stage *stage, int64_t milliseconds)
{
	fake_clock_add(milliseconds);
	driver_wake(stage->driver);
	stage_settle(stage);
}

/* False where nothing waits for a time any more. */
static bool
stage_go_on(struct stage *stage)
{
	char ids[1][UUID_SIZE];
	int64_t now = clock_now(), next;

	if (journal_due(stage->journal, now, ids, 1) > 0) {
		fake_clock_add(1000);
	} else {
		next = journal_next_due(stage->journal, now);
		if (next == 0)
			return false;
		fake_clock_add(next - now);
	}
	driver_wake(stage->driver);
	return true;
}

void
stage_run(struct stage *stage)
{
	int rounds = 0;

	do {
		assert_true(rounds++ < ROUNDS_MOST);
		stage_settle(stage);
	} while (stage_go_on(stage));
}

void
stage_run_to(struct stage *stage, const char *id, enum registration_state state)
{
	bool there = false;

	for (int rounds = 0; rounds < ROUNDS_MOST && !there; rounds++) {
		struct registration *registration;

		stage_settle(stage);
		registration = stage_find(stage, id);
		there = registration->state == state;
		registration_free(&registration);
		if (!there && !stage_go_on(stage))
			break;
	}
	stage_check_state(stage, id, state);
}

/* ---- wishes and checks ---- */

static void
stage_on_wish(
    enum wish_result result, const struct registration *registration, const char *why, void *arg)
{
	struct answer *answer = arg;

	answer->calls++;
	answer->result = result;
	snprintf(answer->why, sizeof(answer->why), "%s", why != NULL ? why : "");
	assert_true((registration == NULL) == (result == WISH_NOT_FOUND));
	assert_true((why == NULL) == (result == WISH_GRANTED || result == WISH_NOT_FOUND));
}

void
stage_wish(struct stage *stage, const char *id, enum wish wish, struct answer *answer)
{
	driver_wish(stage->driver, id, wish, stage_on_wish, answer);
}

enum wish_result
stage_wish_now(struct stage *stage, const char *id, enum wish wish)
{
	struct answer answer = {0};

	stage_wish(stage, id, wish, &answer);
	stage_settle(stage);
	assert_int_equal(answer.calls, 1);
	return answer.result;
}

struct registration *
stage_find(struct stage *stage, const char *id)
{
	struct registration *registration = journal_find(stage->journal, id);

	assert_non_null(registration);
	return registration;
}

void
stage_check_state(struct stage *stage, const char *id, enum registration_state state)
{
	struct registration *registration = stage_find(stage, id);

	assert_string_equal(
	    registration_state_name(registration->state), registration_state_name(state));
	registration_free(&registration);
}

size_t
stage_accounts(struct stage *stage)
{
	return fake_dir_count(stage->fakes[TO_ACCOUNTS], PEOPLE, "(objectClass=musterAccount)");
}

size_t
stage_claims(struct stage *stage)
{
	return fake_dir_count(stage->fakes[TO_ACCOUNTS], CLAIMS, "(objectClass=musterClaim)");
}

static size_t
stage_count_of(struct stage *stage, const char *base, const char *id)
{
	char *filter = filter_equals("musterRegistrationId", id);
	size_t count = fake_dir_count(stage->fakes[TO_ACCOUNTS], base, filter);

	free(filter);
	return count;
}

static void
stage_check_entry(struct stage *stage, const char *id, const char *uid)
{
	char *dn = dn_make("uid", uid, PEOPLE);
	const struct entry *entry = fake_dir_entry(stage->fakes[TO_ACCOUNTS], dn);

	assert_non_null(entry);
	assert_string_equal(entry_value(entry, "musterRegistrationId"), id);
	assert_string_equal(entry_value(entry, "musterAccountStatus"), "active");
	assert_string_equal(entry_value(entry, "userPassword"), SECRET_HASH);
	assert_null(entry_value(entry, "musterPendingPassword"));
	assert_null(entry_value(entry, "musterActivationTime"));
	assert_non_null(entry_value(entry, "musterActivatedAt"));
	assert_int_equal(stage_count_of(stage, PEOPLE, id), 1);
	assert_int_equal(stage_count_of(stage, CLAIMS, id), 1);
	free(dn);
}

void
stage_check_active(struct stage *stage, const char *id, const char *uid)
{
	struct registration *registration = stage_find(stage, id);

	assert_string_equal(registration_state_name(registration->state), "active");
	assert_string_equal(registration->step, STEP_DONE);
	assert_null(registration->application);
	assert_null(registration->detail);
	assert_null(registration->reason);
	assert_null(registration->waits_for);
	assert_int_equal(registration->due_at, 0);
	assert_non_null(registration->uid);
	if (uid != NULL)
		assert_string_equal(registration->uid, uid);
	assert_true(registration->activated_at >= registration->activates_at);
	assert_int_equal(mem_texts_count(registration->categories), 2);
	stage_check_entry(stage, id, registration->uid);
	registration_free(&registration);
	assert_false(stage->early);
}

void
stage_check_gone(
    struct stage *stage, const char *id, enum registration_state state, const char *reason)
{
	struct registration *registration = stage_find(stage, id);

	assert_string_equal(
	    registration_state_name(registration->state), registration_state_name(state));
	assert_string_equal(registration->step, STEP_DONE);
	assert_null(registration->application);
	assert_int_equal(registration->due_at, 0);
	if (reason == NULL)
		assert_null(registration->reason);
	else
		assert_string_equal(registration->reason, reason);
	assert_int_equal(stage_count_of(stage, PEOPLE, id), 0);
	assert_int_equal(stage_count_of(stage, CLAIMS, id), 0);
	registration_free(&registration);
}
