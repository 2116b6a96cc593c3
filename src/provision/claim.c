/*
 * The claim: an entry whose DN is the person's key. LDAP's own 'entry exists' is the lock, however
 * many daemons run. Removing it is here too; keep.c looks at it again before the activation.
 */
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "dir/question.h"
#include "provision/claim.h"
#include "provision/remove.h"
#include "provision/steps.h"

enum claim_phase { CLAIM_ADD, CLAIM_READ };
enum remove_phase { REMOVE_READ, REMOVE_DELETE };

char *
claim_dn(const struct site *site, const struct registration *registration)
{
	return dn_make(
	    "musterPersonKey", registration->person_key, site->conf->accounts.claims_base);
}

void
claim_question_read(
    const struct site *site, const struct registration *registration, struct question *question)
{
	static const char *const wanted[] = {"musterRegistrationId", NULL};
	char *dn = claim_dn(site, registration);

	question_search(
	    question, TO_ACCOUNTS, dn, SCOPE_BASE, "(objectClass=musterClaim)", wanted, 1);
	mem_free_text(&dn);
}

void
claim_question_add(
    const struct site *site, const struct registration *registration, struct question *question)
{
	char *dn = claim_dn(site, registration);

	question_add(question, TO_ACCOUNTS, dn);
	question_change(question, CHANGE_ADD, "objectClass", "musterClaim");
	question_change(question, CHANGE_ADD, "musterPersonKey", registration->person_key);
	question_change(question, CHANGE_ADD, "musterRegistrationId", registration->id);
	mem_free_text(&dn);
}

bool
claim_is_ours(const struct registration *registration, const struct reply *reply)
{
	return reply->entry_count == 1 &&
	       entry_has(&reply->entries[0], "musterRegistrationId", registration->id);
}

bool
claim_is_hidden(const struct reply *reply, struct err *err)
{
	if (reply->entry_count > 0)
		return false;
	err_set(err, ERR_BUSY, "the person's claim can't be read");
	return true;
}

int
claim_ask(const struct site *site, struct registration *registration, struct question *question,
    struct err *err)
{
	/* The step after this one could not go on. */
	if (registration->application == NULL)
		return err_set(err, ERR_BROKEN, "the sealed application can't be read");
	if (registration->phase == CLAIM_READ)
		claim_question_read(site, registration, question);
	else
		claim_question_add(site, registration, question);
	return 0;
}

enum verdict
claim_judge(const struct site *site, struct registration *registration, const struct reply *reply,
    int64_t now, struct err *err)
{
	if (registration->phase == CLAIM_ADD && reply->kind == REPLY_DONE)
		return NEXT;
	if (registration->phase == CLAIM_ADD && reply->kind == REPLY_EXISTS) {
		registration->phase = CLAIM_READ;
		return AGAIN;
	}
	if (registration->phase == CLAIM_READ && reply->kind == REPLY_NO_ENTRY) {
		registration->phase = CLAIM_ADD;
		return AGAIN;
	}
	if (registration->phase == CLAIM_READ && reply->kind == REPLY_DONE) {
		if (claim_is_hidden(reply, err))
			return RETRY;
		/* Ours: added by a try whose reply was lost. */
		if (claim_is_ours(registration, reply))
			return NEXT;
		err_set(err, ERR_REFUSED, "account-exists");
		return REFUSE;
	}
	err_set(err, reply->kind == REPLY_LIMIT ? ERR_BUSY : ERR_BROKEN, "claiming the person: %s",
	    reply->text);
	return RETRY;
}

int
remove_claim_ask(const struct site *site, struct registration *registration,
    struct question *question, struct err *err)
{
	char *dn;

	if (registration->phase != REMOVE_DELETE) {
		claim_question_read(site, registration, question);
		return 0;
	}
	dn = claim_dn(site, registration);
	question_delete(question, TO_ACCOUNTS, dn);
	mem_free_text(&dn);
	return 0;
}

enum verdict
remove_claim_judge(const struct site *site, struct registration *registration,
    const struct reply *reply, int64_t now, struct err *err)
{
	bool deletes = registration->phase == REMOVE_DELETE;

	if (reply->kind == REPLY_NO_ENTRY || (deletes && reply->kind == REPLY_DONE))
		return remove_gone(site, registration, deletes, now);
	if (reply->kind != REPLY_DONE) {
		err_set(err, reply->kind == REPLY_INVALID ? ERR_BROKEN : ERR_BUSY,
		    "removing the claim: %s", reply->text);
		return RETRY;
	}
	if (claim_is_hidden(reply, err))
		return RETRY;
	if (!claim_is_ours(registration, reply))
		return remove_gone(site, registration, true, now);
	registration->phase = REMOVE_DELETE;
	return AGAIN;
}

enum verdict
remove_late_claim_judge(const struct site *site, struct registration *registration,
    const struct reply *reply, int64_t now, struct err *err)
{
	enum verdict verdict = remove_claim_judge(site, registration, reply, now, err);

	return verdict == LATER ? NEXT : verdict;
}
