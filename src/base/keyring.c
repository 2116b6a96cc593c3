#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/keyfile.h"
#include "base/keyring.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"

#define KEY_BYTES KEYFILE_KEY_BYTES
#define SALT_BYTES 16
#define NONCE_BYTES 12
#define TAG_BYTES 16
#define OVERHEAD (SALT_BYTES + NONCE_BYTES + TAG_BYTES)

struct key {
	char id[KEYRING_ID_SIZE]; /* "": the place is free */
	unsigned char bytes[KEY_BYTES];
};

/* A key stays in its place as long as it is there. */
struct keyring {
	char *name; /* of the file, as the configuration has it */
	dev_t device;
	ino_t inode;
	pthread_rwlock_t lock; /* of all that follows */
	size_t current;
	struct key keys[KEYRING_MOST];
};

static struct key *
keyring_find(struct keyring *keyring, const char *id)
{
	for (size_t i = 0; i < KEYRING_MOST; i++)
		if (strcmp(keyring->keys[i].id, id) == 0)
			return &keyring->keys[i];
	return NULL;
}

void
keyring_new_id(char id_out[KEYRING_ID_SIZE])
{
	unsigned char name[4];

	secret_random(name, sizeof(name));
	text_hex(name, sizeof(name), id_out);
}

static const char *
keyring_read_line(struct keyring *keyring, char *line)
{
	struct key *key;
	char *space = strchr(line, ' ');

	line[strcspn(line, "\r\n")] = '\0';
	if (line[0] == '\0' || line[0] == '#')
		return NULL;
	if (space == NULL || space == line || space - line >= KEYRING_ID_SIZE ||
	    strlen(space + 1) != (size_t)2 * KEY_BYTES)
		return "not 'ID HEX' with 64 hexadecimal digits";
	*space = '\0';
	if (keyring_find(keyring, line) != NULL)
		return "that ID is there twice";
	key = keyring_find(keyring, "");
	if (key == NULL)
		return "too many keys";
	if (text_unhex(space + 1, key->bytes, KEY_BYTES) != 0)
		return "not 'ID HEX' with 64 hexadecimal digits";
	memcpy(key->id, line, strlen(line) + 1);
	return NULL;
}

static int
keyring_read_file(struct keyring *keyring, FILE *file, const char *path, struct err *err)
{
	char line[KEYFILE_LINE_SIZE];
	const char *why = NULL;
	int number = 0;

	while (why == NULL && fgets(line, sizeof(line), file) != NULL) {
		number++;
		why = keyring_read_line(keyring, line);
	}
	secret_wipe(line, sizeof(line));
	if (why != NULL)
		return err_set(err, ERR_BROKEN, "%s:%d: %s", path, number, why);
	if (keyring->keys[0].id[0] == '\0')
		return err_set(err, ERR_BROKEN, "%s: no key in it", path);
	return 0;
}

static struct keyring *
keyring_new(const char *name, int fd)
{
	struct keyring *keyring = secret_memory(sizeof(*keyring));
	struct stat status = {0};

	keyring->name = mem_text(name);
	if (fstat(fd, &status) == 0) {
		keyring->device = status.st_dev;
		keyring->inode = status.st_ino;
	}
	pthread_rwlock_init(&keyring->lock, NULL);
	return keyring;
}

struct keyring *
keyring_open(const char *name, bool make, struct err *err)
{
	struct keyring *keyring;
	char *path;
	FILE *file;
	int fd;

	if (make && !file_is_credential(name) && keyfile_prepare(name, err) != 0)
		return NULL;
	fd = file_open_secret(name, &path, err);
	if (fd < 0)
		return NULL;
	file = fdopen(fd, "r");
	if (file == NULL)
		err_end("out of memory");
	setvbuf(file, NULL, _IONBF, 0);
	keyring = keyring_new(name, fd);
	if (keyring_read_file(keyring, file, path, err) != 0)
		keyring_free(&keyring);
	fclose(file);
	free(path);
	return keyring;
}

void
keyring_free(struct keyring **keyring)
{
	struct keyring *it = *keyring;

	if (it == NULL)
		return;
	*keyring = NULL;
	free(it->name);
	pthread_rwlock_destroy(&it->lock);
	secret_memory_free(it, sizeof(*it));
}

bool
keyring_is_same_file(const struct keyring *one, const struct keyring *other)
{
	return one->device == other->device && one->inode == other->inode;
}

const char *
keyring_current(const struct keyring *keyring)
{
	return keyring->keys[keyring->current].id;
}

void
keyring_others(struct keyring *keyring, struct keyring_ids *ids_out)
{
	ids_out->count = 0;
	pthread_rwlock_rdlock(&keyring->lock);
	for (size_t i = 0; i < KEYRING_MOST; i++)
		if (i != keyring->current && keyring->keys[i].id[0] != '\0')
			memcpy(
			    ids_out->list[ids_out->count++], keyring->keys[i].id, KEYRING_ID_SIZE);
	pthread_rwlock_unlock(&keyring->lock);
}

int
keyring_make(struct keyring *keyring, const char *id, struct err *err)
{
	static const struct keyring_ids none;
	char line[KEYFILE_LINE_SIZE];
	struct key *key;
	int result;

	pthread_rwlock_rdlock(&keyring->lock);
	key = keyring_find(keyring, "");
	pthread_rwlock_unlock(&keyring->lock);
	if (key == NULL)
		return err_set(err, ERR_BROKEN, "%s: too many keys", keyring->name);
	/* Nobody looks at the bytes of a place that is free. */
	secret_random(key->bytes, sizeof(key->bytes));
	keyfile_line(id, key->bytes, line);
	result = keyfile_rewrite(keyring->name, line, &none, err);
	secret_wipe(line, sizeof(line));
	if (result != 0)
		return -1;
	pthread_rwlock_wrlock(&keyring->lock);
	snprintf(key->id, sizeof(key->id), "%s", id);
	pthread_rwlock_unlock(&keyring->lock);
	return 0;
}

void
keyring_use(struct keyring *keyring, const char *id)
{
	const struct key *key;

	pthread_rwlock_wrlock(&keyring->lock);
	key = keyring_find(keyring, id);
	if (key != NULL)
		keyring->current = (size_t)(key - keyring->keys);
	pthread_rwlock_unlock(&keyring->lock);
}

int
keyring_drop(struct keyring *keyring, const struct keyring_ids *ids, struct err *err)
{
	return ids->count == 0 ? 0 : keyfile_rewrite(keyring->name, NULL, ids, err);
}

void
keyring_forget(struct keyring *keyring, const struct keyring_ids *ids)
{
	pthread_rwlock_wrlock(&keyring->lock);
	for (size_t i = 0; i < ids->count; i++) {
		struct key *key = keyring_find(keyring, ids->list[i]);

		if (key != NULL && key != &keyring->keys[keyring->current])
			secret_wipe(key, sizeof(*key)); /* with zeros: the place is free */
	}
	pthread_rwlock_unlock(&keyring->lock);
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

/* -1 where there is no such key. */
static int
keyring_derive_by(struct keyring *keyring, const char *id, const unsigned char salt[SALT_BYTES],
    const char *about, unsigned char out[KEY_BYTES])
{
	const struct key *key;

	pthread_rwlock_rdlock(&keyring->lock);
	key = id[0] != '\0' ? keyring_find(keyring, id) : NULL;
	if (key != NULL)
		keyring_derive(key, salt, about, out);
	pthread_rwlock_unlock(&keyring->lock);
	return key != NULL ? 0 : -1;
}

void
keyring_seal(struct keyring *keyring, const char *about, const void *plain, size_t size,
    unsigned char **sealed_out, size_t *sealed_size_out)
{
	unsigned char row_key[KEY_BYTES];
	unsigned char *sealed = mem_new(OVERHEAD + size);
	unsigned char *nonce = sealed + SALT_BYTES, *body = nonce + NONCE_BYTES;
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	int part, last;

	secret_random(sealed, SALT_BYTES + NONCE_BYTES);
	keyring_derive_by(keyring, keyring_current(keyring), sealed, about, row_key);
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

int
keyring_unseal(struct keyring *keyring, const char *key_id, const char *about, const void *sealed,
    size_t size, char **plain_out, size_t *plain_size_out, struct err *err)
{
	const unsigned char *salt = sealed, *nonce = salt + SALT_BYTES, *body = nonce + NONCE_BYTES;
	unsigned char row_key[KEY_BYTES];
	EVP_CIPHER_CTX *cipher;
	char *plain;
	size_t plain_size = size - OVERHEAD;
	int part, last, good;

	if (size < OVERHEAD || size > INT32_MAX)
		return err_set(err, ERR_BROKEN, "the sealed bytes are cut short");
	if (keyring_derive_by(keyring, key_id, salt, about, row_key) != 0)
		return err_set(err, ERR_BROKEN, "the key file has no key %.16s", key_id);
	plain = mem_new(plain_size + 1);
	cipher = EVP_CIPHER_CTX_new();
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
	if (HMAC(EVP_sha256(), keyring->keys[keyring->current].bytes, KEY_BYTES, whole,
		purpose_size + size, mac, &mac_size) == NULL)
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
