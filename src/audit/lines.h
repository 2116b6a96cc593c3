/* The lines of a file of any size, in bounded memory. */
#ifndef AUDIT_LINES_H
#define AUDIT_LINES_H

#include <stddef.h>
#include <stdint.h>

#include "audit/line.h"

struct lines {
	int fd;
	int64_t offset;    /* in the file, of what is next */
	size_t start, end; /* of what was read and not taken */
	char bytes[64 * 1024];
};

enum lines_kind {
	LINES_WHOLE,
	LINES_END,
	LINES_TORN,  /* bytes without a line end, then the file ends */
	LINES_LONG,  /* longer than any line of an audit log */
	LINES_FAULT, /* errno says why it can't be read */
};

/* The descriptor stays the caller's. */
void lines_begin(struct lines *lines, int fd, int64_t offset);
/* The next line without its end, valid until the next call. What is not whole is not taken. */
enum lines_kind lines_next(struct lines *lines, const char **bytes_out, size_t *size_out);

#endif
