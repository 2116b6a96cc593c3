/*
 * POST /v1/identity-checks: the records are looked up and judged without a registration, to fill
 * the portal's form. Names are not asked for, and refusals come on the same beat as a POST's.
 */
#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "dir/dir.h"
#include "dir/question.h"
#include "http/rates.h"
#include "intake/intake_internal.h"
#include "model/application.h"
#include "model/faults.h"
#include "model/submission_json.h"
#include "roll/roll.h"

static struct check *
check_new(struct intake *intake, struct http_request *request)
{
	struct check *check = mem_new(sizeof(*check));

	check->intake = intake;
	check->request = request;
	check->came_at = clock_boot();
	check->application = application_new();
	check->after = intake->checks;
	if (check->after != NULL)
		check->after->before = check;
	intake->checks = check;
	return check;
}

static void
check_answer(struct check *check, const char *problem)
{
	if (check->request == NULL)
		return;
	if (problem == NULL) {
		http_reply_json(check->request, 200, check->answer);
		check->answer = NULL;
	} else {
		http_reply_problem(check->request, problem, NULL);
	}
	check->request = NULL;
}

void
check_let_go(struct check *check)
{
	check_answer(check, "unavailable");
}

/* While somebody still calls it back (asking), it only lets go of its request. */
void
check_free(struct check *check)
{
	check_answer(check, "unavailable");
	if (check->before != NULL)
		check->before->after = check->after;
	else if (check->intake->checks == check)
		check->intake->checks = check->after;
	if (check->after != NULL)
		check->after->before = check->before;
	check->before = check->after = NULL;
	loop_timer_free(&check->timer);
	if (check->asking)
		return;
	application_free(&check->application);
	json_decref(check->answer);
	free(check);
}

static void
check_on_claim(struct reply *reply, void *arg)
{
	struct check *check = arg;

	check->asking = false;
	if (reply->kind != REPLY_DONE && reply->kind != REPLY_NO_ENTRY) {
		check_answer(check, "unavailable");
	} else {
		json_object_set_new(
		    check->answer, "registered", json_boolean(reply->kind == REPLY_DONE));
		check_answer(check, NULL);
	}
	check_free(check);
}

/* An account that is there, or on its way, has a claim. */
static void
check_ask_claim(struct check *check)
{
	static const char *const wanted[] = {"musterPersonKey", NULL};
	const struct intake_parts *parts = &check->intake->parts;
	struct question question = {0};
	char *dn;

	dn =
	    dn_make("musterPersonKey", check->keys.person, parts->site->conf->accounts.claims_base);
	question_search(
	    &question, TO_ACCOUNTS, dn, SCOPE_BASE, "(objectClass=musterClaim)", wanted, 1);
	mem_free_text(&dn);
	check->asking = true;
	dir_submit(parts->directories[TO_ACCOUNTS], &question, check_on_claim, check);
}

/* Both names as a registration takes them: what is not known is not there, rather than null. */
static json_t *
check_json(const struct conf *conf, const struct person *person)
{
	json_t *categories = json_array(), *labels = json_object();

	for (size_t i = 0; person->categories[i] != NULL; i++) {
		const char *id = person->categories[i];
		const struct conf_category *category = conf_category_find(conf, id);

		json_array_append_new(categories, json_string(id));
		json_object_set_new(
		    labels, id, json_string(category != NULL ? category->label : id));
	}
	return json_pack("{s:{s:s*, s:s*, s:s, s:s*}, s:{s:s*, s:s*}, s:o, s:o, s:b, s:b}",
	    "legal_name", "given", person->name.given, "middle", person->name.middle, "family",
	    person->name.family, "suffix", person->name.suffix, "organization", "unit", person->ou,
	    "title", person->title, "categories", categories, "category_labels", labels, "dual",
	    person_is_dual(person), "registered", 0);
}

static void
check_on_beat(void *arg)
{
	check_answer(arg, "identity-not-verified");
	check_free(arg);
}

static void
check_refuse(struct check *check)
{
	struct intake *intake = check->intake;

	rates_fail(intake->parts.rates, http_portal(check->request));
	check->timer = loop_timer_new(intake->parts.loop, check_on_beat, check);
	loop_timer_set(check->timer, intake_beat(intake, check->came_at));
}

/* Nobody hears of a failure that is not in the journal: a crash must not give the guess back. */
static void
check_on_counted(bool kept, void *arg)
{
	struct check *check = arg;

	check->asking = false;
	if (kept && check->request != NULL) {
		check_refuse(check);
		return;
	}
	check_answer(check, "unavailable");
	check_free(check);
}

static void
check_count(struct check *check)
{
	check->asking = true;
	if (budget_fail(check->intake->parts.site->budget, &check->keys, NULL, check_on_counted,
		check) != 0)
		check_on_counted(false, check);
}

/* As in proof/prove.c: many may have come in before the first of them was counted. */
static bool
check_may_compare(struct check *check)
{
	int64_t wait;

	switch (budget_ask(check->intake->parts.site->budget, &check->keys, NULL, &wait)) {
	case BUDGET_OPEN:
		return true;
	case BUDGET_LOCKED:
		check_refuse(check);
		return false;
	case BUDGET_UNKNOWN:
		break;
	}
	check_answer(check, "unavailable");
	check_free(check);
	return false;
}

static void
check_audit(const struct check *check, enum roll_verdict verdict)
{
	struct audit_decision decision = {
	    .event = "identity-check",
	    .actor = http_actor(check->request),
	    .request = http_request_id(check->request),
	    .person = check->keys.person,
	    .outcome = verdict == ROLL_PROVED         ? "verified"
		       : verdict == ROLL_NOT_ELIGIBLE ? "not-eligible"
						      : "not-verified",
	};

	audit_write(check->intake->parts.site->audit, &decision);
}

static void
check_judge(struct check *check, struct records *records)
{
	struct intake *intake = check->intake;
	struct person person;
	char *why;
	enum roll_verdict verdict;

	if (!check_may_compare(check))
		return;
	verdict =
	    roll_judge(intake_conf(intake), check->application, false, records, &person, &why);
	mem_free_text(&why);
	check_audit(check, verdict);
	if (verdict != ROLL_NOT_VERIFIED)
		budget_pass(intake->parts.site->budget, &check->keys);
	if (verdict == ROLL_PROVED) {
		check->answer = check_json(intake_conf(intake), &person);
		check_ask_claim(check);
	} else if (verdict == ROLL_NOT_ELIGIBLE) {
		check_answer(check, "not-eligible");
		check_free(check);
	} else if (verdict == ROLL_NOT_VERIFIED) {
		check_count(check);
	} else {
		check_refuse(check);
	}
	person_fini(&person);
}

static void
check_on_records(const char *trouble, struct records *records, void *arg)
{
	struct check *check = arg;

	check->asking = false;
	if (trouble == NULL && check->request != NULL) {
		check_judge(check, records);
		return;
	}
	if (trouble != NULL)
		log_warning("identity check: %s", trouble);
	check_answer(check, "unavailable");
	check_free(check);
}

void
intake_on_check(struct http_request *request, void *context)
{
	struct intake *intake = context;
	struct faults faults = {0};
	struct check *check;
	json_t *body = http_json(request);

	if (body == NULL)
		return;
	check = check_new(intake, request);
	if (submission_check_document(body) != 0)
		check_answer(check, "malformed");
	else
		submission_parse_check(body, check->application, &faults);
	json_decref(body);
	if (faults.count > 0) {
		http_reply_faults(request, &faults);
		check->request = NULL;
	}
	faults_fini(&faults);
	if (check->request == NULL) {
		check_free(check);
		return;
	}
	budget_keys(intake->parts.site->person_keys, check->application, false, &check->keys);
	if (answer_over_budget(intake, request, &check->keys)) {
		check->request = NULL;
		check_free(check);
		return;
	}
	check->asking = true;
	roll_lookup(&intake->parts.site->conf, intake->parts.directories,
	    &check->application->identifier, check_on_records, check);
}
