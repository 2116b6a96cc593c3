#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "kit.h"

static struct registration *
find(struct kit *kit, int n)
{
	char id[UUID_SIZE];

	return journal_find(kit->journal, kit_id(n, id));
}

/* Everything that a row keeps comes back, after a save and another opening too. */
static void
test_round_trip(void **state)
{
	struct kit *kit = *state;
	struct registration *it = kit_registration(1), *found;

	memset(it->key_mac, 'a', 64);
	memset(it->body_mac, 'b', 64);
	assert_int_equal(kit_append(kit, it), JOURNAL_DONE);
	found = find(kit, 1);
	assert_string_equal(found->portal, "web");
	assert_string_equal(found->step, "prove-identity");
	assert_null(found->uid);
	assert_null(found->categories);
	assert_string_equal(found->application->postal_address, KIT_CANARY);
	assert_string_equal(found->application->identifier.digits, "900000001");

	memset(found->person_key, 'c', 64);
	found->state = STATE_PENDING;
	mem_set_text(&found->reason, "why");
	mem_set_text(&found->step, "wait");
	mem_set_text(&found->waits_for, "accounts");
	mem_set_text(&found->detail, "can't connect");
	mem_set_text(&found->uid, "john.doe");
	mem_set_text(&found->mail, "john.doe@mail.example.mil");
	mem_texts_add(&found->categories, "da-civilian");
	mem_texts_add(&found->categories, "army-retired");
	found->attempts = 7;
	found->activates_at = KIT_NOW + 10;
	found->activated_at = KIT_NOW + 20;
	found->due_at = KIT_NOW + 30;
	found->held = true;
	assert_int_equal(kit_save(kit, found), JOURNAL_DONE);

	kit_close(kit);
	kit_open(kit);
	found = find(kit, 1);
	assert_int_equal(found->key_mac[63], 'a');
	assert_int_equal(found->body_mac[63], 'b');
	assert_int_equal(found->person_key[63], 'c');
	assert_int_equal(found->state, STATE_PENDING);
	assert_string_equal(found->reason, "why");
	assert_string_equal(found->step, "wait");
	assert_string_equal(found->waits_for, "accounts");
	assert_string_equal(found->detail, "can't connect");
	assert_string_equal(found->uid, "john.doe");
	assert_string_equal(found->mail, "john.doe@mail.example.mil");
	assert_int_equal(mem_texts_count(found->categories), 2);
	assert_string_equal(found->categories[0], "da-civilian");
	assert_string_equal(found->categories[1], "army-retired");
	assert_int_equal(found->attempts, 7);
	assert_int_equal(found->created_at, KIT_NOW + 1);
	assert_int_equal(found->activates_at, KIT_NOW + 10);
	assert_int_equal(found->activated_at, KIT_NOW + 20);
	assert_int_equal(found->due_at, KIT_NOW + 30);
	assert_true(found->held);
	assert_string_equal(found->application->legal_name.family, "Doe");
	registration_free(&found);
}

static void
test_key_taken(void **state)
{
	struct kit *kit = *state;
	struct registration *it, *found;
	char first[UUID_SIZE], *answer;
	int status;

	/* All in one batch: the second is refused alone. */
	for (int n = 1; n <= 4; n++) {
		it = kit_registration(n);
		memset(it->key_mac, n == 4 ? 'd' : 'k', 64);
		if (n == 3)
			mem_set_text(&it->portal, "other");
		journal_append(kit->journal, it, NULL, kit_on_done, kit);
		registration_free(&it);
	}
	kit_wait(kit, 4);
	assert_int_equal(kit->results[JOURNAL_DONE], 3);
	assert_int_equal(kit->results[JOURNAL_EXISTS], 1);
	it = kit_registration(5);
	memset(it->key_mac, 'k', 64);
	assert_int_equal(kit_append(kit, it), JOURNAL_EXISTS);
	assert_string_equal(kit->last_id, kit_id(1, first));
	assert_null(find(kit, 2));
	assert_null(find(kit, 5));

	journal_save_answer(kit->journal, first, 202, "{\"id\": 1}");
	kit_settle(kit);
	it = kit_registration(1);
	memset(it->key_mac, 'k', 64);
	found = journal_find_key(kit->journal, "web", it->key_mac, &status, &answer);
	assert_string_equal(found->id, first);
	assert_int_equal(status, 202);
	assert_string_equal(answer, "{\"id\": 1}");
	free(answer);
	registration_free(&found);
	registration_free(&it);
}

/* A write that its row refuses is broken alone; the others of its batch are kept. */
static void
test_own_fault(void **state)
{
	struct kit *kit = *state;
	struct registration *it;

	for (int i = 0; i < 20; i++) {
		it = kit_registration(i == 10 ? 1 : i);
		journal_append(kit->journal, it, NULL, kit_on_done, kit);
		registration_free(&it);
	}
	kit_wait(kit, 20);
	assert_int_equal(kit->results[JOURNAL_DONE], 19);
	assert_int_equal(kit->results[JOURNAL_BROKEN], 1);
	assert_int_equal(kit_save(kit, kit_registration(99)), JOURNAL_BROKEN);
}

static void
test_facts(void **state)
{
	struct kit *kit = *state;
	struct err err;
	char *value;

	assert_null(journal_fact(kit->journal, "colour"));
	assert_int_equal(journal_set_fact(kit->journal, "colour", "red", &err), 0);
	assert_int_equal(journal_set_fact(kit->journal, "colour", "blue", &err), 0);
	value = journal_fact(kit->journal, "colour");
	assert_string_equal(value, "blue");
	free(value);
}

/* Pending ones that are due before are due earlier, each once; the fact comes with it. */
static void
test_credit(void **state)
{
	static const struct {
		enum registration_state state;
		int64_t activates_at, due_at, then_at, then_due;
	} rows[] = {
	    {STATE_PENDING, 91000, 91000, 31000, 31000},
	    {STATE_PENDING, 61000, 61000, 1000, 1000},
	    {STATE_PENDING, 50000, 50000, -10000, 1}, /* due at once */
	    {STATE_PENDING, 91000, 0, 31000, 0},      /* held */
	    {STATE_PENDING, 92000, 92000, 92000, 92000},
	    {STATE_VERIFIED, 0, 5000, 0, 5000},
	};
	struct kit *kit = *state;
	char *ids[6], *fact;

	for (size_t i = 0; i < 6; i++) {
		struct registration *registration = kit_registration((int)i);

		registration->state = rows[i].state;
		registration->activates_at = rows[i].activates_at;
		registration->due_at = rows[i].due_at;
		ids[i] = mem_text(registration->id);
		assert_int_equal(kit_append(kit, registration), JOURNAL_DONE);
	}
	journal_credit(kit->journal, 92000, 60000, "boot", "paid", kit_on_done, kit);
	kit_settle(kit);
	for (size_t i = 0; i < 6; i++) {
		struct registration *found = journal_find(kit->journal, ids[i]);

		assert_int_equal(found->activates_at, rows[i].then_at);
		assert_int_equal(found->due_at, rows[i].then_due);
		registration_free(&found);
		free(ids[i]);
	}
	fact = journal_fact(kit->journal, "boot");
	assert_string_equal(fact, "paid");
	free(fact);
}

static void
test_second_refused(void **state)
{
	struct kit *kit = *state;
	struct err err;
	char words[80];

	kit_open_refused(kit, &err);
	snprintf(
	    words, sizeof(words), "another musterd (pid %ld) uses this journal", (long)getpid());
	assert_non_null(strstr(err.text, words));
	/* And the refusal took nothing from the first. */
	assert_int_equal(kit_append(kit, kit_registration(1)), JOURNAL_DONE);
	kit_open_refused(kit, &err);
	kit_close(kit);
	kit_open(kit);
}

static void
test_other_engine_refused(void **state)
{
	struct kit *kit = *state;
	char engine[] = "postgresql";
	struct err err;

	kit_close(kit);
	kit->conf.engine = engine;
	kit_open_refused(kit, &err);
	assert_non_null(strstr(err.text, "journal.engine"));
	kit->conf.engine = NULL;
}

static void
test_modes(void **state)
{
	static const char *const endings[] = {"", "-wal", "-shm", ".lock"};
	struct kit *kit = *state;
	struct stat status;

	assert_int_equal(kit_append(kit, kit_registration(1)), JOURNAL_DONE);
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		char *path = mem_format("%s%s", kit->path, endings[i]);

		assert_int_equal(stat(path, &status), 0);
		assert_int_equal(status.st_mode & 0777, 0600);
		free(path);
	}
}

/* What was asked for before the close is there after it, and each is called back within. */
static void
test_close_commits(void **state)
{
	struct kit *kit = *state;
	struct registration *it;

	for (int n = 0; n < 500; n++) {
		it = kit_registration(n);
		journal_append(kit->journal, it, NULL, kit_on_done, kit);
		registration_free(&it);
	}
	journal_close(&kit->journal);
	assert_int_equal(kit->done, 500);
	assert_int_equal(kit->results[JOURNAL_DONE], 500);
	for (int turn = 0; turn < 5; turn++)
		loop_turn(kit->loop, 1);
	assert_int_equal(kit->done, 500);
	assert_int_not_equal(access(kit->wal, F_OK), 0);
	loop_free(&kit->loop);
	kit_open(kit);
	it = find(kit, 499);
	assert_non_null(it);
	registration_free(&it);
}

/* One who is called back by the close may read, and is told that a write comes too late. */
static void
on_done_again(enum journal_result result, const char *id, void *arg)
{
	struct kit *kit = arg;
	struct registration *it = journal_find(kit->closing, id);

	assert_int_equal(result, JOURNAL_DONE);
	assert_non_null(it);
	journal_save(kit->closing, it, NULL, kit_on_done, kit);
	journal_save_answer(kit->closing, id, 202, "{}");
	assert_int_equal(journal_set_fact(kit->closing, "late", "1", NULL), -1);
	registration_free(&it);
}

static void
test_close_and_again(void **state)
{
	struct kit *kit = *state;
	struct registration *it = kit_registration(1);

	kit->closing = kit->journal;
	journal_append(kit->journal, it, NULL, on_done_again, kit);
	registration_free(&it);
	journal_close(&kit->journal);
	assert_int_equal(kit->done, 1);
	assert_int_equal(kit->results[JOURNAL_FULL], 1);
	loop_free(&kit->loop);
	kit_open(kit);
}

static char order[400];

static void
note_order(enum journal_result result, const char *id, void *arg)
{
	size_t length = strlen(order);

	snprintf(order + length, sizeof(order) - length, "%d ", atoi(id + 24));
	kit_on_done(result, id, arg);
}

static void
test_order(void **state)
{
	struct kit *kit = *state;
	struct text expected = {0};
	struct registration *it;

	kit->conf.batch = 7;
	kit_close(kit);
	kit_open(kit);
	for (int n = 0; n < 50; n++) {
		it = kit_registration(n);
		journal_append(kit->journal, it, NULL, note_order, kit);
		registration_free(&it);
		text_add(&expected, "%d ", n);
	}
	kit_wait(kit, 50);
	assert_string_equal(order, expected.bytes);
	text_fini(&expected);
}

static void
test_queue_full(void **state)
{
	struct kit *kit = *state;
	struct registration *it = kit_registration(1);
	sqlite3 *blocker;
	char *fact;

	/* Another process's transaction keeps the writer waiting while the queue fills. */
	assert_int_equal(sqlite3_open(kit->path, &blocker), SQLITE_OK);
	assert_int_equal(sqlite3_exec(blocker, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	application_free(&it->application);
	for (int n = 0; n < WRITER_MOST + 10; n++)
		journal_save(kit->journal, it, NULL, kit_on_done, kit);
	journal_note_fact(kit->journal, "crowded", "yes"); /* nobody is called back: let in */
	kit_wait(kit, 10);
	assert_true(kit->results[JOURNAL_FULL] >= 10);
	sqlite3_exec(blocker, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(blocker);
	registration_free(&it);
	kit_wait(kit, WRITER_MOST + 10);
	kit_settle(kit);
	fact = journal_fact(kit->journal, "crowded");
	assert_string_equal(fact, "yes");
	free(fact);
	assert_int_equal(kit_append(kit, kit_registration(1)), JOURNAL_DONE);
}

/* Another process that does not let go: nothing is kept, until it does. */
static void
test_locked(void **state)
{
	struct kit *kit = *state;
	sqlite3 *blocker;

	assert_int_equal(sqlite3_open(kit->path, &blocker), SQLITE_OK);
	assert_int_equal(sqlite3_exec(blocker, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	journal_preface(kit->journal, "line", "new");
	assert_int_equal(kit_append(kit, kit_registration(1)), JOURNAL_BROKEN);
	assert_string_equal(journal_trouble(kit->journal), "database is locked");
	assert_null(find(kit, 1));
	usleep(2200000); /* it looks whether it can again, and can't */
	assert_non_null(journal_trouble(kit->journal));
	sqlite3_close(blocker);
	for (int turn = 0; journal_trouble(kit->journal) != NULL; turn++) {
		assert_true(turn < 1000);
		loop_turn(kit->loop, 10);
	}
	assert_int_equal(kit_append(kit, kit_registration(1)), JOURNAL_DONE);
	/* What nothing may be kept without is no use where nothing is kept. */
	journal_preface(kit->journal, "line", "newer");
	kit_close(kit);
	kit_open(kit);
}

/* A row that is too long for SQLite is broken alone. */
static void
test_too_long(void **state)
{
	struct kit *kit = *state;
	struct registration *it;
	char *most = mem_new(4001);

	memset(most, 'x', 4000);
	sqlite3_limit(kit->journal->writer.database, SQLITE_LIMIT_LENGTH, 6000);
	for (int n = 1; n <= 3; n++) {
		it = kit_registration(n);
		mem_set_text(&it->uid, n == 2 ? most : "john.doe");
		mem_set_text(&it->mail, n == 2 ? most : "john.doe@mail.example.mil");
		journal_append(kit->journal, it, NULL, kit_on_done, kit);
		registration_free(&it);
	}
	kit_wait(kit, 3);
	assert_int_equal(kit->results[JOURNAL_DONE], 2);
	assert_int_equal(kit->results[JOURNAL_BROKEN], 1);
	assert_null(journal_trouble(kit->journal));
	assert_null(find(kit, 2));
	free(most);
}

/* A long wake that the close meets halfway is called back once, and starts no other slice. */
static void
test_wake_at_the_close(void **state)
{
	struct kit *kit = *state;
	char(*ids)[UUID_SIZE] = mem_grow(NULL, 600, UUID_SIZE);

	for (int n = 0; n < 600; n++) {
		struct registration *it = kit_registration(n);

		it->due_at = 5000;
		mem_set_text(&it->waits_for, "accounts");
		journal_append(kit->journal, it, NULL, kit_on_done, kit);
		registration_free(&it);
	}
	kit_settle(kit);
	journal_wake(kit->journal, "accounts", 1000, kit_on_done, kit);
	journal_close(&kit->journal);
	assert_int_equal(kit->done, 601);
	loop_free(&kit->loop);
	kit_open(kit);
	assert_int_equal(journal_due(kit->journal, 1000, ids, 600), 256);
	free(ids);
}

static void
test_check(void **state)
{
	struct kit *kit = *state;
	struct err err = {0};
	char nowhere[] = "/nonexistent/journal", *path = kit->conf.path;
	char *below = mem_format("%s/journal", kit->key_file);
	FILE *file;

	assert_int_equal(kit_append(kit, kit_registration(1)), JOURNAL_DONE);
	assert_int_equal(journal_check(&kit->conf, &err), 0);
	kit_close(kit);
	assert_int_equal(journal_check(&kit->conf, &err), 0);
	kit->conf.path = nowhere;
	assert_int_equal(journal_check(&kit->conf, &err), 0);
	kit->conf.path = path;
	kit->conf.path = below;
	assert_int_equal(journal_check(&kit->conf, &err), -1);
	kit->conf.path = path;
	free(kit_sql(kit, "PRAGMA journal_mode = DELETE"));
	free(kit_sql(kit, "INSERT INTO timeline VALUES (4711, 1, 1, 's', 's', 'w')"));
	assert_int_equal(journal_check(&kit->conf, &err), -1);
	assert_non_null(strstr(err.text, "belong nowhere"));
	file = fopen(kit->path, "r+e");
	assert_int_equal(fseek(file, 4096 + 100, SEEK_SET), 0);
	for (int i = 0; i < 8000; i++)
		fputc('x', file);
	fclose(file);
	assert_int_equal(journal_check(&kit->conf, &err), -1);
	assert_non_null(strstr(err.text, kit->path));
	free(below);
}

static void
copy_file(const char *from, const char *to)
{
	FILE *in = fopen(from, "re"), *out = fopen(to, "we");
	char bytes[4096];
	size_t got;

	assert_non_null(in);
	assert_non_null(out);
	while ((got = fread(bytes, 1, sizeof(bytes), in)) > 0)
		assert_int_equal(fwrite(bytes, 1, got, out), got);
	fclose(in);
	fclose(out);
}

/* Power went while the file was first made: the next start takes that back, so it is good. */
static void
test_check_half_made(void **state)
{
	struct kit *kit = *state;
	char *half = mem_format("%s/half", kit->folder), *path = kit->conf.path;
	char *from = mem_format("%s-journal", kit->path), *to = mem_format("%s-journal", half);
	struct err err = {0};
	sqlite3 *database;

	kit_close(kit);
	free(kit_sql(kit, "PRAGMA journal_mode = DELETE"));
	assert_int_equal(sqlite3_open(kit->path, &database), SQLITE_OK);
	assert_int_equal(sqlite3_exec(database,
			     "PRAGMA cache_size = 1; BEGIN;"
			     "CREATE TABLE filler (a BLOB);"
			     "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
			     " LIMIT 100) INSERT INTO filler SELECT zeroblob(2000) FROM n",
			     NULL, NULL, NULL),
	    SQLITE_OK);
	copy_file(kit->path, half);
	copy_file(from, to);
	sqlite3_close(database);
	kit->conf.path = half;
	assert_int_equal(journal_check(&kit->conf, &err), 0);
	assert_int_equal(access(to, F_OK), 0); /* it only looked */
	kit_open(kit);
	kit_close(kit);
	assert_int_not_equal(access(to, F_OK), 0);
	kit->conf.path = path;
	kit_open(kit);
	free(half);
	free(from);
	free(to);
}

/* A copy beside a journal at work is a journal itself, with what was committed. */
static void
test_backup(void **state)
{
	struct kit *kit = *state;
	char *copy = mem_format("%s/copy", kit->folder), *path = kit->conf.path;
	struct registration *it;
	struct stat status;
	struct err err = {0};

	for (int n = 1; n <= 50; n++)
		assert_int_equal(kit_append(kit, kit_registration(n)), JOURNAL_DONE);
	assert_int_equal(journal_backup(&kit->conf, copy, &err), 0);
	assert_int_equal(stat(copy, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(journal_backup(&kit->conf, copy, &err), -1);
	assert_non_null(strstr(err.text, "exists"));
	assert_int_equal(kit_append(kit, kit_registration(51)), JOURNAL_DONE);
	kit_close(kit);
	kit->conf.path = copy;
	assert_int_equal(journal_check(&kit->conf, &err), 0);
	kit_open(kit);
	it = find(kit, 50);
	assert_non_null(it->application);
	registration_free(&it);
	assert_null(find(kit, 51));
	kit_close(kit);
	kit->conf.path = path;
	free(copy);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(test_round_trip),
	    TEST(test_key_taken),
	    TEST(test_own_fault),
	    TEST(test_facts),
	    TEST(test_credit),
	    TEST(test_second_refused),
	    TEST(test_other_engine_refused),
	    TEST(test_modes),
	    TEST(test_close_commits),
	    TEST(test_close_and_again),
	    TEST(test_order),
	    TEST(test_queue_full),
	    TEST(test_locked),
	    TEST(test_too_long),
	    TEST(test_wake_at_the_close),
	    TEST(test_check),
	    TEST(test_check_half_made),
	    TEST(test_backup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
