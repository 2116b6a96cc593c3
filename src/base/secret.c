#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/secret.h"

struct secret {
	size_t size;
	char bytes[];
};

struct secret *
secret_new(const void *bytes, size_t size)
{
	struct secret *secret = OPENSSL_secure_zalloc(sizeof(*secret) + size + 1);

	if (secret == NULL)
		err_end("out of memory");
	secret->size = size;
	if (size > 0)
		memcpy(secret->bytes, bytes, size);
	return secret;
}

struct secret *
secret_copy(const struct secret *secret)
{
	return secret == NULL ? NULL : secret_new(secret->bytes, secret->size);
}

void
secret_free(struct secret **secret)
{
	if (*secret != NULL)
		OPENSSL_secure_clear_free(*secret, sizeof(**secret) + (*secret)->size + 1);
	*secret = NULL;
}

const char *
secret_text(const struct secret *secret)
{
	return secret->bytes;
}

size_t
secret_size(const struct secret *secret)
{
	return secret->size;
}

struct secret *
secret_from_file(const char *path, struct err *err)
{
	char line[4097];
	ssize_t got;
	struct secret *secret = NULL;
	int fd = file_open_secret(path, NULL, err);

	if (fd < 0)
		return NULL;
	got = read(fd, line, sizeof(line) - 1);
	close(fd);
	if (got <= 0) {
		err_set(err, ERR_BROKEN, "%s: it is empty", path);
		return NULL;
	}
	line[got] = '\0';
	secret = secret_new(line, strcspn(line, "\r\n"));
	secret_wipe(line, sizeof(line));
	return secret;
}

void
secret_wipe(void *bytes, size_t size)
{
	OPENSSL_cleanse(bytes, size);
}

void
secret_wipe_text(char **text)
{
	if (*text != NULL)
		secret_wipe(*text, strlen(*text));
	free(*text);
	*text = NULL;
}

bool
secret_is_equal(const void *a, const void *b, size_t size)
{
	return CRYPTO_memcmp(a, b, size) == 0;
}

void
secret_random(void *bytes, size_t size)
{
	if (RAND_bytes(bytes, (int)size) != 1)
		err_end("no random bytes can be had");
}
