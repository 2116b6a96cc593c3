#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "journal/journal_internal.h"

int
sql_err(sqlite3 *database, struct err *err, const char *doing)
{
	/* errstr, not errmsg: the latter quotes what is in the file. */
	return err_set(
	    err, ERR_BROKEN, "%s: %s", doing, sqlite3_errstr(sqlite3_extended_errcode(database)));
}

int
sql_open(const char *path, int flags, sqlite3 **database_out, struct err *err)
{
	sqlite3 *database = NULL;

	if (sqlite3_open_v2(path, &database, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
		sql_err(database, err, "it can't be opened");
		sqlite3_close(database);
		return -1;
	}
	sqlite3_extended_result_codes(database, 1);
	sqlite3_busy_timeout(database, SQL_BUSY_MILLISECONDS);
	sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	*database_out = database;
	return 0;
}

int
sql_execute(sqlite3 *database, const char *text, struct err *err)
{
	if (sqlite3_exec(database, text, NULL, NULL, NULL) != SQLITE_OK)
		return sql_err(database, err, "the journal can't be prepared");
	return 0;
}

int
sql_prepare(sqlite3 *database, const char *const *texts, size_t count,
    sqlite3_stmt **statements_out, struct err *err)
{
	for (size_t i = 0; i < count; i++)
		if (sqlite3_prepare_v3(database, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
			&statements_out[i], NULL) != SQLITE_OK)
			return sql_err(database, err, "the journal's statements do not fit it");
	return 0;
}

void
sql_finalize(sqlite3_stmt **statements, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		sqlite3_finalize(statements[i]);
		statements[i] = NULL;
	}
}

int
sql_number(sqlite3 *database, const char *text, int64_t *out, struct err *err)
{
	sqlite3_stmt *statement = NULL;
	int bad = sqlite3_prepare_v2(database, text, -1, &statement, NULL) != SQLITE_OK ||
		  sqlite3_step(statement) != SQLITE_ROW;

	if (bad)
		sql_err(database, err, "the journal can't be read");
	else
		*out = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return bad ? -1 : 0;
}

int
sql_run(sqlite3_stmt *statement)
{
	int code = sqlite3_step(statement);

	sqlite3_reset(statement);
	return code == SQLITE_DONE ? SQLITE_OK : code;
}

bool
sql_is_damage(int code)
{
	return (code & 0xff) == SQLITE_CORRUPT || code == SQLITE_IOERR_READ ||
	       code == SQLITE_IOERR_SHORT_READ || code == SQLITE_IOERR_CORRUPTFS;
}

void
sql_bind_text(sqlite3_stmt *statement, int number, const char *text)
{
	if (sqlite3_bind_text(statement, number, text, -1, SQLITE_STATIC) != SQLITE_OK)
		err_end("out of memory");
}

void
sql_bind_blob(sqlite3_stmt *statement, int number, const void *bytes, size_t size)
{
	if (sqlite3_bind_blob64(statement, number, bytes, size, SQLITE_STATIC) != SQLITE_OK)
		err_end("out of memory");
}

const char *
sql_column_text(sqlite3_stmt *statement, int column)
{
	const char *text;

	if (sqlite3_column_type(statement, column) == SQLITE_NULL)
		return NULL;
	text = (const char *)sqlite3_column_text(statement, column);
	if (text == NULL)
		err_end("out of memory");
	return text;
}

const void *
sql_column_blob(sqlite3_stmt *statement, int column, size_t *size_out)
{
	const void *bytes;

	*size_out = (size_t)sqlite3_column_bytes(statement, column);
	bytes = sqlite3_column_blob(statement, column);
	if (bytes == NULL && *size_out > 0)
		err_end("out of memory");
	return bytes;
}

char *
sql_text(sqlite3_stmt *statement, int column)
{
	return mem_text(sql_column_text(statement, column));
}
