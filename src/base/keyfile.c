#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/keyfile.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"

void
keyfile_line(
    const char *id, const unsigned char key[KEYFILE_KEY_BYTES], char line_out[KEYFILE_LINE_SIZE])
{
	char hex[2 * KEYFILE_KEY_BYTES + 1];

	text_hex(key, KEYFILE_KEY_BYTES, hex);
	snprintf(line_out, KEYFILE_LINE_SIZE, "%s %s\n", id, hex);
	secret_wipe(hex, sizeof(hex));
}

static int
keyfile_write(int fd, const char *line)
{
	size_t size = strlen(line);

	/* So few bytes are written at once, or the disk is full. */
	return write(fd, line, size) == (ssize_t)size ? 0 : -1;
}

/*
 * Under another name first: the power may go at any point, and half a key file would keep the
 * daemon from starting. A name that is taken by then stays its owner's.
 */
static int
keyfile_make(const char *path, struct err *err)
{
	unsigned char key[KEYFILE_KEY_BYTES];
	char line[KEYFILE_LINE_SIZE], id[KEYRING_ID_SIZE];
	char *draft = mem_format("%s.XXXXXX", path);
	int fd, bad;

	secret_random(key, sizeof(key));
	keyring_new_id(id);
	keyfile_line(id, key, line);
	fd = mkostemp(draft, O_CLOEXEC);
	bad = fd < 0 || fchmod(fd, 0400) != 0 || keyfile_write(fd, line) != 0 || fsync(fd) != 0 ||
	      link(draft, path) != 0;
	if (bad)
		err_set(err, ERR_BROKEN, "%s: can't make the key file: %s", path, strerror(errno));
	if (fd >= 0) {
		unlink(draft);
		close(fd);
	}
	secret_wipe(key, sizeof(key));
	secret_wipe(line, sizeof(line));
	free(draft);
	return bad ? -1 : 0;
}

/*
 * Nothing may be sealed with a key that a power cut could take away: its name is flushed at each
 * start, for the one that made it may have been killed before it came to that. A folder that can't
 * be flushed for another reason than a bad disk is not one that we make keys in.
 */
int
keyfile_prepare(const char *path, struct err *err)
{
	if (access(path, F_OK) != 0 && keyfile_make(path, err) != 0 && access(path, F_OK) != 0)
		return -1;
	if (file_flush_folder(path) != 0 && errno == EIO)
		return err_set(
		    err, ERR_BROKEN, "%s: its folder can't be flushed: %s", path, strerror(errno));
	return 0;
}

static bool
keyfile_is_gone(const char *line, const struct keyring_ids *without)
{
	size_t size = strcspn(line, " ");

	for (size_t i = 0; i < without->count; i++)
		if (strlen(without->list[i]) == size && memcmp(without->list[i], line, size) == 0)
			return true;
	return false;
}

static int
keyfile_copy(FILE *from, int to, const struct keyring_ids *without)
{
	char line[KEYFILE_LINE_SIZE];
	int bad = 0;

	while (!bad && fgets(line, sizeof(line), from) != NULL)
		bad = !keyfile_is_gone(line, without) && keyfile_write(to, line) != 0;
	secret_wipe(line, sizeof(line));
	return bad || ferror(from) ? -1 : 0;
}

/* The draft has one name always: a killed one's is found and written over. */
static int
keyfile_replace(FILE *old, const char *path, const char *line, const struct keyring_ids *without)
{
	char *draft = mem_format("%s.new", path);
	int fd, bad, reason;

	unlink(draft);
	fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
	bad = fd < 0 || fchmod(fd, 0400) != 0 || (line != NULL && keyfile_write(fd, line) != 0) ||
	      keyfile_copy(old, fd, without) != 0 || fsync(fd) != 0 || rename(draft, path) != 0;
	reason = errno;
	if (bad && fd >= 0)
		unlink(draft);
	if (fd >= 0)
		close(fd);
	free(draft);
	errno = reason;
	return bad || file_flush_folder(path) != 0 ? -1 : 0;
}

int
keyfile_rewrite(
    const char *name, const char *line, const struct keyring_ids *without, struct err *err)
{
	char *path;
	FILE *old;
	int fd, result = 0;

	if (file_is_credential(name))
		return err_set(err, ERR_REFUSED, "%s: a credential can't be written", name);
	fd = file_open_secret(name, NULL, err);
	if (fd < 0)
		return -1;
	/* A link stays one: what it leads to is replaced. */
	path = realpath(name, NULL);
	old = fdopen(fd, "r");
	if (old != NULL)
		setvbuf(old, NULL, _IONBF, 0);
	if (path == NULL || old == NULL || keyfile_replace(old, path, line, without) != 0)
		result = err_set(
		    err, ERR_BROKEN, "%s: can't be written anew: %s", name, strerror(errno));
	if (old != NULL)
		fclose(old);
	else
		close(fd);
	free(path);
	return result;
}
