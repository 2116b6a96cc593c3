/* The lines of a file of any size, in bounded memory. */
#ifndef AUDIT_SCAN_H
#define AUDIT_SCAN_H

#include <stddef.h>
#include <stdint.h>

#include "audit/line.h"

struct scan {
	int fd;
	int64_t offset;    /* in the file, of what is next */
	size_t start, end; /* of what was read and not taken */
	char bytes[64 * 1024];
};

enum scan_kind {
	SCAN_WHOLE,
	SCAN_END,
	SCAN_TORN,  /* bytes without a line end, then the file ends */
	SCAN_LONG,  /* longer than any line of an audit log */
	SCAN_FAULT, /* errno says why it can't be read */
};

/* The descriptor stays the caller's. */
void scan_begin(struct scan *scan, int fd, int64_t offset);
/* The next line without its end, valid until the next call. What is not whole is not taken. */
enum scan_kind scan_next(struct scan *scan, const char **bytes_out, size_t *size_out);

#endif
