#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "journal/journal_internal.h"

/* VACUUM INTO writes into a file that is there and empty: so it never has another mode. */
static int
backup_copy(const struct conf_journal *conf, const char *path, struct err *err)
{
	sqlite3 *database;
	sqlite3_stmt *statement = NULL;
	int result = 0;

	if (sql_open(conf->path, SQLITE_OPEN_READONLY, &database, err) != 0)
		return err_prefix(err, "%s", conf->path);
	if (sqlite3_prepare_v2(database, "VACUUM INTO ?1", -1, &statement, NULL) == SQLITE_OK)
		sql_bind_text(statement, 1, path);
	if (statement == NULL || sql_run(statement) != SQLITE_OK)
		result = sql_err(database, err, "the copy can't be made");
	sqlite3_finalize(statement);
	sqlite3_close(database);
	return result;
}

/*
 * It gets its name once it is whole and flushed: half a copy may look like a good one of fewer
 * rows. link refuses a name that is taken; a file system without hard links has only rename.
 */
static int
backup_place(int fd, const char *draft, const char *path)
{
	int reason;

	if (fsync(fd) != 0)
		return -1;
	if (link(draft, path) != 0 && (errno == EEXIST || rename(draft, path) != 0))
		return -1;
	if (file_flush_folder(path) == 0)
		return 0;
	reason = errno;
	unlink(path);
	errno = reason;
	return -1;
}

int
journal_backup(const struct conf_journal *conf, const char *path, struct err *err)
{
	char *draft = mem_format("%s.XXXXXX", path);
	int fd = -1, result = 0;

	if (access(path, F_OK) == 0)
		errno = EEXIST;
	else
		fd = mkostemp(draft, O_CLOEXEC);
	if (fd < 0)
		result = err_set(err, ERR_BROKEN, "%s", strerror(errno));
	else if (backup_copy(conf, draft, err) != 0)
		result = -1;
	else if (backup_place(fd, draft, path) != 0)
		result = err_set(err, ERR_BROKEN, "%s", strerror(errno));
	if (fd >= 0) {
		close(fd);
		unlink(draft);
	}
	free(draft);
	return result == 0 ? 0 : err_prefix(err, "%s", path);
}
