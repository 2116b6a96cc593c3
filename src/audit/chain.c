#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "audit/chain.h"
#include "base/err.h"
#include "base/keyring.h"
#include "base/secret.h"
#include "base/text.h"

static const char next_key[] = "musterd audit: next key";

static void
chain_digest(const unsigned char *bytes, size_t size, unsigned char out[CHAIN_BYTES])
{
	if (EVP_Digest(bytes, size, out, NULL, EVP_sha256(), NULL) != 1)
		err_end("the cryptographic library does not work");
}

void
chain_begin(struct chain *chain, const struct keyring *keyring)
{
	char hex[KEYRING_HMAC_SIZE];

	memset(chain, 0, sizeof(*chain));
	if (keyring == NULL)
		return;
	keyring_hmac(keyring, "audit chain", "", 0, hex);
	text_unhex(hex, chain->key, CHAIN_BYTES);
	secret_wipe(hex, sizeof(hex));
}

/* One way: what it was can't be had from what it is. */
static void
chain_evolve(struct chain *chain)
{
	unsigned char whole[sizeof(next_key) + CHAIN_BYTES];

	memcpy(whole, next_key, sizeof(next_key));
	memcpy(whole + sizeof(next_key), chain->key, CHAIN_BYTES);
	chain_digest(whole, sizeof(whole), chain->key);
	secret_wipe(whole, sizeof(whole));
	chain->seq++;
}

void
chain_skip(struct chain *chain, int64_t seq, const unsigned char hash[CHAIN_BYTES])
{
	while (chain->seq < seq - 1)
		chain_evolve(chain);
	memcpy(chain->hash, hash, CHAIN_BYTES);
}

void
chain_add(struct chain *chain, const char *bytes, size_t size, char mac[CHAIN_TEXT])
{
	unsigned char whole[CHAIN_BYTES + CHAIN_BODY_MOST], out[CHAIN_BYTES];
	unsigned int out_size = sizeof(out);

	if (size > CHAIN_BODY_MOST)
		err_end("a line of the audit log is too long");
	memcpy(whole, chain->hash, CHAIN_BYTES);
	memcpy(whole + CHAIN_BYTES, bytes, size);
	chain_digest(whole, CHAIN_BYTES + size, chain->hash);
	if (HMAC(EVP_sha256(), chain->key, CHAIN_BYTES, chain->hash, CHAIN_BYTES, out, &out_size) ==
	    NULL)
		err_end("the cryptographic library does not work");
	text_hex(out, CHAIN_BYTES, mac);
	chain_evolve(chain);
}

void
chain_hash(const struct chain *chain, char out[CHAIN_TEXT])
{
	text_hex(chain->hash, CHAIN_BYTES, out);
}

void
chain_wipe(struct chain *chain)
{
	secret_wipe(chain, sizeof(*chain));
}
