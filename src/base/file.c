#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
