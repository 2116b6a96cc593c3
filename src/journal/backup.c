#include <stdint.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/err.h"
#include "base/file.h"
#include "conf/conf.h"
#include "journal/journal_internal.h"

#define LOOK_EVERY 10000 /* of SQLite's instructions */

struct backup {
	const char *source;
	struct progress *progress;
	int fd; /* of the copy */
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
backup_copy(int fd, const char *draft, void *arg, struct err *err)
{
	struct backup *backup = arg;
	static const char *const text = "VACUUM INTO ?1";
	sqlite3 *database;
	sqlite3_stmt *statement = NULL;
	int result;

	backup->fd = fd;
	if (sql_open(backup->source, SQLITE_OPEN_READONLY, &database, err) != 0)
		return err_prefix(err, "%s", backup->source);
	result = backup_measure(database, fd, backup->progress, err);
	sqlite3_progress_handler(database, LOOK_EVERY, backup_on_progress, backup);
	if (result == 0)
		result = sql_prepare(database, &text, 1, &statement, err);
	if (result == 0) {
		sql_bind_text(statement, 1, draft);
		if (sql_run(statement) != SQLITE_OK)
			result = sql_err(database, err, "the copy can't be made");
	}
	sqlite3_finalize(statement);
	sqlite3_close(database);
	return result;
}

int
backup_run(const char *source, const char *path, struct progress *progress, struct err *err)
{
	struct backup backup = {source, progress, -1};

	return file_make(path, backup_copy, &backup, err);
}

int
journal_backup(const struct conf_journal *conf, const char *path, struct err *err)
{
	struct progress progress = {0};

	return backup_run(conf->path, path, &progress, err);
}
