#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ledger.h"
#include "model/registration_json.h"

/* FNV-1a, 64 bits. */
static uint64_t
hash_bytes(uint64_t hash, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3U;
	return hash;
}

static uint64_t __attribute__((format(printf, 2, 3)))
hash_text(uint64_t hash, const char *format, ...)
{
	va_list more;
	char *bytes;
	int size;

	va_start(more, format);
	size = vasprintf(&bytes, format, more);
	va_end(more);
	if (size < 0)
		abort();
	hash = hash_bytes(hash != 0 ? hash : 0xcbf29ce484222325U, bytes, (size_t)size + 1);
	free(bytes);
	return hash;
}

static const char *
or_none(const char *text)
{
	return text != NULL ? text : "(none)";
}

static uint64_t
held_hash(const struct held *held)
{
	const struct registration *it = held->registration;
	char *application = it->application != NULL ? application_encode(it->application) : NULL;
	uint64_t hash;

	hash = hash_text(held->timeline, "%s|%s|%s|%s|%s|%d|%s|%s|%s|%s|%s|%d|%d", it->id,
	    or_none(it->portal), it->key_mac, it->body_mac, it->person_key, it->state,
	    or_none(it->reason), or_none(it->step), or_none(it->waits_for), or_none(it->detail),
	    or_none(it->findings), it->attempts, it->held);
	hash = hash_text(hash, "%lld|%lld|%lld|%lld|%s|%s|%s|%d|%s", (long long)it->created_at,
	    (long long)it->activates_at, (long long)it->activated_at, (long long)it->due_at,
	    or_none(it->uid), or_none(it->mail), or_none(application), held->answer_status,
	    or_none(held->answer));
	for (size_t i = 0; it->categories != NULL && it->categories[i] != NULL; i++)
		hash = hash_text(hash, "%s", it->categories[i]);
	free(application);
	return hash;
}

static uint64_t
attempts_hash(size_t which, const struct journal_attempts *it)
{
	if (it->total == 0)
		return 0;
	return hash_text(0, "%s|%lld|%lld|%lld|%lld|%lld|%s", ledger_key(which),
	    (long long)it->in_row, (long long)it->total, (long long)it->began_at,
	    (long long)it->locked_until, (long long)it->last_at, it->last_id);
}

static uint64_t
fact_hash(size_t which, const char *value)
{
	return value == NULL ? 0 : hash_text(0, "%s|%s", ledger_fact(which), value);
}

static uint64_t
line_hash(uint64_t timeline, const char *step, const char *state, const char *what)
{
	return hash_text(timeline, "%s|%s|%s", or_none(step), or_none(state), or_none(what));
}

const char *
ledger_key(size_t which)
{
	static const char *const keys[ATTEMPT_KEYS] = {
	    "key 0", "key 1", "key 2", "key 3", "key 4", "key 5"};

	return keys[which];
}

const char *
ledger_fact(size_t which)
{
	static const char *const facts[FACTS] = {"fact 0", "fact 1", "fact 2"};

	return facts[which];
}

/* ---- what a journal holds ---- */

static void
on_line(int64_t at, const char *step, const char *state, const char *what, void *arg)
{
	struct held *held = arg;

	held->timeline = line_hash(held->timeline, step, state, what);
}

static void
held_fini(struct held *held)
{
	registration_free(&held->registration);
	free(held->answer);
}

/* -1 where the row and its Idempotency-Key are not of one mind, or it does not unseal. */
static int
held_read(struct held *held, struct journal *journal, const char *id, const char **why)
{
	struct registration *by_key;

	memset(held, 0, sizeof(*held));
	held->registration = journal_find(journal, id);
	if (held->registration == NULL) {
		*why = "a registration that is listed is not found";
		return -1;
	}
	journal_timeline(journal, id, on_line, held);
	if (held->registration->key_mac[0] != '\0') {
		by_key = journal_find_key(journal, held->registration->portal,
		    held->registration->key_mac, &held->answer_status, &held->answer);
		if (by_key == NULL || strcmp(by_key->id, id) != 0)
			*why = "an Idempotency-Key finds another registration or none";
		registration_free(&by_key);
	}
	held->hash = held_hash(held);
	return *why == NULL ? 0 : -1;
}

struct listed {
	char ids[HELD_MOST][UUID_SIZE];
	size_t count;
	int64_t by_state[STATE_COUNT];
};

static void
on_listed(const struct registration *registration, void *arg)
{
	struct listed *listed = arg;

	listed->by_state[registration->state]++;
	if (listed->count < HELD_MOST)
		memcpy(listed->ids[listed->count], registration->id, UUID_SIZE);
	listed->count++;
}

static int
journal_read_listed(struct journal *journal, struct listed *listed, const char **why)
{
	struct journal_filter all = {0};
	struct journal_counts counts;

	memset(listed, 0, sizeof(*listed));
	journal_list(journal, &all, on_listed, listed);
	journal_counts(journal, &counts);
	if (listed->count > HELD_MOST)
		*why = "more registrations than were ever submitted";
	else if (memcmp(counts.by_state, listed->by_state, sizeof(counts.by_state)) != 0)
		*why = "the counts by state are not those of the rows";
	else if (counts.set_aside != 0)
		*why = "a registration is set aside";
	return *why == NULL ? 0 : -1;
}

static int
ledger_read(struct ledger *ledger, struct journal *journal, const char **why)
{
	struct listed listed;

	if (journal_read_listed(journal, &listed, why) != 0)
		return -1;
	for (size_t i = 0; *why == NULL && i < listed.count; i++) {
		held_read(&ledger->held[ledger->held_count], journal, listed.ids[i], why);
		ledger->sum += ledger->held[ledger->held_count++].hash;
	}
	for (size_t i = 0; *why == NULL && i < ATTEMPT_KEYS; i++) {
		if (journal_find_attempts(journal, ledger_key(i), &ledger->attempts[i]) != 0)
			*why = "the attempts can't be read";
		ledger->sum += attempts_hash(i, &ledger->attempts[i]);
	}
	for (size_t i = 0; *why == NULL && i < FACTS; i++) {
		ledger->facts[i] = journal_fact(journal, ledger_fact(i));
		ledger->sum += fact_hash(i, ledger->facts[i]);
	}
	return *why == NULL ? 0 : -1;
}

int
ledger_sum_of(struct journal *journal, uint64_t *sum_out, const char **why)
{
	struct ledger ledger = {0};
	int result;

	*why = NULL;
	result = ledger_read(&ledger, journal, why);
	*sum_out = ledger.sum;
	ledger_fini(&ledger);
	return result;
}

/* ---- what it must hold ---- */

static void
ledger_keep_sum(struct ledger *ledger)
{
	ledger->sums = mem_grow(ledger->sums, ledger->writes + 1, sizeof(*ledger->sums));
	ledger->sums[ledger->writes] = ledger->sum;
}

void
ledger_init(struct ledger *ledger, struct journal *journal)
{
	const char *why = NULL;

	memset(ledger, 0, sizeof(*ledger));
	if (ledger_read(ledger, journal, &why) != 0) {
		fprintf(stderr, "%s\n", why);
		abort();
	}
	ledger_keep_sum(ledger);
}

void
ledger_fini(struct ledger *ledger)
{
	for (size_t i = 0; i < ledger->held_count; i++)
		held_fini(&ledger->held[i]);
	for (size_t i = 0; i < FACTS; i++)
		free(ledger->facts[i]);
	free(ledger->sums);
	memset(ledger, 0, sizeof(*ledger));
}

struct held *
ledger_add(struct ledger *ledger, struct registration *registration)
{
	struct held *held = &ledger->held[ledger->held_count++];

	held->registration = registration;
	return held;
}

void
ledger_note(struct held *held, const struct journal_note *note)
{
	held->timeline =
	    line_hash(held->timeline, note->step != NULL ? note->step : held->registration->step,
		registration_state_name(held->registration->state), note->what);
}

void
ledger_changed(struct ledger *ledger, struct held *held)
{
	ledger->sum -= held->hash;
	held->hash = held_hash(held);
	ledger->sum += held->hash;
}

void
ledger_set_attempts(struct ledger *ledger, size_t which, const struct journal_attempts *attempts)
{
	ledger->sum -= attempts_hash(which, &ledger->attempts[which]);
	ledger->attempts[which] = *attempts;
	ledger->sum += attempts_hash(which, attempts);
}

void
ledger_set_fact(struct ledger *ledger, size_t which, const char *value)
{
	ledger->sum -= fact_hash(which, ledger->facts[which]);
	mem_set_text(&ledger->facts[which], value);
	ledger->sum += fact_hash(which, value);
}

size_t
ledger_submit(struct ledger *ledger)
{
	ledger->writes++;
	ledger_keep_sum(ledger);
	return ledger->writes;
}

int64_t
ledger_find(const struct ledger *ledger, uint64_t sum, size_t low)
{
	for (size_t i = low; i <= ledger->writes; i++)
		if (ledger->sums[i] == sum)
			return (int64_t)i;
	for (size_t i = low; i-- > 0;)
		if (ledger->sums[i] == sum)
			return (int64_t)i;
	return -1;
}
