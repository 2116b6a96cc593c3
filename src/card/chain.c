/* Who vouches for the certificate: a path to a configured root, no link of it revoked. */
#include <openssl/x509_vfy.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "card/card_internal.h"

/* RFC 5280 section 6.1: the path must allow one of these policies, not the card alone. */
static void
chain_set_policies(const struct trust *trust, X509_VERIFY_PARAM *rules)
{
	if (trust->policies == NULL || trust->policies[0] == NULL)
		return;
	for (size_t i = 0; trust->policies[i] != NULL; i++)
		X509_VERIFY_PARAM_add0_policy(rules, OBJ_txt2obj(trust->policies[i], 1));
	X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_POLICY_CHECK | X509_V_FLAG_EXPLICIT_POLICY);
}

static enum card_reason
chain_issuer(X509_STORE_CTX *context, X509 **issuer_out)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(context);

	/* a self-signed certificate that is a root by itself is nobody's card */
	if (sk_X509_num(chain) < 2)
		return REASON_UNKNOWN_ROOT;
	*issuer_out = sk_X509_value(chain, 1);
	X509_up_ref(*issuer_out);
	return REASON_NONE;
}

enum card_reason
chain_check(const struct trust *trust, X509_STORE *store, X509 *certificate, X509 **issuer_out)
{
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	enum card_reason reason;

	if (context == NULL ||
	    X509_STORE_CTX_init(context, store, certificate, trust->intermediates) != 1)
		err_end("out of memory");
	X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_CLIENT);
	chain_set_policies(trust, X509_STORE_CTX_get0_param(context));
	if (X509_verify_cert(context) == 1)
		reason = chain_issuer(context, issuer_out);
	else
		reason = card_reason_of_chain(
		    X509_STORE_CTX_get_error(context), X509_STORE_CTX_get_error_depth(context));
	X509_STORE_CTX_free(context);
	return reason;
}
