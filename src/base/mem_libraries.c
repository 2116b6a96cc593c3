/* Apart from mem.c, so that who needs memory alone need not be linked with all of these. */
#include <event2/event.h>
#include <jansson.h>
#include <openssl/crypto.h>

#include "base/mem.h"

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
	mem_free(memory);
}

void
mem_setup_process(void)
{
	json_set_alloc_funcs(mem_raw, mem_free);
	event_set_mem_functions(mem_raw, mem_raw_grow, mem_free);
	/* Refused where it has memory already, which is no harm. */
	CRYPTO_set_mem_functions(mem_crypto, mem_crypto_grow, mem_crypto_free);
}
