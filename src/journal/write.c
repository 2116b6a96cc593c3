#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "journal/journal_internal.h"

const char *const write_sql[WRITE_SQL_COUNT] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    /* Changes a page, whatever it held: what changes nothing is not written. */
    [SQL_PROBE] = "INSERT INTO facts VALUES ('probe', '0')"
		  " ON CONFLICT (name) DO UPDATE SET value = 1 - value",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_SAVEPOINT] = "SAVEPOINT one",
    [SQL_RELEASE] = "RELEASE one",
    [SQL_ROLLBACK_TO] = "ROLLBACK TO one",
    [SQL_TAKEN] = "SELECT id FROM registration"
		  " WHERE portal = ?1 AND key_mac = ?2 AND key_mac <> ''",
    [SQL_INSERT] = "INSERT INTO registration (" ROW_PLAIN ", " ROW_MORE ") VALUES"
		   " (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,"
		   " ?18, ?19, ?20, ?21, ?22, ?23)",
    /* What is set aside keeps its sealed part, until it unseals again or the registration ends. */
    [SQL_UPDATE] = "UPDATE registration SET person_key = ?5, state = ?6, reason = ?7, step = ?8,"
		   " waits_for = ?9, detail = ?10, attempts = ?11, activates_at = ?13,"
		   " activated_at = ?14, due_at = ?15, uid = ?16, mail = ?17, categories = ?18,"
		   " held = ?19, set_aside = ?20, sealed = ?21, sealed_key = ?22, findings = ?23"
		   " WHERE id = ?1 AND (set_aside = 0 OR ?21 IS NOT NULL"
		   " OR ?6 IN ('active', 'rejected', 'cancelled'))",
    [SQL_NOTE] = "INSERT INTO timeline (registration, seq, at, step, state, what)"
		 " SELECT number, (SELECT coalesce(max(seq), 0) + 1 FROM timeline"
		 " WHERE registration = number), ?2, coalesce(?3, step), state, ?4"
		 " FROM registration WHERE id = ?1",
    [SQL_ANSWER] = "UPDATE registration SET answer_status = ?2, answer_body = ?3 WHERE id = ?1",
    /* Bounded: as below. */
    [SQL_WAKE] = "UPDATE registration SET due_at = ?2 WHERE number IN"
		 " (SELECT number FROM registration INDEXED BY registration_waits"
		 " WHERE waits_for = ?1 AND number > ?3 AND due_at > ?2 ORDER BY number LIMIT 256)"
		 " RETURNING number",
    [SQL_SET_ASIDE] = "UPDATE registration SET set_aside = 1, due_at = 0, detail = ?2"
		      " WHERE id = ?1 AND set_aside = 0 AND sealed IS ?3",
    [SQL_FACT] = "INSERT INTO facts VALUES (?1, ?2)"
		 " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    [SQL_CREDIT] = "UPDATE registration SET activates_at = activates_at - ?2,"
		   " due_at = CASE WHEN due_at > ?2 THEN due_at - ?2 ELSE min(due_at, 1) END"
		   " WHERE state = 'pending' AND activates_at < ?1",
    [SQL_ATTEMPTS] = "INSERT INTO attempts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
		     " ON CONFLICT (key) DO UPDATE SET in_row = excluded.in_row,"
		     " total = excluded.total, began_at = excluded.began_at,"
		     " locked_until = excluded.locked_until, last_at = excluded.last_at,"
		     " last_id = excluded.last_id",
    [SQL_FORGET_ATTEMPTS] = "DELETE FROM attempts WHERE key = ?1",
    /* Bounded: the transaction is shared with registrations that wait for it. */
    [SQL_PRUNE] = "DELETE FROM attempts WHERE key IN (SELECT key FROM attempts"
		  " INDEXED BY attempts_began WHERE began_at > 0 AND began_at < ?1 LIMIT 256)",
    [SQL_RESEAL] = "UPDATE registration SET sealed = ?2, sealed_key = ?3"
		   " WHERE id = ?1 AND sealed IS ?4",
    [SQL_FORGET_FACT] = "DELETE FROM facts WHERE name = ?1",
};

struct write *
write_new(enum write_kind kind, const char *id)
{
	struct write *write = mem_new(sizeof(*write));

	write->kind = kind;
	snprintf(write->id, sizeof(write->id), "%s", id);
	return write;
}

void
write_free(struct write **write)
{
	struct write *it = *write;

	*write = NULL;
	row_fini(&it->row);
	free(it->step);
	free(it->what);
	free(it->name);
	free(it->value);
	free(it->sealed);
	free(it);
}

static int
write_note(sqlite3_stmt *statement, const struct write *write)
{
	if (!write->noted)
		return SQLITE_OK;
	sql_bind_text(statement, 1, write->id);
	sqlite3_bind_int64(statement, 2, write->at);
	sql_bind_text(statement, 3, write->step);
	sql_bind_text(statement, 4, write->what);
	return sql_run(statement);
}

/* Whether the Idempotency-Key is taken, and by which registration. */
static int
write_find_taken(sqlite3_stmt *statement, struct write *write)
{
	int code;

	sql_bind_text(statement, 1, write->row.registration->portal);
	sql_bind_text(statement, 2, write->row.registration->key_mac);
	code = sqlite3_step(statement);
	if (code == SQLITE_ROW) {
		snprintf(
		    write->taken_by, sizeof(write->taken_by), "%s", sql_column_text(statement, 0));
		write->result = JOURNAL_EXISTS;
	}
	sqlite3_reset(statement);
	return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

static int
write_append(sqlite3_stmt **statements, struct write *write)
{
	int code = write_find_taken(statements[SQL_TAKEN], write);

	if (code != SQLITE_OK || write->result == JOURNAL_EXISTS)
		return code;
	row_bind(&write->row, statements[SQL_INSERT]);
	code = sql_run(statements[SQL_INSERT]);
	return code != SQLITE_OK ? code : write_note(statements[SQL_NOTE], write);
}

static int
write_save(sqlite3 *database, sqlite3_stmt **statements, struct write *write)
{
	int code;

	row_bind(&write->row, statements[SQL_UPDATE]);
	code = sql_run(statements[SQL_UPDATE]);
	if (code == SQLITE_OK && sqlite3_changes(database) == 0) {
		write->result = JOURNAL_BROKEN;
		return SQLITE_OK;
	}
	return code != SQLITE_OK ? code : write_note(statements[SQL_NOTE], write);
}

static int
write_set_aside(sqlite3 *database, sqlite3_stmt **statements, struct write *write)
{
	sqlite3_stmt *statement = statements[SQL_SET_ASIDE];
	int code;

	sql_bind_text(statement, 1, write->id);
	sql_bind_text(statement, 2, write->what);
	sql_bind_blob(statement, 3, write->sealed, write->sealed_size);
	code = sql_run(statement);
	if (code == SQLITE_OK && sqlite3_changes(database) == 0)
		write->result = JOURNAL_EXISTS; /* it is another row by now, or was set aside */
	if (code != SQLITE_OK || write->result != JOURNAL_DONE)
		return code;
	return write_note(statements[SQL_NOTE], write);
}

static int
write_attempts(sqlite3_stmt **statements, const struct write *write)
{
	const struct journal_attempts *from = &write->attempts;
	sqlite3_stmt *statement = statements[from->total == 0 ? SQL_FORGET_ATTEMPTS : SQL_ATTEMPTS];

	sql_bind_text(statement, 1, write->name);
	if (from->total == 0)
		return sql_run(statement);
	sqlite3_bind_int64(statement, 2, from->in_row);
	sqlite3_bind_int64(statement, 3, from->total);
	sqlite3_bind_int64(statement, 4, from->began_at);
	sqlite3_bind_int64(statement, 5, from->locked_until);
	sqlite3_bind_int64(statement, 6, from->last_at);
	sql_bind_text(statement, 7, from->last_id);
	return sql_run(statement);
}

/* The next ones behind those that were woken before. */
static int
write_wake(sqlite3_stmt *statement, struct write *write)
{
	int code;

	write->more = false;
	sql_bind_text(statement, 1, write->name);
	sqlite3_bind_int64(statement, 2, write->at);
	sqlite3_bind_int64(statement, 3, write->woken);
	while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
		int64_t number = sqlite3_column_int64(statement, 0);

		write->woken = number > write->woken ? number : write->woken;
		write->more = true;
	}
	sqlite3_reset(statement);
	return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int
write_fact(sqlite3_stmt **statements, const struct write *write)
{
	sqlite3_stmt *statement = statements[write->value != NULL ? SQL_FACT : SQL_FORGET_FACT];

	sql_bind_text(statement, 1, write->name);
	if (write->value == NULL)
		return sql_run(statement);
	sql_bind_text(statement, 2, write->value);
	return sql_run(statement);
}

static int
write_reseal(sqlite3 *database, sqlite3_stmt *statement, struct write *write)
{
	int code;

	sql_bind_text(statement, 1, write->id);
	sql_bind_blob(statement, 2, write->row.sealed, write->row.sealed_size);
	sql_bind_text(statement, 3, write->row.sealed_key);
	sql_bind_blob(statement, 4, write->sealed, write->sealed_size);
	code = sql_run(statement);
	if (code == SQLITE_OK && sqlite3_changes(database) == 0)
		write->result = JOURNAL_EXISTS; /* it was saved meanwhile, so with the key in use */
	return code;
}

int
write_carry_out(sqlite3 *database, sqlite3_stmt **statements, struct write *write)
{
	sqlite3_stmt *statement;
	int code;

	write->result = JOURNAL_DONE;
	switch (write->kind) {
	case WRITE_APPEND:
		return write_append(statements, write);
	case WRITE_SAVE:
		return write_save(database, statements, write);
	case WRITE_SET_ASIDE:
		return write_set_aside(database, statements, write);
	case WRITE_ANSWER:
		statement = statements[SQL_ANSWER];
		sql_bind_text(statement, 1, write->id);
		sqlite3_bind_int(statement, 2, write->status);
		sql_bind_text(statement, 3, write->value);
		return sql_run(statement);
	case WRITE_WAKE:
		return write_wake(statements[SQL_WAKE], write);
	case WRITE_CREDIT:
		statement = statements[SQL_CREDIT];
		sqlite3_bind_int64(statement, 1, write->at);
		sqlite3_bind_int64(statement, 2, write->credit);
		code = sql_run(statement);
		return code != SQLITE_OK ? code : write_fact(statements, write);
	case WRITE_FACT:
		return write_fact(statements, write);
	case WRITE_ATTEMPTS:
		return write_attempts(statements, write);
	case WRITE_PRUNE:
		statement = statements[SQL_PRUNE];
		sqlite3_bind_int64(statement, 1, write->at);
		return sql_run(statement);
	case WRITE_RESEAL:
		return write_reseal(database, statements[SQL_RESEAL], write);
	case WRITE_SWEEP:
		return SQLITE_OK; /* what is to be done comes after the commit */
	}
	return SQLITE_MISUSE;
}
