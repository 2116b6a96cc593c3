#include <malloc.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

static void *
mem_or_end(void *memory)
{
	if (memory == NULL)
		err_end("out of memory");
	return memory;
}

void *
mem_new(size_t size)
{
	return mem_or_end(calloc(1, size));
}

/* glibc's own clearing (M_PERTURB) leaves blocks of up to 1032 bytes as they are (seen: 2.36). */
void
mem_free(void *memory)
{
	if (memory != NULL)
		explicit_bzero(memory, malloc_usable_size(memory));
	free(memory);
}

void *
mem_raw(size_t size)
{
	return mem_or_end(malloc(size));
}

/* What moves leaves nothing behind. */
void *
mem_raw_grow(void *old, size_t size)
{
	size_t old_size = old == NULL ? 0 : malloc_usable_size(old);
	void *memory;

	if (old != NULL && size <= old_size && size > 0)
		return mem_or_end(realloc(old, size));
	memory = size > 0 ? mem_raw(size) : NULL;
	if (memory != NULL && old_size > 0)
		memcpy(memory, old, old_size);
	mem_free(old);
	return memory;
}

void *
mem_grow(void *old, size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / size)
		return mem_or_end(NULL);
	return mem_raw_grow(old, count * size);
}

char *
mem_text(const char *text)
{
	return text == NULL ? NULL : mem_or_end(strdup(text));
}

char *
mem_text_n(const char *text, size_t length)
{
	return mem_or_end(strndup(text, length));
}

char *
mem_format(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	return mem_or_end(text);
}

void
mem_set_text(char **text, const char *value)
{
	char *copy = mem_text(value);

	mem_free(*text);
	*text = copy;
}

void
mem_free_text(char **text)
{
	mem_free(*text);
	*text = NULL;
}

size_t
mem_texts_count(char *const *texts)
{
	size_t n = 0;

	while (texts != NULL && texts[n] != NULL)
		n++;
	return n;
}

void
mem_texts_add(char ***texts, const char *value)
{
	size_t n = mem_texts_count(*texts);

	*texts = mem_grow(*texts, n + 2, sizeof(**texts));
	(*texts)[n] = mem_text(value);
	(*texts)[n + 1] = NULL;
}

char **
mem_texts_copy(char *const *texts)
{
	char **copy = NULL;

	for (size_t i = 0; texts != NULL && texts[i] != NULL; i++)
		mem_texts_add(&copy, texts[i]);
	return copy;
}

void
mem_texts_free(char ***texts)
{
	for (size_t i = 0; *texts != NULL && (*texts)[i] != NULL; i++)
		mem_free((*texts)[i]);
	mem_free(*texts);
	*texts = NULL;
}
