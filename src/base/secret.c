#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/secret.h"

/*
 * The secure heap: between guard pages, locked into memory, in no core file. Two thousand
 * registrations at work, with their password and answers, take half of it; the other half is
 * OpenSSL's, which keeps the keys of TLS and its random numbers there and fails without room.
 */
#define HEAP_SIZE ((size_t)2 << 20)
#define HEAP_LEAST ((size_t)64 << 10)
#define HEAP_PIECE 64

static size_t heap_ours; /* 0: there is no heap */

struct secret {
	size_t size;
	char bytes[];
};

void
secret_protect_process(void)
{
	struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
	/* Nor to a program that takes cores through a pipe, which the limit does not keep from it;
	 * nor may the same user's debugger look in. */
	prctl(PR_SET_DUMPABLE, 0);
	/* For libraries that take no memory from us. */
	mallopt(M_PERTURB, 0xa5);
}

int
secret_open_heap(struct err *err)
{
	size_t size = HEAP_SIZE;
	struct rlimit locked;
	int made;

	/* Once more: who has changed user since is dumpable again. */
	prctl(PR_SET_DUMPABLE, 0);
	if (getrlimit(RLIMIT_MEMLOCK, &locked) == 0)
		while (size > HEAP_LEAST && size > locked.rlim_cur)
			size /= 2;
	made = CRYPTO_secure_malloc_init(size, HEAP_PIECE);
	if (made == 0)
		return err_set(err, ERR_BROKEN,
		    "there is no secure heap: secrets are in ordinary memory, and wiped");
	heap_ours = size / 2;
	if (made != 1)
		return err_set(err, ERR_BROKEN,
		    "the secure heap of %zu kB can't be locked into memory (LimitMEMLOCK): "
		    "secrets may be swapped out",
		    size / 1024);
	return 0;
}

void *
secret_memory(size_t size)
{
	static atomic_flag told = ATOMIC_FLAG_INIT;
	void *memory = NULL;

	if (heap_ours > 0 && CRYPTO_secure_used() + size <= heap_ours)
		memory = OPENSSL_secure_zalloc(size);
	if (memory == NULL && heap_ours > 0 && !atomic_flag_test_and_set(&told))
		log_warning("the secure heap is full: what does not fit is in ordinary memory, "
			    "and wiped");
	return memory != NULL ? memory : mem_new(size);
}

void
secret_memory_free(void *memory, size_t size)
{
	if (memory != NULL && CRYPTO_secure_allocated(memory))
		OPENSSL_secure_clear_free(memory, size);
	else
		mem_free(memory);
}

struct secret *
secret_new(const void *bytes, size_t size)
{
	struct secret *secret = secret_memory(sizeof(*secret) + size + 1);

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
		secret_memory_free(*secret, sizeof(**secret) + (*secret)->size + 1);
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
secret_wipe_stack(void)
{
	char below[32 * 1024];

	secret_wipe(below, sizeof(below));
}

void
secret_wipe_text(char **text)
{
	mem_free_text(text);
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
