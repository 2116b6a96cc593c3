#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/head.h"
#include "base/err.h"
#include "base/keyring.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"

#define PUBLIC_TEXT (2 * HEAD_KEY_BYTES + 1)

struct head_key {
	EVP_PKEY *pair;
};

static struct head_key *
head_key_wrap(EVP_PKEY *pair)
{
	struct head_key *key = mem_new(sizeof(*key));

	key->pair = pair;
	return key;
}

void
head_key_free(struct head_key **key)
{
	if (*key == NULL)
		return;
	EVP_PKEY_free((*key)->pair);
	free(*key);
	*key = NULL;
}

static int
head_read_public(const char *path, char hex[PUBLIC_TEXT])
{
	FILE *file = fopen(path, "re");
	bool good = file != NULL && fgets(hex, PUBLIC_TEXT, file) != NULL;

	if (file != NULL)
		fclose(file);
	return good ? 0 : -1;
}

/* Anew where it is not what it should be: it is no secret, and follows from the private one. */
static int
head_write_public(const struct head_key *key, const char *path, struct err *err)
{
	unsigned char bytes[HEAD_KEY_BYTES];
	char hex[PUBLIC_TEXT], old[PUBLIC_TEXT], *name = mem_format("%s.pub", path);
	size_t size = sizeof(bytes);
	int fd, result = 0;

	if (EVP_PKEY_get_raw_public_key(key->pair, bytes, &size) != 1)
		err_end("the cryptographic library does not work");
	text_hex(bytes, sizeof(bytes), hex);
	if (head_read_public(name, old) == 0 && strcmp(old, hex) == 0)
		goto out;
	fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || dprintf(fd, "%s\n", hex) < 0)
		result = err_set(
		    err, ERR_BROKEN, "%s: can't write the public key: %s", name, strerror(errno));
	if (fd >= 0)
		close(fd);
out:
	free(name);
	return result;
}

struct head_key *
head_key_open(const char *path, struct err *err)
{
	struct keyring *keyring = keyring_open(path, true, err);
	unsigned char seed[HEAD_KEY_BYTES];
	char hex[KEYRING_HMAC_SIZE];
	struct head_key *key;

	if (keyring == NULL)
		return NULL;
	keyring_hmac(keyring, "audit heads", "", 0, hex);
	keyring_free(&keyring);
	text_unhex(hex, seed, sizeof(seed));
	key =
	    head_key_wrap(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof(seed)));
	secret_wipe(seed, sizeof(seed));
	secret_wipe(hex, sizeof(hex));
	if (key->pair == NULL)
		err_end("the cryptographic library does not work");
	if (head_write_public(key, path, err) != 0)
		head_key_free(&key);
	return key;
}

struct head_key *
head_key_read_public(const char *path, struct err *err)
{
	unsigned char bytes[HEAD_KEY_BYTES];
	char hex[PUBLIC_TEXT];
	EVP_PKEY *pair = NULL;

	if (head_read_public(path, hex) != 0) {
		err_set(err, ERR_BROKEN, "%s: can't read the public key: %s", path,
		    errno != 0 ? strerror(errno) : "it is empty");
		return NULL;
	}
	if (text_unhex(hex, bytes, sizeof(bytes)) == 0)
		pair = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes, sizeof(bytes));
	if (pair == NULL) {
		err_set(err, ERR_BROKEN, "%s: no public key of 64 hexadecimal digits", path);
		return NULL;
	}
	return head_key_wrap(pair);
}

/* What is signed: "musterd audit head SEQ HASH". */
static char *
head_text(const struct chain *chain)
{
	char hash[CHAIN_TEXT];

	chain_hash(chain, hash);
	return mem_format("musterd audit head %lld %s", (long long)chain->seq, hash);
}

void
head_sign(const struct head_key *key, const struct chain *chain,
    unsigned char signature[HEAD_SIGNATURE_BYTES])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t size = HEAD_SIGNATURE_BYTES;
	char *text = head_text(chain);

	if (context == NULL || EVP_DigestSignInit(context, NULL, NULL, NULL, key->pair) != 1 ||
	    EVP_DigestSign(context, signature, &size, (const unsigned char *)text, strlen(text)) !=
		1)
		err_end("the cryptographic library does not work");
	EVP_MD_CTX_free(context);
	free(text);
}

bool
head_is_signed(const struct head_key *key, const struct chain *chain,
    const unsigned char signature[HEAD_SIGNATURE_BYTES])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	char *text = head_text(chain);
	bool good;

	if (context == NULL || EVP_DigestVerifyInit(context, NULL, NULL, NULL, key->pair) != 1)
		err_end("the cryptographic library does not work");
	good = EVP_DigestVerify(context, signature, HEAD_SIGNATURE_BYTES,
		   (const unsigned char *)text, strlen(text)) == 1;
	EVP_MD_CTX_free(context);
	free(text);
	return good;
}
