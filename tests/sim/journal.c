#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/idmap.h"
#include "base/keyring.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"
#include "conf/conf.h"
#include "journal.h"
#include "journal/journal.h"
#include "model/application.h"
#include "model/registration_json.h"
#include "oracle.h"
#include "queue.h"
#include "sim.h"
#include "world.h"

#define BATCH 64

enum write_kind { WRITE_APPEND, WRITE_SAVE, WRITE_WAKE, WRITE_ATTEMPTS, WRITE_FACT, WRITE_CREDIT };

/* A registration as it lies in the journal: the application is sealed, so copies are cheap. */
struct row {
	struct registration *registration; /* without its application */
	char *sealed;
	TAILQ_ENTRY(row) due, all;
	bool is_due;
};
TAILQ_HEAD(rows, row);

struct counted {
	char key[KEYRING_HMAC_SIZE];
	struct journal_attempts attempts;
};

struct write {
	TAILQ_ENTRY(write) link;
	enum write_kind kind;
	struct row *row;
	char *name; /* a directory, a key of attempts, or a fact's value */
	int64_t at, credit;
	struct journal_attempts attempts;
	enum journal_result result;
	journal_done_fn *done;
	void *arg;
	char id[UUID_SIZE];
};
TAILQ_HEAD(writes, write);

struct store {
	struct idmap rows, attempts;
	struct rows all, due;
	int64_t by_state[STATE_COUNT];
	char *fact; /* there is but one */
	bool full;
	struct journal *open;
};

struct journal {
	struct store *store;
	int machine;
	struct writes waiting, finished;
	size_t depth;
	struct event *commit, *call;
	char *preface; /* a fact: nothing is kept before it is */
	bool ended;
};

static struct store stores[MACHINES];

/* ---- rows ---- */

static struct registration *
registration_copy(const struct registration *from)
{
	struct registration *copy = registration_new();

	memcpy(copy->id, from->id, sizeof(copy->id));
	memcpy(copy->key_mac, from->key_mac, sizeof(copy->key_mac));
	memcpy(copy->body_mac, from->body_mac, sizeof(copy->body_mac));
	memcpy(copy->person_key, from->person_key, sizeof(copy->person_key));
	copy->portal = mem_text(from->portal);
	copy->state = from->state;
	copy->reason = mem_text(from->reason);
	copy->step = mem_text(from->step);
	copy->waits_for = mem_text(from->waits_for);
	copy->detail = mem_text(from->detail);
	copy->findings = mem_text(from->findings);
	copy->attempts = from->attempts;
	copy->created_at = from->created_at;
	copy->activates_at = from->activates_at;
	copy->activated_at = from->activated_at;
	copy->due_at = from->due_at;
	copy->uid = mem_text(from->uid);
	copy->mail = mem_text(from->mail);
	copy->categories = mem_texts_copy(from->categories);
	copy->held = from->held;
	return copy;
}

static struct row *
row_new(const struct registration *registration)
{
	struct row *row = mem_new(sizeof(*row));

	row->registration = registration_copy(registration);
	if (registration->application != NULL)
		row->sealed = application_encode(registration->application);
	return row;
}

static void
row_free(struct row *row)
{
	registration_free(&row->registration);
	free(row->sealed);
	free(row);
}

static void
row_on_drain(void *thing)
{
	row_free(thing);
}

static void
store_add(struct store *store, struct row *row)
{
	idmap_add(&store->rows, row->registration->id, row);
	TAILQ_INSERT_TAIL(&store->all, row, all);
	store->by_state[row->registration->state]++;
	row->is_due = row->registration->due_at > 0;
	if (row->is_due)
		TAILQ_INSERT_TAIL(&store->due, row, due);
}

static void
store_take_out(struct store *store, struct row *row)
{
	idmap_remove(&store->rows, row->registration->id);
	TAILQ_REMOVE(&store->all, row, all);
	store->by_state[row->registration->state]--;
	if (row->is_due)
		TAILQ_REMOVE(&store->due, row, due);
}

void
store_begin(int machine)
{
	memset(&stores[machine], 0, sizeof(stores[machine]));
	TAILQ_INIT(&stores[machine].all);
	TAILQ_INIT(&stores[machine].due);
}

void
store_end(int machine)
{
	struct store *store = &stores[machine];

	idmap_drain(&store->rows, row_on_drain);
	idmap_drain(&store->attempts, free);
	mem_free_text(&store->fact);
}

const struct registration *
store_row(int machine, const char *id)
{
	const struct row *row = idmap_find(&stores[machine].rows, id);

	return row == NULL ? NULL : row->registration;
}

/* ---- writes ---- */

static void
write_free(struct write *write)
{
	if (write->row != NULL)
		row_free(write->row);
	free(write->name);
	free(write);
}

static void
commit_row(struct journal *journal, struct write *write)
{
	struct store *store = journal->store;
	struct row *old = idmap_find(&store->rows, write->id);

	if ((old != NULL) == (write->kind == WRITE_APPEND)) {
		write->result = JOURNAL_BROKEN;
		return;
	}
	if (sim.plant == PLANT_FORGET && write->kind == WRITE_SAVE && chance_of(10))
		return;
	if (old != NULL)
		store_take_out(store, old);
	store_add(store, write->row);
	oracle_committed(journal->machine, old == NULL ? NULL : old->registration,
	    write->row->registration, write->row->sealed != NULL);
	if (old != NULL)
		row_free(old);
	write->row = NULL;
}

static void
commit_wake(struct store *store, const struct write *write)
{
	struct row *row;

	TAILQ_FOREACH(row, &store->due, due)
	{
		struct registration *registration = row->registration;

		if (registration->waits_for != NULL &&
		    strcmp(registration->waits_for, write->name) == 0 &&
		    registration->due_at > write->at)
			registration->due_at = write->at;
	}
}

/* What is pending, and due before, is due earlier. */
static void
commit_credit(struct store *store, const struct write *write)
{
	struct row *row;

	TAILQ_FOREACH(row, &store->all, all)
	{
		struct registration *registration = row->registration;

		if (registration->state != STATE_PENDING || registration->activates_at >= write->at)
			continue;
		registration->activates_at -= write->credit;
		if (registration->due_at > 0)
			registration->due_at = registration->due_at > write->credit
						   ? registration->due_at - write->credit
						   : 1;
	}
}

static void
commit_attempts(struct store *store, const struct write *write)
{
	struct counted *counted = idmap_find(&store->attempts, write->name);

	if (counted == NULL) {
		counted = mem_new(sizeof(*counted));
		snprintf(counted->key, sizeof(counted->key), "%s", write->name);
		idmap_add(&store->attempts, write->name, counted);
	}
	counted->attempts = write->attempts;
}

static void
commit_one(struct journal *journal, struct write *write)
{
	write->result = JOURNAL_DONE;
	if (write->kind == WRITE_APPEND || write->kind == WRITE_SAVE)
		commit_row(journal, write);
	else if (write->kind == WRITE_WAKE)
		commit_wake(journal->store, write);
	else if (write->kind == WRITE_ATTEMPTS)
		commit_attempts(journal->store, write);
	else if (write->kind == WRITE_CREDIT)
		commit_credit(journal->store, write);
	if (write->kind == WRITE_CREDIT || write->kind == WRITE_FACT)
		mem_set_text(&journal->store->fact, write->name);
}

/* The first ones of the queue, all or none. */
static void
journal_commit(struct journal *journal, size_t many)
{
	enum journal_result refused = JOURNAL_DONE;
	struct write *write;

	if (journal->store->full)
		refused = JOURNAL_FULL;
	else if (chance_of(weather_now()->broken))
		refused = JOURNAL_BROKEN;
	sim.faults += refused != JOURNAL_DONE;
	if (refused == JOURNAL_DONE && !TAILQ_EMPTY(&journal->waiting) &&
	    journal->preface != NULL) {
		mem_set_text(&journal->store->fact, journal->preface);
		mem_free_text(&journal->preface);
	}
	for (; many > 0 && (write = TAILQ_FIRST(&journal->waiting)) != NULL; many--) {
		TAILQ_REMOVE(&journal->waiting, write, link);
		TAILQ_INSERT_TAIL(&journal->finished, write, link);
		write->result = refused;
		if (refused == JOURNAL_DONE)
			commit_one(journal, write);
		if (write->result != JOURNAL_DONE)
			oracle_refused(write->id);
	}
}

static bool
journal_call_back(struct journal *journal)
{
	struct write *write = TAILQ_FIRST(&journal->finished);

	if (write == NULL)
		return false;
	TAILQ_REMOVE(&journal->finished, write, link);
	journal->depth--;
	if (write->done != NULL)
		write->done(write->result, write->id, write->arg);
	write_free(write);
	return true;
}

static void
journal_on_call(void *arg)
{
	struct journal *journal = arg;

	journal->call = NULL;
	journal_call_back(journal);
	if (!TAILQ_EMPTY(&journal->finished) && journal->call == NULL)
		journal->call =
		    queue_add(journal->machine, chance_of(500) ? 1 : 0, journal_on_call, journal);
}

static void
journal_on_commit(void *arg)
{
	struct journal *journal = arg;

	journal->commit = NULL;
	journal_commit(journal, 1 + chance_below(BATCH));
	if (journal->call == NULL)
		journal->call =
		    queue_add(journal->machine, chance_between(0, 2), journal_on_call, journal);
	if (!TAILQ_EMPTY(&journal->waiting))
		journal->commit =
		    queue_add(journal->machine, chance_between(1, 10), journal_on_commit, journal);
}

static void
journal_submit(struct journal *journal, struct write *write)
{
	journal->depth++;
	if (journal->ended || (write->done != NULL && chance_of(weather_now()->queue_full))) {
		write->result = JOURNAL_FULL;
		oracle_refused(write->id);
		TAILQ_INSERT_HEAD(&journal->finished, write, link);
		if (!journal->ended && journal->call == NULL)
			journal->call = queue_add(journal->machine, 0, journal_on_call, journal);
		return;
	}
	TAILQ_INSERT_TAIL(&journal->waiting, write, link);
	if (journal->commit == NULL)
		journal->commit = queue_add(journal->machine,
		    chance_of(100) ? chance_between(100, 2000) : chance_between(1, 10),
		    journal_on_commit, journal);
}

static struct write *
write_new(enum write_kind kind, const char *id, journal_done_fn *done, void *arg)
{
	struct write *write = mem_new(sizeof(*write));

	write->kind = kind;
	write->done = done;
	write->arg = arg;
	snprintf(write->id, sizeof(write->id), "%s", id);
	return write;
}

/* ---- journal/journal.h ---- */

struct journal *
journal_open(
    struct loop *loop, const struct conf_journal *conf, struct keyring *keys, struct err *err)
{
	struct journal *journal = mem_new(sizeof(*journal));

	/* The path is just the machine's number. */
	journal->machine = (int)strtol(conf->path, NULL, 10);
	journal->store = &stores[journal->machine];
	journal->store->open = journal;
	TAILQ_INIT(&journal->waiting);
	TAILQ_INIT(&journal->finished);
	return journal;
}

void
journal_close(struct journal **journal)
{
	struct journal *it = *journal;

	*journal = NULL;
	journal_commit(it, SIZE_MAX);
	it->ended = true;
	while (journal_call_back(it))
		;
	queue_cancel(&it->commit);
	queue_cancel(&it->call);
	it->store->open = NULL;
	free(it->preface);
	free(it);
}

void
store_set_full(int machine, bool full)
{
	stores[machine].full = full;
}

void
store_crash(int machine)
{
	struct journal *journal = stores[machine].open;
	bool full = stores[machine].full;

	if (chance_of(5000))
		journal_commit(journal, chance_below(BATCH));
	stores[machine].full = true;
	journal_commit(journal, SIZE_MAX);
	stores[machine].full = full;
}

void
journal_append(struct journal *journal, const struct registration *registration,
    const struct journal_note *note, journal_done_fn *done, void *arg)
{
	struct write *write = write_new(WRITE_APPEND, registration->id, done, arg);

	write->row = row_new(registration);
	journal_submit(journal, write);
}

void
journal_save(struct journal *journal, const struct registration *registration,
    const struct journal_note *note, journal_done_fn *done, void *arg)
{
	struct write *write = write_new(WRITE_SAVE, registration->id, done, arg);

	oracle_saves(registration->id);
	write->row = row_new(registration);
	journal_submit(journal, write);
}

void
journal_wake(
    struct journal *journal, const char *waits_for, int64_t now, journal_done_fn *done, void *arg)
{
	struct write *write = write_new(WRITE_WAKE, "", done, arg);

	write->name = mem_text(waits_for);
	write->at = now;
	journal_submit(journal, write);
}

void
journal_save_attempts(struct journal *journal, const char *key,
    const struct journal_attempts *attempts, journal_done_fn *done, void *arg)
{
	struct write *write = write_new(WRITE_ATTEMPTS, "", done, arg);

	write->name = mem_text(key);
	write->attempts = *attempts;
	journal_submit(journal, write);
}

char *
journal_fact(struct journal *journal, const char *name)
{
	return mem_text(journal->store->fact);
}

void
journal_preface(struct journal *journal, const char *name, const char *value)
{
	mem_set_text(&journal->preface, value);
}

void
journal_note_fact(struct journal *journal, const char *name, const char *value)
{
	struct write *write = write_new(WRITE_FACT, "", NULL, NULL);

	write->name = mem_text(value);
	journal_submit(journal, write);
}

void
journal_credit(struct journal *journal, int64_t before, int64_t milliseconds, const char *name,
    const char *value, journal_done_fn *done, void *arg)
{
	struct write *write = write_new(WRITE_CREDIT, "", done, arg);

	write->at = before;
	write->credit = milliseconds;
	write->name = mem_text(value);
	journal_submit(journal, write);
}

void
journal_counts(struct journal *journal, struct journal_counts *counts_out)
{
	memset(counts_out, 0, sizeof(*counts_out));
	memcpy(counts_out->by_state, journal->store->by_state, sizeof(counts_out->by_state));
}

void
journal_prune_attempts(struct journal *journal, int64_t before)
{
}

const char *
journal_trouble(const struct journal *journal)
{
	return journal->store->full ? "it is full" : NULL;
}

bool
journal_has_misread(const struct journal *journal)
{
	return false;
}

size_t
journal_depth(const struct journal *journal)
{
	return journal->depth;
}

struct registration *
journal_find(struct journal *journal, const char *id)
{
	const struct row *row = idmap_find(&journal->store->rows, id);
	struct registration *registration;

	if (row == NULL)
		return NULL;
	registration = registration_copy(row->registration);
	if (row->sealed != NULL)
		registration->application =
		    application_decode(row->sealed, strlen(row->sealed), NULL);
	return registration;
}

int
journal_find_attempts(
    struct journal *journal, const char *key, struct journal_attempts *attempts_out)
{
	const struct counted *counted = idmap_find(&journal->store->attempts, key);

	memset(attempts_out, 0, sizeof(*attempts_out));
	if (counted != NULL)
		*attempts_out = counted->attempts;
	return 0;
}

static int
row_compare(const void *a, const void *b)
{
	const struct registration *const *one = a, *const *other = b;

	if ((*one)->due_at != (*other)->due_at)
		return (*one)->due_at < (*other)->due_at ? -1 : 1;
	return strcmp((*one)->id, (*other)->id);
}

size_t
journal_due(struct journal *journal, int64_t now, char (*ids_out)[UUID_SIZE], size_t most)
{
	const struct registration **found = NULL;
	const struct row *row;
	size_t count = 0, room = 0;

	TAILQ_FOREACH(row, &journal->store->due, due)
	if (row->registration->due_at <= now) {
		if (count == room)
			found = mem_grow(found, room = 2 * room + 64, sizeof(*found));
		found[count++] = row->registration;
	}
	if (count > 1)
		qsort(found, count, sizeof(*found), row_compare);
	if (count > most)
		count = most;
	for (size_t i = 0; i < count; i++)
		memcpy(ids_out[i], found[i]->id, UUID_SIZE);
	free(found);
	return count;
}

int64_t
journal_next_due(struct journal *journal, int64_t after)
{
	const struct row *row;
	int64_t next = 0;

	TAILQ_FOREACH(row, &journal->store->due, due)
	if (row->registration->due_at > after && (next == 0 || row->registration->due_at < next))
		next = row->registration->due_at;
	return next;
}
