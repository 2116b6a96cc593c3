/*
 * Secrets: bytes that no format can print and that are wiped when freed. struct secret is opaque;
 * secret_text is for the one call that needs the bytes (a hash, a bind). The owner frees.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct secret;

/* Of each program's process, before it reads a secret: no core file, nobody's debugger, freed
 * memory cleared. */
void secret_protect_process(void);

/*
 * Secrets and keys are from here on in OpenSSL's secure heap: 2 MB, less where less may be locked.
 * Where it can't be had, or is full, they are in ordinary memory, wiped just the same. -1 says what
 * it lacks, for a warning. After the fork into the background and after a change of user: memory
 * is not locked for the child, and the process would be dumpable again.
 */
int secret_open_heap(struct err *err);

struct secret *secret_new(const void *bytes, size_t size);
struct secret *secret_copy(const struct secret *secret);
void secret_free(struct secret **secret);
const char *secret_text(const struct secret *secret); /* ends with a NUL */
size_t secret_size(const struct secret *secret);

/* The first line of a file (file_open_secret), without its end of line; at most 4096 bytes. */
struct secret *secret_from_file(const char *path, struct err *err);

/* Zeroed memory of the secure heap where there is room, else of the ordinary one. */
void *secret_memory(size_t size);
void secret_memory_free(void *memory, size_t size); /* wipes; the size that it was asked for with */

void secret_wipe(void *bytes, size_t size);
void secret_wipe_text(char **text); /* wipes, frees, sets NULL */
void secret_wipe_stack(void); /* what functions that have returned left below the caller's frame */
bool secret_is_equal(const void *a, const void *b, size_t size); /* in constant time */
void secret_random(void *bytes, size_t size);                    /* ends the process if it can't */

#endif
