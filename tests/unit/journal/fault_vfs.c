#include <sqlite3.h>
#include <stddef.h>

#include "fault_vfs.h"

atomic_int fault_wal_syncs;
atomic_bool fault_wal_sync, fault_main_sync, fault_full;
atomic_int fault_write_errno, fault_reads_left = -1;

static sqlite3_vfs *real, mine;
/* SQLite has one table of methods for the journal and another one for files that it need not lock.
 */
static sqlite3_io_methods real_wal, real_main, my_wal, my_main;

/* SQLite's own file keeps the number of the last call that failed. */
static int
fault_on_wal_control(sqlite3_file *file, int what, void *arg)
{
	if (what != SQLITE_FCNTL_LAST_ERRNO)
		return real_wal.xFileControl(file, what, arg);
	*(int *)arg = fault_write_errno;
	return SQLITE_OK;
}

static bool
fault_read_fails(void)
{
	if (fault_reads_left < 0)
		return false;
	if (fault_reads_left == 0)
		return true;
	fault_reads_left--;
	return false;
}

static int
fault_on_wal_read(sqlite3_file *file, void *bytes, int size, sqlite3_int64 offset)
{
	return fault_read_fails() ? SQLITE_IOERR_READ : real_wal.xRead(file, bytes, size, offset);
}

static int
fault_on_main_read(sqlite3_file *file, void *bytes, int size, sqlite3_int64 offset)
{
	return fault_read_fails() ? SQLITE_IOERR_READ : real_main.xRead(file, bytes, size, offset);
}

static int
fault_on_wal_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 offset)
{
	return fault_full          ? SQLITE_FULL
	       : fault_write_errno ? SQLITE_IOERR_WRITE
				   : real_wal.xWrite(file, bytes, size, offset);
}

static int
fault_on_main_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 offset)
{
	return fault_full          ? SQLITE_FULL
	       : fault_write_errno ? SQLITE_IOERR_WRITE
				   : real_main.xWrite(file, bytes, size, offset);
}

static int
fault_on_wal_sync(sqlite3_file *file, int flags)
{
	fault_wal_syncs++;
	return fault_wal_sync ? SQLITE_IOERR_FSYNC : real_wal.xSync(file, flags);
}

static int
fault_on_main_sync(sqlite3_file *file, int flags)
{
	return fault_main_sync ? SQLITE_IOERR_FSYNC : real_main.xSync(file, flags);
}

/* The file stays SQLite's own object; only its table of methods is another one. */
static int
fault_on_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *flags_out)
{
	int code = real->xOpen(real, name, file, flags, flags_out);

	if (code != SQLITE_OK)
		return code;
	if (flags & SQLITE_OPEN_WAL) {
		real_wal = my_wal = *file->pMethods;
		my_wal.xRead = fault_on_wal_read;
		my_wal.xFileControl = fault_on_wal_control;
		my_wal.xWrite = fault_on_wal_write;
		my_wal.xSync = fault_on_wal_sync;
		file->pMethods = &my_wal;
	} else if (flags & SQLITE_OPEN_MAIN_DB) {
		real_main = my_main = *file->pMethods;
		my_main.xRead = fault_on_main_read;
		my_main.xWrite = fault_on_main_write;
		my_main.xSync = fault_on_main_sync;
		file->pMethods = &my_main;
	}
	return code;
}

void
fault_install(void)
{
	real = sqlite3_vfs_find(NULL);
	mine = *real;
	mine.zName = "fault";
	mine.pNext = NULL;
	mine.xOpen = fault_on_open;
	sqlite3_vfs_register(&mine, 1);
}
