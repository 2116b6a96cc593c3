#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"

int
file_open_folder(const char *path)
{
	char *folder = mem_text(path), *slash = strrchr(folder, '/');
	int fd, reason;

	if (slash != NULL)
		slash[slash == folder] = '\0';
	fd = open(slash != NULL ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	reason = errno;
	free(folder);
	errno = reason;
	return fd;
}

int
file_flush_folder(const char *path)
{
	int fd = file_open_folder(path), result, reason;

	if (fd < 0)
		return -1;
	result = fsync(fd);
	reason = errno;
	close(fd);
	errno = reason;
	return result;
}

/*
 * It gets its name once it is whole and flushed: half a file may look like a good one that holds
 * less. Nobody else's file is replaced: link refuses a name that is taken, and where a file system
 * has no hard links (FAT) there is renameat2.
 */
static int
file_place(int fd, const char *draft, const char *path)
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

/* Where others may rename what is in a folder, the file could become theirs. */
static int
file_check_folder(const char *path, struct err *err)
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
file_make_here(const char *path, file_fill_fn *fill, void *arg, struct err *err)
{
	char *draft = mem_format("%s.XXXXXX", path);
	int fd = -1, result = 0;

	if (access(path, F_OK) == 0)
		result = err_set(err, ERR_BROKEN, "it exists, and is not replaced");
	else if ((fd = mkostemp(draft, O_CLOEXEC)) < 0)
		result = err_set(err, ERR_BROKEN, "%s", strerror(errno));
	else if (fill(fd, draft, arg, err) != 0)
		result = -1;
	else if (file_place(fd, draft, path) != 0)
		result = err_set(err, ERR_BROKEN, "%s", strerror(errno));
	if (fd >= 0) {
		close(fd);
		unlink(draft);
	}
	free(draft);
	return result;
}

int
file_make(const char *path, file_fill_fn *fill, void *arg, struct err *err)
{
	int result = file_check_folder(path, err);

	if (result == 0)
		result = file_make_here(path, fill, arg, err);
	return result == 0 ? 0 : err_prefix(err, "%s", path);
}

/* systemd lets a unit's user read its credentials by an access list, whose mask looks like the
 * group's right; the folder is that user's alone (systemd.exec(5), LoadCredential=). */
static bool
file_is_credential(const char *path)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	size_t size = folder == NULL ? 0 : strlen(folder);

	return size > 0 && strncmp(path, folder, size) == 0 && path[size] == '/';
}

/* O_NONBLOCK, so that a FIFO is refused instead of waited for. */
int
file_open_private(const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) != 0)
		err_set(err, ERR_BROKEN, "%s: can't read it: %s", path, strerror(errno));
	else if (!S_ISREG(status.st_mode))
		err_set(err, ERR_BROKEN, "%s: is no regular file", path);
	else if ((status.st_mode & (file_is_credential(path) ? 037 : 077)) != 0)
		err_set(err, ERR_BROKEN, "%s: others may read it: chmod 0400 it", path);
	else
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}
