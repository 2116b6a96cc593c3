/*
 * What the audit log's tests share: a temporary folder with a log in it, lines to write, and its
 * files as bytes. Kit calls fail the test where they can't do their work.
 */
#ifndef TESTS_AUDIT_KIT_H
#define TESTS_AUDIT_KIT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "audit/audit_internal.h"
#include "audit/verify.h"
#include "base/err.h"
#include "base/keyring.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/text.h"

struct kit {
	char folder[64], path[128], key[128], sign[128], public[128], state[128], torn[128];
	struct audit_files files;
	struct loop *loop;
	struct audit *audit;
	int troubles; /* notices of trouble */
};

int kit_setup(void **state); /* with an open log */
int kit_teardown(void **state);
void kit_open(struct kit *kit);
void kit_close(struct kit *kit);
void kit_write(struct kit *kit, int count); /* so many lines */
void kit_sync(struct kit *kit);             /* flushed, and the state saved */
/* As kill -9 leaves it: nothing more is written. */
void kit_kill(struct kit *kit);

/* A file's bytes (the caller frees), and a file of them. */
char *kit_read(const char *path, size_t *size_out);
void kit_put(const char *path, const void *bytes, size_t size);
/* Where the line of that number (from 1) begins; behind the last one: the size. */
size_t kit_line(const char *bytes, size_t size, int number);

/* What verification says of the files (ends with NULL): with the keys that are asked for and the
 * state file, where it is there. */
#define KIT_KEY 1
#define KIT_PUBLIC 2
#define KIT_STATE 4
#define KIT_ALL 7
struct verify_result kit_verify(struct kit *kit, unsigned with, const char *const *files);
struct verify_result kit_verify_log(struct kit *kit); /* KIT_ALL, the one file */

#endif
