/*
 * Checks the files of an audit log, oldest first, in one pass and in bounded memory: every line's
 * form and number, its MAC where the first key is there, heads where the public key is, and that
 * the log goes as far as it is known to have gone (pins). Ends at the first bad line.
 *
 * verify_new, verify_pin for each, verify_file for each, verify_end, verify_free.
 */
#ifndef AUDIT_VERIFY_H
#define AUDIT_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "audit/chain.h"

struct err;
struct head_key;
struct keyring;
struct verify;

/* What is wrong with the first bad line. */
enum verify_fault {
	VERIFY_GOOD,
	VERIFY_FORM,      /* it is no line of an audit log */
	VERIFY_EDITED,    /* its MAC is not that of its bytes */
	VERIFY_MISSING,   /* lines before it are gone */
	VERIFY_REORDERED, /* its turn comes later or was before */
	VERIFY_REPEATED,  /* its number was there before */
	VERIFY_SIGNATURE, /* a head that was not signed with the key */
	VERIFY_REWRITTEN, /* what stands before it is not what a head or a pin says */
	VERIFY_TRUNCATED, /* the log ends before it, though it was written */
};
const char *verify_fault_name(enum verify_fault fault);

struct verify_result {
	enum verify_fault fault;
	char file[256]; /* of the bad line, or the last one */
	int64_t line;   /* in the file, from 1 */
	int64_t seq;    /* that it should have had */
	char words[256];

	int64_t lines, first_seq, last_seq;
	int64_t heads, signed_seq; /* the last line that a good head covers; 0: none */
	int64_t noted;             /* events of the log itself that tell of trouble */
	char hash[CHAIN_TEXT];     /* the chain as of last_seq */
};

/* Either key may be NULL; both stay the caller's. */
struct verify *verify_new(const struct keyring *keyring, const struct head_key *head_key);
void verify_free(struct verify **verify);
/* The log had that hash as of that line. always: also where the last file was closed by a rotation
 * before it. who: "--head", for people; stays the caller's. At most 4. */
void verify_pin(struct verify *verify, int64_t seq, const unsigned char hash[CHAIN_BYTES],
    bool always, const char *who);
/* "SEQ:HASH", as heads are logged; -1 where it is anything else. */
int verify_parse_pin(const char *text, int64_t *seq_out, unsigned char hash_out[CHAIN_BYTES]);

typedef void verify_progress_fn(int64_t bytes, void *arg); /* so many more were read */
/* -1 with err where the file can't be read. A bad line is no error: see the result. */
int verify_file(struct verify *verify, const char *path, verify_progress_fn *progress, void *arg,
    struct err *err);
const struct verify_result *verify_end(struct verify *verify);

#endif
