/*
 * Heads: signatures (Ed25519, RFC 8032) over the chain's hash as of a line. Anybody who has the
 * public key can check with it what came before, and whoever has seen a head can tell that the log
 * was cut short since.
 */
#ifndef AUDIT_HEAD_H
#define AUDIT_HEAD_H

#include <stdbool.h>

#include "audit/chain.h"

#define HEAD_KEY_BYTES 32
#define HEAD_SIGNATURE_BYTES 64

struct err;
struct head_key;

/* The private key is a key file's (base/keyring.h), made where it is missing. Beside it the public
 * key is written to PATH.pub, in hexadecimal, for all to read. */
struct head_key *head_key_open(const char *path, struct err *err);
/* From such a file. */
struct head_key *head_key_read_public(const char *path, struct err *err);
void head_key_free(struct head_key **key);

/* The chain as it is now: its last line's seq and hash. */
void head_sign(const struct head_key *key, const struct chain *chain,
    unsigned char signature[HEAD_SIGNATURE_BYTES]);
bool head_is_signed(const struct head_key *key, const struct chain *chain,
    const unsigned char signature[HEAD_SIGNATURE_BYTES]);

#endif
