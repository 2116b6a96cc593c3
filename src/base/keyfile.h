/*
 * The file of a key ring as a file: made where it is missing, and written anew when keys come and
 * go. Whenever the power goes it is whole, as it was before or as it is after. Blocks, for it
 * flushes.
 */
#ifndef BASE_KEYFILE_H
#define BASE_KEYFILE_H

#include <stddef.h>

#include "base/keyring.h"

#define KEYFILE_KEY_BYTES 32
#define KEYFILE_LINE_SIZE 256 /* the longest line with its end and a NUL */

struct err;

/* Makes it with one random key where it is missing, and sees to it that its name is durable. */
int keyfile_prepare(const char *path, struct err *err);

/* The line of that key, to be wiped. */
void keyfile_line(
    const char *id, const unsigned char key[KEYFILE_KEY_BYTES], char line_out[KEYFILE_LINE_SIZE]);

/*
 * Writes it anew: with that line in front (may be NULL), without the keys of those ids, and else as
 * it is, remarks too. Its mode is 0400 then. ERR_REFUSED where it is a credential.
 */
int keyfile_rewrite(
    const char *name, const char *line, const struct keyring_ids *without, struct err *err);

#endif
