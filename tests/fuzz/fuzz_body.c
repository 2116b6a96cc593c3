/*
 * The JSON bodies that the APIs take, from the bytes on. The first byte says of which call, and
 * under which rules. What would be written to the journal is not; the calls there are wrapped.
 */
#include <stdlib.h>
#include <string.h>

#include "admin/admin_internal.h"
#include "base/err.h"
#include "base/keyring.h"
#include "base/mem.h"
#include "base/secret.h"
#include "budget/budget.h"
#include "fuzz.h"
#include "http/http_internal.h"
#include "journal/journal.h"
#include "model/application.h"
#include "model/faults.h"
#include "model/registration_json.h"
#include "model/submission_json.h"
#include "pipeline/step.h"

enum call { CALL_REGISTER, CALL_CHECK, CALL_UNLOCK, CALL_COUNT };

static struct http http;

/* As request.c makes one, of a client that has gone: answers are made, and go nowhere. */
static struct http_request *
request_of(const char *body, size_t size)
{
	struct http_request *request = mem_new(sizeof(*request));

	request->http = &http;
	request->link = &http.requests;
	http.requests = request;
	request->body = mem_new(size + 1);
	memcpy(request->body, body, size);
	request->body_size = size;
	return request;
}

/* ---- what the handlers of the admin API lead to ---- */

int __wrap_budget_unlock(struct budget *budget, const char *person_key, struct budget_look *was_out,
    budget_done_fn *done, void *arg);
int
__wrap_budget_unlock(struct budget *budget, const char *person_key, struct budget_look *was_out,
    budget_done_fn *done, void *arg)
{
	FUZZ_MUST(strlen(person_key) == KEYRING_HMAC_SIZE - 1);
	return -1;
}

struct registration *__wrap_journal_find(struct journal *journal, const char *id);
struct registration *
__wrap_journal_find(struct journal *journal, const char *id)
{
	FUZZ_MUST(text_is_uuid(id));
	return NULL;
}

struct registration *__wrap_journal_find_uid(struct journal *journal, const char *uid);
struct registration *
__wrap_journal_find_uid(struct journal *journal, const char *uid)
{
	return NULL;
}

bool __wrap_journal_has_misread(const struct journal *journal);
bool
__wrap_journal_has_misread(const struct journal *journal)
{
	return false;
}

int __wrap_journal_begin(
    struct journal *journal, enum journal_task task, const char *path, struct err *err);
int
__wrap_journal_begin(
    struct journal *journal, enum journal_task task, const char *path, struct err *err)
{
	FUZZ_MUST(path[0] == '/' && path[strlen(path) - 1] != '/' && !fuzz_has_control(path));
	return err_set(err, ERR_BUSY, "not here");
}

/* ---- the public API ---- */

static struct submission_rules
rules_of(unsigned choice)
{
	static char first[] = "first-car", second[] = "first-pet";
	static char common[] = "correcthorsebattery", digits[] = "012345678901234";
	static char *pool[] = {first, second, NULL}, *blocklist[] = {digits, common};

	return (struct submission_rules){
	    .agreement_version = "2026-01",
	    .password_min = choice & 1 ? 1 : 15,
	    .password_max = 128,
	    .blocklist = choice & 2 ? NULL : blocklist,
	    .blocklist_count = choice & 2 ? 0 : 2,
	    .password_may_hold_name = (choice & 4) != 0,
	    .question_count = choice & 8 ? 0 : 3,
	    .pool = pool,
	    .own_questions = (choice & 16) == 0,
	    .answer_min = 2,
	    .answer_max = 64,
	};
}

static void
check_faults(const struct faults *faults)
{
	FUZZ_MUST(faults->count <= FAULTS_MOST);
	for (size_t i = 0; i < faults->count; i++) {
		const struct fault *fault = &faults->items[i];

		FUZZ_MUST(*fault->pointer == '\0' || *fault->pointer == '/');
		FUZZ_MUST(fuzz_is_utf8(fault->pointer));
		FUZZ_MUST(*fault->code != '\0');
	}
}

static void
check_identity(const struct application *application)
{
	const char *digits = application->identifier.digits;

	FUZZ_MUST(strlen(digits) == IDENTIFIER_DIGITS && strspn(digits, "0123456789") == 9);
	FUZZ_MUST(date_is_set(&application->birth_date));
}

/* What is good is as its rows say, and comes out of the journal as it went in. */
static void
check_submission(const struct submission *submission, const struct submission_rules *rules)
{
	const struct application *application = submission->application;
	struct application *back;
	struct err err = {0};
	char *text, *again;

	check_identity(application);
	FUZZ_MUST(name_is_part(application->legal_name.family));
	FUZZ_MUST(strpbrk(application->external_mail, "\r\n \t<>,;:\"()") == NULL);
	FUZZ_MUST(secret_size(submission->password) >= (size_t)rules->password_min);
	FUZZ_MUST(fuzz_is_utf8(secret_text(submission->password)));
	FUZZ_MUST((submission->answers != NULL) == (rules->question_count > 0));
	text = application_encode(application);
	back = application_decode(text, strlen(text), &err);
	FUZZ_MUST(back != NULL);
	again = application_encode(back);
	FUZZ_MUST(strcmp(text, again) == 0);
	application_free(&back);
	free(text);
	free(again);
}

static void
read_registration(const json_t *body, unsigned choice, struct faults *faults)
{
	struct submission_rules rules = rules_of(choice);
	struct submission submission;

	submission_parse(body, &rules, &submission, faults);
	if (faults->count == 0)
		check_submission(&submission, &rules);
	submission_fini(&submission);
}

static void
read_check(const json_t *body, struct faults *faults)
{
	struct application *application = application_new();

	submission_parse_check(body, application, faults);
	if (faults->count == 0)
		check_identity(application);
	application_free(&application);
}

static void
read_public(struct http_request *request, enum call call, unsigned choice)
{
	struct faults faults = {0};
	json_t *body = http_json(request);

	if (body == NULL)
		return;
	if (submission_check_document(body) != 0) {
		http_reply_problem(request, "malformed", NULL);
	} else {
		if (call == CALL_REGISTER)
			read_registration(body, choice, &faults);
		else
			read_check(body, &faults);
		check_faults(&faults);
		http_reply_faults(request, &faults);
		faults_fini(&faults);
	}
	json_decref(body);
}

static struct admin *
admin_of_test(void)
{
	static const char key[] =
	    "test 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";
	static struct site site;
	static struct admin admin = {.parts.site = &site};
	char path[FUZZ_PATH_SIZE];

	if (site.person_keys == NULL) {
		fuzz_file(key, strlen(key), path);
		site.person_keys = keyring_open(path, false, NULL);
		FUZZ_MUST(site.person_keys != NULL);
	}
	return &admin;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz fuzz = {bytes, size};
	unsigned choice = fuzz_byte(&fuzz);
	enum call call = choice % CALL_COUNT;
	struct http_request *request = request_of((const char *)fuzz.bytes, fuzz.size);

	if (call == CALL_UNLOCK)
		admin_on_unlock(request, admin_of_test());
	else
		read_public(request, call, choice / CALL_COUNT);
	FUZZ_MUST(http.requests == NULL);
	return 0;
}
