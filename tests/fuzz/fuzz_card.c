/*
 * A smart card's certificate: PEM, DER, what it must be by itself, the EDIPI. The first byte says
 * whether the rest is the PEM, or DER that is put into PEM here.
 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "card/card_internal.h"
#include "fuzz.h"

#define LINE 48 /* bytes, which are 64 characters */

static char *
pem_of(const unsigned char *der, size_t size)
{
	struct text pem = {0};
	unsigned char line[2 * LINE];

	text_add(&pem, "-----BEGIN CERTIFICATE-----\n");
	for (size_t at = 0; at < size; at += LINE) {
		EVP_EncodeBlock(line, der + at, (int)(size - at < LINE ? size - at : LINE));
		text_add(&pem, "%s\n", (char *)line);
	}
	text_add(&pem, "-----END CERTIFICATE-----\n");
	return text_take(&pem);
}

/* Written anew it is the same certificate, and good PEM. */
static void
check_again(X509 *certificate)
{
	unsigned char *der = NULL;
	int size = i2d_X509(certificate, &der);
	X509 *again = NULL;
	char *pem;

	FUZZ_MUST(size > 0);
	pem = pem_of(der, (size_t)size);
	FUZZ_MUST(strlen(pem) > CARD_PEM_MOST || pem_read(pem, &again) == REASON_NONE);
	FUZZ_MUST(again == NULL || X509_cmp(certificate, again) == 0);
	X509_free(again);
	OPENSSL_free(der);
	free(pem);
}

/* Nothing of what came was passed over. */
static void
check_same(const X509 *certificate, const struct fuzz *came)
{
	X509 *copy = X509_dup(certificate);
	unsigned char *der = NULL;
	int size;

	/* Encoded anew, not kept from what was read. */
	FUZZ_MUST(i2d_re_X509_tbs(copy, NULL) > 0);
	size = i2d_X509(copy, &der);
	FUZZ_MUST(
	    size > 0 && (size_t)size == came->size && memcmp(der, came->bytes, came->size) == 0);
	OPENSSL_free(der);
	X509_free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static char suffix[] = "mil", policy[] = "2.16.840.1.101.2.1.11.42";
	static char *policies[] = {policy, NULL};
	struct fuzz fuzz = {bytes, size};
	unsigned choice = fuzz_byte(&fuzz);
	struct trust trust = {
	    .taken = true, .upn_suffix = suffix, .policies = choice & 2 ? policies : NULL};
	char *pem = choice & 1 ? pem_of(fuzz.bytes, fuzz.size) : fuzz_rest(&fuzz);
	char edipi[EDIPI_SIZE] = "";
	X509 *certificate = NULL;
	enum card_reason reason = pem_read(pem, &certificate);

	FUZZ_MUST((reason == REASON_NONE) == (certificate != NULL));
	if (reason == REASON_NONE) {
		check_again(certificate);
		if (choice & 1)
			check_same(certificate, &fuzz);
		reason = leaf_check(&trust, certificate);
		FUZZ_MUST(reason < REASON_COUNT);
		reason = edipi_read(&trust, certificate, edipi);
		FUZZ_MUST(strspn(edipi, "0123456789") == (reason == REASON_NONE ? 10 : 0));
	}
	FUZZ_MUST(card_reason_words(reason) != NULL || reason == REASON_NONE);
	X509_free(certificate);
	ERR_clear_error();
	free(pem);
	return 0;
}
