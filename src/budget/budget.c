#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "base/idmap.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "budget/budget_internal.h"
#include "conf/conf.h"

#define ENTRIES_MOST 16384 /* keys with changes that are not committed */
#define STUMBLE 1000       /* after a change that could not be committed */
#define AGAIN_MOST 512     /* of these in one turn of the loop */
#define AGAIN_PAUSE 10
#define PRUNE_EVERY 64 /* failures; each time up to 256 windows that are over are forgotten */

/*
 * A key with changes that are not committed; it goes once they are. Found by the first 36 of its 64
 * hexadecimal digits: of a keyed hash these are as good as all.
 */
struct entry {
	char key[KEYRING_HMAC_SIZE];
	struct journal_attempts attempts;
	size_t open;     /* writes on their way */
	unsigned serial; /* of the newest */
	bool lost;       /* the newest was not committed, and is to be written again */
	struct entry *before, *after;
};

/* Who is called back, once everything that belongs to one change is committed. */
struct waiter {
	size_t open;
	bool lost;
	budget_done_fn *done;
	void *arg;
};

/* A write on its way. */
struct ticket {
	struct budget *budget;
	struct entry *entry;
	unsigned serial;
	struct waiter *waiter; /* or NULL */
	struct ticket *before, *after;
};

struct budget {
	struct journal *journal;
	const struct conf *const *conf;
	struct audit *audit;
	struct idmap map;
	struct entry *entries;
	struct ticket *tickets;
	struct loop_timer *again;
	unsigned failures;
};

static const struct conf_identity *
budget_conf(const struct budget *budget)
{
	return &(*budget->conf)->identity;
}

/* ---- entries and their writes ---- */

static struct entry *
entry_new(struct budget *budget, const char *key, const struct journal_attempts *attempts)
{
	struct entry *entry = mem_new(sizeof(*entry));

	memcpy(entry->key, key, sizeof(entry->key));
	entry->attempts = *attempts;
	entry->after = budget->entries;
	if (entry->after != NULL)
		entry->after->before = entry;
	budget->entries = entry;
	idmap_add(&budget->map, key, entry);
	return entry;
}

static void
entry_free(struct budget *budget, struct entry *entry)
{
	if (entry->before != NULL)
		entry->before->after = entry->after;
	else
		budget->entries = entry->after;
	if (entry->after != NULL)
		entry->after->before = entry->before;
	idmap_remove(&budget->map, entry->key);
	free(entry);
}

static void
waiter_tell(struct waiter *waiter, bool kept)
{
	if (waiter == NULL)
		return;
	waiter->lost = waiter->lost || !kept;
	if (--waiter->open > 0)
		return;
	waiter->done(!waiter->lost, waiter->arg);
	free(waiter);
}

static void
ticket_free(struct ticket *ticket)
{
	if (ticket->before != NULL)
		ticket->before->after = ticket->after;
	else
		ticket->budget->tickets = ticket->after;
	if (ticket->after != NULL)
		ticket->after->before = ticket->before;
	free(ticket);
}

/* Every write holds all counts of its key, so that only the newest one's fate matters. */
static void
entry_on_saved(enum journal_result result, const char *id, void *arg)
{
	struct ticket *ticket = arg;
	struct budget *budget = ticket->budget;
	struct entry *entry = ticket->entry;
	struct waiter *waiter = ticket->waiter;

	entry->open--;
	if (ticket->serial == entry->serial)
		entry->lost = result != JOURNAL_DONE;
	if (entry->lost)
		loop_timer_set(budget->again, STUMBLE);
	else if (entry->open == 0)
		entry_free(budget, entry);
	ticket_free(ticket);
	waiter_tell(waiter, result == JOURNAL_DONE);
}

static void
entry_save(struct budget *budget, struct entry *entry, struct waiter *waiter)
{
	struct ticket *ticket = mem_new(sizeof(*ticket));

	ticket->budget = budget;
	ticket->entry = entry;
	ticket->serial = ++entry->serial;
	ticket->waiter = waiter;
	ticket->after = budget->tickets;
	if (ticket->after != NULL)
		ticket->after->before = ticket;
	budget->tickets = ticket;
	entry->open++;
	if (waiter != NULL)
		waiter->open++;
	journal_save_attempts(
	    budget->journal, entry->key, &entry->attempts, entry_on_saved, ticket);
}

/* What could not be written, once more. */
static void
budget_on_again(void *arg)
{
	struct budget *budget = arg;
	int count = 0;

	for (struct entry *entry = budget->entries; entry != NULL; entry = entry->after) {
		if (!entry->lost || entry->open > 0)
			continue;
		if (count++ == AGAIN_MOST) {
			loop_timer_set(budget->again, AGAIN_PAUSE);
			return;
		}
		entry_save(budget, entry, NULL);
	}
}

struct budget *
budget_new(
    struct loop *loop, struct journal *journal, const struct conf *const *conf, struct audit *audit)
{
	struct budget *budget = mem_new(sizeof(*budget));

	budget->journal = journal;
	budget->conf = conf;
	budget->audit = audit;
	budget->again = loop_timer_new(loop, budget_on_again, budget);
	return budget;
}

void
budget_free(struct budget **budget)
{
	struct budget *it = *budget;

	if (it == NULL)
		return;
	*budget = NULL;
	while (it->tickets != NULL) {
		struct waiter *waiter = it->tickets->waiter;

		ticket_free(it->tickets);
		waiter_tell(waiter, false);
	}
	while (it->entries != NULL)
		entry_free(it, it->entries);
	loop_timer_free(&it->again);
	free(it);
}

/* ---- what is asked and counted ---- */

/* The counts of a key as they are now; -1 where they can't be read. */
static int
budget_find(struct budget *budget, const char *key, struct journal_attempts *attempts_out)
{
	const struct entry *entry = idmap_find(&budget->map, key);

	if (entry != NULL)
		*attempts_out = entry->attempts;
	else if (journal_find_attempts(budget->journal, key, attempts_out) != 0)
		return -1;
	rules_settle(budget_conf(budget), attempts_out, clock_now());
	return 0;
}

static void
budget_change(struct budget *budget, const char *key, const struct journal_attempts *attempts,
    struct waiter *waiter)
{
	struct entry *entry = idmap_find(&budget->map, key);

	if (entry == NULL)
		entry = entry_new(budget, key, attempts);
	entry->attempts = *attempts;
	entry_save(budget, entry, waiter);
}

static bool
budget_was_counted(const struct journal_attempts *attempts, const char *id)
{
	return id != NULL && strcmp(attempts->last_id, id) == 0;
}

enum budget_answer
budget_ask(struct budget *budget, const struct budget_keys *keys, const char *id, int64_t *wait_out)
{
	const struct conf_identity *conf = budget_conf(budget);
	const char *const both[] = {keys->person, keys->spray};
	struct journal_attempts attempts;

	*wait_out = 0;
	if (budget->map.count >= ENTRIES_MOST)
		return BUDGET_UNKNOWN;
	for (int i = 0; i < 2; i++) {
		int64_t wait;

		if (budget_find(budget, both[i], &attempts) != 0)
			return BUDGET_UNKNOWN;
		wait = rules_wait(conf, &attempts, clock_now());
		if (!budget_was_counted(&attempts, id) && wait > *wait_out)
			*wait_out = wait;
	}
	return *wait_out > 0 ? BUDGET_LOCKED : BUDGET_OPEN;
}

/* key: of the identifier, or of what was claimed beside it. */
static void
budget_audit(const struct budget *budget, const struct journal_attempts *attempts, bool windowed,
    const char *key, const char *id)
{
	const struct conf_identity *conf = budget_conf(budget);
	bool ever = conf->failures_ever > 0 && attempts->total >= conf->failures_ever;
	struct audit_decision decision = {
	    .event = "locked",
	    .actor = "musterd",
	    .registration = id,
	    .person = windowed ? NULL : key,
	    .digest = windowed ? key : NULL,
	    .what = windowed ? "claim" : "identifier",
	    .outcome = windowed || !ever ? "for-a-time" : "for-ever",
	    .reason = "too-many-failures",
	    .count = windowed || ever ? attempts->total : attempts->in_row,
	};

	audit_write(budget->audit, &decision);
}

static void
budget_say(const struct budget *budget, const struct journal_attempts *attempts, bool windowed,
    const char *key, const char *id)
{
	const struct conf_identity *conf = budget_conf(budget);

	if (rules_wait(conf, attempts, attempts->last_at) <= 0)
		return;
	budget_audit(budget, attempts, windowed, key, id);
	if (windowed)
		log_line(LOG_LEVEL_WARNING, id,
		    "%lld failures with the same dates and family name: locked for the rest of "
		    "%lld "
		    "s",
		    (long long)attempts->total, (long long)conf->spray_window / 1000);
	else if (conf->failures_ever > 0 && attempts->total >= conf->failures_ever)
		log_line(LOG_LEVEL_WARNING, id,
		    "an identifier is locked until it is unlocked: %lld failures in all",
		    (long long)attempts->total);
	else
		log_line(LOG_LEVEL_WARNING, id,
		    "an identifier is locked for %lld s: %lld failures in a row",
		    (long long)conf->lock / 1000, (long long)attempts->in_row);
}

/* Once for a registration: a step is repeated after a crash. */
static void
budget_fail_key(struct budget *budget, const char *key, struct journal_attempts *attempts,
    bool windowed, const char *id, struct waiter *waiter)
{
	if (!budget_was_counted(attempts, id)) {
		rules_fail(budget_conf(budget), attempts, windowed, id, clock_now());
		budget_say(budget, attempts, windowed, key, id);
	}
	budget_change(budget, key, attempts, waiter);
}

static struct waiter *
waiter_new(budget_done_fn *done, void *arg)
{
	struct waiter *waiter;

	if (done == NULL)
		return NULL;
	waiter = mem_new(sizeof(*waiter));
	waiter->done = done;
	waiter->arg = arg;
	return waiter;
}

int
budget_fail(struct budget *budget, const struct budget_keys *keys, const char *id,
    budget_done_fn *done, void *arg)
{
	bool sprayed = budget_conf(budget)->spray_failures > 0;
	struct journal_attempts person, spray;
	struct waiter *waiter;

	if (budget_find(budget, keys->person, &person) != 0 ||
	    (sprayed && budget_find(budget, keys->spray, &spray) != 0))
		return -1;
	waiter = waiter_new(done, arg);
	budget_fail_key(budget, keys->person, &person, false, id, waiter);
	if (!sprayed)
		return 0;
	budget_fail_key(budget, keys->spray, &spray, true, id, waiter);
	if (budget->failures++ % PRUNE_EVERY == 0)
		journal_prune_attempts(
		    budget->journal, clock_now() - budget_conf(budget)->spray_window);
	return 0;
}

void
budget_pass(struct budget *budget, const struct budget_keys *keys)
{
	struct journal_attempts attempts;

	if (budget_find(budget, keys->person, &attempts) != 0 || attempts.in_row == 0)
		return;
	attempts.in_row = 0;
	attempts.locked_until = 0;
	budget_change(budget, keys->person, &attempts, NULL);
}

int
budget_look(struct budget *budget, const char *person_key, struct budget_look *look_out)
{
	struct journal_attempts attempts;

	if (budget_find(budget, person_key, &attempts) != 0)
		return -1;
	rules_look(budget_conf(budget), &attempts, look_out);
	return 0;
}

int
budget_unlock(struct budget *budget, const char *person_key, struct budget_look *was_out,
    budget_done_fn *done, void *arg)
{
	static const struct journal_attempts none;

	if (budget_look(budget, person_key, was_out) != 0)
		return -1;
	budget_change(budget, person_key, &none, waiter_new(done, arg));
	return 0;
}
