#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
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
