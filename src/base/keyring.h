/*
 * Keys from a file, and what is made with them: sealing (AES-256-GCM under a key derived for each
 * row by HKDF-SHA-256, RFC 5869) and keyed hashes (HMAC-SHA-256, RFC 2104).
 *
 * The file holds a line a key, 'ID HEX' (64 hexadecimal digits); the first is the one in use, the
 * others open what was sealed before. It is made with one random key where it is missing, with
 * mode 0400, and refused where group or others may read it.
 */
#ifndef BASE_KEYRING_H
#define BASE_KEYRING_H

#include <stdbool.h>
#include <stddef.h>

#define KEYRING_ID_SIZE 17   /* a key's id with its NUL */
#define KEYRING_HMAC_SIZE 65 /* a keyed hash in hexadecimal with its NUL */

struct err;
struct keyring;

/* make: whether a missing file is made. NULL with err where it can't be used. */
struct keyring *keyring_open(const char *path, bool make, struct err *err);
void keyring_free(struct keyring **keyring);
const char *keyring_current(const struct keyring *keyring); /* the id of the key in use */

/*
 * Seals size bytes; about says what they belong to (row id, column) and must be the same when they
 * are unsealed. The result (salt, nonce, text, tag) is the caller's to free.
 */
void keyring_seal(const struct keyring *keyring, const char *about, const void *plain, size_t size,
    unsigned char **sealed_out, size_t *sealed_size_out);

/* Unseals with the key of that id; the plain bytes end with a NUL, and are the caller's to wipe. */
int keyring_unseal(const struct keyring *keyring, const char *key_id, const char *about,
    const void *sealed, size_t size, char **plain_out, size_t *plain_size_out, struct err *err);

/* HMAC of purpose, a NUL and the bytes, in hexadecimal; under the key in use. */
void keyring_hmac(const struct keyring *keyring, const char *purpose, const void *bytes,
    size_t size, char out[KEYRING_HMAC_SIZE]);

/* Plain SHA-256 in hexadecimal. */
void keyring_sha256(const void *bytes, size_t size, char out[KEYRING_HMAC_SIZE]);

#endif
