/*
 * What the files of the journal share. Two connections: the writer's belongs to the writer thread
 * (to journal_open before that thread starts, to journal_close once it has ended), the reader's to
 * the loop's thread. Every write is a struct write: it waits, is committed, and is finished.
 */
#ifndef JOURNAL_JOURNAL_INTERNAL_H
#define JOURNAL_JOURNAL_INTERNAL_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/idmap.h"
#include "base/keyring.h"
#include "base/pulse.h"
#include "base/text.h"
#include "journal/journal.h"

struct loop_watch;

/* ---- sql.c: the few things done with SQLite everywhere ---- */

#define SQL_BUSY_MILLISECONDS 1000

/* -1 with err where the file can't be opened; flags as sqlite3_open_v2 takes them. */
int sql_open(const char *path, int flags, sqlite3 **database_out, struct err *err);
/* Runs fixed text (pragmas, migrations). */
int sql_execute(sqlite3 *database, const char *text, struct err *err);
int sql_prepare(sqlite3 *database, const char *const *texts, size_t count,
    sqlite3_stmt **statements_out, struct err *err);
void sql_finalize(sqlite3_stmt **statements, size_t count);
/* The one number that a statement gives. */
int sql_number(sqlite3 *database, const char *text, int64_t *out, struct err *err);
/* One that gives no rows, to its end, and resets it: SQLITE_OK or the extended code. */
int sql_run(sqlite3_stmt *statement);
/*
 * What is bound is not copied: it must live until the statement was reset. These end the process
 * where memory is used up: a value that is not bound is that of the row before, and one that can't
 * be read looks like none.
 */
void sql_bind_text(sqlite3_stmt *statement, int number, const char *text);
void sql_bind_blob(sqlite3_stmt *statement, int number, const void *bytes, size_t size);
const char *sql_column_text(sqlite3_stmt *statement, int column); /* SQLite's; NULL where NULL */
const void *sql_column_blob(sqlite3_stmt *statement, int column, size_t *size_out); /* SQLite's */
char *sql_text(sqlite3_stmt *statement, int column); /* a copy; NULL stays NULL */
/* Whether the code tells of a part of the file that can't be read, and may fail nobody else. */
bool sql_is_damage(int code);
int sql_err(sqlite3 *database, struct err *err, const char *doing); /* returns -1 */

/* ---- schema.c ---- */

/* Brings the file to the version of the last migration; refuses a newer or a foreign one. */
int schema_migrate(sqlite3 *database, struct err *err);
/* The same with another table of migrations: the n-th makes version n of version n-1. */
int schema_migrate_by(sqlite3 *database, const char *const *migrations, int count, struct err *err);
/* Only the refusal; is_older: the next start will migrate it. */
int schema_check_version(sqlite3 *database, bool *is_older_out, struct err *err);

/* ---- row.c: a registration as the table keeps it ---- */

#define ROW_PLAIN \
	"id, portal, key_mac, body_mac, person_key, state, reason, step, waits_for, detail, " \
	"attempts, created_at, activates_at, activated_at, due_at, uid, mail, categories, held, " \
	"set_aside"
/* What a list leaves out. */
#define ROW_MORE "sealed, sealed_key, findings"

/* Columns of a SELECT of ROW_PLAIN, ROW_MORE; bound as ?1 and so on in the same order. */
enum row_column {
	ROW_ID,
	ROW_PORTAL,
	ROW_KEY_MAC,
	ROW_BODY_MAC,
	ROW_PERSON_KEY,
	ROW_STATE,
	ROW_REASON,
	ROW_STEP,
	ROW_WAITS_FOR,
	ROW_DETAIL,
	ROW_ATTEMPTS,
	ROW_CREATED_AT,
	ROW_ACTIVATES_AT,
	ROW_ACTIVATED_AT,
	ROW_DUE_AT,
	ROW_UID,
	ROW_MAIL,
	ROW_CATEGORIES,
	ROW_HELD,
	ROW_SET_ASIDE,
	ROW_SEALED_BYTES,
	ROW_SEALED_KEY,
	ROW_FINDINGS,
	ROW_COUNT,
};

/* A copy that the writer thread may use: nothing of it is in clear that is sealed in the file. */
struct row {
	struct registration *registration; /* without application and work */
	char *categories;                  /* ids joined by a space; NULL until proved */
	unsigned char *sealed;             /* NULL where the application was erased */
	size_t sealed_size;
	char sealed_key[KEYRING_ID_SIZE];
};

void row_fill(struct row *row, const struct keyring *keys, const struct registration *registration);
void row_fini(struct row *row);
void row_bind(const struct row *row, sqlite3_stmt *statement);
/* The plain part. One whose state is none is set aside as failed, with the reason in detail. */
struct registration *row_read(sqlite3_stmt *statement);
/* Adds the application; -1 with err where it does not unseal, or the state is none. */
int row_unseal(const struct keyring *keys, sqlite3_stmt *statement,
    struct registration *registration, struct err *err);

/* ---- write.c: what one write does within the transaction ---- */

enum write_kind {
	WRITE_APPEND,
	WRITE_SAVE,
	WRITE_ANSWER,
	WRITE_WAKE,
	WRITE_SET_ASIDE,
	WRITE_FACT,
	WRITE_CREDIT,
	WRITE_ATTEMPTS,
	WRITE_PRUNE,
};

struct write {
	enum write_kind kind;
	char id[UUID_SIZE];
	char taken_by[UUID_SIZE]; /* append: the registration that has the Idempotency-Key */
	struct row row;           /* append, save */
	bool noted;               /* the timeline gets a line */
	int64_t at;               /* the time of the line; wake: what is due later than this;
				     prune: what began before this; credit: due before this */
	int64_t credit;           /* milliseconds */
	char *step, *what;
	char *name,
	    *value; /* fact, credit; wake: the directory; answer: the body; attempts: the key */
	struct journal_attempts attempts;
	int64_t woken; /* wake: the last row that was */
	bool more;     /* wake: there may be others behind it */
	int status;    /* answer */
	void *sealed;  /* set aside: only while these are still the row's sealed bytes */
	size_t sealed_size;

	enum journal_result result;
	bool met_damage; /* a page that it needs is corrupt */
	bool waited_for; /* the loop's thread waits until it is finished, and frees it */
	bool finished;   /* under lock, where it is waited for */
	journal_done_fn *done;
	void *arg;
	struct write *next;
};

enum write_sql {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_PROBE,
	SQL_ROLLBACK,
	SQL_SAVEPOINT,
	SQL_RELEASE,
	SQL_ROLLBACK_TO,
	SQL_TAKEN,
	SQL_INSERT,
	SQL_UPDATE,
	SQL_NOTE,
	SQL_ANSWER,
	SQL_WAKE,
	SQL_SET_ASIDE,
	SQL_FACT,
	SQL_CREDIT,
	SQL_ATTEMPTS,
	SQL_FORGET_ATTEMPTS,
	SQL_PRUNE,
	WRITE_SQL_COUNT,
};

extern const char *const write_sql[WRITE_SQL_COUNT];

struct write *write_new(enum write_kind kind, const char *id);
void write_free(struct write **write);
/* Sets write->result; other than SQLITE_OK only where the statement itself failed. */
int write_carry_out(sqlite3 *database, sqlite3_stmt **statements, struct write *write);

/* ---- writer.c: the queue, the thread, the transaction ---- */

#define WRITER_MOST 16384 /* writes that may wait */

struct writes {
	struct write *first, **last;
};

struct writer {
	sqlite3 *database;
	sqlite3_stmt *statements[WRITE_SQL_COUNT];
	int batch;
	int wal_pages;       /* in the WAL file after the last commit */
	bool erased;         /* the WAL may still hold sealed bytes that were erased since */
	int64_t troubled_at; /* clock_boot of the last log line about trouble */
	atomic_int trouble;  /* SQLite's code, where the last transaction was not kept */

	bool has_thread;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more, waited_for;
	struct writes waiting, finished; /* under lock */
	struct write *preface;           /* in each transaction until one is kept */
	bool stop;                       /* under lock */

	bool ended;   /* on the loop's thread: what comes now is too late */
	size_t depth; /* on the loop's thread: not called back yet */
	/* On the loop's thread: ids whose row stood on a page that could not be read; and those of
	 * them that the log has named. */
	struct idmap damaged, named;
	int64_t damage_tried_at; /* clock_boot, when the damaged ones were last tried */
	int wake_fd;             /* tells the loop that something is finished */
	struct loop_watch *watch;
	struct pulse pulse;
};

void writer_init(struct writer *writer);
int writer_start(struct writer *writer, struct loop *loop, struct err *err);
void writer_end(struct writer *writer); /* commits what waits, ends the thread, calls back */
void writer_fini(struct writer *writer);
void writer_submit(struct writer *writer, struct write *write);          /* takes the write */
void writer_submit_and_wait(struct writer *writer, struct write *write); /* does not */
/* Nothing is committed before it is; takes the write. Before the first that is submitted. */
void writer_preface(struct writer *writer, struct write *write);
/* Nothing goes on with that row; said in the log once. */
void writer_note_damage(struct writer *writer, const char *id);
void writer_forget_damage(struct writer *writer);

/* ---- read.c ---- */

enum read_sql {
	SQL_FIND,
	SQL_FIND_UID,
	SQL_FIND_KEY,
	SQL_DUE,
	SQL_DUE_BACK,
	SQL_NEXT_DUE,
	SQL_LIST,
	SQL_LIST_STATE,
	SQL_LIST_OPEN,
	SQL_LIST_ASIDE,
	SQL_TIMELINE,
	SQL_COUNTS,
	SQL_OLDEST,
	SQL_ASIDE_COUNT,
	SQL_READ_FACT,
	SQL_FIND_ATTEMPTS,
	READ_SQL_COUNT,
};

extern const char *const read_sql[READ_SQL_COUNT];

/* Keeps state and sealed bytes, takes the row off the clock, counts it: never guessed. The write is
 * the caller's to submit; why is what row_unseal said. */
struct write *read_aside(
    sqlite3_stmt *statement, const struct registration *registration, const struct err *why);

/* ---- lock.c ---- */

/* The lock file's descriptor, to be kept open; -1 with err where another process has the lock. */
int lock_take(const char *journal_path, struct err *err);

/* ---- check.c, backup.c: what looks at the whole file, from any thread ---- */

/* Shared by the thread at work and who looks on. */
struct progress {
	atomic_bool stop;
	atomic_llong done, total; /* rows, or bytes */
};

struct check {
	const struct keyring *keys; /* NULL: nothing is unsealed */
	/* With keys: gets what was not set aside before. */
	void (*set_aside)(struct write *write, void *arg);
	void *arg;
	struct progress progress;
};

/* NULL with err where it can't be looked at, or was stopped; a missing file is good. */
struct journal_findings *check_run(struct check *check, const char *path, struct err *err);
int backup_run(const char *source, const char *path, struct progress *progress, struct err *err);

/* ---- task.c ---- */

struct task {
	struct journal *journal; /* NULL: there was none so far */
	char *path;              /* of a backup; NULL: a check */
	bool has_thread;
	pthread_t thread;
	atomic_bool ended;
	/* the thread's until it has ended */
	struct check check;
	struct journal_findings *findings;
	struct err err;
	int64_t ended_at;
};

void task_end_all(struct journal *journal);

/* ---- keys.c ---- */

/* Refuses a key file that can't open what is sealed in the journal; notes the key in use. */
int keys_check(sqlite3 *database, const struct keyring *keys, struct err *err);

struct journal {
	struct keyring *keys;
	char *path;
	int lock_fd;
	struct writer writer;
	sqlite3 *reader;
	sqlite3_stmt *reads[READ_SQL_COUNT];
	int64_t read_failed_at; /* clock_boot of the last log line about it */
	bool misread;           /* the last read failed */
	struct task tasks[JOURNAL_TASKS];
	struct journal_findings *findings; /* of the last check */
	int64_t checked_at;
};

#endif
