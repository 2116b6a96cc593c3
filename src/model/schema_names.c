#include <stdbool.h>
#include <stddef.h>
#include <strings.h>

#include "base/mem.h"
#include "model/schema_names.h"

static const char *const schema_names[] = {
    "inetOrgPerson",
    "inetLocalMailRecipient",
    "musterAccount",
    "musterClaim",
    "musterAccountStatus",
    "musterCategory",
    "musterPrimaryCategory",
    "musterDualAccount",
    "musterActivationTime",
    "musterActivatedAt",
    "musterRegistrationId",
    "musterPersonKey",
    "musterPendingPassword",
    "musterExternalMail",
    "musterSecurityAnswer",
};

static bool
schema_has(char *const *names, const char *wanted)
{
	for (; names != NULL && *names != NULL; names++)
		if (strcasecmp(*names, wanted) == 0)
			return true;
	return false;
}

char **
schema_missing(char *const *names)
{
	char **missing = NULL;

	for (size_t i = 0; i < sizeof(schema_names) / sizeof(schema_names[0]); i++)
		if (!schema_has(names, schema_names[i]))
			mem_texts_add(&missing, schema_names[i]);
	return missing;
}
