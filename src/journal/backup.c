#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
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

/* The name is as durable as the bytes only once the folder is flushed too. */
static int
backup_flush(int fd, const char *path, struct err *err)
{
	char *folder = mem_text(path), *slash = strrchr(folder, '/');
	int folder_fd, bad;

	if (slash != NULL)
		slash[slash == folder] = '\0';
	folder_fd = open(slash != NULL ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bad = fsync(fd) != 0 || folder_fd < 0 || fsync(folder_fd) != 0;
	if (bad)
		err_set(err, ERR_BROKEN, "%s", strerror(errno));
	if (folder_fd >= 0)
		close(folder_fd);
	free(folder);
	return bad ? -1 : 0;
}

int
journal_backup(const struct conf_journal *conf, const char *path, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600), result;

	if (fd < 0)
		return err_set(err, ERR_BROKEN, "%s: %s", path, strerror(errno));
	result = backup_copy(conf, path, err);
	if (result == 0)
		result = backup_flush(fd, path, err);
	close(fd);
	if (result != 0)
		unlink(path);
	return result == 0 ? 0 : err_prefix(err, "%s", path);
}
