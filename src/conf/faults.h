/* Adding to the faults of conf.h. */
#ifndef CONF_FAULTS_H
#define CONF_FAULTS_H

#include <stdarg.h>

struct conf_faults;

/* "file:line: key: what is wrong"; without key where there is none ("" or NULL). */
void conf_faults_add(struct conf_faults *faults, const char *file, int line, const char *key,
    const char *format, ...) __attribute__((format(printf, 5, 6)));
void conf_faults_add_list(struct conf_faults *faults, const char *file, int line, const char *key,
    const char *format, va_list args) __attribute__((format(printf, 5, 0)));

#endif
