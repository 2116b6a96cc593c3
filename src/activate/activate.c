/*
 * The activation: one modify that only one writer can win, its compare-and-set first. The entry is
 * read before, and again whenever the outcome is not known: the directory decides.
 */
#include "base/err.h"
#include "base/instant.h"
#include "base/mem.h"
#include "base/secret.h"
#include "activate/steps.h"
#include "conf/conf.h"
#include "dir/question.h"
#include "model/application.h"

enum activate_phase { ACTIVATE_READ, ACTIVATE_MODIFY, ACTIVATE_MODIFY_NO_TIME };

static void
activate_ask_read(
    const struct site *site, const struct registration *registration, struct question *question)
{
	static const char *const wanted[] = {"musterAccountStatus", "musterRegistrationId",
	    "musterPendingPassword", "musterActivationTime", "musterActivatedAt", NULL};
	char *dn = dn_make("uid", registration->uid, site->conf->accounts.base);

	question_search(
	    question, TO_ACCOUNTS, dn, SCOPE_BASE, "(objectClass=musterAccount)", wanted, 1);
	mem_free_text(&dn);
}

/*
 * 389-ds and slapd carry the changes out in this order; the first is what only one can win. The
 * hash is deleted by its value: should this be carried out so late that the entry's name is
 * somebody else's by then, nothing happens to that one.
 */
static void
activate_ask_modify(
    const struct site *site, const struct registration *registration, struct question *question)
{
	const char *hash = registration->application->password_hash;
	char *dn = dn_make("uid", registration->uid, site->conf->accounts.base);
	char when[INSTANT_SIZE];

	question_modify(question, TO_ACCOUNTS, dn);
	question_change(question, CHANGE_DELETE, "musterAccountStatus", "pending");
	question_change(question, CHANGE_ADD, "musterAccountStatus", "active");
	question_change(question, CHANGE_DELETE, "musterPendingPassword", hash);
	question_change(question, CHANGE_ADD, "userPassword", hash);
	if (registration->phase == ACTIVATE_MODIFY)
		question_change(question, CHANGE_DELETE, "musterActivationTime", NULL);
	question_change(question, CHANGE_ADD, "musterActivatedAt",
	    instant_generalized(registration->low, when));
	mem_free_text(&dn);
}

int
activate_ask(const struct site *site, struct registration *registration, struct question *question,
    struct err *err)
{
	if (registration->application == NULL)
		return err_set(err, ERR_BROKEN, "the sealed identity can't be read");
	if (registration->phase != ACTIVATE_READ)
		activate_ask_modify(site, registration, question);
	else if (registration->held)
		question->kind = QUESTION_NONE;
	else
		activate_ask_read(site, registration, question);
	return 0;
}

static void
activate_take_time(struct registration *registration, const struct entry *entry)
{
	const char *when = entry_value(entry, "musterActivatedAt");

	if (when == NULL || instant_read_generalized(when, &registration->activated_at) != 0)
		registration->activated_at = registration->activates_at;
}

static enum verdict
activate_judge_entry(
    struct registration *registration, const struct entry *entry, int64_t now, struct err *err)
{
	const char *hash = entry_value(entry, "musterPendingPassword");

	if (!entry_has(entry, "musterRegistrationId", registration->id)) {
		err_set(err, ERR_BROKEN, "the entry belongs to another registration now");
		return RETRY;
	}
	/* Made active by a try whose reply was lost, or by another daemon. */
	if (entry_has(entry, "musterAccountStatus", "active")) {
		activate_take_time(registration, entry);
		return NEXT;
	}
	if (!entry_has(entry, "musterAccountStatus", "pending") || hash == NULL) {
		err_set(
		    err, ERR_BROKEN, "the entry was changed by somebody else: it is not pending");
		return RETRY;
	}
	secret_wipe_text(&registration->application->password_hash);
	registration->application->password_hash = mem_text(hash);
	registration->low = now;
	registration->phase = entry_value(entry, "musterActivationTime") != NULL
				  ? ACTIVATE_MODIFY
				  : ACTIVATE_MODIFY_NO_TIME;
	return AGAIN;
}

enum verdict
activate_judge(const struct site *site, struct registration *registration,
    const struct reply *reply, int64_t now, struct err *err)
{
	if (reply == NULL) {
		registration->due_at = 0;
		return HOLD;
	}
	if (reply->kind == REPLY_NO_ENTRY ||
	    (reply->kind == REPLY_DONE && registration->phase == ACTIVATE_READ &&
		reply->entry_count == 0)) {
		err_set(err, ERR_BROKEN, "the account's entry is gone");
		return RETRY;
	}
	if (registration->phase == ACTIVATE_READ && reply->kind == REPLY_DONE)
		return activate_judge_entry(registration, &reply->entries[0], now, err);
	if (registration->phase != ACTIVATE_READ && reply->kind == REPLY_DONE) {
		/* As the directory has it, in whole seconds: what is read back changes nothing. */
		registration->activated_at = registration->low / 1000 * 1000;
		return NEXT;
	}
	/* Lost against another writer: the entry says how it stands. */
	if (registration->phase != ACTIVATE_READ &&
	    (reply->kind == REPLY_NO_VALUE || reply->kind == REPLY_HAS_VALUE)) {
		registration->phase = ACTIVATE_READ;
		return AGAIN;
	}
	err_set(err, reply->kind == REPLY_INVALID ? ERR_BROKEN : ERR_BUSY, "activating: %s",
	    reply->text);
	return RETRY;
}

int
confirm_ask(const struct site *site, struct registration *registration, struct question *question,
    struct err *err)
{
	activate_ask_read(site, registration, question);
	return 0;
}

/* What was read back is kept for the helpdesk; an account that somebody took away since is not ours
 * to bring back. */
enum verdict
confirm_judge(const struct site *site, struct registration *registration, const struct reply *reply,
    int64_t now, struct err *err)
{
	const struct entry *entry =
	    reply->kind == REPLY_DONE && reply->entry_count == 1 ? &reply->entries[0] : NULL;

	if (entry == NULL && reply->kind != REPLY_NO_ENTRY && reply->kind != REPLY_DONE) {
		err_set(err, ERR_BUSY, "reading the account back: %s", reply->text);
		return RETRY;
	}
	if (entry == NULL)
		mem_set_text(&registration->detail, "the entry was removed after the activation");
	else if (!entry_has(entry, "musterAccountStatus", "active"))
		mem_set_text(&registration->detail, "the entry was changed after the activation");
	else
		mem_free_text(&registration->detail);
	if (entry != NULL && entry_value(entry, "musterActivatedAt") != NULL)
		activate_take_time(registration, entry);
	return NEXT;
}
