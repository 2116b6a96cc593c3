#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "journal/journal_internal.h"
#include "model/application.h"
#include "work.h"

#define MADE_AT 1790000000000 /* when made registrations were made */
#define REGISTRATIONS_MOST 32 /* of a work; a journal has room for what comes after it */
#define BIG_TEXT 6000         /* some rows need pages of their own */

static void __attribute__((noreturn, format(printf, 1, 2))) fail(const char *format, ...)
{
	va_list more;

	va_start(more, format);
	vfprintf(stderr, format, more);
	va_end(more);
	fputc('\n', stderr);
	exit(EXIT_FAILURE);
}

int
keys_open(const char *folder, struct keyring **keys, struct keyring **person_keys, struct err *err)
{
	char *path = mem_format("%s/" KEY_FILE, folder);
	char *person_path = mem_format("%s/" PERSON_KEY_FILE, folder);

	*keys = keyring_open(path, true, err);
	*person_keys = *keys != NULL ? keyring_open(person_path, true, err) : NULL;
	free(path);
	free(person_path);
	return *person_keys != NULL ? 0 : -1;
}

struct registration *
registration_made(int number)
{
	struct registration *it = registration_new();

	snprintf(it->id, UUID_SIZE, "01900000-0000-7000-8000-%012d", number);
	mem_set_text(&it->portal, "web");
	mem_set_text(&it->step, "prove-identity");
	it->state = STATE_RECEIVED;
	it->created_at = MADE_AT + number;
	it->application = application_new();
	it->application->identifier.kind = IDENTIFIER_SSN;
	snprintf(it->application->identifier.digits, IDENTIFIER_DIGITS + 1, "900%06u",
	    (unsigned)number % 1000000U);
	it->application->birth_date = (struct date){1980, 2, 29};
	it->application->legal_name.given = mem_text("John");
	it->application->legal_name.family = mem_text("Doe");
	return it;
}

void
folder_empty(const char *folder)
{
	DIR *listing = opendir(folder);
	struct dirent *entry;

	while (listing != NULL && (entry = readdir(listing)) != NULL)
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(listing), entry->d_name, 0);
	closedir(listing);
}

void
journal_settle(struct journal *journal, struct loop *loop)
{
	for (int turn = 0; journal_depth(journal) > 0; turn++) {
		if (turn == 6000)
			fail("%zu writes still wait", journal_depth(journal));
		loop_turn(loop, 10);
	}
}

/* ---- one write ---- */

/* Goes along with a write until it is called back. */
struct ticket {
	struct work *work;
	size_t number;
	enum journal_result expected;
};

static void
on_done(enum journal_result result, const char *id, void *arg)
{
	struct ticket *ticket = arg;

	if (result != ticket->expected)
		fail(
		    "write %zu: result %d instead of %d", ticket->number, result, ticket->expected);
	ticket->work->acknowledged = ticket->number;
	recording_on_acknowledged(ticket->number);
	free(ticket);
}

static struct ticket *
work_submit(struct work *work, enum journal_result expected)
{
	struct ticket *ticket = mem_new(sizeof(*ticket));

	ticket->work = work;
	ticket->expected = expected;
	ticket->number = ledger_submit(&work->ledger);
	recording_on_submitted(ticket->number);
	return ticket;
}

static void
work_submit_unanswered(struct work *work)
{
	recording_on_submitted(ledger_submit(&work->ledger));
}

static struct held *
work_any(struct work *work)
{
	size_t count = work->ledger.held_count;

	return count == 0 ? NULL : &work->ledger.held[chance_below(&work->chance, count)];
}

static struct journal_note
work_note(struct work *work, char what[64])
{
	struct journal_note note = {chance_is(&work->chance, 50) ? "a-step" : NULL, what};

	snprintf(what, 64, "line %lld", (long long)++work->last_number);
	return note;
}

static void
do_append(struct work *work)
{
	struct registration *it;
	struct held *held;
	struct journal_note note;
	char what[64];

	if (work->ledger.held_count >= REGISTRATIONS_MOST)
		return;
	it = registration_made(++work->last_id);
	if (chance_is(&work->chance, 70))
		snprintf(it->key_mac, sizeof(it->key_mac), "mac of key %d", work->last_id);
	if (chance_is(&work->chance, 15)) {
		it->application->postal_address = mem_new(BIG_TEXT + 1);
		memset(it->application->postal_address, 'a', BIG_TEXT);
	}
	held = ledger_add(&work->ledger, it);
	note = work_note(work, what);
	ledger_note(held, &note);
	ledger_changed(&work->ledger, held);
	journal_append(work->journal, it, &note, on_done, work_submit(work, JOURNAL_DONE));
}

/* The same Idempotency-Key once more, with another id: nothing changes. */
static void
do_append_taken(struct work *work)
{
	struct held *held = work_any(work);
	struct registration *it;

	if (held == NULL || held->registration->key_mac[0] == '\0')
		return;
	it = registration_made(++work->last_id);
	memcpy(it->key_mac, held->registration->key_mac, sizeof(it->key_mac));
	journal_append(work->journal, it, NULL, on_done, work_submit(work, JOURNAL_EXISTS));
	registration_free(&it);
}

static void
registration_change(struct work *work, struct registration *it)
{
	int64_t number = ++work->last_number;
	char *text = mem_format("text %lld", (long long)number);

	it->state = (enum registration_state)chance_below(&work->chance, STATE_COUNT);
	mem_set_text(&it->step, chance_is(&work->chance, 50) ? "claim-person" : "wait");
	mem_set_text(&it->waits_for, chance_is(&work->chance, 30) ? "accounts" : NULL);
	mem_set_text(&it->detail, text);
	mem_set_text(&it->uid, chance_is(&work->chance, 50) ? text : NULL);
	if (work->has_findings)
		mem_set_text(&it->findings, chance_is(&work->chance, 50) ? text : NULL);
	it->due_at = chance_is(&work->chance, 60) ? MADE_AT + number : 0;
	it->attempts = (int)chance_below(&work->chance, 5);
	it->activates_at = number;
	free(text);
	if (chance_is(&work->chance, 20) && it->categories == NULL)
		mem_texts_add(&it->categories, "da-civilian");
	if (it->application != NULL && chance_is(&work->chance, 20))
		mem_set_text(&it->application->password_hash, it->detail);
}

static void
work_save(struct work *work, struct held *held)
{
	struct journal_note note;
	char what[64];
	bool noted = chance_is(&work->chance, 50);

	note = work_note(work, what);
	if (noted)
		ledger_note(held, &note);
	ledger_changed(&work->ledger, held);
	journal_save(work->journal, held->registration, noted ? &note : NULL, on_done,
	    work_submit(work, JOURNAL_DONE));
}

static void
do_save(struct work *work)
{
	struct held *held = work_any(work);

	if (held == NULL)
		return;
	registration_change(work, held->registration);
	work_save(work, held);
}

static void
do_erase(struct work *work)
{
	struct held *held = work_any(work);

	if (held == NULL || !work->erases)
		return;
	registration_change(work, held->registration);
	application_free(&held->registration->application);
	work_save(work, held);
}

static void
do_answer(struct work *work)
{
	struct held *held = work_any(work);

	if (held == NULL || held->registration->key_mac[0] == '\0')
		return;
	free(held->answer);
	held->answer = mem_format("{\"answer\":%lld}", (long long)++work->last_number);
	held->answer_status = 202;
	ledger_changed(&work->ledger, held);
	work_submit_unanswered(work);
	journal_save_answer(work->journal, held->registration->id, 202, held->answer);
}

static void
do_attempts(struct work *work)
{
	size_t which = chance_below(&work->chance, ATTEMPT_KEYS);
	struct journal_attempts attempts = {0};

	if (chance_is(&work->chance, 80)) {
		attempts.total = attempts.last_at = ++work->last_number;
		attempts.in_row = 1;
		attempts.began_at = chance_is(&work->chance, 50) ? work->last_number : 0;
		snprintf(attempts.last_id, UUID_SIZE, "01900000-0000-7000-8000-%012d", 1);
	}
	ledger_set_attempts(&work->ledger, which, &attempts);
	journal_save_attempts(
	    work->journal, ledger_key(which), &attempts, on_done, work_submit(work, JOURNAL_DONE));
}

static void
do_prune(struct work *work)
{
	int64_t before = work->last_number - 100;

	for (size_t i = 0; i < ATTEMPT_KEYS; i++) {
		const struct journal_attempts *it = &work->ledger.attempts[i], none = {0};

		if (it->began_at > 0 && it->began_at < before)
			ledger_set_attempts(&work->ledger, i, &none);
	}
	work_submit_unanswered(work);
	journal_prune_attempts(work->journal, before);
}

static void
do_wake(struct work *work)
{
	int64_t now = MADE_AT + work->last_number - 10;

	for (size_t i = 0; i < work->ledger.held_count; i++) {
		struct registration *it = work->ledger.held[i].registration;

		if (it->waits_for == NULL || it->due_at <= now)
			continue;
		it->due_at = now;
		ledger_changed(&work->ledger, &work->ledger.held[i]);
	}
	/* In parts, where there are hundreds: alone, so that nothing comes between them. */
	work_submit_unanswered(work);
	journal_wake(work->journal, "accounts", now, NULL, NULL);
	journal_settle(work->journal, work->loop);
}

static void
do_fact(struct work *work)
{
	size_t which = chance_below(&work->chance, FACTS), number;
	char *value = mem_format("value %lld", (long long)++work->last_number);
	struct err err;

	ledger_set_fact(&work->ledger, which, value);
	number = ledger_submit(&work->ledger);
	recording_on_submitted(number);
	if (journal_set_fact(work->journal, ledger_fact(which), value, &err) != 0)
		fail("%s", err.text);
	work->acknowledged = number;
	recording_on_acknowledged(number);
	free(value);
}

static void
work_burst(struct work *work)
{
	static void (*const actions[])(struct work *) = {do_append, do_append, do_append, do_save,
	    do_save, do_save, do_save, do_save, do_save, do_append_taken, do_answer, do_attempts,
	    do_attempts, do_erase, do_wake, do_prune};

	for (size_t left = 1 + chance_below(&work->chance, 12); left > 0; left--)
		actions[chance_below(&work->chance, sizeof(actions) / sizeof(actions[0]))](work);
	if (chance_is(&work->chance, 5))
		do_fact(work);
	if (chance_is(&work->chance, 70))
		journal_settle(work->journal, work->loop);
	else
		loop_turn(work->loop, 0);
	if (chance_is(&work->chance, 20))
		usleep(3000); /* idle: see the VFS */
}

/* ---- scenarios ---- */

static void
work_open(struct work *work)
{
	struct err err = {0};

	if (work->keys == NULL) {
		if (keys_open(work->folder, &work->keys, &work->person_keys, &err) != 0)
			fail("%s", err.text);
		recording_on_keys();
	}
	work->journal = journal_open(work->loop, &work->conf, work->keys, &err);
	if (work->journal == NULL)
		fail("%s", err.text);
	if (work->plant == PLANT_NORMAL)
		sql_execute(work->journal->writer.database, "PRAGMA synchronous = NORMAL", NULL);
}

/* The ledger begins with what is there. */
static void
work_open_first(struct work *work)
{
	work_open(work);
	ledger_fini(&work->ledger);
	ledger_init(&work->ledger, work->journal);
	work->acknowledged = 0;
}

static void
work_bursts(struct work *work, int count)
{
	while (count-- > 0)
		work_burst(work);
}

static void
run_first(struct work *work)
{
	work_open_first(work);
	work_bursts(work, 2);
	journal_close(&work->journal);
	work->erases = true;
	work_open(work);
	work_bursts(work, 2);
	journal_close(&work->journal);
}

static void
prepare_some(struct work *work)
{
	work_open_first(work);
	work_bursts(work, 10);
	journal_close(&work->journal);
}

/* Long enough for a checkpoint of a full WAL file; then erasures, which empty it when idle. */
static void
run_long(struct work *work)
{
	work_open_first(work);
	work_bursts(work, 120);
	journal_close(&work->journal);
	work_open(work);
	work->erases = true;
	work_bursts(work, 40);
	journal_close(&work->journal);
}

static void
run_short(struct work *work)
{
	work->erases = true;
	work_open_first(work);
	work_bursts(work, 20);
	journal_close(&work->journal);
}

static void
run_backup(struct work *work)
{
	char *path = mem_format("%s/" COPY_FILE, work->folder);
	struct err err;

	work_open_first(work);
	work_bursts(work, 3);
	do_save(work);
	do_append(work);
	work->copy_low = work->acknowledged;
	work->copy_high = work->ledger.writes;
	if (journal_backup(&work->conf, path, &err) != 0)
		fail("%s", err.text);
	recording_on_copy();
	work_bursts(work, 3);
	journal_close(&work->journal);
	free(path);
}

/* Makes an older version's file of it; half the time one that was left without being closed. */
static void
prepare_version(struct work *work, const char *const *texts)
{
	sqlite3 *database;

	work->has_findings = false;
	prepare_some(work);
	work->has_findings = true;
	if (sql_open(work->conf.path, SQLITE_OPEN_READWRITE, &database, NULL) != 0)
		fail("the journal can't be made older");
	if (chance_is(&work->chance, 50))
		sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	for (; *texts != NULL; texts++)
		if (sql_execute(database, *texts, NULL) != 0)
			fail("the journal can't be made older: %s", *texts);
	sqlite3_close(database);
}

static void
prepare_version_1(struct work *work)
{
	prepare_version(work,
	    (const char *const[]){"DROP TABLE attempts",
		"ALTER TABLE registration DROP COLUMN findings", "PRAGMA user_version = 1", NULL});
}

static void
prepare_version_2(struct work *work)
{
	prepare_version(
	    work, (const char *const[]){"DROP TABLE attempts", "PRAGMA user_version = 2", NULL});
}

/* A start on what another power cut has left. */
static void
prepare_cut(struct work *work)
{
	static const struct scenario before = {"before", prepare_some, run_short, 0};
	struct recording *recording = work_record(work, &before);
	struct player *player = player_new(recording);
	size_t cut =
	    recording->first + chance_below(&work->chance, recording->count - recording->first);

	folder_empty(work->folder);
	player_make_image(player, cut, IMAGE_SUBSET, &work->chance, work->folder);
	player_free(&player);
	recording_free(&recording);
}

const struct scenario scenarios[SCENARIOS] = {
    {"first start", NULL, run_first, 80},
    {"long work", prepare_some, run_long, 180},
    {"after a cut", prepare_cut, run_short, 90},
    {"version 1", prepare_version_1, run_first, 50},
    {"version 2", prepare_version_2, run_first, 50},
    {"backup", prepare_some, run_backup, 50},
};
const struct scenario scenario_planted = {"planted", prepare_some, run_short, 0};

void
work_init(struct work *work, const char *folder, uint64_t seed, enum plant plant)
{
	static const int batches[] = {1, 8, 64};
	struct err err = {0};

	memset(work, 0, sizeof(*work));
	work->folder = folder;
	work->chance.state = seed;
	work->plant = plant;
	work->has_findings = true;
	work->loop = loop_new(&err);
	if (work->loop == NULL)
		fail("%s", err.text);
	work->conf.path = mem_format("%s/" JOURNAL_FILE, folder);
	work->conf.batch = batches[chance_below(&work->chance, 3)];
}

void
work_fini(struct work *work)
{
	ledger_fini(&work->ledger);
	keyring_free(&work->keys);
	keyring_free(&work->person_keys);
	loop_free(&work->loop);
	free(work->conf.path);
}

struct recording *
work_record(struct work *work, const struct scenario *scenario)
{
	folder_empty(work->folder);
	if (scenario->prepare != NULL)
		scenario->prepare(work);
	recording_start(work->folder, work->plant);
	if (work->keys != NULL)
		recording_on_keys();
	scenario->run(work);
	return recording_stop();
}
