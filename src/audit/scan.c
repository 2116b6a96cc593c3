#include <string.h>
#include <unistd.h>

#include "audit/scan.h"

void
scan_begin(struct scan *scan, int fd, int64_t offset)
{
	scan->fd = fd;
	scan->offset = offset;
	scan->start = scan->end = 0;
}

/* As read(2). */
static ssize_t
scan_fill(struct scan *scan)
{
	size_t have = scan->end - scan->start;
	ssize_t got;

	memmove(scan->bytes, scan->bytes + scan->start, have);
	scan->start = 0;
	scan->end = have;
	got = pread(
	    scan->fd, scan->bytes + have, sizeof(scan->bytes) - have, scan->offset + (int64_t)have);
	if (got > 0)
		scan->end += (size_t)got;
	return got;
}

enum scan_kind
scan_next(struct scan *scan, const char **bytes_out, size_t *size_out)
{
	for (;;) {
		const char *at = scan->bytes + scan->start;
		size_t have = scan->end - scan->start;
		const char *end = memchr(at, '\n', have < LINE_MOST ? have : LINE_MOST);
		ssize_t got;

		if (end != NULL) {
			*bytes_out = at;
			*size_out = (size_t)(end - at);
			scan->start += *size_out + 1;
			scan->offset += (int64_t)*size_out + 1;
			return SCAN_WHOLE;
		}
		if (have >= LINE_MOST)
			return SCAN_LONG;
		got = scan_fill(scan);
		if (got < 0)
			return SCAN_FAULT;
		if (got == 0)
			return have > 0 ? SCAN_TORN : SCAN_END;
	}
}
