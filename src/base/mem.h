/*
 * Memory that is there or the process ends: what is acknowledged is in the journal, so ending at
 * once and starting again is the safe answer to memory used up. Owner and free are the caller's:
 * mem_free where the block held anything of a person, for it overwrites the whole of it first.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

void *mem_new(size_t size);                           /* zeroed */
void *mem_grow(void *old, size_t count, size_t size); /* realloc of count × size, checked, wiping */
char *mem_text(const char *text);                     /* strdup; NULL stays NULL */
char *mem_text_n(const char *text, size_t length);    /* the first length bytes, and a NUL */
char *mem_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Sets *text to a copy of value and frees what was there. */
void mem_set_text(char **text, const char *value);
void mem_free_text(char **text);
void mem_free(void *memory);

/* As malloc and realloc, for libraries that take their memory from us and give it to mem_free. */
void *mem_raw(size_t size);
void *mem_raw_grow(void *old, size_t size);

/*
 * The same, wiped when it is freed, for jansson, libevent and OpenSSL. What they do where their
 * memory ends is not to be relied on. Seen: OpenSSL 3.0 crashes, libevent 2.1 leaves a client
 * without an answer, and a text that jansson can't read for want of memory looks like a bad one.
 * Before any of them is used. SQLite's is left alone, it bears it; libldap has no such hooks.
 */
void mem_setup_process(void);

/* A list of texts that ends with NULL. */
size_t mem_texts_count(char *const *texts);
void mem_texts_add(char ***texts, const char *value);
char **mem_texts_copy(char *const *texts);
void mem_texts_free(char ***texts);

#endif
