/*
 * What a request's head must be before evhttp sees any of it (RFC 9112, read strictly). evhttp
 * 2.1.12 takes two Content-Lengths, '+5', no Host or two, NUL, obs-fold, bare LF,
 * 'HTTP/4294967297.1' and absolute URIs; nothing of that comes past here. Pure: bytes in, verdict
 * out. A verdict is NULL or the name of a problem.
 */
#ifndef HTTP_GATE_H
#define HTTP_GATE_H

#include <stdbool.h>
#include <stddef.h>

/* Names and values by turns, each ended by a NUL. */
struct gate_fields {
	char *bytes;
	size_t size;
};

struct gate_head {
	char *method, *path, *query; /* path and query are still percent-encoded; query may be NULL
				      */
	int minor;                   /* HTTP/1.0 or HTTP/1.1 */
	struct gate_fields fields;   /* without those that frame the body */
	size_t body_size;
	bool expects_continue;
	bool says_close, says_keep_alive; /* in Connection */
};

enum gate_scan { GATE_MORE, GATE_WHOLE, GATE_BAD };

/* Looks for the end of the head from *at on, which moves to where the next call goes on: with
 * GATE_WHOLE that is the first byte after the head. */
enum gate_scan gate_scan(const char *bytes, size_t size, size_t *at);

/* Reads a whole head, its last CRLF CRLF included; the caller ends head with gate_head_fini, also
 * after a verdict. */
const char *gate_read(const char *bytes, size_t size, struct gate_head *head);
void gate_head_fini(struct gate_head *head);

const char *gate_fields_find(const struct gate_fields *fields, const char *name); /* or NULL */
void gate_fields_fini(struct gate_fields *fields);                                /* wipes */

#endif
