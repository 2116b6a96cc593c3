/*
 * What finds a person's records: a social security number or a foreign identification number,
 * nine digits each once canonical ('123-45-6789' and '123456789' are one). Treat as a secret.
 */
#ifndef MODEL_IDENTIFIER_H
#define MODEL_IDENTIFIER_H

#include <stddef.h>

#define IDENTIFIER_DIGITS 9

enum identifier_kind { IDENTIFIER_SSN, IDENTIFIER_FIN };

struct identifier {
	enum identifier_kind kind;
	char digits[IDENTIFIER_DIGITS + 1];
};

/* NNNNNNNNN or NNN-NN-NNNN, ASCII digits alone; -1 where it is anything else. */
int identifier_parse(
    enum identifier_kind kind, const char *text, struct identifier *identifier_out);
const char *identifier_kind_name(enum identifier_kind kind); /* "ssn", "fin" */
/* 'NNN-NN-NNNN' into out (12 bytes): some directories write it so. */
const char *identifier_hyphened(const struct identifier *identifier, char out[12]);
void identifier_wipe(struct identifier *identifier);

#endif
