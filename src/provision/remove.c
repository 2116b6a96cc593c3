/*
 * Taking the entry out again: only as long as it is pending, which the directory itself decides
 * (the same compare-and-set as the activation's), so that nobody who is active is deleted; and only
 * as long as it is this registration's, whose id is taken out and put back by the same modify.
 *
 * An add whose reply was lost may be carried out after we have looked and found nothing, or have
 * deleted what a second try had added. Where that may be, the claim is kept, and the entry is
 * looked for once more after a time in which a server that answers has done what it was sent
 * before.
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/instant.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "dir/question.h"
#include "provision/remove.h"
#include "provision/steps.h"

enum remove_phase { REMOVE_LOOK, REMOVE_DISABLE, REMOVE_DELETE };

int
remove_entry_ask(const struct site *site, struct registration *registration,
    struct question *question, struct err *err)
{
	static const char *const wanted[] = {
	    "uid", "musterAccountStatus", "musterActivatedAt", NULL};
	const char *base = site->conf->accounts.base;
	char *dn, *filter;

	if (registration->phase == REMOVE_LOOK) {
		filter = filter_equals("musterRegistrationId", registration->id);
		question_search(question, TO_ACCOUNTS, base, SCOPE_ONE, filter, wanted, 0);
		mem_free_text(&filter);
		return 0;
	}
	dn = dn_make("uid", registration->stem, base);
	if (registration->phase == REMOVE_DELETE) {
		question_delete(question, TO_ACCOUNTS, dn);
	} else {
		question_modify(question, TO_ACCOUNTS, dn);
		question_change(question, CHANGE_DELETE, "musterAccountStatus", "pending");
		question_change(question, CHANGE_ADD, "musterAccountStatus", "disabled");
		question_change(question, CHANGE_DELETE, "musterRegistrationId", registration->id);
		question_change(question, CHANGE_ADD, "musterRegistrationId", registration->id);
	}
	mem_free_text(&dn);
	return 0;
}

/* The activation whose reply was lost, or another daemon's, came first. */
static void
remove_note_active(struct registration *registration, const struct entry *entry)
{
	const char *when = entry_value(entry, "musterActivatedAt");

	if (when == NULL || instant_read_generalized(when, &registration->activated_at) != 0)
		registration->activated_at = registration->activates_at;
}

/* detail is left where a try came to nothing for now, or was interrupted: it may have been an add.
 */
enum verdict
remove_gone(const struct site *site, struct registration *registration, bool was_seen, int64_t now)
{
	if (was_seen && registration->detail == NULL)
		return NEXT;
	registration->due_at = now + 2 * site->conf->accounts.directory.operation_timeout;
	return LATER;
}

static enum verdict
remove_judge_look(const struct site *site, struct registration *registration,
    const struct reply *reply, int64_t now, struct err *err)
{
	const struct entry *entry;
	const char *uid;

	if (reply->entry_count == 0)
		return remove_gone(site, registration, registration->uid != NULL, now);
	entry = &reply->entries[0];
	uid = entry_named(entry, "uid");
	if (uid == NULL || strlen(uid) >= sizeof(registration->stem)) {
		err_set(err, ERR_BROKEN, "removing the entry: somebody has given it another name");
		return RETRY;
	}
	/* What was active once is not deleted, whatever became of it since. */
	if (entry_has(entry, "musterAccountStatus", "active") ||
	    entry_value(entry, "musterActivatedAt") != NULL) {
		remove_note_active(registration, entry);
		err_set(err, ERR_REFUSED, "already-active");
		return REFUSE;
	}
	snprintf(registration->stem, sizeof(registration->stem), "%s", uid);
	registration->phase =
	    entry_has(entry, "musterAccountStatus", "pending") ? REMOVE_DISABLE : REMOVE_DELETE;
	return AGAIN;
}

enum verdict
remove_entry_judge(const struct site *site, struct registration *registration,
    const struct reply *reply, int64_t now, struct err *err)
{
	if (registration->phase == REMOVE_LOOK && reply->kind == REPLY_DONE)
		return remove_judge_look(site, registration, reply, now, err);
	if (registration->phase == REMOVE_DISABLE && reply->kind == REPLY_DONE) {
		registration->phase = REMOVE_DELETE;
		return AGAIN;
	}
	if (registration->phase == REMOVE_DELETE && reply->kind == REPLY_DONE)
		return remove_gone(site, registration, true, now);
	/* Somebody else changed, renamed or removed it meanwhile: look again. */
	if ((registration->phase != REMOVE_LOOK && reply->kind == REPLY_NO_ENTRY) ||
	    (registration->phase == REMOVE_DISABLE &&
		(reply->kind == REPLY_NO_VALUE || reply->kind == REPLY_HAS_VALUE))) {
		registration->phase = REMOVE_LOOK;
		return AGAIN;
	}
	err_set(err, reply->kind == REPLY_INVALID ? ERR_BROKEN : ERR_BUSY, "removing the entry: %s",
	    reply->text);
	return RETRY;
}

enum verdict
remove_late_entry_judge(const struct site *site, struct registration *registration,
    const struct reply *reply, int64_t now, struct err *err)
{
	enum verdict verdict = remove_entry_judge(site, registration, reply, now, err);

	return verdict == LATER ? NEXT : verdict;
}
