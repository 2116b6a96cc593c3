#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "journal/journal_internal.h"

#define BATCH_DEFAULT 64

/* SQLite gives the -wal and -shm files the mode of the journal itself. */
static int
journal_make_file(const char *path, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || fchmod(fd, 0600) != 0) {
		err_set(err, ERR_BROKEN, "%s: can't make it ours alone: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	close(fd);
	return 0;
}

static int
journal_open_writer(struct journal *journal, const char *path, struct err *err)
{
	sqlite3 *database;

	if (sql_open(path, SQLITE_OPEN_READWRITE, &journal->writer.database, err) != 0)
		return -1;
	database = journal->writer.database;
	if (sql_execute(database,
		"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;"
		"PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;"
		"PRAGMA cell_size_check = ON;",
		err) != 0)
		return -1;
	if (schema_migrate(database, err) != 0)
		return -1;
	return keys_check(database, journal->keys, err);
}

static int
journal_open_reader(struct journal *journal, const char *path, struct err *err)
{
	if (sql_open(path, SQLITE_OPEN_READWRITE, &journal->reader, err) != 0)
		return -1;
	if (sql_execute(journal->reader,
		"PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA busy_timeout = 50;"
		"PRAGMA cell_size_check = ON;",
		err) != 0)
		return -1;
	return sql_prepare(journal->reader, read_sql, READ_SQL_COUNT, journal->reads, err);
}

/* The names of the journal and its WAL file last, too: SQLite does not look at what that flush
 * says. */
static int
journal_flush_folder(const char *path, struct err *err)
{
	if (file_flush_folder(path) == 0)
		return 0;
	return err_set(err, ERR_BROKEN, "its folder: %s", strerror(errno));
}

static int
journal_start(
    struct journal *journal, struct loop *loop, const struct conf_journal *conf, struct err *err)
{
	struct writer *writer = &journal->writer;

	writer->batch = conf->batch > 0 ? conf->batch : BATCH_DEFAULT;
	journal->lock_fd = lock_take(conf->path, err);
	if (journal->lock_fd < 0)
		return -1;
	if (journal_make_file(conf->path, err) != 0)
		return -1;
	if (journal_open_writer(journal, conf->path, err) != 0 ||
	    journal_open_reader(journal, conf->path, err) != 0 ||
	    writer_start(writer, loop, err) != 0 || journal_flush_folder(conf->path, err) != 0)
		return err_prefix(err, "%s", conf->path);
	return 0;
}

struct journal *
journal_open(
    struct loop *loop, const struct conf_journal *conf, struct keyring *keys, struct err *err)
{
	struct journal *journal;

	if (conf->engine != NULL && strcmp(conf->engine, "sqlite") != 0) {
		err_set(err, ERR_BROKEN, "journal.engine: this musterd is built with sqlite alone");
		return NULL;
	}
	journal = mem_new(sizeof(*journal));
	journal->keys = keys;
	journal->path = mem_text(conf->path);
	journal->lock_fd = -1;
	pthread_mutex_init(&journal->sealing, NULL);
	pthread_mutex_init(&journal->looking, NULL);
	writer_init(&journal->writer);
	if (journal_start(journal, loop, conf, err) != 0)
		journal_close(&journal);
	return journal;
}

void
journal_close(struct journal **journal)
{
	struct journal *it = *journal;

	if (it == NULL)
		return;
	*journal = NULL;
	task_end_all(it);
	writer_end(&it->writer); /* who is called back may still read */
	/* The reader first: the last connection to close is the one that empties the WAL file. */
	sql_finalize(it->reads, READ_SQL_COUNT);
	sqlite3_close(it->reader);
	writer_fini(&it->writer);
	pthread_mutex_destroy(&it->sealing);
	pthread_mutex_destroy(&it->looking);
	if (it->lock_fd >= 0)
		close(it->lock_fd);
	free(it->path);
	free(it);
}

static void
journal_write(struct journal *journal, enum write_kind kind,
    const struct registration *registration, const struct journal_note *note, journal_done_fn *done,
    void *arg)
{
	struct write *write = write_new(kind, registration->id);

	if (note != NULL) {
		write->noted = true;
		write->at = clock_wall();
		write->step = mem_text(note->step);
		write->what = mem_text(note->what);
	}
	write->done = done;
	write->arg = arg;
	pthread_mutex_lock(&journal->sealing);
	row_fill(&write->row, journal->keys, registration);
	writer_submit(&journal->writer, write);
	pthread_mutex_unlock(&journal->sealing);
}

void
journal_append(struct journal *journal, const struct registration *registration,
    const struct journal_note *note, journal_done_fn *done, void *arg)
{
	journal_write(journal, WRITE_APPEND, registration, note, done, arg);
}

void
journal_save(struct journal *journal, const struct registration *registration,
    const struct journal_note *note, journal_done_fn *done, void *arg)
{
	journal_write(journal, WRITE_SAVE, registration, note, done, arg);
}

void
journal_save_answer(struct journal *journal, const char *id, int status, const char *body)
{
	struct write *write = write_new(WRITE_ANSWER, id);

	write->status = status;
	write->value = mem_text(body);
	writer_submit(&journal->writer, write);
}

void
journal_wake(
    struct journal *journal, const char *waits_for, int64_t now, journal_done_fn *done, void *arg)
{
	struct write *write = write_new(WRITE_WAKE, "");

	write->name = mem_text(waits_for);
	write->at = now;
	write->done = done;
	write->arg = arg;
	writer_submit(&journal->writer, write);
}

void
journal_save_attempts(struct journal *journal, const char *key,
    const struct journal_attempts *attempts, journal_done_fn *done, void *arg)
{
	struct write *write = write_new(WRITE_ATTEMPTS, "");

	write->name = mem_text(key);
	write->attempts = *attempts;
	write->done = done;
	write->arg = arg;
	writer_submit(&journal->writer, write);
}

void
journal_prune_attempts(struct journal *journal, int64_t before)
{
	struct write *write = write_new(WRITE_PRUNE, "");

	write->at = before;
	writer_submit(&journal->writer, write);
}

const char *
journal_trouble(const struct journal *journal)
{
	int code = journal->writer.trouble;

	return code == SQLITE_OK ? NULL : sqlite3_errstr(code);
}

bool
journal_has_misread(const struct journal *journal)
{
	return journal->misread;
}

size_t
journal_depth(const struct journal *journal)
{
	return journal->writer.depth;
}

static struct write *
journal_fact_write(const char *name, const char *value)
{
	struct write *write = write_new(WRITE_FACT, "");

	write->name = mem_text(name);
	write->value = mem_text(value);
	return write;
}

int
journal_set_fact(struct journal *journal, const char *name, const char *value, struct err *err)
{
	struct write *write = journal_fact_write(name, value);
	enum journal_result result;

	writer_submit_and_wait(&journal->writer, &write, 1);
	result = write->result;
	write_free(&write);
	if (result == JOURNAL_DONE)
		return 0;
	return err_set(err, ERR_BROKEN, "can't keep '%s' in the journal: %s", name,
	    result == JOURNAL_FULL ? "the disk is full" : "it can't be written");
}

void
journal_note_fact(struct journal *journal, const char *name, const char *value)
{
	writer_submit(&journal->writer, journal_fact_write(name, value));
}

void
journal_preface(struct journal *journal, const char *name, const char *value)
{
	writer_preface(&journal->writer, journal_fact_write(name, value));
}

void
journal_credit(struct journal *journal, int64_t before, int64_t milliseconds, const char *name,
    const char *value, journal_done_fn *done, void *arg)
{
	struct write *write = write_new(WRITE_CREDIT, "");

	write->at = before;
	write->credit = milliseconds;
	write->name = mem_text(name);
	write->value = mem_text(value);
	write->done = done;
	write->arg = arg;
	writer_submit(&journal->writer, write);
}
