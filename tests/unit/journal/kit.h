/*
 * What the journal's tests share: a temporary folder with a key file, a loop, a journal in it, and
 * a recorder of what was called back. Kit calls fail the test where they can't do their work.
 */
#ifndef TESTS_JOURNAL_KIT_H
#define TESTS_JOURNAL_KIT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/keyring.h"
#include "base/loop.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "journal/journal.h"
#include "journal/journal_internal.h"
#include "model/application.h"

#define KIT_CANARY "Canary-Kanarienvogel-Lane"
#define KIT_NOW 1790000000000 /* when made registrations were made */

struct kit {
	char folder[64], path[128], wal[128], key_file[128];
	struct conf_journal conf;
	struct loop *loop;
	struct keyring *keys;
	struct journal *journal;
	struct journal *closing; /* while it is being closed */
	size_t done;             /* callbacks */
	size_t results[JOURNAL_BROKEN + 1];
	char last_id[UUID_SIZE];
};

int kit_setup(void **state);    /* with an open journal */
int kit_teardown(void **state); /* closes it and removes the folder */
void kit_open(struct kit *kit);
void kit_close(struct kit *kit);
/* Opens where it must be refused; err says why. */
void kit_open_refused(struct kit *kit, struct err *err);

/* A received registration number n; its application holds the canary. */
struct registration *kit_registration(int n);
const char *kit_id(int n, char out[UUID_SIZE]);

void kit_on_done(enum journal_result result, const char *id, void *kit);
void kit_wait(struct kit *kit, size_t done); /* until so many were called back */
/* Appends, saves, and waits; the registration is freed. */
enum journal_result kit_append(struct kit *kit, struct registration *registration);
enum journal_result kit_save(struct kit *kit, struct registration *registration);
void kit_settle(struct kit *kit); /* until nothing waits */

/* Runs SQL on a connection of its own; the text result of the first row's first column, or NULL. */
char *kit_sql(struct kit *kit, const char *text);
bool kit_file_has(const char *path, const void *bytes, size_t size);

#endif
