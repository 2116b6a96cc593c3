#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "model/identifier.h"

/* Where the hyphens of NNN-NN-NNNN stand. */
static bool
identifier_is_hyphen_place(size_t place)
{
	return place == 3 || place == 6;
}

int
identifier_parse(enum identifier_kind kind, const char *text, struct identifier *identifier_out)
{
	size_t size = strnlen(text, IDENTIFIER_DIGITS + 3), n = 0;
	bool hyphened = size == IDENTIFIER_DIGITS + 2;

	memset(identifier_out, 0, sizeof(*identifier_out));
	if (size != IDENTIFIER_DIGITS && !hyphened)
		return -1;
	for (size_t i = 0; i < size; i++) {
		if (hyphened && identifier_is_hyphen_place(i)) {
			if (text[i] != '-')
				break;
		} else if (text[i] >= '0' && text[i] <= '9') {
			identifier_out->digits[n++] = text[i];
		} else {
			break;
		}
	}
	if (n != IDENTIFIER_DIGITS) {
		identifier_wipe(identifier_out);
		return -1;
	}
	identifier_out->kind = kind;
	return 0;
}

const char *
identifier_kind_name(enum identifier_kind kind)
{
	return kind == IDENTIFIER_FIN ? "fin" : "ssn";
}

const char *
identifier_hyphened(const struct identifier *identifier, char out[12])
{
	snprintf(out, 12, "%.3s-%.2s-%.4s", identifier->digits, identifier->digits + 3,
	    identifier->digits + 5);
	return out;
}

void
identifier_wipe(struct identifier *identifier)
{
	secret_wipe(identifier, sizeof(*identifier));
}
