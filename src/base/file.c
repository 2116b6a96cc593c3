#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
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

bool
file_is_credential(const char *name)
{
	return strchr(name, '/') == NULL;
}

char *
file_secret_path(const char *name, struct err *err)
{
	const char *folder;

	if (!file_is_credential(name))
		return mem_text(name);
	folder = getenv("CREDENTIALS_DIRECTORY");
	if (folder != NULL && folder[0] == '/')
		return mem_format("%s/%s", folder, name);
	err_set(err, ERR_BROKEN,
	    "%s: it has no slash, so it is a credential, but $CREDENTIALS_DIRECTORY is not set",
	    name);
	return NULL;
}

/*
 * Where there is an access control list, the bits of the group in the mode are its mask: systemd
 * gives a credential to the service's user by such a list, and it looks like 0440. The list is
 * little-endian in the attribute, see linux/posix_acl_xattr.h.
 */
static bool
file_list_names_others(int fd)
{
	struct {
		struct posix_acl_xattr_header header;
		struct posix_acl_xattr_entry entries[32];
	} list;
	ssize_t size = fgetxattr(fd, "system.posix_acl_access", &list, sizeof(list));

	if (size < (ssize_t)sizeof(list.header) || le32toh(list.header.a_version) != 2)
		return true; /* there is none, so the bits are the group's; or none that we know */
	size -= (ssize_t)sizeof(list.header);
	for (size_t i = 0; i < (size_t)size / sizeof(list.entries[0]); i++) {
		int tag = le16toh(list.entries[i].e_tag);
		bool ours = tag == ACL_USER_OBJ || tag == ACL_MASK ||
			    (tag == ACL_USER && le32toh(list.entries[i].e_id) == geteuid());

		if (!ours && list.entries[i].e_perm != 0)
			return true;
	}
	return false;
}

static int
file_check_secret(int fd, const char *path, struct err *err)
{
	struct stat status;

	if (fstat(fd, &status) != 0)
		return err_set(err, ERR_BROKEN, "%s: can't read it: %s", path, strerror(errno));
	if (!S_ISREG(status.st_mode))
		return err_set(err, ERR_BROKEN, "%s: it is no plain file", path);
	if (status.st_uid != 0 && status.st_uid != geteuid())
		return err_set(err, ERR_BROKEN,
		    "%s: it belongs to another user, who may read and change it: chown it", path);
	if ((status.st_mode & S_IRWXO) != 0 ||
	    ((status.st_mode & S_IRWXG) != 0 && file_list_names_others(fd)))
		return err_set(
		    err, ERR_BROKEN, "%s: others may read or change it: chmod 0400 it", path);
	return 0;
}

int
file_open_secret(const char *name, char **path_out, struct err *err)
{
	char *path = file_secret_path(name, err);
	int fd;

	if (path == NULL)
		return -1;
	/* Not to wait for a writer, should it be a pipe. What is there may be a link: what counts
	 * is what it leads to. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		err_set(err, ERR_BROKEN, "%s: can't read it: %s", path, strerror(errno));
	if (fd >= 0 && file_check_secret(fd, path, err) != 0) {
		close(fd);
		fd = -1;
	}
	if (fd >= 0 && path_out != NULL)
		*path_out = path;
	else
		free(path);
	return fd;
}
