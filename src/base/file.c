#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

int
file_flush_folder(const char *path)
{
	char *folder = mem_text(path), *slash = strrchr(folder, '/');
	int fd, result, reason;

	if (slash != NULL)
		slash[slash == folder] = '\0';
	fd = open(slash != NULL ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	result = fd >= 0 ? fsync(fd) : -1;
	reason = errno;
	if (fd >= 0)
		close(fd);
	free(folder);
	errno = reason;
	return result;
}
