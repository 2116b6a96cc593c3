#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/keyring.h"
#include "certs.h"

#define DAY (24L * 60 * 60)

static void
cert_extend(X509 *x509, X509 *issuer, int what, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;

	X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, what, value);
	assert_non_null(extension);
	assert_int_equal(X509_add_ext(x509, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

struct cert
cert_make(const struct cert_order *order)
{
	static long serial;
	struct cert cert = {X509_new(), order->key_of != NULL ? order->key_of->key : NULL};
	const struct cert *issuer = order->issuer != NULL ? order->issuer : &cert;
	X509_NAME *name = X509_get_subject_name(cert.x509);
	bool is_usual = order->begins == 0 && order->ends == 0;
	char text[32];

	if (cert.key != NULL)
		EVP_PKEY_up_ref(cert.key);
	else
		cert.key = EVP_EC_gen("P-256");
	snprintf(text, sizeof(text), "test %ld", ++serial);
	ASN1_INTEGER_set(X509_get_serialNumber(cert.x509), serial);
	X509_NAME_add_entry_by_txt(
	    name, "CN", MBSTRING_ASC, (const unsigned char *)text, -1, -1, 0);
	X509_set_version(cert.x509, X509_VERSION_3);
	X509_set_pubkey(cert.x509, cert.key);
	X509_set_issuer_name(cert.x509, X509_get_subject_name(issuer->x509));
	X509_gmtime_adj(X509_getm_notBefore(cert.x509), is_usual ? -DAY : order->begins);
	X509_gmtime_adj(X509_getm_notAfter(cert.x509), is_usual ? 365 * DAY : order->ends);
	if (order->issuer == NULL)
		cert_extend(cert.x509, issuer->x509, NID_basic_constraints, "critical,CA:TRUE");
	if (order->use != NULL)
		cert_extend(cert.x509, issuer->x509, NID_ext_key_usage, order->use);
	assert_true(X509_sign(cert.x509, issuer->key, EVP_sha256()) > 0);
	return cert;
}

void
cert_fini(struct cert *cert)
{
	X509_free(cert->x509);
	EVP_PKEY_free(cert->key);
}

void
cert_write(const struct cert *cert, const char *path)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(PEM_write_X509(file, cert->x509), 1);
	fclose(file);
}

void
cert_write_key(const struct cert *cert, const char *path, mode_t mode)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(PEM_write_PrivateKey(file, cert->key, NULL, NULL, 0, NULL, NULL), 1);
	fclose(file);
	assert_int_equal(chmod(path, mode), 0);
}

void
cert_pin(const struct cert *cert, char hex[65])
{
	unsigned char *der = NULL;
	int size = i2d_PUBKEY(cert->key, &der);

	assert_true(size > 0);
	keyring_sha256(der, (size_t)size, hex);
	OPENSSL_free(der);
}
