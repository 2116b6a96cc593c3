#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "journal/journal_internal.h"

#define READ_WHOLE "SELECT " ROW_PLAIN ", " ROW_MORE ", answer_status, answer_body"
#define READ_STATUS ROW_COUNT
#define READ_BODY (ROW_COUNT + 1)

#define READ_LIST "SELECT " ROW_PLAIN " FROM registration "
#define READ_NEWEST " ORDER BY created_at DESC, number DESC LIMIT "
/*
 * The index of what is open is found by this very text; SQLite 3.40 has to be told, or it takes
 * the index by state four times and sorts.
 */
#define READ_OPEN \
	"INDEXED BY registration_open WHERE created_at < ?1" \
	" AND state IN ('received', 'verified', 'pending', 'failed')"

#define LOG_EVERY 60000   /* milliseconds between two lines about reads that fail */
#define DAMAGE_REST 10000 /* so long what stands on a page that can't be read is left alone */
#define TRY_AGAIN_IN 5000 /* where the next due time can't be read */

const char *const read_sql[READ_SQL_COUNT] = {
    [SQL_FIND] = READ_WHOLE " FROM registration WHERE id = ?1",
    [SQL_FIND_UID] = READ_WHOLE " FROM registration WHERE uid = ?1" READ_NEWEST "1",
    [SQL_FIND_KEY] = READ_WHOLE " FROM registration"
				" WHERE portal = ?1 AND key_mac = ?2 AND key_mac <> ''",
    [SQL_DUE] = "SELECT id FROM registration WHERE due_at > 0 AND due_at <= ?1"
		" ORDER BY due_at, id LIMIT ?2",
    [SQL_DUE_BACK] = "SELECT id FROM registration WHERE due_at > 0 AND due_at <= ?1"
		     " ORDER BY due_at DESC, id DESC LIMIT ?2",
    [SQL_NEXT_DUE] = "SELECT due_at FROM registration WHERE due_at > 0 AND due_at > ?1"
		     " ORDER BY due_at LIMIT 1",
    [SQL_LIST] = READ_LIST "WHERE created_at < ?1" READ_NEWEST "?2",
    [SQL_LIST_STATE] = READ_LIST "WHERE created_at < ?1 AND state = ?3" READ_NEWEST "?2",
    [SQL_LIST_OPEN] = READ_LIST READ_OPEN READ_NEWEST "?2",
    [SQL_LIST_ASIDE] = READ_LIST "WHERE set_aside = 1 AND created_at < ?1" READ_NEWEST "?2",
    [SQL_TIMELINE] = "SELECT at, step, state, what FROM timeline WHERE registration ="
		     " (SELECT number FROM registration WHERE id = ?1) ORDER BY seq",
    [SQL_COUNTS] = "SELECT state, many FROM counts",
    [SQL_OLDEST] = "SELECT created_at FROM registration WHERE state = 'pending'"
		   " ORDER BY created_at LIMIT 1",
    [SQL_ASIDE_COUNT] = "SELECT count(*) FROM registration WHERE set_aside = 1",
    [SQL_READ_FACT] = "SELECT value FROM facts WHERE name = ?1",
    [SQL_FIND_ATTEMPTS] = "SELECT in_row, total, began_at, locked_until, last_at, last_id"
			  " FROM attempts WHERE key = ?1",
};

/* true where there is a row; a read that fails finds nothing, and says so in the log. */
static bool
read_step(struct journal *journal, sqlite3_stmt *statement)
{
	int code = sqlite3_step(statement);
	int64_t now = clock_boot();

	journal->misread = code != SQLITE_ROW && code != SQLITE_DONE;
	if (!journal->misread)
		return code == SQLITE_ROW;
	if (journal->read_failed_at == 0 || now - journal->read_failed_at >= LOG_EVERY) {
		log_error("the journal can't be read: %s", sqlite3_errstr(code));
		journal->read_failed_at = now;
	}
	return false;
}

struct write *
read_aside(sqlite3_stmt *statement, const struct registration *registration, const struct err *why)
{
	struct write *write = write_new(WRITE_SET_ASIDE, registration->id);
	const void *sealed = sql_column_blob(statement, ROW_SEALED_BYTES, &write->sealed_size);

	if (sqlite3_column_type(statement, ROW_SEALED_BYTES) != SQLITE_NULL)
		write->sealed = mem_new(write->sealed_size + 1);
	if (write->sealed_size > 0)
		memcpy(write->sealed, sealed, write->sealed_size);
	write->noted = true;
	write->at = clock_wall();
	write->what = mem_format("set aside: %s", why->text);
	return write;
}

static void
read_set_aside(struct journal *journal, sqlite3_stmt *statement, struct registration *registration,
    const struct err *why)
{
	struct write *write = read_aside(statement, registration, why);

	registration->set_aside = true;
	registration->due_at = 0;
	mem_set_text(&registration->detail, write->what);
	if (sqlite3_column_int(statement, ROW_SET_ASIDE) != 0)
		write_free(&write);
	else
		writer_submit(&journal->writer, write);
}

static struct registration *
read_whole(struct journal *journal, sqlite3_stmt *statement)
{
	struct registration *registration;
	struct err err = {0};

	if (!read_step(journal, statement))
		return NULL;
	registration = row_read(statement);
	registration->findings = sql_text(statement, ROW_FINDINGS);
	if (row_unseal(journal->keys, statement, registration, &err) != 0 &&
	    !registration_is_final(registration))
		read_set_aside(journal, statement, registration, &err);
	else
		registration->set_aside = false; /* or it can be read again */
	return registration;
}

static struct registration *
read_by_text(struct journal *journal, enum read_sql which, const char *text, int *code_out)
{
	sqlite3_stmt *statement = journal->reads[which];
	struct registration *registration;

	sql_bind_text(statement, 1, text);
	registration = read_whole(journal, statement);
	*code_out = sqlite3_reset(statement);
	return registration;
}

struct registration *
journal_find(struct journal *journal, const char *id)
{
	int code;
	struct registration *registration = read_by_text(journal, SQL_FIND, id, &code);

	if ((code & 0xff) == SQLITE_CORRUPT)
		writer_note_damage(&journal->writer, id);
	else if (registration != NULL)
		idmap_remove(&journal->writer.damaged, id);
	return registration;
}

struct registration *
journal_find_uid(struct journal *journal, const char *uid)
{
	int code;

	return read_by_text(journal, SQL_FIND_UID, uid, &code);
}

struct registration *
journal_find_key(struct journal *journal, const char *portal, const char *key_mac, int *status_out,
    char **answer_out)
{
	sqlite3_stmt *statement = journal->reads[SQL_FIND_KEY];
	struct registration *registration;

	sql_bind_text(statement, 1, portal != NULL ? portal : "");
	sql_bind_text(statement, 2, key_mac);
	registration = read_whole(journal, statement);
	if (status_out != NULL)
		*status_out = registration != NULL ? sqlite3_column_int(statement, READ_STATUS) : 0;
	if (answer_out != NULL)
		*answer_out = registration != NULL ? sql_text(statement, READ_BODY) : NULL;
	sqlite3_reset(statement);
	return registration;
}

int
journal_find_attempts(
    struct journal *journal, const char *key, struct journal_attempts *attempts_out)
{
	sqlite3_stmt *statement = journal->reads[SQL_FIND_ATTEMPTS];
	const char *last_id;

	memset(attempts_out, 0, sizeof(*attempts_out));
	sql_bind_text(statement, 1, key);
	if (read_step(journal, statement)) {
		attempts_out->in_row = sqlite3_column_int64(statement, 0);
		attempts_out->total = sqlite3_column_int64(statement, 1);
		attempts_out->began_at = sqlite3_column_int64(statement, 2);
		attempts_out->locked_until = sqlite3_column_int64(statement, 3);
		attempts_out->last_at = sqlite3_column_int64(statement, 4);
		last_id = sql_column_text(statement, 5);
		snprintf(attempts_out->last_id, sizeof(attempts_out->last_id), "%s",
		    last_id != NULL ? last_id : "");
	}
	/* A read that failed says so here: nothing found must not mean nothing counted. */
	return sqlite3_reset(statement) == SQLITE_OK ? 0 : -1;
}

/* SQLite calls a disk that fails for a moment (EIO) damage too. */
static bool
read_tries_damaged(struct writer *writer)
{
	int64_t now = clock_boot();

	if (now - writer->damage_tried_at < DAMAGE_REST)
		return false;
	writer->damage_tried_at = now;
	return true;
}

static size_t
read_due(struct journal *journal, enum read_sql which, int64_t now, char (*ids_out)[UUID_SIZE],
    size_t most, bool tries_damaged)
{
	sqlite3_stmt *statement = journal->reads[which];
	size_t count = 0;

	sqlite3_bind_int64(statement, 1, now);
	sqlite3_bind_int64(statement, 2, (int64_t)(most + journal->writer.damaged.count));
	while (count < most && read_step(journal, statement)) {
		const char *id = sql_column_text(statement, 0);

		if (id != NULL &&
		    (tries_damaged || idmap_find(&journal->writer.damaged, id) == NULL))
			snprintf(ids_out[count++], UUID_SIZE, "%s", id);
	}
	sqlite3_reset(statement);
	return count;
}

size_t
journal_due(struct journal *journal, int64_t now, char (*ids_out)[UUID_SIZE], size_t most)
{
	bool tries_damaged = read_tries_damaged(&journal->writer);
	size_t count = read_due(journal, SQL_DUE, now, ids_out, most, tries_damaged);

	/* A page of the index can't be read: what stands behind it is come at from the other end.
	 */
	if (journal->misread) {
		count += read_due(
		    journal, SQL_DUE_BACK, now, ids_out + count, most - count, tries_damaged);
		journal->misread = true;
	}
	journal->misread = journal->misread || journal->writer.damaged.count > 0;
	return count;
}

int64_t
journal_next_due(struct journal *journal, int64_t after)
{
	sqlite3_stmt *statement = journal->reads[SQL_NEXT_DUE];
	int64_t due;

	sqlite3_bind_int64(statement, 1, after);
	due = read_step(journal, statement) ? sqlite3_column_int64(statement, 0) : 0;

	/* A read that failed must not stop the timer. */
	if (due == 0 && sqlite3_reset(statement) != SQLITE_OK)
		due = clock_now() + TRY_AGAIN_IN;
	sqlite3_reset(statement);
	return due;
}

int
journal_list(
    struct journal *journal, const struct journal_filter *filter, journal_each_fn *each, void *arg)
{
	enum read_sql which = filter->set_aside  ? SQL_LIST_ASIDE
			      : filter->by_state ? SQL_LIST_STATE
			      : filter->open     ? SQL_LIST_OPEN
						 : SQL_LIST;
	sqlite3_stmt *statement = journal->reads[which];
	struct registration *registration, of_state = {.state = filter->state};

	if (filter->by_state && filter->open && registration_is_final(&of_state))
		return 0;
	sqlite3_bind_int64(
	    statement, 1, filter->created_before != 0 ? filter->created_before : INT64_MAX);
	sqlite3_bind_int(statement, 2, filter->limit > 0 ? filter->limit : -1);
	if (filter->by_state)
		sql_bind_text(statement, 3, registration_state_name(filter->state));
	while (read_step(journal, statement)) {
		registration = row_read(statement);
		each(registration, arg);
		registration_free(&registration);
	}
	return sqlite3_reset(statement) == SQLITE_OK ? 0 : -1;
}

void
journal_timeline(struct journal *journal, const char *id, journal_line_fn *each, void *arg)
{
	sqlite3_stmt *statement = journal->reads[SQL_TIMELINE];

	sql_bind_text(statement, 1, id);
	while (read_step(journal, statement))
		each(sqlite3_column_int64(statement, 0), sql_column_text(statement, 1),
		    sql_column_text(statement, 2), sql_column_text(statement, 3), arg);
	sqlite3_reset(statement);
}

static int64_t
read_number(struct journal *journal, enum read_sql which)
{
	sqlite3_stmt *statement = journal->reads[which];
	int64_t number = read_step(journal, statement) ? sqlite3_column_int64(statement, 0) : 0;

	sqlite3_reset(statement);
	return number;
}

void
journal_counts(struct journal *journal, struct journal_counts *counts_out)
{
	sqlite3_stmt *statement = journal->reads[SQL_COUNTS];
	enum registration_state state;

	memset(counts_out, 0, sizeof(*counts_out));
	while (read_step(journal, statement)) {
		const char *name = sql_column_text(statement, 0);

		if (name != NULL && registration_state_parse(name, &state) == 0)
			counts_out->by_state[state] = sqlite3_column_int64(statement, 1);
	}
	sqlite3_reset(statement);
	counts_out->oldest_pending = read_number(journal, SQL_OLDEST);
	counts_out->next_due = journal_next_due(journal, 0);
	counts_out->set_aside = read_number(journal, SQL_ASIDE_COUNT);
	counts_out->damaged = (int64_t)journal->writer.damaged.count;
}

char *
journal_fact(struct journal *journal, const char *name)
{
	sqlite3_stmt *statement = journal->reads[SQL_READ_FACT];
	char *value = NULL;

	sql_bind_text(statement, 1, name);
	if (read_step(journal, statement))
		value = sql_text(statement, 0);
	sqlite3_reset(statement);
	return value;
}
