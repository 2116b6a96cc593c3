/*
 * Where the chain stands, for the next start: a file of two records of a fixed size, each with a
 * checksum, rewritten in place. The first is written and flushed before the second, so that one of
 * them is whole whenever the power goes; afterwards neither holds an old key. The log is flushed
 * before: the file is never ahead of what is on the disk. It is locked while a daemon has it.
 */
#ifndef AUDIT_STATE_H
#define AUDIT_STATE_H

#include <stdbool.h>

#include "audit/chain.h"

struct err;

struct state {
	struct chain chain;
	int64_t first; /* seq of the first line of the file that was written to */
	int64_t size;  /* of that file, up to the last line; 0: it is new */
};

/* The file, locked; made where it is missing. -1 where it can't be used. */
int state_open(const char *path, struct err *err);
/* False where neither record is whole: the file is new. */
bool state_read(int fd, struct state *state_out);
/* Durable: for a thread. Else for the next start of the daemon alone. -1 with errno. */
int state_write(int fd, const struct state *state, bool durable);

#endif
