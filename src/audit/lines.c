#include <string.h>
#include <unistd.h>

#include "audit/lines.h"

void
lines_begin(struct lines *lines, int fd, int64_t offset)
{
	lines->fd = fd;
	lines->offset = offset;
	lines->start = lines->end = 0;
}

/* As read(2). */
static ssize_t
lines_fill(struct lines *lines)
{
	size_t have = lines->end - lines->start;
	ssize_t got;

	memmove(lines->bytes, lines->bytes + lines->start, have);
	lines->start = 0;
	lines->end = have;
	got = pread(lines->fd, lines->bytes + have, sizeof(lines->bytes) - have,
	    lines->offset + (int64_t)have);
	if (got > 0)
		lines->end += (size_t)got;
	return got;
}

enum lines_kind
lines_next(struct lines *lines, const char **bytes_out, size_t *size_out)
{
	for (;;) {
		const char *at = lines->bytes + lines->start;
		size_t have = lines->end - lines->start;
		const char *end = memchr(at, '\n', have < LINE_MOST ? have : LINE_MOST);
		ssize_t got;

		if (end != NULL) {
			*bytes_out = at;
			*size_out = (size_t)(end - at);
			lines->start += *size_out + 1;
			lines->offset += (int64_t)*size_out + 1;
			return LINES_WHOLE;
		}
		if (have >= LINE_MOST)
			return LINES_LONG;
		got = lines_fill(lines);
		if (got < 0)
			return LINES_FAULT;
		if (got == 0)
			return have > 0 ? LINES_TORN : LINES_END;
	}
}
