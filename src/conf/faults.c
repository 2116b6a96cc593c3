/* The faults of a configuration, a line each. */
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"

#include "conf/conf.h"
#include "conf/faults.h"

void
conf_faults_add_list(struct conf_faults *faults, const char *file, int line, const char *key,
    const char *format, va_list args)
{
	char *what, *text;

	if (vasprintf(&what, format, args) < 0)
		err_end("out of memory");
	if (key == NULL || *key == '\0')
		text = mem_format("%s:%d: %s", file, line, what);
	else
		text = mem_format("%s:%d: %s: %s", file, line, key, what);
	mem_texts_add(&faults->lines, text);
	faults->count++;
	free(text);
	free(what);
}

void
conf_faults_add(struct conf_faults *faults, const char *file, int line, const char *key,
    const char *format, ...)
{
	va_list args;

	va_start(args, format);
	conf_faults_add_list(faults, file, line, key, format, args);
	va_end(args);
}

void
conf_faults_fini(struct conf_faults *faults)
{
	mem_texts_free(&faults->lines);
	faults->count = 0;
}
