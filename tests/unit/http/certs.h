/*
 * Certificates of an authority of the test's own, made within the test: what musterd reads is
 * written to files, what a client shows stays in memory. The caller frees with cert_fini.
 */
#ifndef TEST_HTTP_CERTS_H
#define TEST_HTTP_CERTS_H

#include <openssl/x509.h>
#include <sys/stat.h>

struct cert {
	X509 *x509;
	EVP_PKEY *key;
};

struct cert_order {
	const struct cert *issuer; /* NULL: an authority, signed by itself */
	const struct cert *key_of; /* has the same key; NULL: one of its own */
	const char *use;           /* extended key usage; NULL for none */
	long begins, ends;         /* seconds from now; 0 and 0: a day ago, in a year */
};

struct cert cert_make(const struct cert_order *order);
void cert_fini(struct cert *cert);
void cert_write(const struct cert *cert, const char *path);
void cert_write_key(const struct cert *cert, const char *path, mode_t mode);
void cert_pin(const struct cert *cert, char hex[65]); /* as a portal's key_sha256 */

#endif
