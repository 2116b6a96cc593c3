/*
 * The claim: an entry whose DN is the person's key. LDAP's own 'entry exists' is the lock, however
 * many daemons run. Before the activation it is looked at again: where somebody took it away it is
 * added anew, unless another registration of the person has one by now. Removing it is here too.
 */
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "dir/question.h"
#include "provision/remove.h"
#include "provision/steps.h"

enum claim_phase { CLAIM_ADD, CLAIM_READ };
enum keep_phase { KEEP_READ, KEEP_ADD };
enum remove_phase { REMOVE_READ, REMOVE_DELETE };

static void
claim_ask_read(const struct registration *registration, const char *dn, struct question *question)
{
	static const char *const wanted[] = {"musterRegistrationId", NULL};

	question_search(
	    question, TO_ACCOUNTS, dn, SCOPE_BASE, "(objectClass=musterClaim)", wanted, 1);
}

static bool
claim_is_ours(const struct registration *registration, const struct reply *reply)
{
	return reply->entry_count == 1 &&
	       entry_has(&reply->entries[0], "musterRegistrationId", registration->id);
}

/* The claim exists, for its DN was found, but a filter or a right keeps it from us: that says
 * nothing of whose it is. */
static bool
claim_is_hidden(const struct reply *reply, struct err *err)
{
	if (reply->entry_count > 0)
		return false;
	err_set(err, ERR_BUSY, "the person's claim can't be read");
	return true;
}

static int
claim_ask_either(const struct site *site, struct registration *registration, bool adds,
    struct question *question, struct err *err)
{
	char *dn;

	/* The step after this one could not go on. */
	if (registration->application == NULL)
		return err_set(err, ERR_BROKEN, "the sealed application can't be read");
	dn = dn_make("musterPersonKey", registration->person_key, site->conf->accounts.claims_base);
	if (!adds) {
		claim_ask_read(registration, dn, question);
	} else {
		question_add(question, TO_ACCOUNTS, dn);
		question_change(question, CHANGE_ADD, "objectClass", "musterClaim");
		question_change(question, CHANGE_ADD, "musterPersonKey", registration->person_key);
		question_change(question, CHANGE_ADD, "musterRegistrationId", registration->id);
	}
	mem_free_text(&dn);
	return 0;
}

/* AGAIN: after the add it is to be read, after reading it is to be added. */
static enum verdict
claim_judge_either(
    struct registration *registration, bool adds, const struct reply *reply, struct err *err)
{
	if (adds && reply->kind == REPLY_DONE)
		return NEXT;
	if (reply->kind == (adds ? REPLY_EXISTS : REPLY_NO_ENTRY)) {
		registration->phase = !registration->phase;
		return AGAIN;
	}
	if (reply->kind == REPLY_DONE) {
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
claim_ask(const struct site *site, struct registration *registration, struct question *question,
    struct err *err)
{
	return claim_ask_either(
	    site, registration, registration->phase == CLAIM_ADD, question, err);
}

enum verdict
claim_judge(const struct site *site, struct registration *registration, const struct reply *reply,
    int64_t now, struct err *err)
{
	return claim_judge_either(registration, registration->phase == CLAIM_ADD, reply, err);
}

int
keep_claim_ask(const struct site *site, struct registration *registration,
    struct question *question, struct err *err)
{
	return claim_ask_either(site, registration, registration->phase == KEEP_ADD, question, err);
}

enum verdict
keep_claim_judge(const struct site *site, struct registration *registration,
    const struct reply *reply, int64_t now, struct err *err)
{
	return claim_judge_either(registration, registration->phase == KEEP_ADD, reply, err);
}

int
remove_claim_ask(const struct site *site, struct registration *registration,
    struct question *question, struct err *err)
{
	char *dn =
	    dn_make("musterPersonKey", registration->person_key, site->conf->accounts.claims_base);

	if (registration->phase == REMOVE_DELETE)
		question_delete(question, TO_ACCOUNTS, dn);
	else
		claim_ask_read(registration, dn, question);
	mem_free_text(&dn);
	return 0;
}

enum verdict
remove_claim_judge(const struct site *site, struct registration *registration,
    const struct reply *reply, int64_t now, struct err *err)
{
	bool deletes = registration->phase == REMOVE_DELETE;

	if (deletes && (reply->kind == REPLY_DONE || reply->kind == REPLY_NO_ENTRY))
		return NEXT;
	/* An add whose reply was lost may yet be carried out. */
	if (reply->kind == REPLY_NO_ENTRY) {
		registration->due_at = now + remove_settles(site);
		return LATER;
	}
	if (reply->kind != REPLY_DONE) {
		err_set(err, reply->kind == REPLY_INVALID ? ERR_BROKEN : ERR_BUSY,
		    "removing the claim: %s", reply->text);
		return RETRY;
	}
	if (claim_is_hidden(reply, err))
		return RETRY;
	if (!claim_is_ours(registration, reply))
		return NEXT;
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
