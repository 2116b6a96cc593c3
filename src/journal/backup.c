#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "journal/journal_internal.h"

#define LOOK_EVERY 10000 /* of SQLite's instructions */

struct backup {
	struct progress *progress;
	int fd;
};

/* How far it is, by the size of the copy. */
static int
backup_on_progress(void *arg)
{
	const struct backup *backup = arg;
	struct stat status;

	if (fstat(backup->fd, &status) == 0)
		backup->progress->done = status.st_size;
	return backup->progress->stop;
}

/* The size of the journal, where there is room for so much; the copy is smaller. */
static int
backup_measure(sqlite3 *database, int fd, struct progress *progress, struct err *err)
{
	struct statvfs room;
	int64_t size;

	if (sql_number(database,
		"SELECT page_count * page_size FROM pragma_page_count, pragma_page_size", &size,
		err) != 0)
		return -1;
	progress->total = size;
	if (fstatvfs(fd, &room) == 0 && (uint64_t)room.f_bavail * room.f_frsize < (uint64_t)size)
		return err_set(err, ERR_BROKEN, "there is no room for %lld bytes", (long long)size);
	return 0;
}

/* VACUUM INTO writes into a file that is there and empty: so it never has another mode. It reads
 * the tables alone and makes their indexes anew. */
static int
backup_copy(
    const char *source, const char *path, int fd, struct progress *progress, struct err *err)
{
	struct backup backup = {progress, fd};
	static const char *const text = "VACUUM INTO ?1";
	sqlite3 *database;
	sqlite3_stmt *statement = NULL;
	int result;

	if (sql_open(source, SQLITE_OPEN_READONLY, &database, err) != 0)
		return err_prefix(err, "%s", source);
	result = backup_measure(database, fd, progress, err);
	sqlite3_progress_handler(database, LOOK_EVERY, backup_on_progress, &backup);
	if (result == 0)
		result = sql_prepare(database, &text, 1, &statement, err);
	if (result == 0) {
		sql_bind_text(statement, 1, path);
		if (sql_run(statement) != SQLITE_OK)
			result = sql_err(database, err, "the copy can't be made");
	}
	sqlite3_finalize(statement);
	sqlite3_close(database);
	return result;
}

/*
 * It gets its name once it is whole and flushed: half a copy may look like a good one of fewer
 * rows. Nobody else's file is replaced: link refuses a name that is taken, and where a file system
 * has no hard links (FAT) there is renameat2.
 */
static int
backup_place(int fd, const char *draft, const char *path)
{
	int reason;

	if (fsync(fd) != 0)
		return -1;
	if (link(draft, path) != 0 &&
	    (errno == EEXIST || renameat2(AT_FDCWD, draft, AT_FDCWD, path, RENAME_NOREPLACE) != 0))
		return -1;
	if (file_flush_folder(path) == 0)
		return 0;
	reason = errno;
	unlink(path);
	errno = reason;
	return -1;
}

/* Where others may rename what is in a folder, the copy could become theirs. */
static int
backup_check_folder(const char *path, struct err *err)
{
	int folder = file_open_folder(path), result;
	struct stat status;

	if (folder < 0)
		return err_set(err, ERR_BROKEN, "its folder: %s", strerror(errno));
	result = fstat(folder, &status);
	close(folder);
	if (result != 0)
		return err_set(err, ERR_BROKEN, "its folder: %s", strerror(errno));
	if ((status.st_mode & S_IWOTH) != 0 && (status.st_mode & S_ISVTX) == 0)
		return err_set(err, ERR_BROKEN, "everybody may write into its folder");
	return 0;
}

static int
backup_into(const char *source, const char *path, struct progress *progress, struct err *err)
{
	char *draft = mem_format("%s.XXXXXX", path);
	int fd = -1, result = 0;

	if (access(path, F_OK) == 0)
		result = err_set(err, ERR_BROKEN, "it exists, and is not replaced");
	else if ((fd = mkostemp(draft, O_CLOEXEC)) < 0)
		result = err_set(err, ERR_BROKEN, "%s", strerror(errno));
	else if (backup_copy(source, draft, fd, progress, err) != 0)
		result = -1;
	else if (backup_place(fd, draft, path) != 0)
		result = err_set(err, ERR_BROKEN, "%s", strerror(errno));
	if (fd >= 0) {
		close(fd);
		unlink(draft);
	}
	free(draft);
	return result;
}

int
backup_run(const char *source, const char *path, struct progress *progress, struct err *err)
{
	int result = backup_check_folder(path, err);

	if (result == 0)
		result = backup_into(source, path, progress, err);
	return result == 0 ? 0 : err_prefix(err, "%s", path);
}

int
journal_backup(const struct conf_journal *conf, const char *path, struct err *err)
{
	struct progress progress = {0};

	return backup_run(conf->path, path, &progress, err);
}
