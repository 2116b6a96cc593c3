/*
 * The claim again, before the activation: somebody may have taken it away while the account was
 * pending, and another registration of the person may have come and claimed anew. The entry
 * decides: as long as the person has no other, this registration takes the claim back (the other
 * one finds our entry, and is told that the account exists).
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "dir/question.h"
#include "provision/claim.h"
#include "provision/steps.h"

enum keep_phase { KEEP_READ, KEEP_ADD, KEEP_LOOK, KEEP_TAKE };

static void
keep_ask_look(
    const struct site *site, const struct registration *registration, struct question *question)
{
	static const char *const wanted[] = {"musterRegistrationId", NULL};
	char *filter = filter_equals("musterPersonKey", registration->person_key);

	question_search(
	    question, TO_ACCOUNTS, site->conf->accounts.base, SCOPE_ONE, filter, wanted, 0);
	mem_free_text(&filter);
}

/* stem holds whose it is, or nothing: only one can take it from there. */
static void
keep_ask_take(
    const struct site *site, const struct registration *registration, struct question *question)
{
	char *dn = claim_dn(site, registration);

	question_modify(question, TO_ACCOUNTS, dn);
	if (registration->stem[0] != '\0')
		question_change(
		    question, CHANGE_DELETE, "musterRegistrationId", registration->stem);
	question_change(question, CHANGE_ADD, "musterRegistrationId", registration->id);
	mem_free_text(&dn);
}

int
keep_claim_ask(const struct site *site, struct registration *registration,
    struct question *question, struct err *err)
{
	/* The step after this one could not go on. */
	if (registration->application == NULL)
		return err_set(err, ERR_BROKEN, "the sealed application can't be read");
	switch (registration->phase) {
	case KEEP_READ:
		claim_question_read(site, registration, question);
		break;
	case KEEP_ADD:
		claim_question_add(site, registration, question);
		break;
	case KEEP_LOOK:
		keep_ask_look(site, registration, question);
		break;
	default:
		keep_ask_take(site, registration, question);
		break;
	}
	return 0;
}

static enum verdict
keep_judge_read(struct registration *registration, const struct reply *reply, struct err *err)
{
	const char *whose;

	if (claim_is_hidden(reply, err))
		return RETRY;
	if (claim_is_ours(registration, reply))
		return NEXT;
	whose = entry_value(&reply->entries[0], "musterRegistrationId");
	snprintf(registration->stem, sizeof(registration->stem), "%s", whose == NULL ? "" : whose);
	registration->phase = KEEP_LOOK;
	return AGAIN;
}

static enum verdict
keep_judge_look(struct registration *registration, const struct reply *reply, struct err *err)
{
	for (size_t i = 0; i < reply->entry_count; i++)
		if (!entry_has(&reply->entries[i], "musterRegistrationId", registration->id)) {
			err_set(err, ERR_REFUSED, "account-exists");
			return REFUSE;
		}
	registration->phase = KEEP_TAKE;
	return AGAIN;
}

/* Somebody was faster: read it again. */
static bool
keep_is_overtaken(int phase, enum reply_kind kind)
{
	return (phase == KEEP_ADD && kind == REPLY_EXISTS) ||
	       (phase == KEEP_TAKE &&
		   (kind == REPLY_NO_ENTRY || kind == REPLY_NO_VALUE || kind == REPLY_HAS_VALUE));
}

enum verdict
keep_claim_judge(const struct site *site, struct registration *registration,
    const struct reply *reply, int64_t now, struct err *err)
{
	int phase = registration->phase;

	if (phase == KEEP_READ && reply->kind == REPLY_DONE)
		return keep_judge_read(registration, reply, err);
	if (phase == KEEP_LOOK && reply->kind == REPLY_DONE)
		return keep_judge_look(registration, reply, err);
	if (reply->kind == REPLY_DONE)
		return NEXT;
	if (phase == KEEP_READ && reply->kind == REPLY_NO_ENTRY) {
		registration->phase = KEEP_ADD;
		return AGAIN;
	}
	if (keep_is_overtaken(phase, reply->kind)) {
		registration->phase = KEEP_READ;
		return AGAIN;
	}
	err_set(err, reply->kind == REPLY_INVALID ? ERR_BROKEN : ERR_BUSY,
	    "keeping the person's claim: %s", reply->text);
	return RETRY;
}
