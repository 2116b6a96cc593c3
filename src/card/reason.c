/* What is wrong with a card, in words for the helpdesk; they never quote the certificate. */
#include <openssl/x509_vfy.h>

#include "card/card_internal.h"

#define DIGITS_OF(number) DIGITS_TEXT(number)
#define DIGITS_TEXT(number) #number

static const char *const words[REASON_COUNT] = {
    [REASON_NONE] = "good",
    [REASON_NOT_TAKEN] = "smart cards are not accepted here",
    [REASON_OVERSIZED] = "larger than " DIGITS_OF(SHOWN_CARD_MOST) " bytes",
    [REASON_NOT_PEM] = "not a certificate in PEM",
    [REASON_PRIVATE_KEY] = "a private key was sent: it is no longer secret",
    [REASON_TWO_BLOCKS] = "more than one PEM block",
    [REASON_LEADING] = "something stands before the PEM block",
    [REASON_TRAILING] = "something stands after the PEM block",
    [REASON_NOT_BASE64] = "the PEM block is not in base64",
    [REASON_NOT_DER] = "not a certificate in DER",
    [REASON_NOT_CANONICAL] = "encoded in another way than DER",
    [REASON_NOT_VERSION_3] = "not of version 3",
    [REASON_EXTENSIONS] = "its extensions can't be read",
    [REASON_IS_CA] = "the certificate of an authority",
    [REASON_KEY_USAGE] = "its key is not for digital signatures",
    [REASON_KEY_USAGE_OTHER] = "its key usage is not a person's",
    [REASON_EKU] = "not for client authentication",
    [REASON_EKU_OTHER] = "its extended key usage is not a person's",
    [REASON_CARD_AUTH] = "the card's own certificate, which proves no person",
    [REASON_POLICY] = "no certificate policy that is allowed",
    [REASON_SAN_MISSING] = "no subject alternative name",
    [REASON_UPN_MISSING] = "no user principal name",
    [REASON_UPN_TWO] = "more than one user principal name",
    [REASON_UPN_TYPE] = "the user principal name is not a UTF8String",
    [REASON_UPN_NUL] = "a NUL in the user principal name",
    [REASON_UPN_SUFFIX] = "the user principal name has another suffix",
    [REASON_UPN_DIGITS] = "the user principal name has no EDIPI of 10 digits, nor 16 with one",
    [REASON_CN_MISSING] = "no common name",
    [REASON_CN_TWO] = "more than one common name",
    [REASON_CN_TYPE] = "the common name is not a UTF8String or PrintableString",
    [REASON_CN_NUL] = "a NUL in the common name",
    [REASON_CN_FORM] = "the common name does not end with an EDIPI after a name",
    [REASON_DISAGREE] = "the common name and the user principal name disagree",
    [REASON_NOT_YET] = "not yet valid",
    [REASON_EXPIRED] = "expired",
    [REASON_ISSUER_TIME] = "an issuer is expired, or not yet valid",
    [REASON_WEAK_SIGNATURE] = "signed with a weak algorithm",
    [REASON_WEAK_KEY] = "a weak key",
    [REASON_NO_INTERMEDIATE] = "its issuer is not known",
    [REASON_UNKNOWN_ROOT] = "its root is not trusted",
    [REASON_SIGNATURE] = "a signature does not match",
    [REASON_ISSUER] = "an issuer may not issue it",
    [REASON_NAME] = "a name that its issuer may not give",
    [REASON_CRITICAL] = "a critical extension that is not known",
    [REASON_STRICT] = "not as RFC 5280 wants it",
    [REASON_REVOKED] = "revoked",
    [REASON_ISSUER_REVOKED] = "an issuer is revoked",
    [REASON_CRL_MISSING] = "no revocation list of an issuer",
    [REASON_CRL_STALE] = "the revocation list of an issuer is stale",
    [REASON_CRL_WRONG] = "the revocation list of an issuer can't be believed",
    [REASON_OCSP_REVOKED] = "revoked, says the OCSP responder",
    [REASON_OCSP_UNKNOWN] = "not known to the OCSP responder",
    [REASON_WAITED] = "too many cards are waiting",
    [REASON_OCSP_AWAY] = "the OCSP responder does not answer",
    [REASON_OCSP_REFUSED] = "the OCSP responder refuses to answer",
    [REASON_OCSP_SIGNATURE] = "the OCSP responder's signature can't be believed",
    [REASON_OCSP_NONCE] = "the OCSP responder's answer has another nonce, or none",
    [REASON_OCSP_STALE] = "the OCSP responder's answer is stale",
    [REASON_OCSP_OTHER] = "the OCSP responder's answer is about something else",
};

/* leaf: what the error means at the card itself; issuer: above it. */
static const struct {
	int error;
	enum card_reason leaf, issuer;
} meanings[] = {
    {X509_V_ERR_CERT_NOT_YET_VALID, REASON_NOT_YET, REASON_ISSUER_TIME},
    {X509_V_ERR_CERT_HAS_EXPIRED, REASON_EXPIRED, REASON_ISSUER_TIME},
    {X509_V_ERR_EE_KEY_TOO_SMALL, REASON_WEAK_KEY, REASON_WEAK_KEY},
    {X509_V_ERR_CA_KEY_TOO_SMALL, REASON_WEAK_KEY, REASON_WEAK_KEY},
    {X509_V_ERR_CA_MD_TOO_WEAK, REASON_WEAK_SIGNATURE, REASON_WEAK_SIGNATURE},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, REASON_NO_INTERMEDIATE, REASON_UNKNOWN_ROOT},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, REASON_NO_INTERMEDIATE, REASON_UNKNOWN_ROOT},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, REASON_NO_INTERMEDIATE, REASON_UNKNOWN_ROOT},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, REASON_UNKNOWN_ROOT, REASON_UNKNOWN_ROOT},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, REASON_UNKNOWN_ROOT, REASON_UNKNOWN_ROOT},
    {X509_V_ERR_CERT_UNTRUSTED, REASON_UNKNOWN_ROOT, REASON_UNKNOWN_ROOT},
    {X509_V_ERR_CERT_SIGNATURE_FAILURE, REASON_SIGNATURE, REASON_SIGNATURE},
    {X509_V_ERR_INVALID_CA, REASON_ISSUER, REASON_ISSUER},
    {X509_V_ERR_PATH_LENGTH_EXCEEDED, REASON_ISSUER, REASON_ISSUER},
    {X509_V_ERR_KEYUSAGE_NO_CERTSIGN, REASON_ISSUER, REASON_ISSUER},
    {X509_V_ERR_INVALID_PURPOSE, REASON_EKU, REASON_ISSUER},
    {X509_V_ERR_PERMITTED_VIOLATION, REASON_NAME, REASON_NAME},
    {X509_V_ERR_EXCLUDED_VIOLATION, REASON_NAME, REASON_NAME},
    {X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, REASON_CRITICAL, REASON_CRITICAL},
    {X509_V_ERR_NO_EXPLICIT_POLICY, REASON_POLICY, REASON_POLICY},
    {X509_V_ERR_CERT_REVOKED, REASON_REVOKED, REASON_ISSUER_REVOKED},
    {X509_V_ERR_UNABLE_TO_GET_CRL, REASON_CRL_MISSING, REASON_CRL_MISSING},
    {X509_V_ERR_CRL_HAS_EXPIRED, REASON_CRL_STALE, REASON_CRL_STALE},
    {X509_V_ERR_CRL_NOT_YET_VALID, REASON_CRL_WRONG, REASON_CRL_WRONG},
    {X509_V_ERR_CRL_SIGNATURE_FAILURE, REASON_CRL_WRONG, REASON_CRL_WRONG},
    {X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER, REASON_CRL_WRONG, REASON_CRL_WRONG},
    {X509_V_ERR_KEYUSAGE_NO_CRL_SIGN, REASON_CRL_WRONG, REASON_CRL_WRONG},
    {X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION, REASON_CRL_WRONG, REASON_CRL_WRONG},
    {X509_V_ERR_DIFFERENT_CRL_SCOPE, REASON_CRL_WRONG, REASON_CRL_WRONG},
};

const char *
card_reason_words(enum card_reason reason)
{
	return words[reason];
}

enum card_reason
card_reason_of_chain(int error, int depth)
{
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (meanings[i].error == error)
			return depth == 0 ? meanings[i].leaf : meanings[i].issuer;
	return REASON_STRICT;
}
