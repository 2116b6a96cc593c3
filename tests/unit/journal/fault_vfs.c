#include <sqlite3.h>
#include <stddef.h>

#include "fault_vfs.h"

atomic_int fault_wal_syncs;
atomic_bool fault_wal_sync, fault_main_sync, fault_full;

static sqlite3_vfs *real, mine;
static const sqlite3_io_methods *real_methods;
static sqlite3_io_methods wal_methods, main_methods;

static int
fault_on_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 offset)
{
	return fault_full ? SQLITE_FULL : real_methods->xWrite(file, bytes, size, offset);
}

static int
fault_on_wal_sync(sqlite3_file *file, int flags)
{
	fault_wal_syncs++;
	return fault_wal_sync ? SQLITE_IOERR_FSYNC : real_methods->xSync(file, flags);
}

static int
fault_on_main_sync(sqlite3_file *file, int flags)
{
	return fault_main_sync ? SQLITE_IOERR_FSYNC : real_methods->xSync(file, flags);
}

/* The file stays SQLite's own object; only its table of methods is another one. */
static int
fault_on_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *flags_out)
{
	int code = real->xOpen(real, name, file, flags, flags_out);

	if (code != SQLITE_OK || (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_DB)) == 0)
		return code;
	if (real_methods == NULL) {
		real_methods = file->pMethods;
		wal_methods = main_methods = *real_methods;
		wal_methods.xWrite = main_methods.xWrite = fault_on_write;
		wal_methods.xSync = fault_on_wal_sync;
		main_methods.xSync = fault_on_main_sync;
	}
	file->pMethods = flags & SQLITE_OPEN_WAL ? &wal_methods : &main_methods;
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
