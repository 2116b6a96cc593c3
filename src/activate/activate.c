/*
 * The activation: one modify that only one writer can win, its compare-and-set first. The entry is
 * read before, and again whenever the outcome is not known: the directory decides. It is found by
 * the registration, so that one that somebody has renamed is still ours, and by its uid, so that
 * another's in its place is told from none.
 */
#include "base/err.h"
#include "base/instant.h"
#include "base/mem.h"
#include "base/secret.h"
#include "activate/steps.h"
#include "conf/conf.h"
#include "dir/question.h"
#include "model/application.h"

#define LOST_MOST 5 /* times that the modify is lost, and the entry is pending all the same */

enum activate_phase { ACTIVATE_READ, ACTIVATE_MODIFY, ACTIVATE_MODIFY_NO_TIME };

static void
activate_ask_read(
    const struct site *site, const struct registration *registration, struct question *question)
{
	static const char *const wanted[] = {"uid", "mail", "musterAccountStatus",
	    "musterRegistrationId", "musterPendingPassword", "musterActivationTime",
	    "musterActivatedAt", "userPassword", NULL};
	char *filter = filter_join('|', filter_equals("musterRegistrationId", registration->id),
	    filter_equals("uid", registration->uid), NULL);

	question_search(
	    question, TO_ACCOUNTS, site->conf->accounts.base, SCOPE_ONE, filter, wanted, 0);
	mem_free_text(&filter);
}

/* The one entry of this registration; NULL with err where there is none, or more than one. */
static const struct entry *
activate_find(const struct registration *registration, const struct reply *reply, struct err *err)
{
	const struct entry *found = NULL;

	for (size_t i = 0; i < reply->entry_count; i++) {
		const struct entry *entry = &reply->entries[i];

		if (!entry_has(entry, "musterRegistrationId", registration->id))
			continue;
		if (found != NULL) {
			err_set(err, ERR_BROKEN,
			    "two entries carry this registration: one of them must be deleted");
			return NULL;
		}
		found = entry;
	}
	if (found == NULL)
		err_set(err, ERR_BROKEN, "%s",
		    reply->entry_count > 0
			? "the account's entry is gone, and another has its uid now"
			: "the account's entry is gone: somebody has deleted or moved it");
	return found;
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

/* Why a pending entry can't be activated; NULL where it can. */
static const char *
activate_obstacle(const struct entry *entry)
{
	if (entry_named(entry, "uid") == NULL)
		return "somebody has given the entry a name that is no uid";
	if (entry_has(entry, "musterAccountStatus", "disabled"))
		return "somebody has disabled the entry before its activation";
	if (entry_has(entry, "musterAccountStatus", "suspended"))
		return "somebody has suspended the entry before its activation";
	if (!entry_has(entry, "musterAccountStatus", "pending"))
		return "somebody has taken the entry's status away, or given it one that is none";
	if (entry_value(entry, "userPassword") != NULL)
		return "the entry has a userPassword already, though it is pending: somebody has "
		       "put it there, and it must be taken away";
	if (entry_value(entry, "musterActivatedAt") != NULL)
		return "the entry has a musterActivatedAt already, though it is pending: somebody "
		       "has put it there, and it must be taken away";
	if (entry_value(entry, "musterPendingPassword") == NULL)
		return "the entry has lost its musterPendingPassword, or access rules hide it";
	return NULL;
}

static enum verdict
activate_judge_entry(
    struct registration *registration, const struct entry *entry, int64_t now, struct err *err)
{
	const char *uid = entry_named(entry, "uid"), *obstacle;

	/* An administrator may have renamed it: the account is the same. */
	if (uid != NULL) {
		mem_set_text(&registration->uid, uid);
		mem_set_text(&registration->mail, entry_value(entry, "mail"));
	}
	/* Made active by a try whose reply was lost, or by another daemon. */
	if (entry_has(entry, "musterAccountStatus", "active")) {
		activate_take_time(registration, entry);
		return NEXT;
	}
	obstacle = activate_obstacle(entry);
	if (obstacle == NULL && registration->collisions >= LOST_MOST)
		obstacle =
		    "the entry is pending, and yet the directory says that a value is not as "
		    "it should be: perhaps it has a userPassword that we can't see";
	if (obstacle != NULL) {
		err_set(err, ERR_BROKEN, "%s", obstacle);
		return RETRY;
	}
	secret_wipe_text(&registration->application->password_hash);
	registration->application->password_hash =
	    mem_text(entry_value(entry, "musterPendingPassword"));
	registration->low = now;
	registration->phase = entry_value(entry, "musterActivationTime") != NULL
				  ? ACTIVATE_MODIFY
				  : ACTIVATE_MODIFY_NO_TIME;
	return AGAIN;
}

static enum verdict
activate_judge_modify(struct registration *registration, const struct reply *reply, struct err *err)
{
	switch (reply->kind) {
	case REPLY_DONE:
		/* As the directory has it, in whole seconds: what is read back changes nothing. */
		registration->activated_at = registration->low / 1000 * 1000;
		return NEXT;
	/* Lost against another writer, who may have renamed or deleted it: the entry says how it
	 * stands. */
	case REPLY_NO_VALUE:
	case REPLY_HAS_VALUE:
	case REPLY_NO_ENTRY:
		registration->collisions++;
		registration->phase = ACTIVATE_READ;
		return AGAIN;
	default:
		err_set(err, reply->kind == REPLY_INVALID ? ERR_BROKEN : ERR_BUSY, "activating: %s",
		    reply->text);
		return RETRY;
	}
}

enum verdict
activate_judge(const struct site *site, struct registration *registration,
    const struct reply *reply, int64_t now, struct err *err)
{
	const struct entry *entry;

	if (reply == NULL) {
		registration->due_at = 0;
		return HOLD;
	}
	if (registration->phase != ACTIVATE_READ)
		return activate_judge_modify(registration, reply, err);
	if (reply->kind != REPLY_DONE) {
		err_set(err, reply->kind == REPLY_INVALID ? ERR_BROKEN : ERR_BUSY, "activating: %s",
		    reply->text);
		return RETRY;
	}
	entry = activate_find(registration, reply, err);
	return entry == NULL ? RETRY : activate_judge_entry(registration, entry, now, err);
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
	struct err gone = {0};
	const struct entry *entry;

	if (reply->kind != REPLY_DONE) {
		err_set(err, ERR_BUSY, "reading the account back: %s", reply->text);
		return RETRY;
	}
	entry = activate_find(registration, reply, &gone);
	if (entry == NULL)
		mem_set_text(&registration->detail, gone.text);
	else if (!entry_has(entry, "musterAccountStatus", "active"))
		mem_set_text(&registration->detail, "the entry was changed after the activation");
	else
		mem_free_text(&registration->detail);
	if (entry != NULL && entry_value(entry, "musterActivatedAt") != NULL)
		activate_take_time(registration, entry);
	return NEXT;
}
