/* The sandbox's folder: 0700, locked while it is in use, nothing is written outside it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"
#include "musterctl/sandbox_internal.h"

#define SOCKET_MOST 80 /* bytes of the folder: a unix socket's path has 107, escaped ones more */
#define TAIL_BYTES 4000
#define SECRET_BYTES 24

char *
folder_path(const struct sandbox *sandbox, const char *name)
{
	return mem_format("%s/%s", sandbox->dir, name);
}

static int
folder_take(struct sandbox *sandbox, const char *dir, struct err *err)
{
	char template[] = "/tmp/musterd-sandbox.XXXXXX";

	if (dir == NULL && (dir = mkdtemp(template)) == NULL)
		return err_set(err, ERR_BROKEN, "can't make a folder in /tmp: %s", strerror(errno));
	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return err_set(err, ERR_BROKEN, "%s: %s", dir, strerror(errno));
	sandbox->dir = realpath(dir, NULL);
	if (sandbox->dir == NULL || access(sandbox->dir, R_OK | W_OK | X_OK) != 0)
		return err_set(err, ERR_BROKEN, "%s: %s", dir, strerror(errno));
	return 0;
}

int
folder_open(struct sandbox *sandbox, const char *dir, struct err *err)
{
	char *path, template[] = "/tmp/musterd-sockets.XXXXXX";

	if (folder_take(sandbox, dir, err) != 0)
		return -1;
	path = folder_path(sandbox, "lock");
	sandbox->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	mem_free_text(&path);
	if (sandbox->lock < 0)
		return err_set(err, ERR_BROKEN, "%s: %s", sandbox->dir, strerror(errno));
	if (flock(sandbox->lock, LOCK_EX | LOCK_NB) != 0) {
		mem_free_text(&sandbox->dir); /* the other's: nothing there is ours to remove */
		return err_set(
		    err, ERR_BROKEN, "a sandbox runs on that folder already: end it first");
	}
	if (strlen(sandbox->dir) <= SOCKET_MOST)
		sandbox->socket_dir = mem_text(sandbox->dir);
	else if ((sandbox->socket_dir = mem_text(mkdtemp(template))) == NULL)
		return err_set(err, ERR_BROKEN, "can't make a folder in /tmp: %s", strerror(errno));
	return 0;
}

void
folder_close(struct sandbox *sandbox)
{
	if (sandbox->socket_dir != NULL && sandbox->dir != NULL &&
	    strcmp(sandbox->socket_dir, sandbox->dir) != 0)
		rmdir(sandbox->socket_dir); /* slapd and musterd have removed their sockets */
	if (sandbox->lock >= 0)
		close(sandbox->lock);
	mem_free_text(&sandbox->socket_dir);
	mem_free_text(&sandbox->dir);
}

int
folder_make(const struct sandbox *sandbox, const char *name, struct err *err)
{
	char *path = folder_path(sandbox, name);
	int result = 0;

	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		result = err_set(err, ERR_BROKEN, "%s: %s", path, strerror(errno));
	mem_free_text(&path);
	return result;
}

int
folder_write(const struct sandbox *sandbox, const char *name, const char *text, struct err *err)
{
	char *path = folder_path(sandbox, name), *beside = mem_format("%s.new", path);
	size_t size = strlen(text), written = 0;
	int result = 0, fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	while (fd >= 0 && written < size) {
		ssize_t part = write(fd, text + written, size - written);

		if (part <= 0)
			break;
		written += (size_t)part;
	}
	if (fd < 0 || written < size || close(fd) != 0 || rename(beside, path) != 0)
		result = err_set(err, ERR_BROKEN, "%s: can't write it: %s", path, strerror(errno));
	mem_free_text(&beside);
	mem_free_text(&path);
	return result;
}

bool
folder_has(const struct sandbox *sandbox, const char *name)
{
	char *path = folder_path(sandbox, name);
	bool has = access(path, F_OK) == 0;

	mem_free_text(&path);
	return has;
}

char *
folder_secret(const struct sandbox *sandbox, const char *name, struct err *err)
{
	unsigned char random[SECRET_BYTES];
	char hex[2 * SECRET_BYTES + 1], *path, *text = NULL;
	struct secret *secret;
	int failed = 0;

	if (!folder_has(sandbox, name)) {
		secret_random(random, sizeof(random));
		text_hex(random, sizeof(random), hex);
		failed = folder_write(sandbox, name, hex, err);
		secret_wipe(random, sizeof(random));
		secret_wipe(hex, sizeof(hex));
	}
	if (failed)
		return NULL;
	path = folder_path(sandbox, name);
	secret = secret_from_file(path, err);
	if (secret != NULL)
		text = mem_text(secret_text(secret));
	secret_free(&secret);
	mem_free_text(&path);
	return text;
}

void
folder_show_tail(const struct sandbox *sandbox, const char *name)
{
	char *path = folder_path(sandbox, name), tail[TAIL_BYTES + 1];
	FILE *file = fopen(path, "re");
	size_t size;

	if (file != NULL) {
		if (fseek(file, -TAIL_BYTES, SEEK_END) != 0)
			rewind(file);
		size = fread(tail, 1, TAIL_BYTES, file);
		tail[size] = '\0';
		fprintf(stderr, "the end of %s:\n%s", path, tail);
		fclose(file);
	}
	mem_free_text(&path);
}
