/*
 * The look at the whole file: its pages and indexes, and then every registration, one by one, so
 * that what can't be read is known before its time comes. Found by the index of ids, for a page of
 * the table that can't be read would end any other walk.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "journal/journal_internal.h"

#define FINDINGS_MOST 1000 /* that are listed; all are counted */
#define SLICE 256          /* rows between two looks at the index: no long transaction */
#define INTERRUPT_EVERY 10000

struct walked {
	char id[UUID_SIZE];
	int64_t number;
};

static void check_find(struct journal_findings *findings, const char *id, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void
check_find(struct journal_findings *findings, const char *id, const char *format, ...)
{
	struct journal_finding *finding;
	va_list args;
	char *line;

	if (findings->count == FINDINGS_MOST)
		return;
	findings->list = mem_grow(findings->list, findings->count + 1, sizeof(*findings->list));
	finding = &findings->list[findings->count++];
	snprintf(finding->id, sizeof(finding->id), "%s", id);
	va_start(args, format);
	if (vasprintf(&finding->words, format, args) < 0)
		abort();
	va_end(args);
	while ((line = strchr(finding->words, '\n')) != NULL)
		*line = ' ';
}

void
journal_findings_free(struct journal_findings **findings)
{
	if (*findings == NULL)
		return;
	for (size_t i = 0; i < (*findings)->count; i++)
		free((*findings)->list[i].words);
	free((*findings)->list);
	free(*findings);
	*findings = NULL;
}

/* What integrity_check tells. Its words name tables, indexes, pages and row numbers only. */
static void
check_pages(sqlite3 *database, struct journal_findings *findings)
{
	sqlite3_stmt *statement = NULL;
	const char *words;
	int code =
	    sqlite3_prepare_v2(database, "PRAGMA integrity_check(100)", -1, &statement, NULL);

	while (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
		words = sql_column_text(statement, 0);
		code = SQLITE_OK;
		if (strcmp(words, "ok") == 0)
			continue;
		check_find(findings, "", "%s", words);
		findings->damage++;
	}
	if (code != SQLITE_DONE) {
		check_find(findings, "", "its pages can't be read: %s", sqlite3_errstr(code));
		findings->damage++;
	}
	sqlite3_finalize(statement);
}

static void
check_timeline(sqlite3 *database, struct journal_findings *findings)
{
	struct err err = {0};
	int64_t count = 0;

	if (sql_number(database, "SELECT count(*) FROM pragma_foreign_key_check", &count, &err) !=
	    0)
		check_find(findings, "", "the timeline: %s", err.text);
	else if (count > 0)
		check_find(
		    findings, "", "%lld lines of the timeline belong nowhere", (long long)count);
	else
		return;
	findings->damage++;
}

/* A row that could be read: does it unseal? */
static void
check_row(struct check *check, sqlite3_stmt *statement, struct journal_findings *findings)
{
	struct registration *registration = row_read(statement);
	bool known = sqlite3_column_int(statement, ROW_SET_ASIDE) != 0;
	struct err err = {0};

	findings->rows++;
	if (check->keys == NULL) {
		findings->set_aside += known;
	} else if (row_unseal(check->keys, statement, registration, &err) != 0 &&
		   !registration_is_final(registration)) {
		findings->set_aside++;
		check_find(findings, registration->id, "set aside: %s", err.text);
		if (!known)
			check->set_aside(read_aside(statement, registration, &err), check->arg);
	} else if (known) {
		findings->set_aside++;
		check_find(findings, registration->id,
		    "set aside, but it can be read again: 'musterctl retry' goes on with it");
	}
	registration_free(&registration);
}

/*
 * The next ids behind 'after'; fewer than SLICE where there are no more, or they can't be read.
 * In a damaged index they may not be in order: a walk by it would not come to an end.
 */
static size_t
check_slice(sqlite3_stmt *statement, const char *after, struct walked *slice,
    struct journal_findings *findings)
{
	size_t count = 0;
	int code;

	sql_bind_text(statement, 1, after);
	sqlite3_bind_int(statement, 2, SLICE);
	while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
		const char *id = sql_column_text(statement, 0);

		code = SQLITE_CORRUPT;
		if (id == NULL || strcmp(id, after) <= 0)
			break;
		snprintf(slice[count].id, UUID_SIZE, "%s", id);
		after = slice[count].id;
		slice[count++].number = sqlite3_column_int64(statement, 1);
	}
	sqlite3_reset(statement);
	if (code != SQLITE_DONE) {
		findings->damage++;
		check_find(findings, "", "what follows the id %s can't be looked at: %s", after,
		    sqlite3_errstr(code));
	}
	return count;
}

static void
check_rows_of(struct check *check, sqlite3_stmt *statement, const struct walked *slice,
    size_t count, struct journal_findings *findings)
{
	for (size_t i = 0; i < count; i++) {
		int code;

		sqlite3_bind_int64(statement, 1, slice[i].number);
		code = sqlite3_step(statement);
		if (code == SQLITE_ROW) {
			check_row(check, statement, findings);
		} else if (code != SQLITE_DONE && code != SQLITE_INTERRUPT) {
			findings->damage++;
			check_find(
			    findings, slice[i].id, "it can't be read: %s", sqlite3_errstr(code));
		}
		sqlite3_reset(statement);
		check->progress.done++;
	}
}

static int
check_rows(
    struct check *check, sqlite3 *database, struct journal_findings *findings, struct err *err)
{
	static const char *const texts[] = {
	    "SELECT id, number FROM registration WHERE id > ?1 ORDER BY id LIMIT ?2",
	    "SELECT " ROW_PLAIN ", " ROW_MORE " FROM registration WHERE number = ?1",
	};
	struct walked slice[SLICE];
	sqlite3_stmt *statements[2] = {NULL};
	char after[UUID_SIZE] = "";
	size_t count = SLICE;
	int result = sql_prepare(database, texts, 2, statements, err);

	while (result == 0 && count == SLICE && !check->progress.stop) {
		count = check_slice(statements[0], after, slice, findings);
		check_rows_of(check, statements[1], slice, count, findings);
		if (count > 0)
			memcpy(after, slice[count - 1].id, UUID_SIZE);
	}
	sql_finalize(statements, 2);
	return result;
}

static int
check_on_progress(void *arg)
{
	const struct progress *progress = arg;

	return progress->stop;
}

static int
check_database(
    struct check *check, sqlite3 *database, struct journal_findings *findings, struct err *err)
{
	int64_t total;
	bool is_older;

	if (schema_check_version(database, &is_older, err) != 0)
		/*
		 * Power went while the file was first made, for at no other time is there a
		 * rollback journal. The next start takes it back; this is only a look.
		 */
		return sqlite3_extended_errcode(database) == SQLITE_READONLY_ROLLBACK ? 0 : -1;
	if (sql_number(database, "SELECT sum(many) FROM counts", &total, NULL) == 0)
		check->progress.total = total;
	sqlite3_progress_handler(database, INTERRUPT_EVERY, check_on_progress, &check->progress);
	check_pages(database, findings);
	if (is_older)
		return 0; /* its tables are not those of this version yet */
	check_timeline(database, findings);
	if (check_rows(check, database, findings, err) != 0)
		return -1;
	if (check->progress.stop)
		return err_set(err, ERR_BUSY, "it was not checked to the end");
	return 0;
}

struct journal_findings *
check_run(struct check *check, const char *path, struct err *err)
{
	struct journal_findings *findings = mem_new(sizeof(*findings));
	sqlite3 *database;
	int result;

	if (access(path, F_OK) != 0 && errno == ENOENT)
		return findings;
	result = sql_open(path, SQLITE_OPEN_READONLY, &database, err);
	if (result == 0) {
		result = check_database(check, database, findings, err);
		sqlite3_close(database);
	}
	if (result != 0)
		journal_findings_free(&findings);
	return findings;
}

int
journal_check(const struct conf_journal *conf, struct err *err)
{
	struct check check = {0};
	struct journal_findings *findings = check_run(&check, conf->path, err);
	int result = 0;

	if (findings == NULL)
		return err_prefix(err, "%s", conf->path);
	if (findings->damage > 0)
		result = err_set(
		    err, ERR_BROKEN, "%s: it is damaged: %s", conf->path, findings->list[0].words);
	journal_findings_free(&findings);
	return result;
}
