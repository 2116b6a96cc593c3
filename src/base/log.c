#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/instant.h"
#include "base/log.h"
#include "base/text.h"

static enum log_level log_most = LOG_LEVEL_INFO;
static enum log_format log_form = LOG_FORMAT_AUTO;

static const char *const level_names[] = {"error", "warning", "info", "debug"};

void
log_setup(enum log_level level, enum log_format format)
{
	log_most = level;
	log_form = format;
}

static void
log_write_json(enum log_level level, const char *id, const char *at, const char *message)
{
	json_t *line = json_pack("{s:s, s:s, s:s*, s:s}", "time", at, "level", level_names[level],
	    "registration", id, "message", message);
	char *text = line == NULL ? NULL : json_dumps(line, JSON_COMPACT);

	if (text != NULL)
		dprintf(STDERR_FILENO, "%s\n", text);
	free(text);
	json_decref(line);
}

void
log_line(enum log_level level, const char *id, const char *format, ...)
{
	char at[INSTANT_SIZE], message[1200], *clean;
	va_list args;

	if (level > log_most)
		return;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	text_trim(message);
	/* Directories and libraries have their words in it. */
	clean = text_clean(message, false);
	instant_rfc3339(clock_wall(), at);
	if (log_form == LOG_FORMAT_JSON || (log_form == LOG_FORMAT_AUTO && !isatty(STDERR_FILENO)))
		log_write_json(level, id, at, clean);
	else
		dprintf(STDERR_FILENO, "%s %-7s %s%s%s\n", at, level_names[level],
		    id != NULL ? id : "", id != NULL ? " " : "", clean);
	free(clean);
}
