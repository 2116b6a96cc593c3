/*
 * Memory that is there or the process ends: what is acknowledged is in the journal, so ending at
 * once and starting again is the safe answer to memory used up. Owner and free are the caller's.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

void *mem_new(size_t size);                           /* zeroed */
void *mem_grow(void *old, size_t count, size_t size); /* realloc of count × size, checked */
char *mem_text(const char *text);                     /* strdup; NULL stays NULL */
char *mem_text_n(const char *text, size_t length);    /* the first length bytes, and a NUL */
char *mem_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Sets *text to a copy of value and frees what was there. */
void mem_set_text(char **text, const char *value);
void mem_free_text(char **text);

/* A list of texts that ends with NULL. */
size_t mem_texts_count(char *const *texts);
void mem_texts_add(char ***texts, const char *value);
char **mem_texts_copy(char *const *texts);
void mem_texts_free(char ***texts);

#endif
