/*
 * A line of the audit log: {"seq":N,"time":"…","event":"…", …,"mac":"…"}. Its frame has one form to
 * the byte, so that it is read without a JSON parser and nothing in between can be taken for it.
 * Everything before ,"mac" is what the chain takes.
 */
#ifndef AUDIT_LINE_H
#define AUDIT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/chain.h"

#define LINE_MOST 4096 /* bytes with the line end */
#define LINE_SEQ_MOST 1000000000000
#define LINE_HEX_MOST 64 /* bytes of a value in hexadecimal */

/* Events of the log itself. */
#define LINE_OPENED "opened" /* a file's first line: "chain" is the hash that it goes on from */
#define LINE_CLOSED "closed" /* its last: the next file goes on */
#define LINE_HEAD "head"     /* "chain" so far, and its "signature" */

struct line {
	int64_t seq;
	size_t body;       /* bytes that go into the chain */
	const char *event; /* into the line */
	size_t event_size;
	const char *rest, *end; /* what follows the event, up to the MAC */
	char mac[CHAIN_TEXT];
};

/* Of a line without its end; -1 where that is no line of an audit log. */
int line_read(const char *bytes, size_t size, struct line *line_out);
bool line_is(const struct line *line, const char *event);
/* The member that stands next behind the event: so many bytes (LINE_HEX_MOST at most) in
 * hexadecimal. -1 where it is anything else. */
int line_take_hex(struct line *line, const char *name, void *bytes, size_t size);

#endif
