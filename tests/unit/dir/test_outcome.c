#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <ldap.h>

#include "dir/outcome.h"

struct meaning {
	int code;
	enum reply_kind kind;
};

/* Every result code of RFC 4511 (4.1.9), and those of others that a server may send. */
static const struct meaning servers[] = {
    {0, REPLY_DONE}, {1, REPLY_BUSY}, /* operationsError */
    {2, REPLY_INVALID},               /* protocolError */
    {3, REPLY_BUSY},                  /* timeLimitExceeded */
    {4, REPLY_LIMIT},                 /* sizeLimitExceeded */
    {5, REPLY_DENIED},                /* compareFalse: nobody compares */
    {6, REPLY_DENIED},                /* compareTrue */
    {7, REPLY_DENIED},                /* authMethodNotSupported */
    {8, REPLY_DENIED},                /* strongerAuthRequired */
    {10, REPLY_DENIED},               /* referral */
    {11, REPLY_LIMIT},                /* adminLimitExceeded */
    {12, REPLY_DENIED},               /* unavailableCriticalExtension */
    {13, REPLY_DENIED},               /* confidentialityRequired */
    {14, REPLY_DENIED},               /* saslBindInProgress */
    {16, REPLY_NO_VALUE},             /* noSuchAttribute */
    {17, REPLY_INVALID},              /* undefinedAttributeType */
    {18, REPLY_INVALID},              /* inappropriateMatching */
    {19, REPLY_INVALID},              /* constraintViolation */
    {20, REPLY_HAS_VALUE},            /* attributeOrValueExists */
    {21, REPLY_INVALID},              /* invalidAttributeSyntax */
    {32, REPLY_NO_ENTRY},             /* noSuchObject: connection.c tells the base from the entry */
    {33, REPLY_INVALID},              /* aliasProblem */
    {34, REPLY_INVALID},              /* invalidDNSyntax */
    {36, REPLY_INVALID},              /* aliasDereferencingProblem */
    {48, REPLY_DENIED},               /* inappropriateAuthentication */
    {49, REPLY_DENIED},               /* invalidCredentials */
    {50, REPLY_DENIED},               /* insufficientAccessRights */
    {51, REPLY_BUSY},                 /* busy */
    {52, REPLY_BUSY},                 /* unavailable */
    {53, REPLY_DENIED},               /* unwillingToPerform */
    {54, REPLY_DENIED},               /* loopDetect */
    {64, REPLY_INVALID},              /* namingViolation */
    {65, REPLY_INVALID},              /* objectClassViolation */
    {66, REPLY_INVALID},              /* notAllowedOnNonLeaf */
    {67, REPLY_INVALID},              /* notAllowedOnRDN */
    {68, REPLY_EXISTS},               /* entryAlreadyExists */
    {69, REPLY_INVALID},              /* objectClassModsProhibited */
    {71, REPLY_INVALID},              /* affectsMultipleDSAs */
    {80, REPLY_BUSY},                 /* other */
    {118, REPLY_DENIED},              /* canceled, and what we never ask for (RFC 3909) */
    {119, REPLY_DENIED}, {120, REPLY_DENIED}, {121, REPLY_DENIED},
    {122, REPLY_DENIED},   /* assertionFailed (RFC 4528) */
    {123, REPLY_DENIED},   /* authorizationDenied (RFC 4370) */
    {4096, REPLY_DENIED},  /* syncRefreshRequired (RFC 4533) */
    {0x4001, REPLY_DENIED} /* a private one */
};

/* Every code of the library itself (ldap.h): the request's fault, or else the connection's. */
static const struct meaning library[] = {
    {LDAP_SERVER_DOWN, REPLY_AWAY},
    {LDAP_LOCAL_ERROR, REPLY_AWAY},
    {LDAP_ENCODING_ERROR, REPLY_INVALID},
    {LDAP_DECODING_ERROR, REPLY_AWAY},
    {LDAP_TIMEOUT, REPLY_AWAY},
    {LDAP_AUTH_UNKNOWN, REPLY_AWAY},
    {LDAP_FILTER_ERROR, REPLY_INVALID},
    {LDAP_USER_CANCELLED, REPLY_AWAY},
    {LDAP_PARAM_ERROR, REPLY_INVALID},
    {LDAP_NO_MEMORY, REPLY_AWAY},
    {LDAP_CONNECT_ERROR, REPLY_AWAY},
    {LDAP_NOT_SUPPORTED, REPLY_AWAY},
    {LDAP_CONTROL_NOT_FOUND, REPLY_AWAY},
    {LDAP_NO_RESULTS_RETURNED, REPLY_AWAY},
    {LDAP_MORE_RESULTS_TO_RETURN, REPLY_AWAY},
    {LDAP_CLIENT_LOOP, REPLY_AWAY},
    {LDAP_REFERRAL_LIMIT_EXCEEDED, REPLY_AWAY},
    {LDAP_X_CONNECTING, REPLY_AWAY},
};

static void
check_meanings(const struct meaning *meanings, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (outcome_kind(meanings[i].code) != meanings[i].kind)
			fail_msg("%d is %s, not %s", meanings[i].code,
			    reply_kind_name(outcome_kind(meanings[i].code)),
			    reply_kind_name(meanings[i].kind));
}

static void
test_kinds(void **state)
{
	check_meanings(servers, sizeof(servers) / sizeof(servers[0]));
	check_meanings(library, sizeof(library) / sizeof(library[0]));
}

static bool
is_listed(int code)
{
	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++)
		if (servers[i].code == code)
			return true;
	return false;
}

/* What nobody has assigned a meaning stops the row: guessing could fail or lose a registration. */
static void
test_unassigned(void **state)
{
	for (int code = 1; code < 4200; code++)
		if (!is_listed(code))
			assert_int_equal(outcome_kind(code), REPLY_DENIED);
}

static void
test_text(void **state)
{
	for (int code = -20; code < 130; code++) {
		struct reply reply = {0};
		char number[16];

		outcome_set(&reply, code);
		assert_int_equal(reply.code, code);
		assert_true(strlen(reply.text) > 0 && strlen(reply.text) < sizeof(reply.text) - 1);
		snprintf(number, sizeof(number), "(%d)", code);
		if (code > 0)
			assert_non_null(strstr(reply.text, number));
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_kinds),
	    cmocka_unit_test(test_unassigned),
	    cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
