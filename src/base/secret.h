/*
 * Secrets: bytes that no format can print and that are wiped when freed. struct secret is opaque;
 * secret_text is for the one call that needs the bytes (a hash, a bind). The owner frees.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

struct secret;

struct secret *secret_new(const void *bytes, size_t size);
struct secret *secret_copy(const struct secret *secret);
void secret_free(struct secret **secret);
const char *secret_text(const struct secret *secret); /* ends with a NUL */
size_t secret_size(const struct secret *secret);

/* The first line of a file (file_open_secret), without its end of line; at most 4096 bytes. */
struct err;
struct secret *secret_from_file(const char *path, struct err *err);

void secret_wipe(void *bytes, size_t size);
void secret_wipe_text(char **text);                              /* wipes, frees, sets NULL */
bool secret_is_equal(const void *a, const void *b, size_t size); /* in constant time */
void secret_random(void *bytes, size_t size);                    /* ends the process if it can't */

#endif
