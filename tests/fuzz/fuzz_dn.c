/*
 * Names and filters that go to a directory: whatever a value is, the library that reads them back
 * finds that value, those bytes, and nothing beside it.
 */
#include <ldap.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dir/question.h"
#include "dir/wire.h"
#include "fuzz.h"

#define BASE "ou=people,dc=example,dc=mil"

/* Of libldap, not in its header: a filter as it goes over the wire. */
int ldap_pvt_put_filter(BerElement *ber, const char *text);

static void
check_dn(const char *value)
{
	char *dn = dn_make("uid", value, BASE), *alone = dn_make("uid", value, "");
	LDAPDN names = NULL;

	FUZZ_MUST(strncmp(dn, alone, strlen(alone)) == 0 && dn[strlen(alone)] == ',');
	FUZZ_MUST(!fuzz_is_utf8(value) || *value == '\0' || wire_names(dn) == 4);
	if (ldap_str2dn(dn, &names, LDAP_DN_FORMAT_LDAPV3) == LDAP_SUCCESS) {
		const LDAPAVA *pair = names[0][0];

		FUZZ_MUST(names[0][1] == NULL && names[1] != NULL && names[4] == NULL);
		FUZZ_MUST(pair->la_attr.bv_len == 3);
		FUZZ_MUST(pair->la_value.bv_len == strlen(value));
		FUZZ_MUST(memcmp(pair->la_value.bv_val, value, strlen(value)) == 0);
		ldap_dnfree(names);
	}
	free(dn);
	free(alone);
}

/* An entry of that name is found to be named so, and no other is. */
static void
check_named(char *value, char *other)
{
	static char name[] = "uid";
	char *values[] = {other, value, NULL};
	struct entry_attribute attribute = {name, values};
	struct entry entry = {dn_make("uid", value, BASE), &attribute, 1};

	FUZZ_MUST(entry_value(&entry, "UID") == other);
	FUZZ_MUST(entry_has(&entry, "uid", value));
	if (*value != '\0' && fuzz_is_utf8(value)) {
		const char *named = entry_named(&entry, "uid");

		FUZZ_MUST(named == value || (named == other && strcasecmp(value, other) == 0));
	}
	free(entry.dn);
}

/* Takes an equality (RFC 4511 section 4.5.1.7: context tag 3) of that value off the wire form. */
static void
take_equality(BerElement *ber, const char *attribute, const char *value)
{
	struct berval name = {0, NULL}, assertion = {0, NULL};

	FUZZ_MUST(ber_scanf(ber, "{mm}", &name, &assertion) != LBER_ERROR);
	FUZZ_MUST(name.bv_len == strlen(attribute));
	FUZZ_MUST(memcmp(name.bv_val, attribute, name.bv_len) == 0);
	FUZZ_MUST(assertion.bv_len == strlen(value));
	FUZZ_MUST(memcmp(assertion.bv_val, value, assertion.bv_len) == 0);
}

static void
check_filter(const char *value, const char *other)
{
	char *joined = filter_join(
	    '&', filter_equals("uid", value), filter_equals("personnelId", other), NULL);
	BerElement *out = ber_alloc_t(LBER_USE_DER), *in;
	struct berval *wire = NULL;
	ber_len_t size;

	FUZZ_MUST(out != NULL && ldap_pvt_put_filter(out, joined) == 0);
	FUZZ_MUST(ber_flatten(out, &wire) == 0);
	in = ber_init(wire);
	FUZZ_MUST(ber_skip_tag(in, &size) == 0xa0);
	FUZZ_MUST(ber_peek_tag(in, &size) == 0xa3);
	take_equality(in, "uid", value);
	FUZZ_MUST(ber_peek_tag(in, &size) == 0xa3);
	take_equality(in, "personnelId", other);
	FUZZ_MUST(ber_peek_tag(in, &size) == LBER_DEFAULT);
	ber_free(in, 1);
	ber_bvfree(wire);
	ber_free(out, 1);
	free(joined);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz fuzz = {bytes, size};
	size_t half = fuzz_byte(&fuzz);
	char *value, *other;

	half = half < fuzz.size ? half : fuzz.size;
	value = mem_text_n((const char *)fuzz.bytes, half);
	fuzz.bytes += half;
	fuzz.size -= half;
	other = fuzz_rest(&fuzz);
	check_dn(value);
	check_dn(other);
	check_named(value, other);
	check_filter(value, other);
	free(value);
	free(other);
	return 0;
}
