#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "conf/conf.h"
#include "journal/journal_internal.h"

/* The first fault that integrity_check tells, or 'ok'. Its words name tables and pages only. */
static int
check_integrity(sqlite3 *database, struct err *err)
{
	sqlite3_stmt *statement = NULL;
	const char *verdict;
	int result = 0;

	if (sqlite3_prepare_v2(database, "PRAGMA integrity_check(1)", -1, &statement, NULL) !=
		SQLITE_OK ||
	    sqlite3_step(statement) != SQLITE_ROW) {
		result = sql_err(database, err, "it can't be checked");
	} else {
		verdict = (const char *)sqlite3_column_text(statement, 0);
		if (verdict == NULL || strcmp(verdict, "ok") != 0)
			result = err_set(
			    err, ERR_BROKEN, "it is damaged: %s", verdict != NULL ? verdict : "?");
	}
	sqlite3_finalize(statement);
	return result;
}

static int
check_foreign_keys(sqlite3 *database, struct err *err)
{
	int64_t count;

	if (sql_number(database, "SELECT count(*) FROM pragma_foreign_key_check", &count, err) != 0)
		return -1;
	if (count == 0)
		return 0;
	return err_set(err, ERR_BROKEN, "it is damaged: %lld lines of the timeline belong nowhere",
	    (long long)count);
}

static int
check_content(sqlite3 *database, struct err *err)
{
	if (schema_check_version(database, err) != 0) {
		/*
		 * Power went while the file was first made, for at no other time is there a
		 * rollback journal. The next start takes it back; this is only a look.
		 */
		return sqlite3_extended_errcode(database) == SQLITE_READONLY_ROLLBACK ? 0 : -1;
	}
	if (check_integrity(database, err) != 0)
		return -1;
	return check_foreign_keys(database, err);
}

int
journal_check(const struct conf_journal *conf, struct err *err)
{
	sqlite3 *database;
	int result;

	if (access(conf->path, F_OK) != 0 && errno == ENOENT)
		return 0;
	if (sql_open(conf->path, SQLITE_OPEN_READONLY, &database, err) != 0)
		return err_prefix(err, "%s", conf->path);
	result = check_content(database, err);
	sqlite3_close(database);
	return result == 0 ? 0 : err_prefix(err, "%s", conf->path);
}
