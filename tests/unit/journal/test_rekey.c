/* Another key for all that is sealed: cut short anywhere, and with everything going on meanwhile.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "fault_vfs.h"
#include "kit.h"

static char old_id[KEYRING_ID_SIZE];

static void
append(struct kit *kit, int first, int count)
{
	for (int n = first; n < first + count; n++) {
		struct registration *it = kit_registration(n);

		it->due_at = 100 + n;
		journal_append(kit->journal, it, NULL, kit_on_done, kit);
		registration_free(&it);
	}
	kit_settle(kit);
}

/* With 150 registrations, which fill some batches and a part of one. */
static int
setup(void **state)
{
	struct kit *kit;

	if (kit_setup(state) != 0)
		return -1;
	kit = *state;
	append(kit, 0, 150);
	snprintf(old_id, sizeof(old_id), "%s", keyring_current(kit->keys));
	return 0;
}

/* The daemon is started anew: with the key file as it is now. */
static void
start_anew(struct kit *kit)
{
	struct err err = {0};

	kit_close(kit);
	keyring_free(&kit->keys);
	kit->keys = keyring_open(kit->key_file, true, &err);
	if (kit->keys == NULL)
		fail_msg("%s", err.text);
	kit_open(kit);
}

static void
wait_for(struct kit *kit, struct journal_task_state *task_state)
{
	for (int turn = 0; turn < 6000; turn++) {
		journal_look(kit->journal, JOURNAL_REKEY, task_state);
		if (!task_state->running)
			return;
		loop_turn(kit->loop, 10);
	}
	fail_msg("it does not end");
}

static const struct journal_rekeyed *
rekey(struct kit *kit, bool keep_old)
{
	struct journal_task_state task_state;
	const struct journal_rekeyed *result;

	assert_int_equal(journal_begin_rekey(kit->journal, keep_old, NULL), 0);
	wait_for(kit, &task_state);
	if (task_state.fault != NULL)
		fail_msg("%s", task_state.fault);
	result = journal_rekeyed(kit->journal);
	assert_non_null(result);
	return result;
}

static int
count(struct kit *kit, const char *where)
{
	char *text = mem_format("SELECT count(*) FROM registration WHERE %s", where);
	char *number = kit_sql(kit, text);
	int value = atoi(number);

	free(text);
	free(number);
	return value;
}

static void
expect_all_open(struct kit *kit, int first, int last)
{
	char id[UUID_SIZE];

	for (int n = first; n < last; n++) {
		struct registration *it = journal_find(kit->journal, kit_id(n, id));

		assert_non_null(it);
		assert_false(it->set_aside);
		assert_string_equal(it->application->postal_address, KIT_CANARY);
		registration_free(&it);
	}
}

/* Nothing is left of the old key: rows, facts, key file, and its name in no file at all. */
static void
expect_old_is_gone(struct kit *kit)
{
	char *fact = kit_sql(kit, "SELECT group_concat(name) FROM facts WHERE name GLOB '*key*'");
	char *expected = mem_format("key %s", keyring_current(kit->keys));

	assert_string_not_equal(keyring_current(kit->keys), old_id);
	assert_int_equal(count(kit, "sealed IS NULL"), 0);
	assert_string_equal(fact, expected);
	assert_false(kit_file_has(kit->key_file, old_id, strlen(old_id)));
	assert_false(kit_file_has(kit->wal, old_id, strlen(old_id)));
	kit_close(kit);
	assert_false(kit_file_has(kit->path, old_id, strlen(old_id)));
	kit_open(kit);
	free(fact);
	free(expected);
}

static void
test_all_again(void **state)
{
	struct kit *kit = *state;
	const struct journal_rekeyed *result = rekey(kit, false);
	struct stat status;
	char *sealed;
	size_t size, plain_size;
	char *plain;
	struct err err = {0};

	assert_string_equal(result->key, keyring_current(kit->keys));
	assert_null(result->not_made);
	assert_int_equal(result->rows, 150);
	assert_true(result->dropped);
	assert_int_equal(result->unneeded.count, 1);
	assert_string_equal(result->unneeded.list[0], old_id);
	assert_int_equal(result->needed.count, 0);
	assert_int_equal(stat(kit->key_file, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0400);
	assert_int_equal(stat(kit->wal, &status), 0);
	/* The memory of the running daemon has it no more either. */
	sealed = mem_new(100);
	size = 100;
	assert_int_equal(
	    keyring_unseal(kit->keys, old_id, "x", sealed, size, &plain, &plain_size, &err), -1);
	assert_non_null(strstr(err.text, "no key"));
	free(sealed);
	expect_all_open(kit, 0, 150);
	append(kit, 150, 10);
	expect_old_is_gone(kit);
	start_anew(kit);
	expect_all_open(kit, 0, 160);
	assert_int_equal(rekey(kit, false)->rows, 160);
}

/* Saves and appends that come meanwhile, sealed with either key, are all under the new one. */
static void
test_beside_work(void **state)
{
	struct kit *kit = *state;
	struct journal_task_state task_state;
	int n = 150;

	for (int round = 0; round < 3; round++) {
		snprintf(old_id, sizeof(old_id), "%s", keyring_current(kit->keys));
		assert_int_equal(journal_begin_rekey(kit->journal, false, NULL), 0);
		do {
			char id[UUID_SIZE];
			struct registration *it = journal_find(kit->journal, kit_id(n * 7 % n, id));

			it->attempts++;
			journal_save(kit->journal, it, NULL, kit_on_done, kit);
			registration_free(&it);
			it = kit_registration(n++);
			it->due_at = 100;
			journal_append(kit->journal, it, NULL, kit_on_done, kit);
			registration_free(&it);
			loop_turn(kit->loop, 1);
			journal_look(kit->journal, JOURNAL_REKEY, &task_state);
		} while (task_state.running && n < 100000);
		assert_null(task_state.fault);
		kit_settle(kit);
		expect_all_open(kit, 0, n);
		expect_old_is_gone(kit);
	}
	assert_int_equal(kit->results[JOURNAL_BROKEN], 0);
}

/* What does not open is set aside, keeps its key, and is not lost; the next time it may be. */
static void
test_what_does_not_open(void **state)
{
	struct kit *kit = *state;
	const struct journal_rekeyed *result;
	const struct journal_findings *findings;
	struct registration *it;
	char id[UUID_SIZE], *kept, *text;
	int64_t checked_at;

	kept = kit_sql(kit, "SELECT hex(sealed) FROM registration WHERE due_at = 107");
	free(kit_sql(kit, "UPDATE registration SET sealed = zeroblob(99) WHERE due_at = 107"));
	result = rekey(kit, false);
	assert_int_equal(result->rows, 149);
	assert_int_equal(result->unneeded.count, 0);
	assert_int_equal(result->needed.count, 1);
	assert_string_equal(result->needed.list[0], old_id);
	findings = journal_findings(kit->journal, &checked_at);
	assert_int_equal(findings->set_aside, 1);
	assert_string_equal(findings->list[0].id, kit_id(7, id));
	assert_true(kit_file_has(kit->key_file, old_id, strlen(old_id)));
	start_anew(kit);
	it = journal_find(kit->journal, id);
	assert_true(it->set_aside);
	registration_free(&it);
	/* Mended, it is sealed again like any other. */
	text = mem_format("UPDATE registration SET sealed = x'%s' WHERE id = '%s'", kept, id);
	free(kit_sql(kit, text));
	free(text);
	result = rekey(kit, false);
	assert_int_equal(result->rows, 150);
	assert_int_equal(result->needed.count, 0);
	assert_int_equal(result->unneeded.count, 2);
	expect_old_is_gone(kit);
	expect_all_open(kit, 7, 8);
	free(kept);
}

static void
test_keep_old(void **state)
{
	struct kit *kit = *state;
	const struct journal_rekeyed *result = rekey(kit, true);

	assert_false(result->dropped);
	assert_int_equal(result->unneeded.count, 1);
	assert_true(kit_file_has(kit->key_file, old_id, strlen(old_id)));
	assert_int_equal(count(kit, "sealed IS NOT NULL"), 150);
	start_anew(kit);
	result = rekey(kit, false);
	assert_int_equal(result->unneeded.count, 2);
	expect_old_is_gone(kit);
}

/* A new key in front, put there by hand, where we can't: what is under the others is sealed again,
 * and they are the keeper's to take out. */
static void
test_credential(void **state)
{
	struct kit *kit = *state;
	char credential[] = "key", *first = mem_format("%s.first", kit->key_file);
	const struct journal_rekeyed *result;
	struct journal_task_state task_state;
	struct err err = {0};
	FILE *file;
	char old[200] = "";

	setenv("CREDENTIALS_DIRECTORY", kit->folder, 1);
	kit_close(kit);
	keyring_free(&kit->keys);
	kit->keys = keyring_open(credential, true, &err);
	assert_non_null(kit->keys);
	kit_open(kit);
	assert_int_equal(journal_begin_rekey(kit->journal, false, NULL), 0);
	wait_for(kit, &task_state);
	assert_non_null(strstr(task_state.fault, "a credential can't be written"));
	assert_non_null(strstr(task_state.fault, "in front of the others"));
	assert_null(journal_rekeyed(kit->journal));
	kit_close(kit);
	keyring_free(&kit->keys);
	file = fopen(kit->key_file, "re");
	assert_non_null(fgets(old, sizeof(old), file));
	fclose(file);
	file = fopen(first, "we");
	fprintf(file, "new %064d\n%s", 1, old);
	fclose(file);
	assert_int_equal(chmod(first, 0400), 0);
	assert_int_equal(rename(first, kit->key_file), 0);
	kit->keys = keyring_open(credential, true, &err);
	kit_open(kit);
	result = rekey(kit, false);
	assert_string_equal(result->key, "new");
	assert_non_null(result->not_made);
	assert_int_equal(result->rows, 150);
	assert_false(result->dropped);
	assert_int_equal(result->unneeded.count, 1);
	assert_int_equal(count(kit, "sealed_key <> 'new'"), 0);
	unsetenv("CREDENTIALS_DIRECTORY");
	free(first);
}

/* Cut short at every step, as the files are then; the next start goes on by itself. */
static void
test_cut_short(void **state)
{
	struct kit *kit = *state;
	struct journal_task_state task_state;
	struct err err = {0};
	char *wish;

	/* Only the wish was noted: nothing was begun, and nothing is. */
	journal_set_fact(kit->journal, "rekey", "abcd keep", &err);
	start_anew(kit);
	journal_resume_rekey(kit->journal);
	journal_look(kit->journal, JOURNAL_REKEY, &task_state);
	assert_false(task_state.running);
	assert_string_equal(keyring_current(kit->keys), old_id);

	/* The key is in the file, and no more; then with some sealed again; then with all. */
	for (int done = 0; done <= 150; done += 75) {
		snprintf(old_id, sizeof(old_id), "%s", keyring_current(kit->keys));
		wish = mem_format("rekey-%d", done);
		assert_int_equal(keyring_make(kit->keys, wish, &err), 0);
		journal_set_fact(kit->journal, "rekey", wish, &err);
		start_anew(kit);
		assert_string_equal(keyring_current(kit->keys), wish);
		for (int n = 0; n < done; n++) {
			char id[UUID_SIZE];
			struct registration *it = journal_find(kit->journal, kit_id(n, id));

			assert_int_equal(kit_save(kit, it), JOURNAL_DONE);
		}
		start_anew(kit);
		journal_resume_rekey(kit->journal);
		wait_for(kit, &task_state);
		assert_null(task_state.fault);
		assert_int_equal(journal_rekeyed(kit->journal)->rows, 150 - done);
		assert_string_equal(journal_rekeyed(kit->journal)->key, wish);
		expect_all_open(kit, 0, 150);
		expect_old_is_gone(kit);
		free(wish);
	}
	/* The same by the close of a journal that is at it. */
	snprintf(old_id, sizeof(old_id), "%s", keyring_current(kit->keys));
	for (int round = 0; round < 5; round++) {
		assert_int_equal(journal_begin_rekey(kit->journal, false, NULL), 0);
		usleep((useconds_t)round * 4000);
		start_anew(kit);
		expect_all_open(kit, 0, 150);
	}
	rekey(kit, false);
	expect_old_is_gone(kit);
}

/* A disk that is full in the middle of it: it says so, and goes on when it is told to. */
static void
test_full(void **state)
{
	struct kit *kit = *state;
	struct journal_task_state task_state;

	free(kit_sql(kit, "UPDATE registration SET sealed = zeroblob(99) WHERE due_at = 107"));
	for (int syncs = 0; syncs < 8; syncs++) {
		int before = fault_wal_syncs;

		assert_int_equal(journal_begin_rekey(kit->journal, false, NULL), 0);
		do {
			if (fault_wal_syncs - before >= syncs)
				fault_full = true;
			journal_look(kit->journal, JOURNAL_REKEY, &task_state);
			loop_turn(kit->loop, 1);
		} while (task_state.running);
		fault_full = false;
		for (int turn = 0; journal_trouble(kit->journal) != NULL; turn++) {
			assert_true(turn < 1000);
			loop_turn(kit->loop, 10);
		}
		if (task_state.fault != NULL)
			assert_non_null(strstr(task_state.fault, "can't be written"));
		expect_all_open(kit, 8, 150);
		start_anew(kit);
		expect_all_open(kit, 8, 150);
	}
	assert_int_equal(rekey(kit, false)->needed.count, 1);
	assert_int_equal(count(kit, "set_aside = 1"), 1);
	expect_all_open(kit, 8, 150);
}

/* With a page of rows that can't be read nobody knows which keys those need: all stay. */
static void
test_damaged(void **state)
{
	struct kit *kit = *state;
	const struct journal_rekeyed *result;
	char *page;
	FILE *file;

	kit_close(kit);
	free(kit_sql(kit, "PRAGMA journal_mode = DELETE"));
	page = kit_sql(kit, "SELECT max(pageno - 1) * 4096 FROM dbstat WHERE name ="
			    " 'registration' AND pagetype = 'leaf'");
	if (page == NULL)
		skip();
	file = fopen(kit->path, "r+e");
	assert_int_equal(fseek(file, atol(page), SEEK_SET), 0);
	for (int i = 0; i < 64; i++)
		fputc(0, file);
	fclose(file);
	kit_open(kit);
	result = rekey(kit, false);
	assert_true(result->rows > 100 && result->rows < 150);
	assert_int_equal(result->needed.count, 1);
	assert_true(kit_file_has(kit->key_file, old_id, strlen(old_id)));
	free(page);
}

/* Damage of any kind keeps all keys: what goes from the file does not come back. */
static void
test_damaged_elsewhere(void **state)
{
	struct kit *kit = *state;
	const struct journal_rekeyed *result;

	free(kit_sql(kit, "INSERT INTO timeline VALUES (4711, 1, 1, 's', 's', 'w')"));
	result = rekey(kit, false);
	assert_int_equal(result->rows, 150);
	assert_int_equal(result->needed.count, 1);
	assert_int_equal(result->unneeded.count, 0);
	assert_true(kit_file_has(kit->key_file, old_id, strlen(old_id)));
}

/* What was erased between the look at a row and its sealing stays erased. */
static void
test_erased_meanwhile(void **state)
{
	struct kit *kit = *state;
	sqlite3_stmt *statement;
	struct registration *it;
	struct write *write;
	struct err err = {0};
	char id[UUID_SIZE];

	assert_int_equal(keyring_make(kit->keys, "new", &err), 0);
	keyring_use(kit->keys, "new");
	assert_int_equal(
	    sqlite3_prepare_v2(kit->journal->reader,
		"SELECT " ROW_PLAIN ", " ROW_MORE " FROM registration WHERE due_at = 107", -1,
		&statement, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	write = row_reseal(kit->keys, statement);
	assert_non_null(write);
	sqlite3_finalize(statement);
	it = journal_find(kit->journal, kit_id(7, id));
	application_free(&it->application);
	it->state = STATE_ACTIVE;
	assert_int_equal(kit_save(kit, it), JOURNAL_DONE);
	writer_submit_and_wait(&kit->journal->writer, &write, 1);
	assert_int_equal(write->result, JOURNAL_EXISTS);
	write_free(&write);
	assert_int_equal(count(kit, "state = 'active' AND sealed IS NOT NULL"), 0);
}

/* Erased rows leave nothing behind, wherever SQLite moved them before, and on a busy day. */
static void
test_erased_is_gone(void **state)
{
	enum { COUNT = 150 };
	struct kit *kit = *state;
	char *sealed[COUNT], *all;
	char id[UUID_SIZE];
	size_t size = 0;
	FILE *file;

	for (int n = 0; n < COUNT; n++) {
		char *text = mem_format("SELECT hex(substr(sealed, 1, 24)) FROM registration"
					" WHERE id = '%s'",
		    kit_id(n, id));

		sealed[n] = kit_sql(kit, text);
		free(text);
	}
	/* They grow, so pages are split and rows move. */
	for (int n = 0; n < COUNT; n++) {
		struct registration *it = journal_find(kit->journal, kit_id(n, id));

		mem_set_text(&it->detail, KIT_CANARY KIT_CANARY KIT_CANARY KIT_CANARY);
		assert_int_equal(kit_save(kit, it), JOURNAL_DONE);
	}
	for (int n = 0; n < COUNT; n++) {
		struct registration *it = journal_find(kit->journal, kit_id(n, id));

		application_free(&it->application);
		it->state = STATE_ACTIVE;
		assert_int_equal(kit_save(kit, it), JOURNAL_DONE);
	}
	kit_close(kit);
	file = fopen(kit->path, "re");
	all = mem_new(4 << 20);
	size = fread(all, 1, 4 << 20, file);
	fclose(file);
	for (int n = 0; n < COUNT; n++) {
		unsigned char bytes[24];

		assert_int_equal(strlen(sealed[n]), 48);
		for (int i = 0; i < 24; i++) {
			unsigned int byte = 0;

			sscanf(sealed[n] + 2 * i, "%2x", &byte);
			bytes[i] = (unsigned char)byte;
		}
		if (memmem(all, size, bytes, sizeof(bytes)) != NULL)
			fail_msg("what was sealed of %d is still there", n);
		free(sealed[n]);
	}
	free(all);
	kit_open(kit);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, kit_teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(test_all_again),
	    TEST(test_beside_work),
	    TEST(test_what_does_not_open),
	    TEST(test_keep_old),
	    TEST(test_credential),
	    TEST(test_cut_short),
	    TEST(test_full),
	    TEST(test_damaged),
	    TEST(test_damaged_elsewhere),
	    TEST(test_erased_meanwhile),
	    TEST(test_erased_is_gone),
	};

	fault_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
