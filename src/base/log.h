/*
 * The log on stderr: JSON lines where it is no terminal, readable text where it is one. Only
 * floors 3 and above log outcomes. A line may name a registration; no line holds a secret.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format { LOG_FORMAT_AUTO, LOG_FORMAT_JSON, LOG_FORMAT_TEXT };

void log_setup(enum log_level level, enum log_format format);

#define log_error(...) log_line(LOG_LEVEL_ERROR, NULL, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, NULL, __VA_ARGS__)
#define log_note(...) log_line(LOG_LEVEL_INFO, NULL, __VA_ARGS__)
#define log_trace(...) log_line(LOG_LEVEL_DEBUG, NULL, __VA_ARGS__)

/* One line; id is the registration's, or NULL. From any thread. */
void log_line(enum log_level level, const char *id, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
