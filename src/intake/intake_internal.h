/*
 * Inside the intake: submissions that are being hashed, and requests that wait for a verdict.
 * submit.c brings a registration into the journal, answer.c says what came of it, read.c has the
 * handlers that only look, check.c the identity check.
 */
#ifndef INTAKE_INTAKE_INTERNAL_H
#define INTAKE_INTAKE_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "budget/budget.h"
#include "conf/conf.h"
#include "intake/intake.h"
#include "model/registration.h"
#include "model/registration_json.h"
#include "model/submission_json.h"
#include "pipeline/driver.h"
#include "pipeline/step.h"

enum submit_phase {
	SUBMIT_CHECKING, /* the smart card */
	SUBMIT_HASHING,
	SUBMIT_APPENDING,
	SUBMIT_WAITING, /* for the verdict: the driver has it, id says which */
	SUBMIT_REFUSED, /* the refusal waits for its beat */
};

/*
 * A submission and the requests that wait for what comes of it: more than one where the same
 * Idempotency-Key came again meanwhile.
 */
struct submit {
	struct intake *intake;
	enum submit_phase phase;
	char id[UUID_SIZE];
	char key_mac[KEYRING_HMAC_SIZE], body_mac[KEYRING_HMAC_SIZE];
	struct budget_keys keys;
	char *portal;
	struct registration *registration; /* until the driver has it */
	struct submission submission;      /* while the smart card is checked */
	int64_t came_at;                   /* clock_boot */
	struct http_request **requests;
	size_t request_count;
	struct driver_listener *listener;
	struct loop_timer *timer; /* the verdict has not come; or the beat of a refusal */
	struct submit *before, *after;
};

/* A request that waits for a registration to be withdrawn, or streams what happens to one. */
struct follow {
	struct intake *intake;
	struct http_request *request;
	char id[UUID_SIZE];
	struct driver_listener *listener;
	struct loop_timer *timer;
	bool wishing; /* the driver has a wish of it, and calls back: not to be freed */
	bool streams;
	char *last; /* the event sent last */
	struct follow *before, *after;
};

/* An identity check in progress. */
struct check {
	struct intake *intake;
	struct http_request *request;
	struct application *application;
	int64_t came_at;
	json_t *answer;
	struct budget_keys keys;
	bool asking; /* a directory has a question of it, or the budget a failure */
	struct loop_timer *timer;
	struct check *before, *after;
};

struct intake {
	struct intake_parts parts;
	bool draining;
	struct driver_listener *listener; /* to every registration: some end refused */
	struct submit *submits;
	struct follow *follows;
	struct check *checks;
};

static inline const struct conf *
intake_conf(const struct intake *intake)
{
	return intake->parts.site->conf;
}

struct lateness intake_lateness(const struct intake *intake);
/* Milliseconds until the next beat on which refusals are answered. */
int64_t intake_beat(const struct intake *intake, int64_t came_at);

/* answer.c */
void submit_wait(struct submit *submit); /* for the driver's verdict, or its time */
void submit_answer(struct submit *submit, const struct registration *registration);
void submit_problem(struct submit *submit, const char *name, const char *detail);
void submit_free(struct submit *submit);
/* What a registration's POST is answered, again and again: status, and the body (caller frees). */
char *answer_text(
    const struct intake *intake, const struct registration *registration, int *status_out);
/* True where the budget of failures is used up: the request was answered. */
bool answer_over_budget(
    struct intake *intake, struct http_request *request, const struct budget_keys *keys);
void answer_request(struct http_request *request, int status, const char *id, const char *body);

/* read.c */
void intake_on_get(struct http_request *request, void *context);
void intake_on_delete(struct http_request *request, void *context);
void intake_on_events(struct http_request *request, void *context);
void follow_let_go(struct follow *follow); /* answers or ends the stream, and may free it */
void follow_free(struct follow *follow);

/* policy.c */
void intake_on_policy(struct http_request *request, void *context);
void intake_on_health(struct http_request *request, void *context);
void intake_on_ready(struct http_request *request, void *context);

/* check.c */
void intake_on_check(struct http_request *request, void *context);
void check_let_go(struct check *check); /* answers 'unavailable'; it ends by itself */
void check_free(struct check *check);

#endif
