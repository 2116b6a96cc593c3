/*
 * Small things with text: a buffer that grows, hexadecimal, UUIDs, whole numbers within a range.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UUID_SIZE 37

struct text {
	char *bytes; /* ends with a NUL; NULL while nothing was added */
	size_t size;
};

void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_add_bytes(struct text *text, const void *bytes, size_t size);
void text_fini(struct text *text);
char *text_take(struct text *text); /* the bytes, now the caller's; "" where nothing was added */

/* 2 × size digits and a NUL into out. */
void text_hex(const void *bytes, size_t size, char *out);
/* Reads exactly size bytes; -1 where the text is anything else. */
int text_unhex(const char *text, void *bytes, size_t size);

/* A new UUID of version 7 (RFC 9562 section 5.7): ordered by time, 74 random bits. */
void text_uuid(int64_t now, char out[UUID_SIZE]);
bool text_is_uuid(const char *text);

/* A whole decimal number within low..high; -1 where it is anything else. */
int text_number(const char *text, int64_t low, int64_t high, int64_t *out);

/* Takes a character that was cut off in its middle from the end of a UTF-8 text: JSON would have
 * none of the whole text. */
void text_trim(char *text);

/* A copy (the caller frees) that a terminal shows and does not obey: controls, bidirectional and
 * invisible ones too, and what is no UTF-8 become '?'. */
char *text_clean(const char *text, bool keep_lines);

bool text_is_one_of(const char *text, char *const *list); /* list ends with NULL; may be NULL */

#endif
