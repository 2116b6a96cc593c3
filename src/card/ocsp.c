/*
 * Online Certificate Status Protocol (RFC 6960): the configured responder is asked about each card.
 * Only an answer that is signed as it must be, fresh, about this card and with our nonce (RFC 8954)
 * says anything; with any other nobody can tell.
 */
#include <openssl/http.h>
#include <openssl/ocsp.h>
#include <stdlib.h>

#include "base/err.h"
#include "card/card_internal.h"

#define ANSWER_MOST 65536
#define SKEW 60      /* seconds that the responder's clock may differ from ours */
#define AGE_MOST 300 /* seconds, of an answer that does not say when it ends */

static OCSP_REQUEST *
ocsp_request(OCSP_CERTID *id)
{
	OCSP_REQUEST *request = OCSP_REQUEST_new();

	/* -1: a random nonce of the usual size */
	if (request == NULL || OCSP_request_add0_id(request, OCSP_CERTID_dup(id)) == NULL ||
	    OCSP_request_add1_nonce(request, NULL, -1) != 1)
		err_end("out of memory");
	return request;
}

static OCSP_RESPONSE *
ocsp_ask(const struct trust *trust, OCSP_REQUEST *request)
{
	char *host = NULL, *port = NULL, *path = NULL;
	BIO *body = BIO_new(BIO_s_mem()), *answer = NULL;
	OCSP_RESPONSE *response = NULL;

	if (body == NULL || i2d_OCSP_REQUEST_bio(body, request) != 1)
		err_end("out of memory");
	/* "" for the proxies: none, not those of the environment */
	if (OSSL_HTTP_parse_url(
		trust->ocsp_url, NULL, NULL, &host, &port, NULL, &path, NULL, NULL) == 1)
		answer = OSSL_HTTP_transfer(NULL, host, port, path, 0, "", "", NULL, NULL, NULL,
		    NULL, 0, NULL, "application/ocsp-request", body, "application/ocsp-response", 1,
		    ANSWER_MOST, (int)(trust->ocsp_timeout / 1000), 0);
	if (answer != NULL)
		response = d2i_OCSP_RESPONSE_bio(answer, NULL);
	BIO_free(answer);
	BIO_free(body);
	OPENSSL_free(host);
	OPENSSL_free(port);
	OPENSSL_free(path);
	return response;
}

static enum card_reason
ocsp_status(OCSP_BASICRESP *basic, OCSP_CERTID *id)
{
	ASN1_GENERALIZEDTIME *from, *until;
	int status;

	if (OCSP_resp_find_status(basic, id, &status, NULL, NULL, &from, &until) != 1)
		return REASON_OCSP_OTHER;
	if (OCSP_check_validity(from, until, SKEW, until == NULL ? AGE_MOST : -1) != 1)
		return REASON_OCSP_STALE;
	if (status == V_OCSP_CERTSTATUS_REVOKED)
		return REASON_OCSP_REVOKED;
	return status == V_OCSP_CERTSTATUS_GOOD ? REASON_NONE : REASON_OCSP_UNKNOWN;
}

/* Signed by the card's issuer itself, or by a responder that it made its delegate. */
static bool
ocsp_is_signed(const struct trust *trust, X509_STORE *store, X509 *issuer, OCSP_BASICRESP *basic)
{
	STACK_OF(X509) *others = sk_X509_new_null();
	bool is_signed;

	sk_X509_push(others, issuer);
	for (int i = 0; i < sk_X509_num(trust->intermediates); i++)
		sk_X509_push(others, sk_X509_value(trust->intermediates, i));
	is_signed = OCSP_basic_verify(basic, others, store, 0) == 1;
	sk_X509_free(others);
	return is_signed;
}

enum card_reason
ocsp_check(const struct trust *trust, X509_STORE *store, X509 *certificate, X509 *issuer)
{
	OCSP_CERTID *id = OCSP_cert_to_id(NULL, certificate, issuer);
	OCSP_REQUEST *request = ocsp_request(id);
	OCSP_RESPONSE *response = ocsp_ask(trust, request);
	OCSP_BASICRESP *basic = NULL;
	enum card_reason reason = REASON_OCSP_AWAY;

	if (response != NULL)
		reason = OCSP_response_status(response) == OCSP_RESPONSE_STATUS_SUCCESSFUL
			     ? REASON_OCSP_OTHER
			     : REASON_OCSP_REFUSED;
	if (reason == REASON_OCSP_OTHER)
		basic = OCSP_response_get1_basic(response);
	if (basic != NULL) {
		if (!ocsp_is_signed(trust, store, issuer, basic))
			reason = REASON_OCSP_SIGNATURE;
		else if (OCSP_check_nonce(request, basic) != 1)
			reason = REASON_OCSP_NONCE;
		else
			reason = ocsp_status(basic, id);
	}
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(response);
	OCSP_REQUEST_free(request);
	OCSP_CERTID_free(id);
	return reason;
}
