#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"

int
err_set(struct err *err, enum err_kind kind, const char *format, ...)
{
	va_list args;

	if (err == NULL)
		return -1;
	err->kind = kind;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	text_trim(err->text);
	return -1;
}

int
err_prefix(struct err *err, const char *format, ...)
{
	char before[sizeof(err->text)];
	char after[sizeof(err->text)];
	size_t size;
	va_list args;

	if (err == NULL)
		return -1;
	va_start(args, format);
	vsnprintf(before, sizeof(before), format, args);
	va_end(args);
	memcpy(after, err->text, sizeof(after));
	size = strlen(before);
	memcpy(err->text, before, size);
	if (size < sizeof(err->text) - 3)
		snprintf(err->text + size, sizeof(err->text) - size, ": %.*s",
		    (int)(sizeof(err->text) - size - 3), after);
	else
		err->text[size] = '\0';
	text_trim(err->text);
	return -1;
}

void
err_clear(struct err *err)
{
	err->kind = ERR_NONE;
	err->text[0] = '\0';
}

void
err_end(const char *why)
{
	fprintf(stderr, "%s: ending, the journal has what was acknowledged\n", why);
	abort();
}

const char *
err_kind_name(enum err_kind kind)
{
	static const char *const names[] = {"none", "input", "refused", "busy", "broken"};

	return names[kind];
}
