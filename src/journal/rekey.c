/*
 * Another key for everything that is sealed, while the daemon works on. Each step may be the last
 * one before the power goes; the next start, or the same wish again, goes on:
 *
 * 1. the fact 'rekey' says which key is to come, and whether the older ones are kept;
 * 2. the key file has it in front, and is durable: a start from here on uses it;
 * 3. it is in use, and what was sealed with the older ones before that is in the journal;
 * 4. every row is sealed again, some at a time, each only while it is what was read;
 * 5. what tells of the keys that no row names goes, then they from the key file, then the fact;
 * 6. nothing of what was there before is left in the WAL file (the next start empties it too).
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "journal/journal_internal.h"

#define FACT_REKEY "rekey"
#define KEEP " keep"
#define SWEEP_TRIES 300
#define SWEEP_AGAIN 100000 /* microseconds: somebody reads, a backup for long */

static int
rekey_note(struct task *task, const char *name, char *value, struct err *err)
{
	struct write *write = write_new(WRITE_FACT, "");
	enum journal_result result;

	write->name = mem_text(name);
	write->value = value;
	writer_submit_and_wait(&task->journal->writer, &write, 1);
	result = write->result;
	write_free(&write);
	return result == JOURNAL_DONE ? 0
				      : err_set(err, ERR_BROKEN, "the journal can't be written");
}

void
rekey_prepare(struct rekey *rekey, struct journal *journal, bool keep_old)
{
	const char *current = keyring_current(journal->keys);
	char *fact = journal_fact(journal, FACT_REKEY);
	size_t size = fact != NULL ? strcspn(fact, " ") : 0;

	rekey->resumes = size == strlen(current) && memcmp(fact, current, size) == 0;
	rekey->keep_old = keep_old || (rekey->resumes && strcmp(fact + size, KEEP) == 0);
	free(fact);
}

void
journal_resume_rekey(struct journal *journal)
{
	struct rekey rekey = {0};

	rekey_prepare(&rekey, journal, false);
	if (rekey.resumes)
		journal_begin_rekey(journal, rekey.keep_old, NULL);
}

static int
rekey_note_wish(struct task *task, const char *key, struct err *err)
{
	return rekey_note(
	    task, FACT_REKEY, mem_format("%s%s", key, task->rekey->keep_old ? KEEP : ""), err);
}

/* Where none can be made, what is sealed with others than the first is sealed again with that. */
static int
rekey_make_key(struct task *task, struct err *err)
{
	struct keyring *keys = task->journal->keys;
	struct keyring_ids others;
	char id[KEYRING_ID_SIZE];
	struct err why = {0};

	keyring_new_id(id);
	if (rekey_note_wish(task, id, err) != 0)
		return -1;
	if (keyring_make(keys, id, &why) == 0) {
		pthread_mutex_lock(&task->journal->sealing);
		keyring_use(keys, id);
		pthread_mutex_unlock(&task->journal->sealing);
		return 0;
	}
	keyring_others(keys, &others);
	if (others.count > 0) {
		task->rekey->result.not_made = mem_text(why.text);
		return rekey_note_wish(task, keyring_current(keys), err);
	}
	rekey_note(task, FACT_REKEY, NULL, NULL);
	return err_set(err, ERR_BROKEN,
	    "%s: put a line 'ID HEX' with 64 random hexadecimal digits in front of the others "
	    "there, start musterd anew, and give this command again",
	    why.text);
}

/* Behind all that was sealed with the older keys in the queue. */
static int
rekey_note_key(struct task *task, struct err *err)
{
	struct keyring *keys = task->journal->keys;
	char *name = keys_fact_name(keyring_current(keys));
	int result = rekey_note(task, name, keys_fact_value(keys), err);

	free(name);
	return result;
}

/* A row on a page that can't be written keeps its key; on a disk that can't be, nothing goes on. */
static void
rekey_flush(struct task *task)
{
	struct rekey *rekey = task->rekey;

	writer_submit_and_wait(&task->journal->writer, rekey->batch, rekey->count);
	for (size_t i = 0; i < rekey->count; i++) {
		rekey->result.rows += rekey->batch[i]->result == JOURNAL_DONE;
		write_free(&rekey->batch[i]);
	}
	rekey->count = 0;
	if (task->journal->writer.trouble == SQLITE_OK)
		return;
	err_set(&rekey->err, ERR_BROKEN, "the journal can't be written");
	task->check.progress.stop = true;
}

static void
rekey_on_row(sqlite3_stmt *statement, void *arg)
{
	struct task *task = arg;
	struct write *write = row_reseal(task->journal->keys, statement);

	if (write != NULL)
		task->rekey->batch[task->rekey->count++] = write;
	if (task->rekey->count == REKEY_BATCH)
		rekey_flush(task);
}

/* Until nothing of the rows as they were is left in the WAL file, or for half a minute. */
static void
rekey_sweep(struct task *task)
{
	enum journal_result result = JOURNAL_EXISTS;

	for (int i = 0; i < SWEEP_TRIES && result == JOURNAL_EXISTS; i++) {
		struct write *write = write_new(WRITE_SWEEP, "");

		if (i > 0)
			usleep(SWEEP_AGAIN);
		if (task->check.progress.stop)
			i = SWEEP_TRIES;
		writer_submit_and_wait(&task->journal->writer, &write, 1);
		result = write->result;
		write_free(&write);
	}
}

static bool
rekey_is_named(sqlite3_stmt *statement, const char *id)
{
	sql_bind_text(statement, 1, id);
	return sql_run(statement) != SQLITE_OK;
}

/* Which of the older keys it is sure that no row names. */
static int
rekey_sort_keys(struct task *task, bool sound, struct err *err)
{
	/* Gives a row, and so no SQLITE_DONE, where there is one. */
	static const char *const text = "SELECT 1 FROM registration WHERE sealed_key = ?1 LIMIT 1";
	struct journal_rekeyed *result = &task->rekey->result;
	sqlite3_stmt *statement = NULL;
	struct keyring_ids others;
	sqlite3 *database;
	int bad = sql_open(task->journal->path, SQLITE_OPEN_READONLY, &database, err);

	if (bad)
		return -1;
	bad = sql_prepare(database, &text, 1, &statement, err);
	keyring_others(task->journal->keys, &others);
	for (size_t i = 0; !bad && i < others.count; i++) {
		bool needed = !sound || rekey_is_named(statement, others.list[i]);
		struct keyring_ids *to = needed ? &result->needed : &result->unneeded;

		memcpy(to->list[to->count++], others.list[i], KEYRING_ID_SIZE);
	}
	sqlite3_finalize(statement);
	sqlite3_close(database);
	return bad;
}

/* Who keeps a file that we can't write takes them out of it. */
static int
rekey_drop_keys(struct task *task, struct err *err)
{
	struct journal_rekeyed *result = &task->rekey->result;

	result->dropped = !task->rekey->keep_old && result->not_made == NULL;
	/* Once they are out of the file nobody would know which they were. */
	for (size_t i = 0; result->dropped && i < result->unneeded.count; i++) {
		char *name = keys_fact_name(result->unneeded.list[i]);
		int bad = rekey_note(task, name, NULL, err);

		free(name);
		if (bad)
			return -1;
	}
	if (result->dropped && keyring_drop(task->journal->keys, &result->unneeded, err) != 0)
		return -1;
	if (rekey_note(task, FACT_REKEY, NULL, err) != 0)
		return -1;
	rekey_sweep(task);
	return 0;
}

static int
rekey_end(struct task *task, bool sound, struct err *err)
{
	if (task->rekey->err.kind != ERR_NONE) {
		*err = task->rekey->err;
		return -1;
	}
	if (task->check.progress.stop)
		return err_set(err, ERR_BUSY, "musterd ends: it goes on at the next start");
	if (rekey_sort_keys(task, sound, err) != 0)
		return -1;
	return rekey_drop_keys(task, err);
}

struct journal_findings *
rekey_run(struct task *task, struct err *err)
{
	struct journal_findings *findings;

	if (!task->rekey->resumes && rekey_make_key(task, err) != 0)
		return NULL;
	if (rekey_note_key(task, err) != 0)
		return NULL;
	memcpy(task->rekey->result.key, keyring_current(task->journal->keys), KEYRING_ID_SIZE);
	task->check.each = rekey_on_row;
	findings = check_run(&task->check, task->journal->path, err);
	rekey_flush(task);
	if (findings == NULL && task->rekey->err.kind == ERR_NONE)
		return NULL;
	if (rekey_end(task, findings != NULL && findings->damage == 0, err) != 0)
		journal_findings_free(&findings);
	return findings;
}

void
rekey_free(struct rekey **rekey)
{
	if (*rekey != NULL)
		free((*rekey)->result.not_made);
	free(*rekey);
	*rekey = NULL;
}
