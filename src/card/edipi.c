/*
 * The person's EDIPI: from the user principal name (DIGITS@SUFFIX in the subject alternative name)
 * and from the common name (LAST.FIRST.MI.DIGITS), which must agree.
 *
 * DIGITS are the EDIPI's ten, or the sixteen by which a PIV card names its holder: the last four
 * fields of the FASC-N, person identifier (10 digits, the DoD's is the EDIPI), organizational
 * category (1), organizational identifier (4), person/organization association (1). Source:
 * Technical Implementation Guidance: Smart Card Enabled Physical Access Control Systems, version
 * 2.3, table of the FASC-N's fields, which FIPS 201 and SP 800-73 build upon.
 */
#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <strings.h>

#include "card/card_internal.h"

#define DIGITS "0123456789"
#define EDIPI_DIGITS (EDIPI_SIZE - 1)
#define PERSON_DIGITS 16
#define CATEGORY_AT 10
#define ASSOCIATION_AT 15
#define NAMES_LEAST 2 /* LAST.FIRST */
#define NAMES_MOST 4  /* LAST.FIRST.MIDDLE.GENERATION */
#define TEXT_MOST 256

/* Ten digits, or sixteen whose category is one of 1 to 4 and whose association is of 1 to 7. */
static bool
edipi_of_digits(const char *digits, size_t size, char out[EDIPI_SIZE])
{
	if (strspn(digits, DIGITS) < size || (size != EDIPI_DIGITS && size != PERSON_DIGITS))
		return false;
	if (size == PERSON_DIGITS && (strchr("1234", digits[CATEGORY_AT]) == NULL ||
					 strchr("1234567", digits[ASSOCIATION_AT]) == NULL))
		return false;
	memcpy(out, digits, EDIPI_DIGITS);
	out[EDIPI_DIGITS] = '\0';
	return true;
}

/* As a C text; false where it holds a NUL. What is longer than any name is cut: it is no EDIPI. */
static bool
edipi_text(const ASN1_STRING *string, char out[TEXT_MOST])
{
	size_t size = (size_t)ASN1_STRING_length(string);
	const unsigned char *bytes = ASN1_STRING_get0_data(string);

	if (memchr(bytes, '\0', size) != NULL)
		return false;
	if (size > TEXT_MOST - 1)
		size = 0;
	memcpy(out, bytes, size);
	out[size] = '\0';
	return true;
}

static enum card_reason
edipi_of_upn(const ASN1_TYPE *value, const char *suffix, char out[EDIPI_SIZE])
{
	char text[TEXT_MOST], *at;

	if (value == NULL || value->type != V_ASN1_UTF8STRING)
		return REASON_UPN_TYPE;
	if (!edipi_text(value->value.utf8string, text))
		return REASON_UPN_NUL;
	at = strchr(text, '@');
	if (at == NULL || strcasecmp(at + 1, suffix) != 0)
		return REASON_UPN_SUFFIX;
	return edipi_of_digits(text, (size_t)(at - text), out) ? REASON_NONE : REASON_UPN_DIGITS;
}

static enum card_reason
edipi_read_upn(const struct trust *trust, X509 *certificate, char out[EDIPI_SIZE])
{
	int critical;
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, &critical, NULL);
	enum card_reason reason = REASON_UPN_MISSING;

	if (names == NULL)
		return critical == -1 ? REASON_SAN_MISSING : REASON_EXTENSIONS;
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type != GEN_OTHERNAME ||
		    OBJ_obj2nid(name->d.otherName->type_id) != NID_ms_upn)
			continue;
		reason = reason != REASON_UPN_MISSING
			     ? REASON_UPN_TWO
			     : edipi_of_upn(name->d.otherName->value, trust->upn_suffix, out);
	}
	GENERAL_NAMES_free(names);
	return reason;
}

/* LAST.FIRST.DIGITS, with a middle name and a generation between where there are some. */
static bool
edipi_of_name(const char *name, char out[EDIPI_SIZE])
{
	int parts = 0;

	for (;;) {
		size_t size = strcspn(name, ".");

		if (size == 0)
			return false;
		if (name[size] == '\0')
			return parts >= NAMES_LEAST && parts <= NAMES_MOST &&
			       edipi_of_digits(name, size, out);
		parts++;
		name += size + 1;
	}
}

static enum card_reason
edipi_read_common_name(X509 *certificate, char out[EDIPI_SIZE])
{
	const X509_NAME *subject = X509_get_subject_name(certificate);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	const ASN1_STRING *string;
	char text[TEXT_MOST];

	if (at < 0)
		return REASON_CN_MISSING;
	if (X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0)
		return REASON_CN_TWO;
	string = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
	if (ASN1_STRING_type(string) != V_ASN1_UTF8STRING &&
	    ASN1_STRING_type(string) != V_ASN1_PRINTABLESTRING)
		return REASON_CN_TYPE;
	if (!edipi_text(string, text))
		return REASON_CN_NUL;
	return edipi_of_name(text, out) ? REASON_NONE : REASON_CN_FORM;
}

enum card_reason
edipi_read(const struct trust *trust, X509 *certificate, char out[EDIPI_SIZE])
{
	char of_name[EDIPI_SIZE];
	enum card_reason reason = edipi_read_upn(trust, certificate, out);

	if (reason == REASON_NONE)
		reason = edipi_read_common_name(certificate, of_name);
	if (reason == REASON_NONE && strcmp(out, of_name) != 0)
		reason = REASON_DISAGREE;
	if (reason != REASON_NONE)
		out[0] = '\0';
	return reason;
}
