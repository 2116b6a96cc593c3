/* Checks and backups of a journal that is open, beside everything else. */
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kit.h"

static void
wait_for(struct kit *kit, enum journal_task task, struct journal_task_state *task_state)
{
	for (int turn = 0; turn < 3000; turn++) {
		journal_look(kit->journal, task, task_state);
		if (!task_state->running)
			return;
		loop_turn(kit->loop, 10);
	}
	fail_msg("it does not end");
}

static const struct journal_findings *
check(struct kit *kit)
{
	struct journal_task_state task_state;
	const struct journal_findings *findings;
	int64_t checked_at;

	assert_int_equal(journal_begin(kit->journal, JOURNAL_CHECK, NULL, NULL), 0);
	wait_for(kit, JOURNAL_CHECK, &task_state);
	assert_null(task_state.fault);
	assert_true(task_state.ended_at > 0);
	findings = journal_findings(kit->journal, &checked_at);
	assert_non_null(findings);
	assert_int_equal(checked_at, task_state.ended_at);
	return findings;
}

static void
append(struct kit *kit, int count)
{
	for (int n = 0; n < count; n++) {
		struct registration *it = kit_registration(n);

		it->due_at = 100 + n;
		if (n == 0)
			it->state = STATE_ACTIVE;
		journal_append(kit->journal, it, NULL, kit_on_done, kit);
		registration_free(&it);
	}
	kit_settle(kit);
}

static void
test_check(void **state)
{
	enum { COUNT = 600 };
	struct kit *kit = *state;
	const struct journal_findings *findings;
	struct journal_task_state task_state;
	struct journal_counts counts;
	char id[UUID_SIZE];
	int64_t checked_at;

	assert_null(journal_findings(kit->journal, &checked_at));
	journal_look(kit->journal, JOURNAL_CHECK, &task_state);
	assert_true(!task_state.running && task_state.ended_at == 0);
	append(kit, COUNT);
	findings = check(kit);
	assert_int_equal(findings->rows, COUNT);
	assert_int_equal(findings->damage + findings->set_aside + findings->count, 0);
	journal_look(kit->journal, JOURNAL_CHECK, &task_state);
	assert_int_equal(task_state.done, COUNT);
	assert_int_equal(task_state.total, COUNT);

	/* What does not unseal is set aside before its time, once; what has ended needs no more. */
	free(kit_sql(kit, "UPDATE registration SET sealed = zeroblob(99)"
			  " WHERE due_at IN (100, 107)"));
	for (int round = 0; round < 2; round++) {
		findings = check(kit);
		assert_int_equal(findings->set_aside, 1);
		assert_int_equal(findings->damage, 0);
		assert_int_equal(findings->count, 1);
		assert_string_equal(findings->list[0].id, kit_id(7, id));
		journal_counts(kit->journal, &counts);
		assert_int_equal(counts.set_aside, 1);
	}
}

/* More than a list should hold: all are counted. */
static void
test_check_many(void **state)
{
	enum { COUNT = 1100 };
	struct kit *kit = *state;
	const struct journal_findings *findings;

	append(kit, COUNT);
	free(kit_sql(kit, "UPDATE registration SET sealed = zeroblob(99),"
			  " set_aside = (state = 'received')"));
	findings = check(kit);
	assert_int_equal(findings->rows, COUNT);
	assert_int_equal(findings->set_aside, COUNT - 1);
	assert_int_equal(findings->count, 1000);
}

static void
test_check_mended(void **state)
{
	struct kit *kit = *state;
	const struct journal_findings *findings;

	append(kit, 3);
	free(kit_sql(kit, "UPDATE registration SET sealed_key = 'x' || sealed_key"
			  " WHERE due_at = 101"));
	assert_non_null(strstr(check(kit)->list[0].words, "no key"));
	free(kit_sql(kit, "UPDATE registration SET sealed_key = substr(sealed_key, 2)"
			  " WHERE id = '01900000-0000-7000-8000-000000000001'"));
	findings = check(kit);
	assert_int_equal(findings->set_aside, 1);
	assert_non_null(strstr(findings->list[0].words, "can be read again"));
}

/* One at a time; the close ends one that waits for the writer. */
static void
test_one_at_a_time(void **state)
{
	struct kit *kit = *state;
	struct err err = {0};
	sqlite3 *blocker;

	append(kit, 3);
	free(kit_sql(kit, "UPDATE registration SET sealed = zeroblob(99) WHERE due_at = 101"));
	assert_int_equal(sqlite3_open(kit->path, &blocker), SQLITE_OK);
	assert_int_equal(sqlite3_exec(blocker, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(journal_begin(kit->journal, JOURNAL_CHECK, NULL, NULL), 0);
	assert_int_equal(journal_begin(kit->journal, JOURNAL_CHECK, NULL, &err), -1);
	assert_int_equal(err.kind, ERR_BUSY);
	kit_close(kit);
	sqlite3_close(blocker);
	kit_open(kit);
}

/* Ended in the middle of it: nothing of the copy is left, and nobody waits for the end. */
static void
test_close_ends_it(void **state)
{
	struct kit *kit = *state;
	char *copy = mem_format("%s/copy", kit->folder);
	DIR *folder;

	append(kit, 4000);
	assert_int_equal(journal_begin(kit->journal, JOURNAL_BACKUP, copy, NULL), 0);
	assert_int_equal(journal_begin(kit->journal, JOURNAL_CHECK, NULL, NULL), 0);
	kit_close(kit);
	folder = opendir(kit->folder);
	assert_non_null(folder);
	for (struct dirent *it = readdir(folder); it != NULL; it = readdir(folder))
		if (strncmp(it->d_name, "copy", 4) == 0)
			fail_msg("%s is left", it->d_name);
	closedir(folder);
	kit_open(kit);
	free(copy);
}

static void
test_check_refused(void **state)
{
	struct kit *kit = *state;
	struct journal_task_state task_state;
	struct err err = {0};
	int64_t checked_at;

	free(kit_sql(kit, "PRAGMA user_version = 4711"));
	assert_int_equal(journal_begin(kit->journal, JOURNAL_CHECK, NULL, NULL), 0);
	wait_for(kit, JOURNAL_CHECK, &task_state);
	assert_non_null(strstr(task_state.fault, "version 4711"));
	assert_null(journal_findings(kit->journal, &checked_at));
	assert_int_equal(journal_check(&kit->conf, &err), -1);
}

static void
test_backup(void **state)
{
	static const struct {
		const char *name, *words;
	} rows[] = {
	    {"copy", NULL},
	    {"copy", "it exists"},
	    {"link", "exists"},
	    {"no/where", "its folder: No such file"},
	    {"open/copy", "everybody may write"},
	    {"sticky/copy", NULL},
	};
	struct kit *kit = *state;
	struct journal_task_state task_state;
	char *path = mem_format("%s/open", kit->folder), *at;
	char *sticky = mem_format("%s/sticky", kit->folder);
	struct stat status;

	append(kit, 300);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(chmod(path, 0777), 0);
	assert_int_equal(mkdir(sticky, 0700), 0);
	assert_int_equal(chmod(sticky, 01777), 0);
	at = mem_format("%s/link", kit->folder);
	assert_int_equal(symlink("/nonexistent", at), 0);
	free(at);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		at = mem_format("%s/%s", kit->folder, rows[i].name);
		assert_int_equal(journal_begin(kit->journal, JOURNAL_BACKUP, at, NULL), 0);
		wait_for(kit, JOURNAL_BACKUP, &task_state);
		assert_string_equal(task_state.path, at);
		if (rows[i].words == NULL)
			assert_null(task_state.fault);
		else if (strstr(task_state.fault, rows[i].words) == NULL)
			fail_msg("%s: %s", rows[i].name, task_state.fault);
		free(at);
	}
	at = mem_format("%s/copy", kit->folder);
	assert_int_equal(stat(at, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	free(at);
	rmdir(path);
	at = mem_format("%s/copy", sticky);
	assert_int_equal(unlink(at), 0);
	rmdir(sticky);
	free(at);
	free(path);
	free(sticky);
}

/* What can't be made is told in words, and leaves nothing behind. */
static void
test_backup_can_not(void **state)
{
	struct kit *kit = *state;
	char name[253], *at, *copy = mem_format("%s/copy", kit->folder);
	unsigned char head[12] = {0, 0, 0, 7, 0x7f, 0xff, 0xff, 0xff};
	struct err err = {0};
	FILE *file;

	append(kit, 3);
	kit_close(kit);
	/* A name that a draft's ending makes too long. */
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	at = mem_format("%s/%s", kit->folder, name);
	assert_int_equal(journal_backup(&kit->conf, at, &err), -1);
	assert_non_null(strstr(err.text, "too long"));
	free(at);
	/* A file that says it has 2^31 pages, and is (sparsely) as long: no room for 8 TB. */
	free(kit_sql(kit, "PRAGMA journal_mode = DELETE"));
	if (truncate(kit->path, 4096LL * 0x7fffffff) == 0) {
		file = fopen(kit->path, "r+e");
		assert_int_equal(fseek(file, 24, SEEK_SET), 0);
		assert_int_equal(fwrite(head, 8, 1, file), 1);
		assert_int_equal(fseek(file, 92, SEEK_SET), 0);
		assert_int_equal(fwrite(head, 4, 1, file), 1);
		fclose(file);
		err_clear(&err);
		assert_int_equal(journal_backup(&kit->conf, copy, &err), -1);
		assert_non_null(strstr(err.text, "no room for 8796093018112 bytes"));
		assert_int_not_equal(access(copy, F_OK), 0);
	}
	unlink(kit->path);
	kit_open(kit);
	free(copy);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(test_check),
	    TEST(test_check_many),
	    TEST(test_check_mended),
	    TEST(test_one_at_a_time),
	    TEST(test_close_ends_it),
	    TEST(test_check_refused),
	    TEST(test_backup),
	    TEST(test_backup_can_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
