#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/secret.h"
#include "budget/budget_internal.h"
#include "model/application.h"

#define PART_MOST 1024 /* a folded family name: 128 code points at most */

/* Length-prefixed, so that no two lists of parts make the same bytes. */
static size_t
keys_add(unsigned char *bytes, size_t size, const char *part)
{
	size_t length = strnlen(part, PART_MOST);

	bytes[size++] = (unsigned char)(length >> 8);
	bytes[size++] = (unsigned char)(length & 0xff);
	memcpy(bytes + size, part, length);
	return size + length;
}

static const char *
keys_date(const struct date *date, char out[DATE_SIZE])
{
	return date_is_set(date) ? date_text(date, out) : "";
}

static void
keys_spray(const struct keyring *keys, const struct application *claimed, bool names,
    char out[KEYRING_HMAC_SIZE])
{
	unsigned char bytes[3 * (2 + PART_MOST)];
	char date[DATE_SIZE];
	char *family = names ? name_fold(claimed->legal_name.family) : NULL;
	size_t size = 0;

	size = keys_add(bytes, size, keys_date(&claimed->birth_date, date));
	size = keys_add(bytes, size, keys_date(&claimed->pay_entry_base_date, date));
	size = keys_add(bytes, size, family != NULL ? family : "");
	keyring_hmac(keys, "spray", bytes, size, out);
	secret_wipe(bytes, sizeof(bytes));
	secret_wipe(date, sizeof(date));
	secret_wipe_text(&family);
}

void
budget_keys(const struct keyring *keys, const struct application *claimed, bool names,
    struct budget_keys *keys_out)
{
	const char *digits = claimed->identifier.digits;

	keyring_hmac(keys, "person", digits, strlen(digits), keys_out->person);
	keys_spray(keys, claimed, names, keys_out->spray);
}
