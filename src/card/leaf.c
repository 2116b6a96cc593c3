/* What a person's certificate must be by itself, whoever issued it. */
#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/text.h"
#include "card/card_internal.h"

#define OID_SIZE 128
#define CLIENT_AUTH "1.3.6.1.5.5.7.3.2"
#define CARD_AUTH "2.16.840.1.101.3.6.8" /* id-PIV-cardAuth, FIPS 201-3 section 4.2.2 */
#define ANY_POLICY "2.5.29.32.0"

/* Usages of keys that belong to authorities, or encrypt without signing. */
#define USAGE_OTHER \
	(KU_KEY_CERT_SIGN | KU_CRL_SIGN | KU_DATA_ENCIPHERMENT | KU_ENCIPHER_ONLY | \
	    KU_DECIPHER_ONLY)

/* What else a person's certificate may be for, beside client authentication. */
static const char *const persons_usages[] = {
    CLIENT_AUTH,
    "1.3.6.1.4.1.311.20.2.2",  /* smart card logon */
    "1.3.6.1.5.2.3.4",         /* Kerberos client, RFC 4556 */
    "1.3.6.1.5.5.7.3.4",       /* mail */
    "1.3.6.1.4.1.311.10.3.12", /* signing documents, as Microsoft's programs want it */
    "1.2.840.113583.1.1.5",    /* the same for Adobe's */
    "1.3.6.1.5.5.7.3.36",      /* the same, RFC 9336 */
    "2.5.29.37.0",             /* any */
    NULL,
};

static enum card_reason
leaf_usage(const char *oid, bool *client_out)
{
	if (strcmp(oid, CARD_AUTH) == 0)
		return REASON_CARD_AUTH;
	if (strcmp(oid, CLIENT_AUTH) == 0)
		*client_out = true;
	for (size_t i = 0; persons_usages[i] != NULL; i++)
		if (strcmp(persons_usages[i], oid) == 0)
			return REASON_NONE;
	return REASON_EKU_OTHER;
}

static enum card_reason
leaf_check_extended_usage(X509 *certificate)
{
	EXTENDED_KEY_USAGE *usages = X509_get_ext_d2i(certificate, NID_ext_key_usage, NULL, NULL);
	enum card_reason reason = REASON_NONE;
	bool client = false;
	char oid[OID_SIZE];

	for (int i = 0; i < sk_ASN1_OBJECT_num(usages) && reason == REASON_NONE; i++) {
		OBJ_obj2txt(oid, sizeof(oid), sk_ASN1_OBJECT_value(usages, i), 1);
		reason = leaf_usage(oid, &client);
	}
	sk_ASN1_OBJECT_pop_free(usages, ASN1_OBJECT_free);
	return reason == REASON_NONE && !client ? REASON_EKU : reason;
}

static enum card_reason
leaf_check_usage(X509 *certificate)
{
	uint32_t usage = X509_get_key_usage(certificate);

	/* UINT32_MAX where there is none: then a key is for everything, which no person's is */
	if (usage == UINT32_MAX || !(usage & KU_DIGITAL_SIGNATURE))
		return REASON_KEY_USAGE;
	return usage & USAGE_OTHER ? REASON_KEY_USAGE_OTHER : REASON_NONE;
}

static enum card_reason
leaf_check_policies(const struct trust *trust, X509 *certificate)
{
	CERTIFICATEPOLICIES *policies;
	bool allowed = false;
	char oid[OID_SIZE];

	if (trust->policies == NULL || trust->policies[0] == NULL)
		return REASON_NONE;
	policies = X509_get_ext_d2i(certificate, NID_certificate_policies, NULL, NULL);
	for (int i = 0; i < sk_POLICYINFO_num(policies) && !allowed; i++) {
		OBJ_obj2txt(oid, sizeof(oid), sk_POLICYINFO_value(policies, i)->policyid, 1);
		allowed = strcmp(oid, ANY_POLICY) != 0 && text_is_one_of(oid, trust->policies);
	}
	CERTIFICATEPOLICIES_free(policies);
	return allowed ? REASON_NONE : REASON_POLICY;
}

enum card_reason
leaf_check(const struct trust *trust, X509 *certificate)
{
	uint32_t flags = X509_get_extension_flags(certificate);
	enum card_reason reason;

	if (X509_get_version(certificate) != X509_VERSION_3)
		return REASON_NOT_VERSION_3;
	if (flags & (EXFLAG_INVALID | EXFLAG_INVALID_POLICY))
		return REASON_EXTENSIONS;
	if (flags & EXFLAG_CA)
		return REASON_IS_CA;
	reason = leaf_check_extended_usage(certificate);
	if (reason == REASON_NONE)
		reason = leaf_check_usage(certificate);
	return reason == REASON_NONE ? leaf_check_policies(trust, certificate) : reason;
}
