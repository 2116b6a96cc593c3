/*
 * Inside the card: reading a certificate (pem.c), what it must be by itself (leaf.c, edipi.c), what
 * is trusted (trust.c, crl.c), who vouches for it (chain.c, ocsp.c), and the words for what is
 * wrong (reason.c). Everything but card.c runs on any thread and may block.
 */
#ifndef CARD_CARD_INTERNAL_H
#define CARD_CARD_INTERNAL_H

#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "card/card.h"
#include "conf/conf.h"

#define CARD_PEM_MOST SHOWN_CARD_MOST

/* What can be said of a card, each with its words in reason.c. */
enum card_reason {
	REASON_NONE,
	REASON_NOT_TAKEN,
	REASON_OVERSIZED,
	REASON_NOT_PEM,
	REASON_PRIVATE_KEY,
	REASON_TWO_BLOCKS,
	REASON_LEADING,
	REASON_TRAILING,
	REASON_NOT_BASE64,
	REASON_NOT_DER,
	REASON_NOT_CANONICAL,
	REASON_NOT_VERSION_3,
	REASON_EXTENSIONS,
	REASON_IS_CA,
	REASON_KEY_USAGE,
	REASON_KEY_USAGE_OTHER,
	REASON_EKU,
	REASON_EKU_OTHER,
	REASON_CARD_AUTH,
	REASON_POLICY,
	REASON_SAN_MISSING,
	REASON_UPN_MISSING,
	REASON_UPN_TWO,
	REASON_UPN_TYPE,
	REASON_UPN_NUL,
	REASON_UPN_SUFFIX,
	REASON_UPN_DIGITS,
	REASON_CN_MISSING,
	REASON_CN_TWO,
	REASON_CN_TYPE,
	REASON_CN_NUL,
	REASON_CN_FORM,
	REASON_DISAGREE,
	REASON_NOT_YET,
	REASON_EXPIRED,
	REASON_ISSUER_TIME,
	REASON_WEAK_SIGNATURE,
	REASON_WEAK_KEY,
	REASON_NO_INTERMEDIATE,
	REASON_UNKNOWN_ROOT,
	REASON_SIGNATURE,
	REASON_ISSUER,
	REASON_NAME,
	REASON_CRITICAL,
	REASON_STRICT,
	REASON_REVOKED,
	REASON_ISSUER_REVOKED,
	REASON_CRL_MISSING,
	REASON_CRL_STALE,
	REASON_CRL_WRONG,
	REASON_OCSP_REVOKED,
	REASON_OCSP_UNKNOWN,
	REASON_WAITED, /* from here on: unavailable */
	REASON_OCSP_AWAY,
	REASON_OCSP_REFUSED,
	REASON_OCSP_SIGNATURE,
	REASON_OCSP_NONCE,
	REASON_OCSP_STALE,
	REASON_OCSP_OTHER,
	REASON_COUNT
};

const char *card_reason_words(enum card_reason reason);
/* Of an error of X509_verify_cert at that depth; 0 is the card itself. */
enum card_reason card_reason_of_chain(int error, int depth);

/*
 * What is trusted: made from one configuration, never changed but for the CRLs, held by every job
 * that works with it.
 */
struct trust {
	atomic_int holders;
	bool taken; /* roots_file is set */
	char *crl_folder, *upn_suffix, *ocsp_url;
	char **policies;
	bool ocsp;
	int64_t ocsp_timeout;
	STACK_OF(X509) * roots, *intermediates;
	pthread_mutex_t lock;
	X509_STORE *store; /* under lock: the roots, and the CRLs as last read */
	uint64_t mark;     /* under lock: the state of the folder that was read */
};

/* NULL where a fault was told that leaves no roots or intermediates to trust. */
struct trust *trust_new(const struct conf_certificates *conf, card_fault_fn *fault, void *arg);
struct trust *trust_hold(struct trust *trust);
void trust_release(struct trust **trust);
/* The caller's (X509_STORE_free); reads the CRLs again where their folder has changed. */
X509_STORE *trust_store(struct trust *trust, card_fault_fn *fault, void *arg);
/* Roots and intermediates that have no CRL, or a stale one; or whose own time is over. */
void trust_check(struct trust *trust, card_fault_fn *fault, void *arg);
void trust_fault(card_fault_fn *fault, void *arg, const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* crl.c */
uint64_t crl_mark(const char *folder); /* changes when the folder or a file in it does */
void crl_read(const char *folder, X509_STORE *store, card_fault_fn *fault, void *arg);

/* One certificate in strict PEM (RFC 7468) and DER; the caller frees it. */
enum card_reason pem_read(const char *pem, X509 **certificate_out);
enum card_reason leaf_check(const struct trust *trust, X509 *certificate);
enum card_reason edipi_read(const struct trust *trust, X509 *certificate, char out[EDIPI_SIZE]);
/* Up to a root, CRLs included. issuer_out is the caller's (X509_free). */
enum card_reason chain_check(
    const struct trust *trust, X509_STORE *store, X509 *certificate, X509 **issuer_out);
enum card_reason ocsp_check(
    const struct trust *trust, X509_STORE *store, X509 *certificate, X509 *issuer);

/* All of it. */
void card_judge(struct trust *trust, const char *pem, card_fault_fn *fault, void *arg,
    struct card_verdict *verdict_out);

#endif
