/* What is trusted: the roots and intermediates that the configuration names, and their CRLs. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "card/card_internal.h"

#define CERTIFICATES_MOST 1000
/* 112 bits: RSA from 2048, no MD5 and no SHA-1; see SSL_CTX_set_security_level(3). */
#define AUTH_LEVEL 2
#define STORE_FLAGS (X509_V_FLAG_X509_STRICT | X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL)
#define NAME_SIZE 256

void
trust_fault(card_fault_fn *fault, void *arg, const char *key, const char *format, ...)
{
	char *words;
	va_list args;

	va_start(args, format);
	if (vasprintf(&words, format, args) < 0)
		err_end("out of memory");
	va_end(args);
	fault(key, words, arg);
	free(words);
}

static const char *
trust_subject(const X509 *certificate, char out[NAME_SIZE])
{
	return X509_NAME_oneline(X509_get_subject_name(certificate), out, NAME_SIZE);
}

/*
 * OpenSSL 3.0 reads a certificate's policies when a path first needs them, and shows them to other
 * threads while it still does (ossl_policy_cache_set): a good card could be refused. They are read
 * here, before any thread shares the certificate. The last of a path counts as its anchor, and is
 * not looked at.
 */
static void
trust_read_policies(X509 *certificate)
{
	STACK_OF(X509) *path = sk_X509_new_null();
	X509_POLICY_TREE *tree = NULL;
	int is_explicit;

	sk_X509_push(path, certificate);
	sk_X509_push(path, certificate);
	X509_policy_check(&tree, &is_explicit, path, NULL, 0);
	X509_policy_tree_free(tree);
	sk_X509_free(path);
}

/* Every certificate of a PEM file; what stands between the blocks is comment. */
static STACK_OF(X509) * trust_read_bio(BIO *file, bool *damaged_out)
{
	STACK_OF(X509) *read = sk_X509_new_null();
	X509 *certificate;
	unsigned long error;

	/* the empty text is a pass phrase: OpenSSL would ask the terminal for one */
	while (
	    sk_X509_num(read) < CERTIFICATES_MOST &&
	    (certificate = PEM_read_bio_X509(file, NULL, NULL, (void *)(uintptr_t) "")) != NULL) {
		trust_read_policies(certificate);
		sk_X509_push(read, certificate);
	}
	error = ERR_peek_last_error();
	*damaged_out = error != 0 && !(ERR_GET_LIB(error) == ERR_LIB_PEM &&
					 ERR_GET_REASON(error) == PEM_R_NO_START_LINE);
	ERR_clear_error();
	return read;
}

static STACK_OF(X509) *
    trust_read(const char *key, const char *path, card_fault_fn *fault, void *arg)
{
	STACK_OF(X509) * read;
	BIO *file;
	bool damaged;

	ERR_clear_error();
	errno = 0;
	file = BIO_new_file(path, "r");
	if (file == NULL) {
		trust_fault(fault, arg, key, "%s: can't read it: %s", path, strerror(errno));
		ERR_clear_error();
		return NULL;
	}
	read = trust_read_bio(file, &damaged);
	BIO_free(file);
	if (!damaged && sk_X509_num(read) > 0)
		return read;
	trust_fault(fault, arg, key, "%s: %s", path,
	    damaged ? "a certificate in it can't be read" : "no certificate (PEM) is in it");
	sk_X509_pop_free(read, X509_free);
	return NULL;
}

static bool
trust_are_authorities(
    const char *key, STACK_OF(X509) * read, bool roots, card_fault_fn *fault, void *arg)
{
	char name[NAME_SIZE];
	bool good = true;

	for (int i = 0; i < sk_X509_num(read); i++) {
		X509 *certificate = sk_X509_value(read, i);
		const char *what = NULL;

		if (X509_check_ca(certificate) != 1)
			what = "is not the certificate of an authority";
		else if (roots && X509_self_signed(certificate, 1) != 1)
			what =
			    "is not self-signed: it belongs into certificates.intermediates_file";
		if (what == NULL)
			continue;
		trust_fault(fault, arg, key, "%s %s", trust_subject(certificate, name), what);
		good = false;
	}
	return good;
}

static bool
trust_read_authorities(
    struct trust *trust, const struct conf_certificates *conf, card_fault_fn *fault, void *arg)
{
	static const char roots[] = "certificates.roots_file";
	static const char intermediates[] = "certificates.intermediates_file";
	bool good;

	trust->roots = trust_read(roots, conf->roots_file, fault, arg);
	good = trust->roots != NULL && trust_are_authorities(roots, trust->roots, true, fault, arg);
	if (*conf->intermediates_file == '\0')
		return good;
	trust->intermediates = trust_read(intermediates, conf->intermediates_file, fault, arg);
	return trust->intermediates != NULL &&
	       trust_are_authorities(intermediates, trust->intermediates, false, fault, arg) &&
	       good;
}

struct trust *
trust_new(const struct conf_certificates *conf, card_fault_fn *fault, void *arg)
{
	struct trust *trust = mem_new(sizeof(*trust));

	atomic_init(&trust->holders, 1);
	pthread_mutex_init(&trust->lock, NULL);
	trust->taken = *conf->roots_file != '\0';
	trust->crl_folder = mem_text(conf->crl_folder);
	trust->upn_suffix = mem_text(conf->upn_suffix);
	trust->policies = mem_texts_copy(conf->policies);
	trust->ocsp = conf->ocsp == CONF_OCSP_REQUIRE;
	trust->ocsp_url = mem_text(conf->ocsp_url);
	trust->ocsp_timeout = conf->ocsp_timeout;
	if (trust->taken && !trust_read_authorities(trust, conf, fault, arg))
		trust_release(&trust);
	return trust;
}

struct trust *
trust_hold(struct trust *trust)
{
	atomic_fetch_add(&trust->holders, 1);
	return trust;
}

void
trust_release(struct trust **trust)
{
	struct trust *it = *trust;

	*trust = NULL;
	if (it == NULL || atomic_fetch_sub(&it->holders, 1) > 1)
		return;
	X509_STORE_free(it->store);
	sk_X509_pop_free(it->roots, X509_free);
	sk_X509_pop_free(it->intermediates, X509_free);
	pthread_mutex_destroy(&it->lock);
	mem_free_text(&it->crl_folder);
	mem_free_text(&it->upn_suffix);
	mem_free_text(&it->ocsp_url);
	mem_texts_free(&it->policies);
	free(it);
}

static X509_STORE *
trust_make_store(const struct trust *trust)
{
	X509_STORE *store = X509_STORE_new();

	if (store == NULL)
		err_end("out of memory");
	for (int i = 0; i < sk_X509_num(trust->roots); i++)
		X509_STORE_add_cert(store, sk_X509_value(trust->roots, i));
	X509_STORE_set_flags(store, STORE_FLAGS);
	X509_VERIFY_PARAM_set_auth_level(X509_STORE_get0_param(store), AUTH_LEVEL);
	return store;
}

X509_STORE *
trust_store(struct trust *trust, card_fault_fn *fault, void *arg)
{
	X509_STORE *store;
	uint64_t mark;

	pthread_mutex_lock(&trust->lock);
	mark = crl_mark(trust->crl_folder);
	if (trust->store == NULL || trust->mark != mark) {
		X509_STORE_free(trust->store);
		trust->store = trust_make_store(trust);
		trust->mark = mark; /* of before: what changes meanwhile is read next time */
		crl_read(trust->crl_folder, trust->store, fault, arg);
	}
	store = trust->store;
	X509_STORE_up_ref(store);
	pthread_mutex_unlock(&trust->lock);
	return store;
}

/* NULL where one CRL of the authority is in force. */
static const char *
trust_crl_fault(const X509_STORE_CTX *context, const X509 *authority)
{
	STACK_OF(X509_CRL) *lists =
	    X509_STORE_CTX_get1_crls(context, X509_get_subject_name(authority));
	const char *what = "has no CRL in certificates.crl_folder";

	for (int i = 0; i < sk_X509_CRL_num(lists) && what != NULL; i++) {
		const X509_CRL *list = sk_X509_CRL_value(lists, i);

		what = X509_cmp_current_time(X509_CRL_get0_nextUpdate(list)) > 0
			   ? NULL
			   : "has a stale CRL in certificates.crl_folder";
	}
	sk_X509_CRL_pop_free(lists, X509_CRL_free);
	return what;
}

static void
trust_check_authorities(const char *key, STACK_OF(X509) * authorities,
    const X509_STORE_CTX *context, card_fault_fn *fault, void *arg)
{
	char name[NAME_SIZE];

	for (int i = 0; i < sk_X509_num(authorities); i++) {
		const X509 *authority = sk_X509_value(authorities, i);
		const char *what = trust_crl_fault(context, authority);

		trust_subject(authority, name);
		if (what != NULL)
			trust_fault(fault, arg, key, "%s %s", name, what);
		if (X509_cmp_current_time(X509_get0_notBefore(authority)) > 0 ||
		    X509_cmp_current_time(X509_get0_notAfter(authority)) < 0)
			trust_fault(fault, arg, key, "%s is expired, or not yet valid", name);
	}
}

void
trust_check(struct trust *trust, card_fault_fn *fault, void *arg)
{
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	X509_STORE *store = trust_store(trust, fault, arg);

	if (context == NULL || X509_STORE_CTX_init(context, store, NULL, NULL) != 1)
		err_end("out of memory");
	trust_check_authorities("certificates.roots_file", trust->roots, context, fault, arg);
	trust_check_authorities(
	    "certificates.intermediates_file", trust->intermediates, context, fault, arg);
	X509_STORE_CTX_free(context);
	X509_STORE_free(store);
}
