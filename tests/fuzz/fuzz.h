/*
 * What the fuzz targets share. A target is LLVMFuzzerTestOneInput in a file of its own: with clang
 * it is driven by libFuzzer, with any compiler by replay.c, which runs it on its corpus. It takes
 * bytes from outside through the daemon's own reading code, and holds what comes out to what the
 * headers promise.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* A promise that does not hold ends the process, so that the input is kept. */
#define FUZZ_MUST(condition) \
	do { \
		if (!(condition)) \
			fuzz_broken(__FILE__, __LINE__, #condition); \
	} while (0)
void fuzz_broken(const char *file, int line, const char *condition) __attribute__((noreturn));

/* An input that is taken apart from its front on. */
struct fuzz {
	const uint8_t *bytes;
	size_t size;
};

uint8_t fuzz_byte(struct fuzz *fuzz); /* 0 at the end */
/* Up to a line feed, which is taken as well; without NUL. The caller frees. */
char *fuzz_line(struct fuzz *fuzz);
/* All that is left, as a text: up to a NUL. The caller frees. */
char *fuzz_rest(struct fuzz *fuzz);

/* A file in memory, and its path into out; the caller closes it. */
#define FUZZ_PATH_SIZE 32
int fuzz_file(const void *bytes, size_t size, char out[FUZZ_PATH_SIZE]);

/* What a library takes between the two it may lose: a leak of its own, which is named at the call.
 */
void fuzz_may_leak(void);
void fuzz_may_not_leak(void);

bool fuzz_is_utf8(const char *text);
bool fuzz_has_control(const char *text); /* ASCII's, DEL included */

#endif
