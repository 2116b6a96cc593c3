/*
 * An OCSP responder on loopback, in a thread. What it answers truly comes from 'openssl ocsp' over
 * the issuing authority's index; what it forges it makes itself.
 */
#ifndef RESPONDER_H
#define RESPONDER_H

#include "pki.h"

enum responder_mode {
	RESPONDER_TRUE,
	RESPONDER_STALE,
	RESPONDER_NOT_YET,
	RESPONDER_OLD_WITHOUT_END,
	RESPONDER_WITHOUT_NONCE,
	RESPONDER_OTHER_NONCE,
	RESPONDER_OTHER_SIGNER, /* of the same authority, but for no such purpose */
	RESPONDER_STRANGER,     /* an authority that nobody trusts */
	RESPONDER_OTHER_CARD,
	RESPONDER_UNKNOWN,
	RESPONDER_TRY_LATER,
	RESPONDER_GARBAGE,
	RESPONDER_HTTP_ERROR,
	RESPONDER_SILENT,
	RESPONDER_HANG_UP,
};

struct responder;

struct responder *responder_start(const struct pki *pki);
void responder_stop(struct responder **responder);
int responder_port(const struct responder *responder);
int responder_asked(const struct responder *responder); /* how often since the start */
void responder_set(struct responder *responder, enum responder_mode mode);

#endif
