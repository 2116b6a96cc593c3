/*
 * The chain that the lines of the audit log hang on. Each line goes into a hash over all that came
 * before it, and the hash under HMAC-SHA-256 with a key that is only ever used once: the next one
 * is a hash of it, and it is wiped (Schneier and Kelsey, 'Secure Audit Logs to Support Computer
 * Forensics', 1999; Bellare and Yee, 'Forward Integrity for Secure Audit Logs', 1997). Who takes
 * the host over finds the key of the next line, and can change nothing that was written before.
 *
 * Whoever holds the first key can check every line; the hash alone is what heads sign.
 */
#ifndef AUDIT_CHAIN_H
#define AUDIT_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHAIN_BYTES 32
#define CHAIN_TEXT 65        /* of a hash or MAC in hexadecimal, with its NUL */
#define CHAIN_BODY_MOST 4000 /* bytes of a line that go into the chain */
#define CHAIN_SKIP_MOST \
	1000000000 /* lines that may be skipped: seconds of work each 10 million \
		    */

struct keyring;

struct chain {
	int64_t seq;                     /* of the line that was added last; 0: none */
	unsigned char key[CHAIN_BYTES];  /* of the next line */
	unsigned char hash[CHAIN_BYTES]; /* over all lines so far */
};

/* Before the first line. keyring: whose current key the first one comes from; NULL: the chain is
 * followed without keys, and its MACs mean nothing. */
void chain_begin(struct chain *chain, const struct keyring *keyring);
/* To before the line of that seq, whose hash so far is known. */
void chain_skip(struct chain *chain, int64_t seq, const unsigned char hash[CHAIN_BYTES]);
/* Takes the next line, at most CHAIN_BODY_MOST bytes of it; its MAC goes into mac. */
void chain_add(struct chain *chain, const char *bytes, size_t size, char mac[CHAIN_TEXT]);
void chain_hash(const struct chain *chain, char out[CHAIN_TEXT]);
void chain_wipe(struct chain *chain);

#endif
