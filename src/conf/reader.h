/*
 * What reading and checking share: the source text, what libconfig made of it, and the faults. A
 * key is named as libconfig writes paths: personnel.[0].uris.
 */
#ifndef CONF_READER_H
#define CONF_READER_H

#include <libconfig.h>
#include <stdbool.h>

#include "conf/source.h"

struct conf;
struct conf_faults;

struct reader {
	struct source source;
	config_t config;
	struct conf_faults *faults;
	bool quiet; /* within what is wrong already: defaults without faults */
};

/* A fault at a setting; NULL is the file's beginning. */
void reader_fault(struct reader *reader, const config_setting_t *at, const char *key,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* A fault at the setting of that key, or where it is missing, at what should hold it. */
void reader_fault_key(struct reader *reader, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool reader_has(const struct reader *reader, const char *key);

/* What no single row can check. */
void check_all(struct reader *reader, const struct conf *conf);
/* Reads the blocklist into conf. */
void blocklist_read(struct reader *reader, struct conf *conf);

#endif
