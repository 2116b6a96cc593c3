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
	struct err err = {0};

	assert_int_equal(kit_append(kit, kit_registration(1)), JOURNAL_DONE);
	kit_close(kit);
	free(kit_sql(kit, "DROP TABLE attempts"));
	free(kit_sql(kit, "ALTER TABLE registration DROP COLUMN findings"));
	free(kit_sql(kit, "PRAGMA user_version = 1"));
	assert_int_equal(journal_check(&kit->conf, &err), 0); /* as far as it is known */
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

/* A journal that somebody else writes in can't be brought to a new version now. */
static void
test_locked(void **state)
{
	struct kit *kit = *state;
	sqlite3 *blocker, *database;
	struct err err = {0};

	kit_close(kit);
	assert_int_equal(sqlite3_open(kit->path, &blocker), SQLITE_OK);
	assert_int_equal(sqlite3_exec(blocker, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_open(kit->path, &database), SQLITE_OK);
	assert_int_equal(
	    schema_migrate_by(database, (const char *const[]){"", "", "", ""}, 4, &err), -1);
	assert_non_null(strstr(err.text, "to version 4"));
	assert_non_null(strstr(err.text, "locked"));
	sqlite3_close(blocker);
	assert_int_equal(number(database, "PRAGMA user_version"), 3);
	sqlite3_close(database);
	kit_open(kit);
}

/* What the tables are written in can't be read: refused, and left as it is. */
static void
test_no_tables(void **state)
{
	static const char zeros[64];
	struct kit *kit = *state;
	struct err err = {0};
	sqlite3 *database;
	FILE *file;

	kit_close(kit);
	file = fopen(kit->path, "r+e");
	assert_int_equal(fseek(file, 100, SEEK_SET), 0);
	assert_int_equal(fwrite(zeros, sizeof(zeros), 1, file), 1);
	fclose(file);
	assert_int_equal(sqlite3_open(kit->path, &database), SQLITE_OK);
	assert_int_equal(schema_migrate_by(database, steps, 3, &err), -1);
	assert_non_null(strstr(err.text, "malformed"));
	sqlite3_close(database);
	file = fopen(kit->path, "we");
	fputs("this is no database, but long enough to be looked at as one that could be: "
	      "its first hundred bytes are a header\n",
	    file);
	fclose(file);
	assert_int_equal(sqlite3_open(kit->path, &database), SQLITE_OK);
	assert_int_equal(schema_migrate_by(database, steps, 3, &err), -1);
	assert_non_null(strstr(err.text, "not a database"));
	sqlite3_close(database);
	unlink(kit->path);
	kit_open(kit);
}

/* Of the right version, but without what the statements need. */
static void
test_lacks_something(void **state)
{
	static const char *const rows[][2] = {
	    {"DROP INDEX attempts_began", "CREATE INDEX attempts_began ON attempts (began_at)"
					  " WHERE began_at > 0"},
	    {"ALTER TABLE attempts RENAME COLUMN total TO all_of_them",
		"ALTER TABLE attempts RENAME COLUMN all_of_them TO total"},
	    {"ALTER TABLE facts RENAME COLUMN value TO worth",
		"ALTER TABLE facts RENAME COLUMN worth TO value"},
	};
	struct kit *kit = *state;
	struct err err;

	kit_close(kit);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		free(kit_sql(kit, rows[i][0]));
		kit_open_refused(kit, &err);
		assert_non_null(strstr(err.text, kit->path));
		free(kit_sql(kit, rows[i][1]));
	}
	kit_open(kit);
	assert_int_equal(kit_append(kit, kit_registration(1)), JOURNAL_DONE);
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
	    TEST(test_locked),
	    TEST(test_no_tables),
	    TEST(test_lacks_something),
	    cmocka_unit_test(test_older_versions),
	    cmocka_unit_test(test_failed_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
