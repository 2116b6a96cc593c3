#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "journal/journal_internal.h"

static int
lock_refuse(int fd, const char *path, struct err *err)
{
	char line[32];
	int reason = errno;
	ssize_t got = pread(fd, line, sizeof(line) - 1, 0);
	long pid;

	if (reason != EWOULDBLOCK)
		return err_set(err, ERR_BROKEN, "%s: can't lock it: %s", path, strerror(reason));
	line[got > 0 ? got : 0] = '\0';
	pid = strtol(line, NULL, 10);
	if (pid <= 0)
		return err_set(err, ERR_BROKEN, "%s: another musterd uses this journal", path);
	return err_set(
	    err, ERR_BROKEN, "%s: another musterd (pid %ld) uses this journal", path, pid);
}

int
lock_open_folder(const char *path, struct err *err)
{
	char *folder = mem_text(path), *slash = strrchr(folder, '/');
	int fd;

	if (slash != NULL)
		slash[slash == folder] = '\0';
	fd = open(slash != NULL ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		err_set(err, ERR_BROKEN, "its folder: %s", strerror(errno));
	free(folder);
	return fd;
}

/* The file is never removed: a lock on a removed file would keep nobody out. */
int
lock_take(const char *journal_path, struct err *err)
{
	char *path = mem_format("%s.lock", journal_path);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0) {
		err_set(err, ERR_BROKEN, "%s: can't make the lock file: %s", path, strerror(errno));
	} else if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		lock_refuse(fd, path, err);
		close(fd);
		fd = -1;
	} else if (ftruncate(fd, 0) != 0 || dprintf(fd, "%ld\n", (long)getpid()) < 0) {
		/* The lock itself holds on a full disk too; it only can't say whose it is. */
	}
	free(path);
	return fd;
}
