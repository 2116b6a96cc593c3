#include <unistd.h>

#include "kit.h"

static void
test_empty_file(void **state)
{
	struct kit *kit = *state;
	char *version;

	kit_close(kit);
	assert_int_equal(truncate(kit->path, 0), 0);
	kit_open(kit);
	assert_int_equal(kit_append(kit, kit_registration(1)), JOURNAL_DONE);
	version = kit_sql(kit, "PRAGMA user_version");
	assert_string_equal(version, "3");
	free(version);
}

static void
test_newer_refused(void **state)
{
	struct kit *kit = *state;
	struct err err;

	kit_close(kit);
	free(kit_sql(kit, "PRAGMA user_version = 99"));
	kit_open_refused(kit, &err);
	assert_non_null(strstr(err.text, "version 99"));
	assert_int_equal(journal_check(&kit->conf, &err), -1);
	assert_non_null(strstr(err.text, "version 99"));
	free(kit_sql(kit, "PRAGMA user_version = 3"));
	kit_open(kit);
}

static void
test_foreign_refused(void **state)
{
	struct kit *kit = *state;
	struct err err;
	FILE *file;

	kit_close(kit);
	free(kit_sql(kit, "PRAGMA user_version = 0"));
	kit_open_refused(kit, &err);
	assert_non_null(strstr(err.text, "no journal of musterd"));
	file = fopen(kit->path, "we");
	for (int i = 0; i < 1000; i++)
		fputs("this is no database\n", file);
	fclose(file);
	kit_open_refused(kit, &err);
	assert_non_null(strstr(err.text, kit->path));
}

/* A journal of the first version, as it was before findings and failed attempts were kept. */
static void
test_first_version(void **state)
{
	struct kit *kit = *state;
	struct journal_attempts attempts = {.in_row = 1, .total = 2, .last_at = KIT_NOW}, found;
	char id[UUID_SIZE];
	struct registration *registration;

	assert_int_equal(kit_append(kit, kit_registration(1)), JOURNAL_DONE);
	kit_close(kit);
	free(kit_sql(kit, "DROP TABLE attempts"));
	free(kit_sql(kit, "ALTER TABLE registration DROP COLUMN findings"));
	free(kit_sql(kit, "PRAGMA user_version = 1"));
	kit_open(kit);
	registration = journal_find(kit->journal, kit_id(1, id));
	assert_non_null(registration);
	registration_free(&registration);
	assert_int_equal(journal_find_attempts(kit->journal, "key", &found), 0);
	assert_int_equal(found.total, 0);
	journal_save_attempts(kit->journal, "key", &attempts, kit_on_done, kit);
	kit_settle(kit);
	assert_int_equal(journal_find_attempts(kit->journal, "key", &found), 0);
	assert_int_equal(found.total, 2);
}

static const char *const steps[] = {
    "CREATE TABLE one (a INTEGER); INSERT INTO one VALUES (1);",
    "ALTER TABLE one ADD COLUMN b INTEGER DEFAULT 5; UPDATE one SET a = a + 1;",
    "CREATE TABLE three (c INTEGER); INSERT INTO nowhere VALUES (1);",
};

static int64_t
number(sqlite3 *database, const char *text)
{
	int64_t value = -1;

	sql_number(database, text, &value, NULL);
	return value;
}

/* From every older version, each step once. */
static void
test_older_versions(void **state)
{
	sqlite3 *database;
	struct err err = {0};

	for (int first = 0; first <= 2; first++) {
		assert_int_equal(sqlite3_open(":memory:", &database), SQLITE_OK);
		assert_int_equal(schema_migrate_by(database, steps, first, &err), 0);
		assert_int_equal(number(database, "PRAGMA user_version"), first);
		assert_int_equal(schema_migrate_by(database, steps, 2, &err), 0);
		assert_int_equal(number(database, "PRAGMA user_version"), 2);
		assert_int_equal(number(database, "SELECT a FROM one"), 2);
		assert_int_equal(number(database, "SELECT b FROM one"), 5);
		sqlite3_close(database);
	}
}

/* A step that fails leaves the version before it, whole. */
static void
test_failed_step(void **state)
{
	sqlite3 *database;
	struct err err = {0};

	assert_int_equal(sqlite3_open(":memory:", &database), SQLITE_OK);
	assert_int_equal(schema_migrate_by(database, steps, 3, &err), -1);
	assert_non_null(strstr(err.text, "to version 3"));
	assert_int_equal(number(database, "PRAGMA user_version"), 2);
	assert_int_equal(
	    number(database, "SELECT count(*) FROM sqlite_schema WHERE name = 'three'"), 0);
	assert_int_equal(schema_migrate_by(database, steps, 2, &err), 0);
	sqlite3_close(database);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(test_empty_file),
	    TEST(test_newer_refused),
	    TEST(test_foreign_refused),
	    TEST(test_first_version),
	    cmocka_unit_test(test_older_versions),
	    cmocka_unit_test(test_failed_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
