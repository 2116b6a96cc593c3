#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/secret.h"
#include "musterctl/submit_lines.h"

#define BUFFER_SIZE (2 * (LINE_MOST + 2))

struct lines {
	int fd;
	bool ended;    /* there is no more to read */
	bool skipping; /* within a line that is too long */
	size_t number;
	int64_t taken, whole; /* bytes; whole is 0 where it is not known */
	size_t start, used;   /* what is not taken yet is buffer[start..used-1] */
	char buffer[BUFFER_SIZE];
};

struct lines *
lines_open(const char *path, struct err *err)
{
	bool standard = strcmp(path, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	struct lines *lines;
	struct stat file;

	if (fd < 0 || fstat(fd, &file) != 0) {
		err_set(err, ERR_INPUT, "%s: %s", path, strerror(errno));
		if (fd >= 0 && !standard)
			close(fd);
		return NULL;
	}
	lines = mem_new(sizeof(*lines));
	lines->fd = fd;
	lines->whole = S_ISREG(file.st_mode) ? (int64_t)file.st_size : 0;
	return lines;
}

void
lines_close(struct lines **lines)
{
	if (*lines == NULL)
		return;
	if ((*lines)->fd != STDIN_FILENO)
		close((*lines)->fd);
	mem_free(*lines);
	*lines = NULL;
}

int
lines_fd(const struct lines *lines)
{
	return lines->fd;
}

int
lines_permille(const struct lines *lines)
{
	if (lines->whole <= 0)
		return -1;
	return lines->taken >= lines->whole ? 1000 : (int)(lines->taken * 1000 / lines->whole);
}

/* Cuts off what ends the line and tells whether anything else is in it. */
static bool
lines_is_blank(const char *bytes, size_t *size)
{
	size_t i = 0;

	if (*size > 0 && bytes[*size - 1] == '\r')
		--*size;
	while (i < *size && (bytes[i] == ' ' || bytes[i] == '\t' || bytes[i] == '\r'))
		i++;
	return i == *size;
}

/*
 * The bytes up to an end of line, or to the end of the file. LINE_NONE where there is neither; a
 * line that is too long already is then dropped, but for its end.
 */
static enum line_kind
lines_cut(struct lines *lines, struct line *line)
{
	const char *begin = lines->buffer + lines->start;
	size_t there = lines->used - lines->start;
	const char *end = memchr(begin, '\n', there);

	if (end == NULL && !lines->ended) {
		if (there > LINE_MOST + 1) {
			lines->skipping = true;
			lines->start = lines->used;
			lines->taken += (int64_t)there;
		}
		return LINE_NONE;
	}
	if (end == NULL && there == 0 && !lines->skipping)
		return LINE_END;
	line->bytes = begin;
	line->size = end != NULL ? (size_t)(end - begin) : there;
	line->number = ++lines->number;
	lines->start += line->size + (end != NULL);
	lines->taken += (int64_t)(line->size + (end != NULL));
	return LINE_GOOD;
}

enum line_kind
lines_next(struct lines *lines, struct line *line_out)
{
	enum line_kind kind;

	while ((kind = lines_cut(lines, line_out)) == LINE_GOOD) {
		bool skipped = lines->skipping;
		bool blank = lines_is_blank(line_out->bytes, &line_out->size);

		lines->skipping = false;
		if (skipped || line_out->size > LINE_MOST)
			return LINE_LONG;
		if (!blank)
			return LINE_GOOD;
	}
	return kind;
}

int
lines_read(struct lines *lines, struct err *err)
{
	ssize_t size;

	memmove(lines->buffer, lines->buffer + lines->start, lines->used - lines->start);
	lines->used -= lines->start;
	lines->start = 0;
	secret_wipe(lines->buffer + lines->used, BUFFER_SIZE - lines->used);
	do {
		size = read(lines->fd, lines->buffer + lines->used, BUFFER_SIZE - lines->used);
	} while (size < 0 && (errno == EINTR));
	if (size < 0 && errno == EAGAIN)
		return 0;
	if (size < 0)
		return err_set(err, ERR_INPUT, "reading failed: %s", strerror(errno));
	lines->used += (size_t)size;
	lines->ended = size == 0;
	return 0;
}
