#include <string.h>

#include "base/err.h"
#include "base/keyring.h"
#include "base/mem.h"
#include "budget/budget.h"
#include "conf/conf.h"
#include "dir/question.h"
#include "model/application.h"
#include "model/registration_json.h"
#include "proof/prove.h"
#include "roll/roll.h"

int
prove_ask(const struct site *site, struct registration *registration, struct question *question,
    struct err *err)
{
	if (registration->application == NULL)
		return err_set(err, ERR_BROKEN, "the sealed identity can't be read");
	roll_question(site->conf, &registration->application->identifier, question);
	return 0;
}

static void
prove_keep_person(
    const struct site *site, struct registration *registration, const struct person *person)
{
	struct application *application = registration->application;

	person_fini(&application->person);
	application->person = *person;
	mem_texts_free(&registration->categories);
	registration->categories = mem_texts_copy(person->categories);
}

/*
 * Whether the claim may be compared; else what becomes of it. Many claims of one identifier may
 * have come in before the first of them was counted, or while the personnel directory was away.
 */
static bool
prove_may_compare(const struct site *site, struct registration *registration,
    const struct budget_keys *keys, enum verdict *verdict_out, struct err *err)
{
	int64_t wait;

	switch (budget_ask(site->budget, keys, registration->id, &wait)) {
	case BUDGET_OPEN:
		return true;
	case BUDGET_LOCKED:
		mem_set_text(&registration->detail, BUDGET_NOT_COMPARED);
		err_set(err, ERR_REFUSED, "identity-not-verified");
		*verdict_out = REFUSE;
		return false;
	case BUDGET_UNKNOWN:
		break;
	}
	err_set(err, ERR_BUSY, "the failures so far can't be read");
	*verdict_out = RETRY;
	return false;
}

static enum verdict
prove_conclude(
    const struct site *site, struct registration *registration, int64_t now, struct err *err)
{
	struct person person;
	struct budget_keys keys;
	enum verdict refused;
	char *why;
	enum roll_verdict verdict;

	budget_keys(site->person_keys, registration->application, true, &keys);
	memcpy(registration->person_key, keys.person, sizeof(registration->person_key));
	if (!prove_may_compare(site, registration, &keys, &refused, err))
		return refused;
	verdict = roll_judge(
	    site->conf, registration->application, true, &registration->records, &person, &why);
	mem_set_text(&registration->detail, why);
	mem_free_text(&why);
	registration_set_findings(registration, now);
	if (verdict != ROLL_NOT_VERIFIED)
		budget_pass(site->budget, &keys);
	else if (budget_fail(site->budget, &keys, registration->id, NULL, NULL) != 0) {
		err_set(err, ERR_BUSY, "the failure can't be counted");
		return RETRY;
	}
	switch (verdict) {
	case ROLL_PROVED:
		prove_keep_person(site, registration, &person);
		return NEXT;
	case ROLL_NOT_VERIFIED:
		err_set(err, ERR_REFUSED, "identity-not-verified");
		return REFUSE;
	case ROLL_NOT_ELIGIBLE:
		err_set(err, ERR_REFUSED, "not-eligible");
		return REFUSE;
	case ROLL_CONFLICT:
		err_set(err, ERR_BROKEN, "the helpdesk must look at the personnel records");
		return RETRY;
	}
	return RETRY;
}

enum verdict
prove_judge(const struct site *site, struct registration *registration, const struct reply *reply,
    int64_t now, struct err *err)
{
	if (roll_read(site->conf, &registration->application->identifier, reply,
		&registration->records, err) != 0)
		return RETRY;
	return prove_conclude(site, registration, now, err);
}
