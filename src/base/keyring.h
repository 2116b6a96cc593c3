/*
 * Keys from a file, and what is made with them: sealing (AES-256-GCM under a key derived for each
 * row by HKDF-SHA-256, RFC 5869) and keyed hashes (HMAC-SHA-256, RFC 2104).
 *
 * The file holds a line a key, 'ID HEX' (64 hexadecimal digits); the first is the one in use, the
 * others open what was sealed before. It is made with one random key where it is missing, with
 * mode 0400, and refused where anybody else has a right to it (base/file.h). A name without a slash
 * is a credential's, which is not made.
 *
 * Another key comes into use in this order: keyring_make (it is in the file, and durable),
 * keyring_use (from here on it seals), and once nothing is sealed with the others any more
 * keyring_drop (from the file) and keyring_forget (from memory). Any thread may seal and unseal;
 * one alone changes the ring.
 */
#ifndef BASE_KEYRING_H
#define BASE_KEYRING_H

#include <stdbool.h>
#include <stddef.h>

#define KEYRING_ID_SIZE 17   /* a key's id with its NUL */
#define KEYRING_HMAC_SIZE 65 /* a keyed hash in hexadecimal with its NUL */
#define KEYRING_MOST 64      /* keys in a ring */

struct err;
struct keyring;

struct keyring_ids {
	char list[KEYRING_MOST][KEYRING_ID_SIZE];
	size_t count;
};

/* make: whether a missing file is made. NULL with err where it can't be used. */
struct keyring *keyring_open(const char *name, bool make, struct err *err);
void keyring_free(struct keyring **keyring);
bool keyring_is_same_file(const struct keyring *one, const struct keyring *other);
/* The id of the key in use; for the thread that changes the ring, or where it can't change now. */
const char *keyring_current(const struct keyring *keyring);
void keyring_others(struct keyring *keyring, struct keyring_ids *ids_out);

void keyring_new_id(char id_out[KEYRING_ID_SIZE]); /* random */
/* A new random key in front of the others in the file, which blocks; ERR_REFUSED where the file is
 * a credential. */
int keyring_make(struct keyring *keyring, const char *id, struct err *err);
void keyring_use(struct keyring *keyring, const char *id);
/* Takes keys out of the file, which blocks; out of memory. */
int keyring_drop(struct keyring *keyring, const struct keyring_ids *ids, struct err *err);
void keyring_forget(struct keyring *keyring, const struct keyring_ids *ids);

/*
 * Seals size bytes; about says what they belong to (row id, column) and must be the same when they
 * are unsealed. The result (salt, nonce, text, tag) is the caller's to free.
 */
void keyring_seal(struct keyring *keyring, const char *about, const void *plain, size_t size,
    unsigned char **sealed_out, size_t *sealed_size_out);

/* Unseals with the key of that id; the plain bytes end with a NUL, and are the caller's to wipe. */
int keyring_unseal(struct keyring *keyring, const char *key_id, const char *about,
    const void *sealed, size_t size, char **plain_out, size_t *plain_size_out, struct err *err);

/* HMAC of purpose, a NUL and the bytes, in hexadecimal; under the key in use. */
void keyring_hmac(const struct keyring *keyring, const char *purpose, const void *bytes,
    size_t size, char out[KEYRING_HMAC_SIZE]);

/* Plain SHA-256 in hexadecimal. */
void keyring_sha256(const void *bytes, size_t size, char out[KEYRING_HMAC_SIZE]);

#endif
