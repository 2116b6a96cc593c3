/* Faults at the places of settings. */
#include <string.h>

#include "base/mem.h"

#include "conf/faults.h"
#include "conf/reader.h"

static void reader_fault_list(struct reader *reader, const config_setting_t *at, const char *key,
    const char *format, va_list args) __attribute__((format(printf, 4, 0)));

static void
reader_fault_list(struct reader *reader, const config_setting_t *at, const char *key,
    const char *format, va_list args)
{
	unsigned text_line = at == NULL ? 0 : config_setting_source_line(at);
	int line;
	const char *file = source_where(&reader->source, text_line, &line);

	if (!reader->quiet)
		conf_faults_add_list(reader->faults, file, line, key, format, args);
}

void
reader_fault(
    struct reader *reader, const config_setting_t *at, const char *key, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	reader_fault_list(reader, at, key, format, args);
	va_end(args);
}

void
reader_fault_key(struct reader *reader, const char *key, const char *format, ...)
{
	config_setting_t *at;
	char *path = mem_text(key), *dot;
	va_list args;

	while ((at = config_lookup(&reader->config, path)) == NULL &&
	       (dot = strrchr(path, '.')) != NULL)
		*dot = '\0';
	va_start(args, format);
	reader_fault_list(reader, at, key, format, args);
	va_end(args);
	mem_free_text(&path);
}

bool
reader_has(const struct reader *reader, const char *key)
{
	return config_lookup(&reader->config, key) != NULL;
}
