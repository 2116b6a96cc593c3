#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/keyring.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"

#define KEY_BYTES 32
#define SALT_BYTES 16
#define NONCE_BYTES 12
#define TAG_BYTES 16
#define OVERHEAD (SALT_BYTES + NONCE_BYTES + TAG_BYTES)
#define KEYS_MAX 64

struct key {
	char id[KEYRING_ID_SIZE];
	unsigned char bytes[KEY_BYTES];
};

struct keyring {
	size_t count;
	struct key keys[KEYS_MAX];
};

/*
 * Under another name first: the power may go at any point, and half a key file would keep the
 * daemon from starting. A name that is taken by then stays its owner's.
 */
static int
keyring_make_file(const char *path, struct err *err)
{
	unsigned char key[KEY_BYTES], name[4];
	char hex[2 * KEY_BYTES + 1], id[2 * sizeof(name) + 1];
	char *draft = mem_format("%s.XXXXXX", path);
	int fd, bad;

	secret_random(key, sizeof(key));
	secret_random(name, sizeof(name));
	text_hex(key, sizeof(key), hex);
	text_hex(name, sizeof(name), id);
	fd = mkostemp(draft, O_CLOEXEC);
	bad = fd < 0 || fchmod(fd, 0400) != 0 || dprintf(fd, "%s %s\n", id, hex) < 0 ||
	      fsync(fd) != 0 || link(draft, path) != 0;
	if (bad)
		err_set(err, ERR_BROKEN, "%s: can't make the key file: %s", path, strerror(errno));
	if (fd >= 0) {
		unlink(draft);
		close(fd);
	}
	secret_wipe(key, sizeof(key));
	secret_wipe(hex, sizeof(hex));
	free(draft);
	return bad ? -1 : 0;
}

/*
 * Nothing may be sealed with a key that a power cut could take away: its name is flushed at each
 * start, for the one that made it may have been killed before it came to that. A folder that can't
 * be flushed for another reason than a bad disk is not one that we make keys in.
 */
static int
keyring_make_durable(const char *path, struct err *err)
{
	if (access(path, F_OK) != 0 && keyring_make_file(path, err) != 0 && access(path, F_OK) != 0)
		return -1;
	if (file_flush_folder(path) != 0 && errno == EIO)
		return err_set(
		    err, ERR_BROKEN, "%s: its folder can't be flushed: %s", path, strerror(errno));
	return 0;
}

static int
keyring_read_line(struct keyring *keyring, char *line)
{
	struct key *key = &keyring->keys[keyring->count];
	char *space = strchr(line, ' ');

	line[strcspn(line, "\r\n")] = '\0';
	if (line[0] == '\0' || line[0] == '#')
		return 0;
	if (space == NULL || space == line || space - line >= KEYRING_ID_SIZE)
		return -1;
	if (text_unhex(space + 1, key->bytes, KEY_BYTES) != 0)
		return -1;
	memcpy(key->id, line, (size_t)(space - line));
	keyring->count++;
	return 0;
}

static int
keyring_read_file(struct keyring *keyring, FILE *file, const char *path, struct err *err)
{
	char line[256];
	int number = 0, bad = 0;

	while (!bad && keyring->count < KEYS_MAX && fgets(line, sizeof(line), file) != NULL) {
		number++;
		bad = keyring_read_line(keyring, line);
	}
	secret_wipe(line, sizeof(line));
	if (bad)
		return err_set(err, ERR_BROKEN, "%s:%d: not 'ID HEX' with 64 hexadecimal digits",
		    path, number);
	if (keyring->count == 0)
		return err_set(err, ERR_BROKEN, "%s: no key in it", path);
	return 0;
}

struct keyring *
keyring_open(const char *path, bool make, struct err *err)
{
	struct keyring *keyring = NULL;
	struct stat status;
	FILE *file;

	if (make && keyring_make_durable(path, err) != 0)
		return NULL;
	file = fopen(path, "re");
	if (file == NULL) {
		err_set(err, ERR_BROKEN, "%s: can't read the key file: %s", path, strerror(errno));
		return NULL;
	}
	setvbuf(file, NULL, _IONBF, 0);
	if (fstat(fileno(file), &status) != 0 || (status.st_mode & 077) != 0) {
		err_set(err, ERR_BROKEN, "%s: others may read it: chmod 0400 it", path);
		goto out;
	}
	keyring = mem_new(sizeof(*keyring));
	if (keyring_read_file(keyring, file, path, err) != 0)
		keyring_free(&keyring);
out:
	fclose(file);
	return keyring;
}

void
keyring_free(struct keyring **keyring)
{
	if (*keyring != NULL)
		secret_wipe(*keyring, sizeof(**keyring));
	free(*keyring);
	*keyring = NULL;
}

const char *
keyring_current(const struct keyring *keyring)
{
	return keyring->keys[0].id;
}

/* The row's own key: HKDF of the key with the row's salt; about goes in as the info. */
static void
keyring_derive(const struct key *key, const unsigned char salt[SALT_BYTES], const char *about,
    unsigned char out[KEY_BYTES])
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
	OSSL_PARAM params[] = {
	    OSSL_PARAM_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)(uintptr_t) "SHA256", 0),
	    OSSL_PARAM_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)key->bytes, KEY_BYTES),
	    OSSL_PARAM_octet_string(OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)salt, SALT_BYTES),
	    OSSL_PARAM_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)about, strlen(about)),
	    OSSL_PARAM_END,
	};

	if (context == NULL || EVP_KDF_derive(context, out, KEY_BYTES, params) != 1)
		err_end("the cryptographic library does not work");
	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
}

void
keyring_seal(const struct keyring *keyring, const char *about, const void *plain, size_t size,
    unsigned char **sealed_out, size_t *sealed_size_out)
{
	unsigned char row_key[KEY_BYTES];
	unsigned char *sealed = mem_new(OVERHEAD + size);
	unsigned char *nonce = sealed + SALT_BYTES, *body = nonce + NONCE_BYTES;
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	int part, last;

	secret_random(sealed, SALT_BYTES + NONCE_BYTES);
	keyring_derive(&keyring->keys[0], sealed, about, row_key);
	if (cipher == NULL ||
	    EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, row_key, nonce) != 1 ||
	    EVP_EncryptUpdate(
		cipher, NULL, &part, (const unsigned char *)about, (int)strlen(about)) != 1 ||
	    EVP_EncryptUpdate(cipher, body, &part, plain, (int)size) != 1 ||
	    EVP_EncryptFinal_ex(cipher, body + part, &last) != 1 ||
	    EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, body + size) != 1)
		err_end("the cryptographic library does not work");
	EVP_CIPHER_CTX_free(cipher);
	secret_wipe(row_key, sizeof(row_key));
	*sealed_out = sealed;
	*sealed_size_out = OVERHEAD + size;
}

static const struct key *
keyring_find(const struct keyring *keyring, const char *id)
{
	for (size_t i = 0; i < keyring->count; i++)
		if (strcmp(keyring->keys[i].id, id) == 0)
			return &keyring->keys[i];
	return NULL;
}

int
keyring_unseal(const struct keyring *keyring, const char *key_id, const char *about,
    const void *sealed, size_t size, char **plain_out, size_t *plain_size_out, struct err *err)
{
	const struct key *key = keyring_find(keyring, key_id);
	const unsigned char *salt = sealed, *nonce = salt + SALT_BYTES, *body = nonce + NONCE_BYTES;
	unsigned char row_key[KEY_BYTES];
	EVP_CIPHER_CTX *cipher;
	char *plain;
	size_t plain_size = size - OVERHEAD;
	int part, last, good;

	if (key == NULL)
		return err_set(err, ERR_BROKEN, "the key file has no key %.16s", key_id);
	if (size < OVERHEAD || size > INT32_MAX)
		return err_set(err, ERR_BROKEN, "the sealed bytes are cut short");
	plain = mem_new(plain_size + 1);
	cipher = EVP_CIPHER_CTX_new();
	keyring_derive(key, salt, about, row_key);
	/* A fault of the library must not look like one of the sealed bytes. */
	if (cipher == NULL ||
	    EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, row_key, nonce) != 1)
		err_end("the cryptographic library does not work");
	good =
	    EVP_DecryptUpdate(
		cipher, NULL, &part, (const unsigned char *)about, (int)strlen(about)) == 1 &&
	    EVP_DecryptUpdate(cipher, (unsigned char *)plain, &part, body, (int)plain_size) == 1 &&
	    EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, TAG_BYTES,
		(void *)(uintptr_t)(body + plain_size)) == 1 &&
	    EVP_DecryptFinal_ex(cipher, (unsigned char *)plain + part, &last) == 1;
	EVP_CIPHER_CTX_free(cipher);
	secret_wipe(row_key, sizeof(row_key));
	if (!good) {
		secret_wipe(plain, plain_size);
		free(plain);
		return err_set(
		    err, ERR_BROKEN, "the sealed bytes were changed or belong elsewhere");
	}
	*plain_out = plain;
	*plain_size_out = plain_size;
	return 0;
}

void
keyring_hmac(const struct keyring *keyring, const char *purpose, const void *bytes, size_t size,
    char out[KEYRING_HMAC_SIZE])
{
	size_t purpose_size = strlen(purpose) + 1;
	unsigned char *whole = mem_new(purpose_size + size), mac[32];
	unsigned int mac_size = sizeof(mac);

	memcpy(whole, purpose, purpose_size);
	memcpy(whole + purpose_size, bytes, size);
	if (HMAC(EVP_sha256(), keyring->keys[0].bytes, KEY_BYTES, whole, purpose_size + size, mac,
		&mac_size) == NULL)
		err_end("the cryptographic library does not work");
	text_hex(mac, sizeof(mac), out);
	secret_wipe(whole, purpose_size + size);
	free(whole);
}

void
keyring_sha256(const void *bytes, size_t size, char out[KEYRING_HMAC_SIZE])
{
	unsigned char digest[32];

	if (EVP_Digest(bytes, size, digest, NULL, EVP_sha256(), NULL) != 1)
		err_end("the cryptographic library does not work");
	text_hex(digest, sizeof(digest), out);
}
