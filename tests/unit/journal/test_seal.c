#include <sys/stat.h>
#include <unistd.h>

#include "kit.h"

#define FIRST "01900000-0000-7000-8000-000000000001"

/* A registration with this due time in the journal, number 1. */
static void
append_one(struct kit *kit)
{
	struct registration *it = kit_registration(1);

	it->due_at = 100;
	assert_int_equal(kit_append(kit, it), JOURNAL_DONE);
}

static void
test_canary_unreadable(void **state)
{
	struct kit *kit = *state;
	struct registration *it;

	append_one(kit);
	assert_true(kit_file_has(kit->wal, FIRST, UUID_SIZE - 1));
	assert_false(kit_file_has(kit->wal, "Canary", 6));
	assert_false(kit_file_has(kit->wal, "900000001", 9));
	kit_close(kit);
	assert_true(kit_file_has(kit->path, FIRST, UUID_SIZE - 1));
	assert_false(kit_file_has(kit->path, "Canary", 6));
	assert_false(kit_file_has(kit->path, "900000001", 9));
	kit_open(kit);
	it = journal_find(kit->journal, FIRST);
	assert_string_equal(it->application->postal_address, KIT_CANARY);
	registration_free(&it);
}

/* The sealed bytes of registration 1, as they are in the file. */
static size_t
sealed_bytes(struct kit *kit, unsigned char out[4096])
{
	char *hex = kit_sql(kit, "SELECT hex(sealed) FROM registration WHERE id = '" FIRST "'");
	size_t size = strlen(hex) / 2;

	assert_true(size > 0 && size <= 4096);
	for (size_t i = 0; i < size; i++) {
		unsigned int byte = 0;

		assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
		out[i] = (unsigned char)byte;
	}
	free(hex);
	return size;
}

static void
erase_one(struct kit *kit)
{
	struct registration *it = journal_find(kit->journal, FIRST);

	application_free(&it->application);
	it->state = STATE_ACTIVE;
	assert_int_equal(kit_save(kit, it), JOURNAL_DONE);
}

static void
test_erased(void **state)
{
	struct kit *kit = *state;
	unsigned char sealed[4096];
	struct registration *it;
	size_t size;

	append_one(kit);
	size = sealed_bytes(kit, sealed);
	kit_close(kit);
	assert_true(kit_file_has(kit->path, sealed, size));
	kit_open(kit);
	erase_one(kit);
	it = journal_find(kit->journal, FIRST);
	assert_null(it->application);
	registration_free(&it);
	kit_close(kit);
	assert_false(kit_file_has(kit->path, sealed, 32));
	assert_false(kit_file_has(kit->path, sealed + size - 32, 32));
	assert_false(kit_file_has(kit->wal, sealed, 32));
	kit_open(kit);
}

/* While the daemon runs on, an idle writer empties the WAL file that still holds them. */
static void
test_erased_while_open(void **state)
{
	struct kit *kit = *state;
	unsigned char sealed[4096];
	int turn = 0;

	append_one(kit);
	sealed_bytes(kit, sealed);
	assert_true(kit_file_has(kit->wal, sealed, 32));
	erase_one(kit);
	while (kit_file_has(kit->wal, sealed, 32) && turn++ < 1000)
		loop_turn(kit->loop, 10);
	assert_false(kit_file_has(kit->wal, sealed, 32));
	assert_false(kit_file_has(kit->path, sealed, 32));
	assert_int_equal(kit_append(kit, kit_registration(2)), JOURNAL_DONE);
}

/* A long look of somebody else puts that off, and holds up nobody who writes meanwhile. */
static void
test_erased_under_a_reader(void **state)
{
	struct kit *kit = *state;
	unsigned char sealed[4096];
	sqlite3 *reader;
	int turn = 0;

	append_one(kit);
	sealed_bytes(kit, sealed);
	assert_int_equal(sqlite3_open(kit->path, &reader), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(reader, "BEGIN; SELECT * FROM facts", NULL, NULL, NULL), SQLITE_OK);
	erase_one(kit);
	usleep(2500000);
	assert_int_equal(kit_append(kit, kit_registration(2)), JOURNAL_DONE);
	assert_true(kit_file_has(kit->wal, sealed, 32));
	assert_null(journal_trouble(kit->journal));
	sqlite3_exec(reader, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(reader);
	while (kit_file_has(kit->wal, sealed, 32) && turn++ < 1000)
		loop_turn(kit->loop, 10);
	assert_false(kit_file_has(kit->wal, sealed, 32));
}

static void
add_line(int64_t at, const char *step, const char *of_state, const char *what, void *arg)
{
	if (strstr(what, "set aside") != NULL)
		++*(int *)arg;
}

static void
assert_set_aside(struct kit *kit)
{
	char ids[4][UUID_SIZE];
	struct journal_counts counts;
	struct registration *it;
	int lines = 0;

	for (int i = 0; i < 3; i++) {
		it = journal_find(kit->journal, FIRST);
		assert_int_equal(it->state, STATE_RECEIVED);
		assert_int_equal(it->due_at, 0);
		assert_null(it->application);
		assert_non_null(strstr(it->detail, "set aside"));
		registration_free(&it);
		if (i > 0)
			kit_settle(kit);
	}
	assert_int_equal(journal_due(kit->journal, INT64_MAX, ids, 4), 1);
	assert_string_not_equal(ids[0], FIRST);
	journal_counts(kit->journal, &counts);
	assert_int_equal(counts.set_aside, 1);
	assert_int_equal(counts.by_state[STATE_RECEIVED], 2);
	journal_timeline(kit->journal, FIRST, add_line, &lines);
	assert_int_equal(lines, 1);
}

static void
test_tampered(void **state)
{
	static const char *const ways[] = {
	    "zeroblob(length(sealed))",
	    "substr(sealed, 1, length(sealed) - 1)",
	    "substr(sealed, 1, 10)",
	    "x''",
	    "(SELECT sealed FROM registration WHERE id <> '" FIRST "')",
	};
	struct registration *it;

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct kit *kit = *state;
		char *text = mem_format("UPDATE registration SET sealed = %s, set_aside = 0,"
					" due_at = 100 WHERE id = '" FIRST "'",
		    ways[i]);

		append_one(kit);
		it = kit_registration(2);
		it->due_at = 200;
		assert_int_equal(kit_append(kit, it), JOURNAL_DONE);
		free(kit_sql(kit, text));
		free(text);
		assert_set_aside(kit);
		kit_teardown(state);
		assert_int_equal(kit_setup(state), 0);
	}
}

static void
test_unknown_key_of_row(void **state)
{
	struct kit *kit = *state;
	struct registration *it = kit_registration(2);

	append_one(kit);
	it->due_at = 200;
	assert_int_equal(kit_append(kit, it), JOURNAL_DONE);
	free(kit_sql(kit, "UPDATE registration SET sealed_key = 'nokey' WHERE id = '" FIRST "'"));
	assert_set_aside(kit);
}

/* What is set aside keeps its sealed part until it can be read again or has ended. */
static void
test_set_aside_is_kept(void **state)
{
	struct kit *kit = *state;
	struct registration *it;
	struct journal_counts counts;

	append_one(kit);
	free(kit_sql(kit, "UPDATE registration SET sealed_key = 'x' || sealed_key"));
	it = journal_find(kit->journal, FIRST);
	kit_settle(kit);
	it->due_at = 5;
	assert_int_equal(kit_save(kit, it), JOURNAL_BROKEN);

	free(kit_sql(kit, "UPDATE registration SET sealed_key = substr(sealed_key, 2)"));
	it = journal_find(kit->journal, FIRST);
	assert_non_null(it->application);
	it->due_at = 5;
	assert_int_equal(kit_save(kit, it), JOURNAL_DONE);
	journal_counts(kit->journal, &counts);
	assert_int_equal(counts.set_aside, 0);
	assert_int_equal(counts.next_due, 5);

	free(kit_sql(kit, "UPDATE registration SET sealed_key = 'x' || sealed_key"));
	it = journal_find(kit->journal, FIRST);
	kit_settle(kit);
	it->state = STATE_CANCELLED;
	assert_int_equal(kit_save(kit, it), JOURNAL_DONE);
	journal_counts(kit->journal, &counts);
	assert_int_equal(counts.set_aside, 0);
	assert_int_equal(counts.by_state[STATE_CANCELLED], 1);
}

/* A save that was on its way while the row was found unreadable is not undone by it. */
static void
test_set_aside_loses_to_save(void **state)
{
	struct kit *kit = *state;
	struct registration *it, *found;
	struct journal_counts counts;

	append_one(kit);
	free(kit_sql(kit, "UPDATE registration SET sealed = zeroblob(99)"));
	it = kit_registration(1);
	it->due_at = 77;
	journal_save(kit->journal, it, NULL, kit_on_done, kit);
	found = journal_find(kit->journal, FIRST);
	registration_free(&found);
	registration_free(&it);
	kit_settle(kit);
	journal_counts(kit->journal, &counts);
	assert_int_equal(counts.set_aside, 0);
	assert_int_equal(counts.next_due, 77);
}

/* Nothing is set aside by a mistake of the whole daemon: it does not start. */
static void
test_wrong_key_file(void **state)
{
	struct kit *kit = *state;
	char *other_path = mem_format("%s/other", kit->folder);
	struct keyring *right = kit->keys, *wrong;
	struct registration *it;
	struct err err;

	append_one(kit);
	kit_close(kit);
	wrong = keyring_open(other_path, true, &err);
	kit->keys = wrong;
	kit_open_refused(kit, &err);
	assert_non_null(strstr(err.text, "seals 1 registrations"));
	kit->keys = right;
	kit_open(kit);
	it = journal_find(kit->journal, FIRST);
	assert_int_equal(it->due_at, 100);
	assert_non_null(it->application);
	registration_free(&it);

	/* With nothing sealed any more, another key file is as good. */
	erase_one(kit);
	kit_close(kit);
	kit->keys = wrong;
	kit_open(kit);
	kit_close(kit);
	kit->keys = right;
	kit_open(kit);
	keyring_free(&wrong);
	free(other_path);
}

/* The same id with other bytes is the wrong key too. */
static void
test_wrong_key_same_id(void **state)
{
	struct kit *kit = *state;
	char *other_path = mem_format("%s/other", kit->folder);
	struct keyring *right = kit->keys;
	struct err err;
	FILE *file;

	append_one(kit);
	kit_close(kit);
	file = fopen(other_path, "we");
	fprintf(file, "%s %064d\n", keyring_current(right), 7);
	fclose(file);
	assert_int_equal(chmod(other_path, 0400), 0);
	kit->keys = keyring_open(other_path, false, &err);
	assert_non_null(kit->keys);
	kit_open_refused(kit, &err);
	assert_non_null(strstr(err.text, "key"));
	keyring_free(&kit->keys);
	kit->keys = right;
	kit_open(kit);
	free(other_path);
}

/* Nothing is sealed with it: the key in use is noted with the bytes that it has now. */
static void
test_other_key_same_id(void **state)
{
	struct kit *kit = *state;
	struct keyring *right = kit->keys;
	char *other_path = mem_format("%s/other", kit->folder), *before, *after;
	struct err err;
	FILE *file;

	kit_close(kit);
	before = kit_sql(kit, "SELECT value FROM facts WHERE name LIKE 'key %'");
	file = fopen(other_path, "we");
	fprintf(file, "%s %064d\n", keyring_current(right), 7);
	fclose(file);
	assert_int_equal(chmod(other_path, 0400), 0);
	kit->keys = keyring_open(other_path, false, &err);
	kit_open(kit);
	append_one(kit);
	after = kit_sql(kit, "SELECT value FROM facts WHERE name LIKE 'key %'");
	assert_string_not_equal(before, after);
	kit_close(kit);
	kit_open(kit);
	kit_close(kit);
	keyring_free(&kit->keys);
	kit->keys = right;
	kit_open_refused(kit, &err);
	free(kit_sql(kit, "DELETE FROM registration"));
	kit_open(kit);
	free(other_path);
	free(before);
	free(after);
}

/* Sealed by us for that row, but no application: set aside, without a word of what it is. */
static void
test_no_application(void **state)
{
	struct kit *kit = *state;
	unsigned char *sealed;
	char *hex, *text;
	struct registration *it;
	size_t size;

	append_one(kit);
	keyring_seal(
	    kit->keys, "registration/" FIRST "/application", "[\"Canary\"]", 10, &sealed, &size);
	hex = mem_new(2 * size + 1);
	text_hex(sealed, size, hex);
	text = mem_format("UPDATE registration SET sealed = x'%s'", hex);
	free(kit_sql(kit, text));
	it = journal_find(kit->journal, FIRST);
	assert_true(it->set_aside);
	assert_non_null(strstr(it->detail, "no application"));
	assert_null(strstr(it->detail, "Canary"));
	registration_free(&it);
	kit_settle(kit);
	free(text);
	free(hex);
	free(sealed);
}

/* A new key in front: the old one goes on opening what it sealed. */
static void
test_new_key_in_front(void **state)
{
	struct kit *kit = *state;
	char *other_path = mem_format("%s/both", kit->folder), old[200] = "";
	struct registration *it;
	struct err err;
	FILE *file;

	append_one(kit);
	kit_close(kit);
	file = fopen(kit->key_file, "re");
	assert_non_null(fgets(old, sizeof(old), file));
	fclose(file);
	file = fopen(other_path, "we");
	fprintf(file, "new %064d\n%s", 1, old);
	fclose(file);
	assert_int_equal(chmod(other_path, 0400), 0);
	keyring_free(&kit->keys);
	kit->keys = keyring_open(other_path, false, &err);
	assert_non_null(kit->keys);
	kit_open(kit);
	it = journal_find(kit->journal, FIRST);
	assert_non_null(it->application);
	assert_int_equal(kit_save(kit, it), JOURNAL_DONE);
	free(other_path);
	other_path = kit_sql(kit, "SELECT sealed_key FROM registration");
	assert_string_equal(other_path, "new");
	free(other_path);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(test_canary_unreadable),
	    TEST(test_erased),
	    TEST(test_erased_while_open),
	    TEST(test_erased_under_a_reader),
	    TEST(test_tampered),
	    TEST(test_unknown_key_of_row),
	    TEST(test_set_aside_is_kept),
	    TEST(test_set_aside_loses_to_save),
	    TEST(test_wrong_key_file),
	    TEST(test_wrong_key_same_id),
	    TEST(test_other_key_same_id),
	    TEST(test_no_application),
	    TEST(test_new_key_in_front),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
