/* Waiting: until the time has come, and as long as somebody holds it. Then the record again. */
#include "base/err.h"
#include "base/mem.h"
#include "activate/steps.h"
#include "conf/conf.h"
#include "dir/question.h"
#include "model/application.h"
#include "model/person.h"
#include "model/registration_json.h"
#include "roll/roll.h"

int
wait_ask(const struct site *site, struct registration *registration, struct question *question,
    struct err *err)
{
	question->kind = QUESTION_NONE;
	return 0;
}

enum verdict
wait_judge(const struct site *site, struct registration *registration, const struct reply *reply,
    int64_t now, struct err *err)
{
	if (registration->held) {
		registration->due_at = 0;
		return HOLD;
	}
	if (now < registration->activates_at) {
		registration->due_at = registration->activates_at;
		return HOLD;
	}
	return NEXT;
}

int
recheck_ask(const struct site *site, struct registration *registration, struct question *question,
    struct err *err)
{
	if (registration->held) {
		question->kind = QUESTION_NONE;
		return 0;
	}
	if (registration->application == NULL)
		return err_set(err, ERR_BROKEN, "the sealed identity can't be read");
	roll_question(site->conf, &registration->application->identifier, question);
	return 0;
}

static enum verdict
recheck_conclude(
    const struct site *site, struct registration *registration, int64_t now, struct err *err)
{
	struct person person;
	enum roll_verdict verdict;

	/* Found nothing at all is no lapse: more likely the directory is in trouble. */
	if (registration->records.count == 0) {
		err_set(err, ERR_BROKEN, "the personnel record can't be found any more");
		return RETRY;
	}
	verdict = roll_judge_again(site->conf, &registration->records, &person);
	person_fini(&person);
	if (verdict == ROLL_PROVED)
		return NEXT;
	registration_set_findings(registration, now);
	err_set(err, ERR_REFUSED, "not-eligible");
	return REFUSE;
}

enum verdict
recheck_judge(const struct site *site, struct registration *registration, const struct reply *reply,
    int64_t now, struct err *err)
{
	if (reply == NULL) {
		registration->due_at = 0;
		return HOLD;
	}
	if (roll_read(site->conf, &registration->application->identifier, reply,
		&registration->records, err) != 0)
		return RETRY;
	return recheck_conclude(site, registration, now, err);
}
