#include <string.h>

#include "base/err.h"
#include "base/keyring.h"
#include "base/mem.h"
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
	keyring_hmac(site->person_keys, "person", application->identifier.digits,
	    strlen(application->identifier.digits), registration->person_key);
}

static enum verdict
prove_conclude(
    const struct site *site, struct registration *registration, int64_t now, struct err *err)
{
	struct person person;
	char *why;
	enum roll_verdict verdict = roll_judge(
	    site->conf, registration->application, true, &registration->records, &person, &why);

	mem_set_text(&registration->detail, why);
	mem_free_text(&why);
	registration_set_findings(registration, now);
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
