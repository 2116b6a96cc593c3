/*
 * One certificate out of PEM, strictly (RFC 7468): one block, nothing before or after it, canonical
 * base64, and DER that comes out the same when it is encoded again.
 */
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"
#include "card/card_internal.h"

#define BEGIN "-----BEGIN CERTIFICATE-----"
#define END "-----END CERTIFICATE-----"
#define LINE_MOST 76 /* RFC 7468 wants 64; MIME's longer lines (RFC 2045) are met too */
#define BASE64 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="

/* The length of the line end that stands there: LF or CR LF; 0 where there is none. */
static size_t
pem_line_end(const char *at)
{
	if (at[0] == '\n')
		return 1;
	return at[0] == '\r' && at[1] == '\n' ? 2 : 0;
}

static size_t
pem_blocks(const char *pem)
{
	size_t count = 0;

	for (const char *at = pem; (at = strstr(at, "-----BEGIN ")) != NULL; at++)
		count++;
	return count;
}

/* The base64 between the two lines, without its line ends, into body. */
static enum card_reason
pem_body(const char *pem, struct text *body)
{
	const char *at = pem + strlen(BEGIN);
	size_t line = pem_line_end(at);

	if (line == 0)
		return REASON_NOT_PEM;
	for (at += line; strncmp(at, END, strlen(END)) != 0; at += line) {
		size_t size = strspn(at, BASE64);

		line = pem_line_end(at + size);
		if (size == 0 || size > LINE_MOST || line == 0)
			return strstr(at, END) == NULL ? REASON_NOT_PEM : REASON_NOT_BASE64;
		text_add_bytes(body, at, size);
		at += size;
	}
	at += strlen(END);
	while ((line = pem_line_end(at)) != 0)
		at += line;
	return *at == '\0' ? REASON_NONE : REASON_TRAILING;
}

/* Decodes, and encodes again: bits that do not count must be zero. */
static enum card_reason
pem_decode(const struct text *body, unsigned char **der_out, long *size_out)
{
	int length = (int)body->size, padding = 0;
	unsigned char *der, *again;
	bool same;

	if (length == 0 || length % 4 != 0)
		return REASON_NOT_BASE64;
	while (padding < 2 && body->bytes[length - 1 - padding] == '=')
		padding++;
	der = mem_new((size_t)length);
	again = mem_new((size_t)length + 1);
	*size_out = EVP_DecodeBlock(der, (const unsigned char *)body->bytes, length) - padding;
	same = *size_out > 0 && EVP_EncodeBlock(again, der, (int)*size_out) == length &&
	       memcmp(again, body->bytes, body->size) == 0;
	free(again);
	*der_out = der;
	return same ? REASON_NONE : REASON_NOT_BASE64;
}

/* OpenSSL keeps the bytes of what is signed: a copy is made to forget them, and encoded again. */
static bool
pem_is_canonical(const unsigned char *der, long size)
{
	const unsigned char *at = der;
	X509 *copy = d2i_X509(NULL, &at, size);
	unsigned char *again = NULL;
	bool same = i2d_re_X509_tbs(copy, NULL) > 0 && i2d_X509(copy, &again) == size &&
		    memcmp(again, der, (size_t)size) == 0;

	OPENSSL_free(again);
	X509_free(copy);
	return same;
}

static enum card_reason
pem_parse(const unsigned char *der, long size, X509 **certificate_out)
{
	const unsigned char *at = der;
	X509 *certificate = d2i_X509(NULL, &at, size);

	if (certificate == NULL)
		return REASON_NOT_DER;
	if (at != der + size || !pem_is_canonical(der, size)) {
		X509_free(certificate);
		return REASON_NOT_CANONICAL;
	}
	*certificate_out = certificate;
	return REASON_NONE;
}

static enum card_reason
pem_look(const char *pem)
{
	const char *begin;

	if (strlen(pem) > CARD_PEM_MOST)
		return REASON_OVERSIZED;
	if (strstr(pem, "PRIVATE KEY-----") != NULL)
		return REASON_PRIVATE_KEY;
	if (pem_blocks(pem) > 1)
		return REASON_TWO_BLOCKS;
	begin = strstr(pem, BEGIN);
	if (begin == NULL)
		return REASON_NOT_PEM;
	return begin == pem ? REASON_NONE : REASON_LEADING;
}

enum card_reason
pem_read(const char *pem, X509 **certificate_out)
{
	struct text body = {0};
	unsigned char *der = NULL;
	long size = 0;
	enum card_reason reason = pem_look(pem);

	if (reason == REASON_NONE)
		reason = pem_body(pem, &body);
	if (reason == REASON_NONE)
		reason = pem_decode(&body, &der, &size);
	if (reason == REASON_NONE)
		reason = pem_parse(der, size, certificate_out);
	free(der);
	text_fini(&body);
	return reason;
}
