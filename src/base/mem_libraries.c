/* Apart from mem.c, so that who needs memory alone need not be linked with all of these. */
#include <event2/event.h>
#include <jansson.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/secret.h"

static void
mem_free_json(void *memory)
{
	if (memory != NULL)
		secret_wipe(memory, malloc_usable_size(memory));
	free(memory);
}

static void *
mem_crypto(size_t size, const char *file, int line)
{
	return mem_raw(size);
}

static void *
mem_crypto_grow(void *old, size_t size, const char *file, int line)
{
	return mem_raw_grow(old, size);
}

static void
mem_crypto_free(void *memory, const char *file, int line)
{
	free(memory);
}

void
mem_setup_process(void)
{
	json_set_alloc_funcs(mem_raw, mem_free_json);
	event_set_mem_functions(mem_raw, mem_raw_grow, free);
	/* Refused where it has memory already, which is no harm. */
	CRYPTO_set_mem_functions(mem_crypto, mem_crypto_grow, mem_crypto_free);
}
