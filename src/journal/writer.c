#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "journal/journal_internal.h"

#define WAL_PAGES_MOST 1000  /* then the WAL file is moved into the journal */
#define IDLE_SECONDS 2       /* then it is emptied, where it holds what was erased */
#define PROBE_SECONDS 1      /* between two looks whether the disk takes something again */
#define LOG_EVERY 60000      /* milliseconds between two lines about trouble */
#define CALLBACKS_A_TURN 256 /* the loop gets a breath after so many */

static void
writes_init(struct writes *writes)
{
	writes->first = NULL;
	writes->last = &writes->first;
}

static void
writes_add(struct writes *writes, struct write *write)
{
	write->next = NULL;
	*writes->last = write;
	writes->last = &write->next;
}

static struct write *
writes_take(struct writes *writes)
{
	struct write *write = writes->first;

	if (write == NULL)
		return NULL;
	writes->first = write->next;
	if (writes->first == NULL)
		writes->last = &writes->first;
	write->next = NULL;
	return write;
}

/* After a failed fsync the kernel may have dropped the pages and say yes the next time. */
static void
writer_die_of_fsync(int code)
{
	if (code != SQLITE_IOERR_FSYNC && code != SQLITE_IOERR_DIR_FSYNC)
		return;
	log_error("the journal's disk does not keep what it is given (%s): ending at once",
	    sqlite3_errstr(code));
	abort();
}

/* A quota that is used up is a full disk too. sqlite3_system_errno says 0 after a COMMIT that
 * failed (3.40); the WAL file knows. */
static int
writer_plain_code(const struct writer *writer, int code)
{
	sqlite3_file *wal = NULL;
	int reason = 0;

	if (code != SQLITE_IOERR_WRITE)
		return code;
	sqlite3_file_control(writer->database, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal);
	if (wal != NULL && wal->pMethods != NULL)
		wal->pMethods->xFileControl(wal, SQLITE_FCNTL_LAST_ERRNO, &reason);
	return reason == ENOSPC || reason == EDQUOT ? SQLITE_FULL : code;
}

/* A line where trouble begins and where it ends, and one now and then where it comes and goes. */
static void
writer_set_trouble(struct writer *writer, int code)
{
	int64_t now = clock_boot();

	if (code != SQLITE_OK &&
	    (writer->troubled_at == 0 || now - writer->troubled_at >= LOG_EVERY)) {
		log_error("the journal can't be written (%s): nothing is taken until it can",
		    sqlite3_errstr(code));
		writer->troubled_at = now;
	} else if (code == SQLITE_OK && writer->trouble != SQLITE_OK) {
		log_note("the journal can be written again");
	}
	writer->trouble = code;
}

/* One write. Its own fault undoes it alone; other than SQLITE_OK only where all is lost. */
static int
writer_try(struct writer *writer, struct write *write)
{
	int code = sql_run(writer->statements[SQL_SAVEPOINT]), kind;

	if (code != SQLITE_OK)
		return code;
	code = write_carry_out(writer->database, writer->statements, write);
	kind = code & 0xff;
	if (code == SQLITE_OK)
		return sql_run(writer->statements[SQL_RELEASE]);
	if (kind != SQLITE_CONSTRAINT && kind != SQLITE_TOOBIG)
		return code;
	write->result = JOURNAL_BROKEN;
	code = sql_run(writer->statements[SQL_ROLLBACK_TO]);
	return code != SQLITE_OK ? code : sql_run(writer->statements[SQL_RELEASE]);
}

/*
 * SQLite's own automatic checkpoint ignores errors, and so would sync a second time after a failed
 * fsync: it is off (see writer_start), and this does it instead.
 */
static void
writer_checkpoint(struct writer *writer, int mode)
{
	int code;

	/* Not to wait for a backup's long look: who writes meanwhile would wait too. */
	sqlite3_busy_timeout(writer->database, 0);
	code = sqlite3_wal_checkpoint_v2(writer->database, NULL, mode, NULL, NULL);
	sqlite3_busy_timeout(writer->database, SQL_BUSY_MILLISECONDS);
	writer_die_of_fsync(code);
	if (code != SQLITE_OK)
		return; /* a reader was in the way, or the disk is full: later */
	writer->wal_pages = 0;
	if (mode == SQLITE_CHECKPOINT_TRUNCATE)
		writer->erased = false;
}

static int
writer_on_wal(void *arg, sqlite3 *database, const char *name, int pages)
{
	struct writer *writer = arg;

	writer->wal_pages = pages;
	return SQLITE_OK;
}

static int
writer_end_transaction(struct writer *writer, int code)
{
	if (code == SQLITE_OK)
		code = sql_run(writer->statements[SQL_COMMIT]);
	if (code == SQLITE_OK)
		return SQLITE_OK;
	writer_die_of_fsync(code);
	code = writer_plain_code(writer, code);
	if (!sqlite3_get_autocommit(writer->database))
		sql_run(writer->statements[SQL_ROLLBACK]);
	return code;
}

/* All of these up to 'end' in one transaction: either each is committed or none is. */
static int
writer_transact(struct writer *writer, struct write *first, const struct write *end)
{
	int code = sql_run(writer->statements[SQL_BEGIN]);

	if (code == SQLITE_OK && writer->preface != NULL)
		code = write_carry_out(writer->database, writer->statements, writer->preface);
	for (struct write *it = first; code == SQLITE_OK && it != end; it = it->next)
		code = writer_try(writer, it);
	code = writer_end_transaction(writer, code);
	if (code == SQLITE_OK && writer->preface != NULL)
		write_free(&writer->preface);
	for (struct write *it = first; it != end; it = it->next) {
		if (code != SQLITE_OK)
			it->result = (code & 0xff) == SQLITE_FULL ? JOURNAL_FULL : JOURNAL_BROKEN;
		it->met_damage = (code & 0xff) == SQLITE_CORRUPT && writer->preface == NULL;
	}
	return code;
}

/* A page that can't be read fails those that need it, and nobody else: each for itself then. */
static void
writer_commit(struct writer *writer, struct write *first)
{
	int code = writer_transact(writer, first, NULL);

	if (!sql_is_damage(code)) {
		writer_set_trouble(writer, code);
		return;
	}
	for (struct write *it = first; it != NULL; it = it->next)
		writer_transact(writer, it, it->next);
}

/* Nobody writes while nothing can be written: so that the end of it is seen. */
static void
writer_probe(struct writer *writer)
{
	int code = sql_run(writer->statements[SQL_BEGIN]);

	if (code == SQLITE_OK)
		code = sql_run(writer->statements[SQL_PROBE]);
	writer_set_trouble(writer, writer_end_transaction(writer, code));
}

static void
writer_say(const struct write *write)
{
	if (write->kind == WRITE_SET_ASIDE && write->result == JOURNAL_DONE)
		log_line(LOG_LEVEL_ERROR, write->id, "%s", write->what);
}

static void
writer_finish(struct writer *writer, struct writes *batch)
{
	struct write *write;

	pthread_mutex_lock(&writer->lock);
	while ((write = writes_take(batch)) != NULL) {
		writer_say(write);
		if (write->waited_for) {
			write->finished = true;
			pthread_cond_broadcast(&writer->waited_for);
		} else {
			writes_add(&writer->finished, write);
		}
	}
	pthread_mutex_unlock(&writer->lock);
	loop_ring(writer->wake_fd);
}

/* Waits for writes; false where there are none and the thread shall end. */
static bool
writer_wait(struct writer *writer, struct writes *batch)
{
	struct write *write;
	struct timespec until;
	bool timed = writer->trouble != SQLITE_OK || writer->erased;
	int code = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += writer->trouble != SQLITE_OK ? PROBE_SECONDS : IDLE_SECONDS;
	pthread_mutex_lock(&writer->lock);
	while (writer->waiting.first == NULL && !writer->stop && code == 0)
		code = timed ? pthread_cond_timedwait(&writer->more, &writer->lock, &until)
			     : pthread_cond_wait(&writer->more, &writer->lock);
	for (int i = 0; i < writer->batch && (write = writes_take(&writer->waiting)) != NULL; i++)
		writes_add(batch, write);
	code = batch->first == NULL && writer->stop;
	pthread_mutex_unlock(&writer->lock);
	return code == 0;
}

static bool
writer_has_erased(const struct writes *batch)
{
	for (const struct write *it = batch->first; it != NULL; it = it->next)
		if (it->kind == WRITE_SAVE && it->row.sealed == NULL)
			return true;
	return false;
}

static void
writer_carry_out(struct writer *writer, struct writes *batch)
{
	if (batch->first == NULL && writer->trouble != SQLITE_OK) {
		writer_probe(writer);
		return;
	}
	if (batch->first == NULL) {
		writer_checkpoint(writer, SQLITE_CHECKPOINT_TRUNCATE);
		return;
	}
	writer_commit(writer, batch->first);
	writer->erased = writer->erased || writer_has_erased(batch);
	writer_finish(writer, batch);
	if (writer->wal_pages >= WAL_PAGES_MOST)
		writer_checkpoint(writer, SQLITE_CHECKPOINT_PASSIVE);
}

static void *
writer_thread(void *arg)
{
	struct writer *writer = arg;
	struct writes batch;

	writes_init(&batch);
	while (writer_wait(writer, &batch)) {
		pulse_begin(&writer->pulse);
		writer_carry_out(writer, &batch);
		pulse_end(&writer->pulse);
	}
	return NULL;
}

/* The next one that is finished; false where there is none. */
static bool
writer_call_back(struct writer *writer)
{
	struct write *write;

	pthread_mutex_lock(&writer->lock);
	write = writes_take(&writer->finished);
	pthread_mutex_unlock(&writer->lock);
	if (write == NULL)
		return false;
	writer->depth--;
	if (write->met_damage && write->kind == WRITE_SAVE)
		writer_note_damage(writer, write->id);
	if (write->done != NULL)
		write->done(write->result,
		    write->result == JOURNAL_EXISTS ? write->taken_by : write->id, write->arg);
	if (write->more && write->result == JOURNAL_DONE && !writer->ended)
		writer_submit(writer, write);
	else
		write_free(&write);
	return true;
}

void
writer_note_damage(struct writer *writer, const char *id)
{
	if (writer->damaged.count == 0)
		writer->damage_tried_at = clock_boot();
	if (idmap_find(&writer->damaged, id) == NULL)
		idmap_add(&writer->damaged, id, writer);
	if (idmap_find(&writer->named, id) != NULL)
		return;
	log_line(LOG_LEVEL_ERROR, id,
	    "the journal can't be read or written where this registration stands: nothing goes on "
	    "with it until it can");
	idmap_add(&writer->named, id, writer);
}

static void
writer_on_forget(void *thing)
{
}

void
writer_forget_damage(struct writer *writer)
{
	idmap_drain(&writer->damaged, writer_on_forget);
	idmap_drain(&writer->named, writer_on_forget);
}

static void
writer_on_finished(int events, void *arg)
{
	struct writer *writer = arg;
	uint64_t count;

	if (read(writer->wake_fd, &count, sizeof(count)) < 0)
		return;
	for (int i = 0; i < CALLBACKS_A_TURN; i++)
		if (!writer_call_back(writer))
			return;
	loop_ring(writer->wake_fd);
}

void
writer_init(struct writer *writer)
{
	pthread_condattr_t monotonic;

	writer->wake_fd = -1;
	writes_init(&writer->waiting);
	writes_init(&writer->finished);
	pthread_mutex_init(&writer->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&writer->more, &monotonic);
	pthread_cond_init(&writer->waited_for, NULL);
	pthread_condattr_destroy(&monotonic);
}

/*
 * An eventfd and a watch of our own rather than loop_post: what was posted can't be taken back,
 * and would be called after journal_close.
 */
int
writer_start(struct writer *writer, struct loop *loop, struct err *err)
{
	if (sql_prepare(writer->database, write_sql, WRITE_SQL_COUNT, writer->statements, err) != 0)
		return -1;
	sqlite3_wal_autocheckpoint(writer->database, 0);
	sqlite3_wal_hook(writer->database, writer_on_wal, writer);
	writer->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (writer->wake_fd < 0)
		return err_set(err, ERR_BROKEN, "eventfd: %s", strerror(errno));
	writer->watch = loop_watch_new(loop, writer->wake_fd, writer_on_finished, writer);
	loop_watch_set(writer->watch, LOOP_READ);
	/* The last daemon may have been killed before it emptied the WAL file. */
	writer->erased = true;
	pulse_start(&writer->pulse, "journal");
	if (pthread_create(&writer->thread, NULL, writer_thread, writer) != 0)
		return err_set(err, ERR_BROKEN, "can't start the journal's thread");
	writer->has_thread = true;
	return 0;
}

void
writer_end(struct writer *writer)
{
	pthread_mutex_lock(&writer->lock);
	writer->stop = true;
	pthread_cond_signal(&writer->more);
	pthread_mutex_unlock(&writer->lock);
	if (writer->has_thread)
		pthread_join(writer->thread, NULL);
	writer->ended = true;
	while (writer_call_back(writer))
		;
}

void
writer_fini(struct writer *writer)
{
	if (writer->has_thread)
		writer_checkpoint(writer, SQLITE_CHECKPOINT_TRUNCATE);
	pulse_stop(&writer->pulse);
	sql_finalize(writer->statements, WRITE_SQL_COUNT);
	sqlite3_close(writer->database);
	writer_forget_damage(writer);
	if (writer->preface != NULL)
		write_free(&writer->preface);
	loop_watch_free(&writer->watch);
	if (writer->wake_fd >= 0)
		close(writer->wake_fd);
	pthread_cond_destroy(&writer->more);
	pthread_cond_destroy(&writer->waited_for);
	pthread_mutex_destroy(&writer->lock);
}

/* Writes that nobody is called back for are let in: appends bound their number. */
void
writer_submit(struct writer *writer, struct write *write)
{
	bool full = writer->ended || (writer->depth >= WRITER_MOST && write->done != NULL);

	writer->depth++;
	pthread_mutex_lock(&writer->lock);
	if (full) {
		write->result = JOURNAL_FULL;
		writes_add(&writer->finished, write);
	} else {
		writes_add(&writer->waiting, write);
		pthread_cond_signal(&writer->more);
	}
	pthread_mutex_unlock(&writer->lock);
	if (full)
		loop_ring(writer->wake_fd);
}

void
writer_submit_and_wait(struct writer *writer, struct write *write)
{
	write->waited_for = true;
	if (writer->ended) {
		write->result = JOURNAL_FULL;
		return;
	}
	pthread_mutex_lock(&writer->lock);
	writes_add(&writer->waiting, write);
	pthread_cond_signal(&writer->more);
	while (!write->finished)
		pthread_cond_wait(&writer->waited_for, &writer->lock);
	pthread_mutex_unlock(&writer->lock);
}

/* The thread looks once it has taken what is submitted after this. */
void
writer_preface(struct writer *writer, struct write *write)
{
	writer->preface = write;
}
