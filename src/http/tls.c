/*
 * TLS as portals meet it (NIST SP 800-52r2; RFC 9325): 1.2 and 1.3 with ephemeral keys and
 * authenticated encryption alone. Sessions are not resumed, by ticket or otherwise: one that was
 * would carry a client's certificate past its end or past a reload, and portals keep connections
 * open anyway.
 */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "http/http_internal.h"

#define WARN_DAYS 30
/* 112 bits (NIST SP 800-57): RSA from 2048, no SHA-1; see SSL_CTX_set_security_level(3). */
#define SECURITY_LEVEL 2
#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20:!PSK"

struct http_tls {
	SSL_CTX *context;
	char *certificate_file, *client_ca_file;
};

/* OpenSSL's own words: of its table, nothing of the file. */
static const char *
tls_reason(void)
{
	unsigned long error = ERR_peek_error();
	const char *reason = ERR_SYSTEM_ERROR(error) ? strerror(ERR_GET_REASON(error))
						     : ERR_reason_error_string(error);

	return reason != NULL ? reason : "it can't be used";
}

/* OpenSSL would ask the terminal. */
static int
tls_on_pass_phrase(char *out, int size, int writing, void *arg)
{
	return -1;
}

/* RFC 7301: whoever wants another protocol alone is told so, and nothing is guessed. */
static int
tls_on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_size,
    const unsigned char *offered, unsigned offered_size, void *arg)
{
	static const unsigned char ours[] = "\x08http/1.1";
	unsigned char *chosen;

	if (SSL_select_next_proto(&chosen, out_size, ours, sizeof(ours) - 1, offered,
		offered_size) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

/* OpenSSL takes a certificate without extended key usage for one of every use. */
static int
tls_on_client_certificate(int good, X509_STORE_CTX *path)
{
	X509 *certificate = X509_STORE_CTX_get_current_cert(path);

	if (good && X509_STORE_CTX_get_error_depth(path) == 0 &&
	    ((X509_get_extension_flags(certificate) & EXFLAG_XKUSAGE) == 0 ||
		(X509_get_extended_key_usage(certificate) & XKU_SSL_CLIENT) == 0)) {
		X509_STORE_CTX_set_error(path, X509_V_ERR_INVALID_PURPOSE);
		good = 0;
	}
	if (!good)
		log_trace("a client's certificate is refused: %s",
		    X509_verify_cert_error_string(X509_STORE_CTX_get_error(path)));
	return good;
}

static void
tls_on_handshake(const SSL *ssl, int where, int result)
{
	if (where & SSL_CB_HANDSHAKE_DONE)
		conn_on_handshake(SSL_get_app_data(ssl));
}

static SSL_CTX *
tls_new_context(void)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	if (context == NULL || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) != 1 ||
	    SSL_CTX_set_cipher_list(context, CIPHERS) != 1 ||
	    SSL_CTX_set_num_tickets(context, 0) != 1)
		err_end("the TLS library does not work");
	SSL_CTX_set_security_level(context, SECURITY_LEVEL);
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
					 SSL_OP_NO_TICKET | SSL_OP_CLEANSE_PLAINTEXT);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_alpn_select_cb(context, tls_on_alpn, NULL);
	SSL_CTX_set_default_passwd_cb(context, tls_on_pass_phrase);
	SSL_CTX_set_info_callback(context, tls_on_handshake);
	return context;
}

static int
tls_read_certificate(struct http_tls *tls, struct err *err)
{
	const char *path = tls->certificate_file;

	if (SSL_CTX_use_certificate_chain_file(tls->context, path) != 1)
		return err_set(
		    err, ERR_BROKEN, "listen.certificate_file: %s: %s", path, tls_reason());
	if (X509_check_purpose(
		SSL_CTX_get0_certificate(tls->context), X509_PURPOSE_SSL_SERVER, 0) != 1)
		return err_set(err, ERR_BROKEN,
		    "listen.certificate_file: %s: its first certificate is not for a TLS server",
		    path);
	return 0;
}

static EVP_PKEY *
tls_load_key(const char *path, struct err *err)
{
	int fd = file_open_private(path, err);
	EVP_PKEY *key = NULL;
	BIO *file;

	if (fd < 0)
		return NULL;
	file = BIO_new_fd(fd, BIO_CLOSE);
	if (file == NULL)
		err_end("out of memory");
	key = PEM_read_bio_PrivateKey(file, NULL, tls_on_pass_phrase, NULL);
	BIO_free(file);
	if (key == NULL)
		err_set(err, ERR_BROKEN, "%s: no private key (PEM, no pass phrase) is in it", path);
	return key;
}

static int
tls_read_key(struct http_tls *tls, const char *path, struct err *err)
{
	EVP_PKEY *key = tls_load_key(path, err);
	int rc = 0;

	if (key == NULL)
		return err_prefix(err, "listen.key_file");
	if (X509_check_private_key(SSL_CTX_get0_certificate(tls->context), key) != 1)
		rc = err_set(err, ERR_BROKEN,
		    "listen.key_file: %s: is not the key of listen.certificate_file", path);
	else if (SSL_CTX_use_PrivateKey(tls->context, key) != 1)
		rc = err_set(err, ERR_BROKEN, "listen.key_file: %s: %s", path, tls_reason());
	EVP_PKEY_free(key);
	return rc;
}

/* What is in the file is trusted as it is, also where it is no root: a private authority may be a
 * part of a larger one. */
static int
tls_read_client_ca(struct http_tls *tls, struct err *err)
{
	const char *path = tls->client_ca_file;
	STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(path);

	if (names == NULL || SSL_CTX_load_verify_file(tls->context, path) != 1) {
		sk_X509_NAME_pop_free(names, X509_NAME_free);
		return err_set(
		    err, ERR_BROKEN, "listen.client_ca_file: %s: %s", path, tls_reason());
	}
	SSL_CTX_set_client_CA_list(tls->context, names);
	X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(tls->context), X509_V_FLAG_PARTIAL_CHAIN);
	SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, tls_on_client_certificate);
	return 0;
}

int
http_tls_read(const struct conf_listen *listen, struct http_tls **tls_out, struct err *err)
{
	struct http_tls *tls;
	int rc;

	*tls_out = NULL;
	if (*listen->certificate_file == '\0')
		return 0;
	ERR_clear_error();
	tls = mem_new(sizeof(*tls));
	tls->context = tls_new_context();
	tls->certificate_file = mem_text(listen->certificate_file);
	tls->client_ca_file = mem_text(listen->client_ca_file);
	rc = tls_read_certificate(tls, err);
	if (rc == 0)
		rc = tls_read_key(tls, listen->key_file, err);
	if (rc == 0 && *tls->client_ca_file != '\0')
		rc = tls_read_client_ca(tls, err);
	ERR_clear_error();
	if (rc != 0)
		http_tls_free(&tls);
	*tls_out = tls;
	return rc;
}

void
http_tls_free(struct http_tls **tls)
{
	struct http_tls *it = *tls;

	if (it == NULL)
		return;
	*tls = NULL;
	SSL_CTX_free(it->context);
	mem_free_text(&it->certificate_file);
	mem_free_text(&it->client_ca_file);
	free(it);
}

/* The worst that was seen so far, and of which file. */
struct tls_dates {
	enum http_tls_age age;
	struct err *words;
};

static void
tls_look_at(struct tls_dates *dates, const X509 *certificate, const char *key, const char *path)
{
	int days = -1, seconds = 0;
	bool known = ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(certificate)) == 1;

	if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0) {
		dates->age = HTTP_TLS_OUT_OF_DATE;
		err_set(dates->words, ERR_BROKEN, "%s: %s is not valid yet", key, path);
	} else if (!known || days < 0 || seconds < 0) {
		dates->age = HTTP_TLS_OUT_OF_DATE;
		err_set(dates->words, ERR_BROKEN, "%s: %s has expired", key, path);
	} else if (days < WARN_DAYS && dates->age == HTTP_TLS_GOOD) {
		dates->age = HTTP_TLS_ENDS_SOON;
		err_set(dates->words, ERR_BROKEN, "%s: %s expires in %d day%s", key, path, days,
		    days == 1 ? "" : "s");
	}
}

enum http_tls_age
http_tls_check(const struct http_tls *tls, struct err *words)
{
	struct tls_dates dates = {HTTP_TLS_GOOD, words};
	STACK_OF(X509_OBJECT) *trusted =
	    X509_STORE_get0_objects(SSL_CTX_get_cert_store(tls->context));
	STACK_OF(X509) *chain = NULL;

	tls_look_at(&dates, SSL_CTX_get0_certificate(tls->context), "listen.certificate_file",
	    tls->certificate_file);
	SSL_CTX_get0_chain_certs(tls->context, &chain);
	for (int i = 0; i < sk_X509_num(chain); i++)
		tls_look_at(&dates, sk_X509_value(chain, i), "listen.certificate_file",
		    tls->certificate_file);
	for (int i = 0; i < sk_X509_OBJECT_num(trusted); i++)
		tls_look_at(&dates, X509_OBJECT_get0_X509(sk_X509_OBJECT_value(trusted, i)),
		    "listen.client_ca_file", tls->client_ca_file);
	return dates.age;
}

void
tls_look(struct http *http)
{
	struct err words;

	switch (http_tls_check(http->tls, &words)) {
	case HTTP_TLS_OUT_OF_DATE:
		log_error("%s", words.text);
		break;
	case HTTP_TLS_ENDS_SOON:
		log_warning("%s", words.text);
		break;
	default:
		break;
	}
	loop_timer_set(http->tls_age, http->tls_age_every);
}

static void
tls_on_age(void *arg)
{
	tls_look(arg);
}

void
http_set_tls(struct http *http, struct http_tls **tls)
{
	http_tls_free(&http->tls);
	loop_timer_free(&http->tls_age);
	http->tls = *tls;
	*tls = NULL;
	if (http->tls == NULL)
		return;
	http->tls_age = loop_timer_new(http->loop, tls_on_age, http);
	tls_look(http);
}

SSL *
tls_new(const struct http_tls *tls, struct conn *conn)
{
	SSL *ssl = SSL_new(tls->context);

	if (ssl == NULL)
		err_end("out of memory");
	SSL_set_app_data(ssl, conn);
	return ssl;
}

int
tls_send(SSL *ssl, const void *bytes, size_t size)
{
	int sent = SSL_write(ssl, bytes, (int)size);

	ERR_clear_error();
	return sent > 0 ? 0 : -1;
}

void
tls_say_goodbye(SSL *ssl)
{
	if (SSL_is_init_finished(ssl))
		SSL_shutdown(ssl);
	ERR_clear_error();
}

/* The certificate was verified when it was shown; a connection may outlive it. */
int
tls_read_client_key(const SSL *ssl, unsigned char digest[HTTP_DIGEST_SIZE])
{
	const X509 *certificate = ssl == NULL ? NULL : SSL_get0_peer_certificate(ssl);
	unsigned char *der = NULL;
	int size;

	if (certificate == NULL)
		return 0;
	if (X509_cmp_current_time(X509_get0_notAfter(certificate)) <= 0)
		return -1;
	size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
	if (size <= 0)
		err_end("out of memory");
	SHA256(der, (size_t)size, digest);
	OPENSSL_free(der);
	return 1;
}
