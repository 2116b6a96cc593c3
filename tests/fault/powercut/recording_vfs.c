/*
 * Listens to what is done in the recording's folder: a VFS in front of SQLite's own for the
 * journal, its WAL and its rollback journal, and the linker's --wrap for the calls that libmuster
 * makes by itself. The -shm file is mapped, not written: nothing of it outlives a power cut.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "recording.h"

#define PATH_SIZE 512

/* The file stays SQLite's own object; this lies behind it, in room that SQLite was told to make. */
struct tail {
	const sqlite3_io_methods *real;
	sqlite3_io_methods mine;
	int file;
};

typedef int open_directory_fn(const char *path, int *fd_out);

static sqlite3_vfs *real, mine;
static open_directory_fn *real_open_directory;

static struct tail *
vfs_tail(sqlite3_file *file)
{
	return (struct tail *)(void *)((char *)file + real->szOsFile);
}

static int
vfs_on_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 offset)
{
	recording_write(vfs_tail(file)->file, bytes, (size_t)size, offset);
	return vfs_tail(file)->real->xWrite(file, bytes, size, offset);
}

static int
vfs_on_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	recording_truncate(vfs_tail(file)->file, size);
	return vfs_tail(file)->real->xTruncate(file, size);
}

/* The first flush of a new WAL or rollback journal flushes the folder too: see below. */
static int
vfs_on_sync(sqlite3_file *file, int flags)
{
	recording_sync(vfs_tail(file)->file);
	return vfs_tail(file)->real->xSync(file, flags);
}

static int
vfs_on_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *flags_out)
{
	int code = real->xOpen(real, name, file, flags, flags_out);
	struct tail *tail = vfs_tail(file);

	if (code != SQLITE_OK || file->pMethods == NULL)
		return code;
	tail->real = file->pMethods;
	tail->mine = *file->pMethods;
	tail->mine.xWrite = vfs_on_write;
	tail->mine.xTruncate = vfs_on_truncate;
	tail->mine.xSync = vfs_on_sync;
	tail->file = recording_make(name);
	file->pMethods = &tail->mine;
	return code;
}

static int
vfs_on_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
	if (recording_find(name) >= 0)
		recording_unlink(name);
	return real->xDelete(real, name, sync_folder);
}

/* SQLite's own VFS opens a folder for one thing only: to flush it. It is given a file's path. */
static int
vfs_on_open_directory(const char *path, int *fd_out)
{
	char folder[PATH_SIZE], *slash;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (slash != NULL)
		*slash = '\0';
	recording_sync_folder(folder);
	return real_open_directory(path, fd_out);
}

void
recording_vfs_install(void)
{
	real = sqlite3_vfs_find(NULL);
	real_open_directory =
	    (open_directory_fn *)(void *)real->xGetSystemCall(real, "openDirectory");
	if (real->xSetSystemCall(real, "openDirectory",
		(sqlite3_syscall_ptr)(void *)vfs_on_open_directory) != SQLITE_OK)
		abort();
	mine = *real;
	mine.zName = "recording";
	mine.pNext = NULL;
	mine.szOsFile = real->szOsFile + (int)sizeof(struct tail);
	mine.xOpen = vfs_on_open;
	mine.xDelete = vfs_on_delete;
	sqlite3_vfs_register(&mine, 1);
}

/* ---- what libmuster does by itself: -Wl,--wrap (see local.mk) ---- */

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __real_mkostemp(char *path, int flags);
int __wrap_mkostemp(char *path, int flags);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_link(const char *from, const char *to);
int __wrap_link(const char *from, const char *to);
int __real_unlink(const char *path);
int __wrap_unlink(const char *path);
int __wrap_pthread_cond_timedwait(
    pthread_cond_t *condition, pthread_mutex_t *lock, const struct timespec *until);
int __real_pthread_cond_timedwait(
    pthread_cond_t *condition, pthread_mutex_t *lock, const struct timespec *until);

int
__wrap_open(const char *path, int flags, ...)
{
	va_list more;
	int fd;

	va_start(more, flags);
	fd = __real_open(path, flags, flags & O_CREAT ? va_arg(more, mode_t) : 0);
	va_end(more);
	if (fd >= 0 && (flags & O_CREAT) != 0)
		recording_make(path);
	return fd;
}

int
__wrap_mkostemp(char *path, int flags)
{
	int fd = __real_mkostemp(path, flags);

	if (fd >= 0)
		recording_make(path);
	return fd;
}

/* What was written past SQLite is taken as one write right before its flush. */
static void
wrap_take_content(const char *path, int file)
{
	char bytes[4096];
	int fd = recording_has_writes(file) ? -1 : __real_open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd >= 0 ? read(fd, bytes, sizeof(bytes)) : 0;

	if (size > 0)
		recording_write(file, bytes, (size_t)size, 0);
	if (fd >= 0)
		close(fd);
}

int
__wrap_fsync(int fd)
{
	char link_path[64], path[PATH_SIZE];
	struct stat status;
	ssize_t length;
	int file;

	snprintf(link_path, sizeof(link_path), "/proc/self/fd/%d", fd);
	length = readlink(link_path, path, sizeof(path) - 1);
	if (length < 0 || fstat(fd, &status) != 0)
		return __real_fsync(fd);
	path[length] = '\0';
	if (S_ISDIR(status.st_mode)) {
		recording_sync_folder(path);
	} else {
		file = recording_find(path);
		wrap_take_content(path, file);
		recording_sync(file);
	}
	return __real_fsync(fd);
}

int
__wrap_link(const char *from, const char *to)
{
	int file = recording_find(from), result = __real_link(from, to);

	if (result == 0)
		recording_link(file, to);
	return result;
}

int
__wrap_unlink(const char *path)
{
	recording_unlink(path);
	return __real_unlink(path);
}

/* The journal's thread empties the WAL file when it was idle for a while: here a millisecond. */
int
__wrap_pthread_cond_timedwait(
    pthread_cond_t *condition, pthread_mutex_t *lock, const struct timespec *until)
{
	struct timespec soon;

	clock_gettime(CLOCK_MONOTONIC, &soon);
	soon.tv_nsec += 1000000;
	soon.tv_sec += soon.tv_nsec / 1000000000;
	soon.tv_nsec %= 1000000000;
	return __real_pthread_cond_timedwait(condition, lock, &soon);
}
