/* POST /v1/registrations: from the body to the journal. */
#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/keyring.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/secret.h"
#include "card/card.h"
#include "intake/intake_internal.h"
#include "journal/journal.h"
#include "model/application.h"
#include "model/faults.h"
#include "model/submission_json.h"

#define KEY_MOST 255 /* bytes of an Idempotency-Key */

static void
submit_rules(const struct conf *conf, char **pool, struct submission_rules *rules)
{
	*rules = (struct submission_rules){
	    .agreement_version = conf->agreement.version,
	    .password_min = conf->password.min_length,
	    .password_max = conf->password.max_length,
	    .blocklist = conf->blocklist,
	    .blocklist_count = conf->blocklist_count,
	    .password_may_hold_name = conf->password.may_hold_name,
	    .question_count = conf->security_questions.count,
	    .pool = pool,
	    .own_questions = conf->security_questions.own,
	    .answer_min = conf->security_questions.answer_min,
	    .answer_max = conf->security_questions.answer_max,
	};
}

/* The body checked; false where it was answered with what is wrong. */
static bool
submit_check(struct intake *intake, struct http_request *request, const json_t *body,
    struct submission *submission)
{
	const struct conf *conf = intake_conf(intake);
	struct submission_rules rules;
	struct faults faults = {0};
	char **pool = NULL;

	if (submission_check_document(body) != 0) {
		http_reply_problem(
		    request, "malformed", "nested too deep, or characters that are not allowed");
		return false;
	}
	if (json_object_get(body, "certificate") != NULL &&
	    !http_has_right(request, CONF_RIGHT_ASSERT_CERTIFICATE)) {
		log_warning("portal %s sent a smart card's certificate without the right "
			    "assert-certificate",
		    http_portal(request));
		http_reply_problem(request, "forbidden", "this portal may not send certificates");
		return false;
	}
	for (size_t i = 0; i < conf->security_questions.pool_count; i++)
		mem_texts_add(&pool, conf->security_questions.pool[i].id);
	submit_rules(conf, pool, &rules);
	submission_parse(body, &rules, submission, &faults);
	mem_texts_free(&pool);
	if (faults.count == 0)
		return true;
	submission_fini(submission);
	http_reply_faults(request, &faults);
	faults_fini(&faults);
	return false;
}

/* Keyed hashes of the Idempotency-Key and of the body in its canonical form. */
static int
submit_macs(struct submit *submit, struct http_request *request, const json_t *body)
{
	const char *key = http_header(request, "Idempotency-Key");
	const struct keyring *keys = submit->intake->parts.site->person_keys;
	char *canonical;

	if (key == NULL)
		return 0;
	if (key[0] == '\0' || strlen(key) > KEY_MOST)
		return -1;
	keyring_hmac(keys, "idempotency-key", key, strlen(key), submit->key_mac);
	canonical = json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS);
	if (canonical == NULL)
		err_end("out of memory");
	keyring_hmac(keys, "body", canonical, strlen(canonical), submit->body_mac);
	secret_wipe_text(&canonical);
	return 0;
}

static void
submit_add_request(struct submit *submit, struct http_request *request)
{
	submit->requests =
	    mem_grow(submit->requests, submit->request_count + 1, sizeof(*submit->requests));
	submit->requests[submit->request_count++] = request;
}

/* Before anybody is told. request is NULL at the end of the daemon, which lets go of requests. */
static void
submit_audit(const struct submit *submit, const struct http_request *request, const char *id,
    const char *person, const char *outcome)
{
	struct audit_decision decision = {
	    .event = "registration",
	    .actor = request != NULL ? http_actor(request) : submit->portal,
	    .request = request != NULL ? http_request_id(request) : NULL,
	    .registration = id,
	    .person = person,
	    .outcome = outcome,
	};

	audit_write(submit->intake->parts.site->audit, &decision);
}

/*
 * A key that was used before: true where the request was answered, or joined the submission that is
 * on its way.
 */
static bool
submit_is_known(struct submit *submit, struct http_request *request)
{
	struct intake *intake = submit->intake;
	struct registration *old;
	struct submit *other;
	bool same;
	char *body;
	int status;

	if (submit->key_mac[0] == '\0')
		return false;
	for (other = intake->submits; other != NULL; other = other->after)
		if (other != submit && strcmp(other->key_mac, submit->key_mac) == 0 &&
		    strcmp(other->portal, submit->portal) == 0)
			break;
	if (other != NULL) {
		if (strcmp(other->body_mac, submit->body_mac) == 0)
			submit_add_request(other, request);
		else
			http_reply_problem(request, "idempotency-mismatch", NULL);
		return true;
	}
	old = journal_find_key(
	    intake->parts.journal, submit->portal, submit->key_mac, &status, &body);
	if (journal_has_misread(intake->parts.journal)) {
		http_reply_problem(
		    request, "unavailable", "the journal can't be read there: nothing was kept");
		registration_free(&old);
		mem_free_text(&body);
		return true;
	}
	if (old == NULL)
		return false;
	same = strcmp(old->body_mac, submit->body_mac) == 0;
	if (same && status == 0)
		body = answer_text(intake, old, &status);
	/* The daemon may have been killed before it could tell of the first time. */
	if (same)
		submit_audit(submit, request, old->id, old->person_key, "accepted-before");
	if (same)
		answer_request(request, status, old->id, body);
	else
		http_reply_problem(request, "idempotency-mismatch", NULL);
	mem_free_text(&body);
	registration_free(&old);
	return true;
}

static void
submit_on_appended(enum journal_result result, const char *id, void *arg)
{
	struct submit *submit = arg;
	struct intake *intake = submit->intake;
	struct registration *registration = submit->registration;

	submit->registration = NULL;
	if (result == JOURNAL_DONE) {
		memcpy(submit->id, registration->id, UUID_SIZE);
		submit_audit(submit, submit->request_count > 0 ? submit->requests[0] : NULL, id,
		    submit->keys.person, "accepted");
		submit_wait(submit);
		driver_take(intake->parts.driver, registration);
		return;
	}
	registration_free(&registration);
	if (result == JOURNAL_EXISTS) {
		/* Another daemon on the same journal had the key first. */
		memcpy(submit->id, id, strnlen(id, UUID_SIZE - 1));
		submit_wait(submit);
		return;
	}
	submit_problem(submit, "unavailable", "nothing was kept");
	submit_free(submit);
}

static void
submit_on_hashed(char hashes[][HASH_SIZE], void *arg)
{
	struct submit *submit = arg;
	struct application *application = submit->registration->application;
	struct journal_note note = {"received", "acknowledged"};

	if (submit->request_count == 0) {
		submit_free(submit);
		return;
	}
	application->password_hash = mem_text(hashes[0]);
	if (application->questions[0] != NULL)
		application->answers_hash = mem_text(hashes[1]);
	submit->phase = SUBMIT_APPENDING;
	journal_append(
	    submit->intake->parts.journal, submit->registration, &note, submit_on_appended, submit);
}

static struct registration *
submit_registration(const struct submit *submit, struct submission *submission)
{
	struct registration *registration = registration_new();
	int64_t now = clock_now();

	text_uuid(now, registration->id);
	registration->portal = mem_text(submit->portal);
	memcpy(registration->key_mac, submit->key_mac, sizeof(registration->key_mac));
	memcpy(registration->body_mac, submit->body_mac, sizeof(registration->body_mac));
	memcpy(registration->person_key, submit->keys.person, sizeof(registration->person_key));
	registration->state = STATE_RECEIVED;
	registration->step = mem_text(submit->intake->parts.first_step);
	registration->created_at = now;
	registration->due_at = now;
	registration->application = submission->application;
	submission->application = NULL;
	return registration;
}

static void
submit_hash(struct submit *submit)
{
	struct submission *submission = &submit->submission;
	struct secret *secrets[2] = {submission->password, submission->answers};
	size_t count = submission->answers != NULL ? 2 : 1;

	submission->password = submission->answers = NULL;
	submit->registration = submit_registration(submit, submission);
	submit->phase = SUBMIT_HASHING;
	if (hash_submit(
		submit->intake->parts.hash_pool, secrets, count, submit_on_hashed, submit) != 0) {
		submit_problem(submit, "unavailable", "too much to do: nothing was kept");
		submit_free(submit);
	}
}

/* What the card proves is told to nobody here: the steps judge it together with the records. */
static void
submit_on_card(const struct card_verdict *verdict, void *arg)
{
	struct submit *submit = arg;
	struct shown_card *card = &submit->submission.application->card;

	if (submit->request_count == 0) {
		submit_free(submit);
		return;
	}
	if (verdict->kind == CARD_UNAVAILABLE) {
		log_warning("no smart card can be checked: %s", verdict->why);
		submit_problem(
		    submit, "unavailable", "the card can't be checked: nothing was kept");
		submit_free(submit);
		return;
	}
	card->shown = true;
	memcpy(card->edipi, verdict->edipi, sizeof(card->edipi));
	card->refusal = mem_text(verdict->why);
	submit_hash(submit);
}

static void
submit_begin(struct submit *submit, struct submission *submission)
{
	submit->submission = *submission;
	*submission = (struct submission){0};
	if (submit->submission.certificate == NULL) {
		submit_hash(submit);
		return;
	}
	submit->phase = SUBMIT_CHECKING;
	if (card_submit(submit->intake->parts.card, submit->submission.certificate, submit_on_card,
		submit) != 0) {
		submit_problem(submit, "unavailable", "too much to do: nothing was kept");
		submit_free(submit);
		return;
	}
	secret_wipe_text(&submit->submission.certificate);
}

static struct submit *
submit_new(struct intake *intake, struct http_request *request)
{
	struct submit *submit = mem_new(sizeof(*submit));

	submit->intake = intake;
	submit->portal = mem_text(http_portal(request));
	submit->came_at = clock_boot();
	submit->after = intake->submits;
	if (submit->after != NULL)
		submit->after->before = submit;
	intake->submits = submit;
	return submit;
}

static bool
submit_is_over_budget(
    struct submit *submit, struct http_request *request, const struct submission *submission)
{
	struct intake *intake = submit->intake;

	budget_keys(intake->parts.site->person_keys, submission->application, true, &submit->keys);
	return answer_over_budget(intake, request, &submit->keys);
}

void
intake_on_post(struct http_request *request, void *context)
{
	struct intake *intake = context;
	struct submission submission = {0};
	struct submit *submit;
	json_t *body = http_json(request);

	if (body == NULL)
		return;
	if (!submit_check(intake, request, body, &submission)) {
		json_decref(body);
		return;
	}
	submit = submit_new(intake, request);
	if (submit_macs(submit, request, body) != 0) {
		http_reply_problem(request, "malformed", "Idempotency-Key has 1 to 255 bytes");
		submit_free(submit);
	} else if (submit_is_known(submit, request)) {
		submit_free(submit);
	} else if (intake->draining) {
		http_reply_problem(request, "unavailable", "shutting down: nothing was kept");
		submit_free(submit);
	} else if (journal_trouble(intake->parts.journal) != NULL) {
		http_reply_problem(
		    request, "unavailable", "the journal can't be written: nothing was kept");
		submit_free(submit);
	} else if (audit_trouble(intake->parts.site->audit) != NULL) {
		http_reply_problem(
		    request, "unavailable", "the audit log can't be written: nothing was kept");
		submit_free(submit);
	} else if (submit_is_over_budget(submit, request, &submission)) {
		submit_free(submit);
	} else {
		submit_add_request(submit, request);
		submit_begin(submit, &submission);
	}
	submission_fini(&submission);
	json_decref(body);
}
