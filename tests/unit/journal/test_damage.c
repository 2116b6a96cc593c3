/* Disks that are full, pages and rows that can't be read: told apart, and nobody else's trouble. */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "fault_vfs.h"
#include "kit.h"

#define PAGE 4096
#define ROWS 0x0d
#define INDEX 0x0a

static void
append_due(struct kit *kit, int count)
{
	for (int n = 0; n < count; n++) {
		struct registration *it = kit_registration(n);

		it->due_at = 100 + n;
		journal_append(kit->journal, it, NULL, kit_on_done, kit);
		registration_free(&it);
	}
	kit_settle(kit);
}

/* Zeroes the head of the first page of that kind that holds the text; the journal is closed. */
static void
spoil_page(struct kit *kit, int kind, const char *text, char page_out[PAGE])
{
	int fd = open(kit->path, O_RDWR | O_CLOEXEC);
	static const char zeros[64];

	for (off_t at = PAGE; pread(fd, page_out, PAGE, at) == PAGE; at += PAGE)
		if (page_out[0] == kind && memmem(page_out, PAGE, text, strlen(text)) != NULL) {
			assert_int_equal(pwrite(fd, zeros, sizeof(zeros), at), sizeof(zeros));
			close(fd);
			return;
		}
	fail_msg("no page of kind %d holds %s", kind, text);
}

static void
until_no_trouble(struct kit *kit)
{
	for (int turn = 0; journal_trouble(kit->journal) != NULL; turn++) {
		assert_true(turn < 1000);
		loop_turn(kit->loop, 10);
	}
}

/* Full disks are told from broken ones; the end of it is seen without anybody writing. */
static void
test_trouble(void **state)
{
	static const struct {
		bool full;
		int number;
		enum journal_result result;
		const char *words;
	} rows[] = {
	    {true, 0, JOURNAL_FULL, "the disk is full"},
	    {false, EDQUOT, JOURNAL_FULL, "the disk is full"},
	    {false, ENOSPC, JOURNAL_FULL, "the disk is full"},
	    {false, EIO, JOURNAL_BROKEN, "it can't be written"},
	};
	struct kit *kit = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = {0};

		assert_null(journal_trouble(kit->journal));
		fault_full = rows[i].full;
		fault_write_errno = rows[i].number;
		assert_int_equal(kit_append(kit, kit_registration((int)i)), rows[i].result);
		assert_non_null(journal_trouble(kit->journal));
		assert_int_equal(journal_set_fact(kit->journal, "a", "b", &err), -1);
		assert_non_null(strstr(err.text, rows[i].words));
		usleep(1100000); /* it looks, and finds it so still */
		assert_non_null(journal_trouble(kit->journal));
		fault_full = false;
		fault_write_errno = 0;
		until_no_trouble(kit);
		assert_int_equal(kit_append(kit, kit_registration((int)i)), JOURNAL_DONE);
	}
}

static void
expect_damaged(struct kit *kit, int n, bool damaged)
{
	char id[UUID_SIZE];
	struct registration *it = journal_find(kit->journal, kit_id(n, id));

	assert_true((it == NULL) == damaged);
	assert_true(journal_has_misread(kit->journal) == damaged);
	registration_free(&it);
}

static void
list_nothing(const struct registration *registration, void *arg)
{
	++*(int *)arg;
}

/* Those that stand on the page fail alone, though all are saved in one transaction. */
static void
test_page_of_rows(void **state)
{
	enum { COUNT = 30 };
	struct kit *kit = *state;
	struct journal_filter all = {0};
	struct journal_counts counts;
	char page[PAGE], id[UUID_SIZE], ids[2 * COUNT][UUID_SIZE];
	bool lost[COUNT];
	size_t lost_count = 0;
	int listed = 0;

	append_due(kit, COUNT);
	kit_close(kit);
	spoil_page(kit, ROWS, kit_id(12, id), page);
	kit_open(kit);
	kit->done = 0;
	memset(kit->results, 0, sizeof(kit->results));
	for (int n = 0; n < COUNT; n++) {
		struct registration *it = kit_registration(n);

		lost[n] = memmem(page, PAGE, kit_id(n, id), UUID_SIZE - 1) != NULL;
		lost_count += lost[n];
		it->due_at = 100 + n;
		journal_save(kit->journal, it, NULL, kit_on_done, kit);
		registration_free(&it);
	}
	kit_wait(kit, COUNT);
	assert_in_range(lost_count, 1, COUNT / 2);
	assert_int_equal(kit->results[JOURNAL_BROKEN], lost_count);
	assert_int_equal(kit->results[JOURNAL_DONE], COUNT - lost_count);
	assert_null(journal_trouble(kit->journal));
	for (int n = 0; n < COUNT; n++)
		expect_damaged(kit, n, lost[n]);
	journal_counts(kit->journal, &counts);
	assert_int_equal(counts.damaged, lost_count);
	assert_int_equal(
	    journal_due(kit->journal, INT64_MAX, ids, (size_t)2 * COUNT), COUNT - lost_count);
	assert_int_equal(journal_list(kit->journal, &all, list_nothing, &listed), -1);
	assert_true(listed < COUNT);
	assert_int_equal(kit_append(kit, kit_registration(COUNT)), JOURNAL_DONE);
}

/* A row that nobody has met yet is found by a read alone. */
static void
test_page_of_rows_read(void **state)
{
	struct kit *kit = *state;
	struct journal_counts counts;
	char page[PAGE], id[UUID_SIZE];

	append_due(kit, 10);
	kit_close(kit);
	spoil_page(kit, ROWS, kit_id(5, id), page);
	kit_open(kit);
	expect_damaged(kit, 5, true);
	expect_damaged(kit, 5, true);
	journal_counts(kit->journal, &counts);
	assert_int_equal(counts.damaged, 1);
	assert_null(journal_find(kit->journal, "no such id"));
	assert_false(journal_has_misread(kit->journal));
}

/* Where the next row would stand nothing can be taken, and what is there goes on. */
static void
test_last_page(void **state)
{
	struct kit *kit = *state;
	struct registration *it;
	char page[PAGE], id[UUID_SIZE];

	append_due(kit, 30);
	kit_close(kit);
	spoil_page(kit, ROWS, kit_id(29, id), page);
	kit_open(kit);
	assert_int_equal(kit_append(kit, kit_registration(30)), JOURNAL_BROKEN);
	assert_null(journal_find(kit->journal, kit_id(30, id)));
	assert_false(journal_has_misread(kit->journal));
	it = journal_find(kit->journal, kit_id(0, id));
	assert_int_equal(kit_save(kit, it), JOURNAL_DONE);
}

/* What is due behind the damage is come at from the other end. */
static void
test_page_of_due_index(void **state)
{
	enum { COUNT = 600 };
	struct kit *kit = *state;
	char page[PAGE], id[UUID_SIZE], (*ids)[UUID_SIZE] = mem_grow(NULL, COUNT, UUID_SIZE);
	struct err err = {0};
	char *leaf;
	size_t found;

	append_due(kit, COUNT);
	kit_close(kit);
	/* Of the indexes only the one by time and the unique one hold ids: the latter goes first.
	 */
	leaf = kit_sql(kit, "SELECT rootpage FROM sqlite_schema WHERE name = 'registration_due'");
	assert_true(atoi(leaf) > 1);
	free(leaf);
	free(kit_sql(kit, "PRAGMA journal_mode = DELETE"));
	spoil_page(kit, INDEX, kit_id(0, id), page);
	if (memmem(page, PAGE, kit_id(COUNT - 1, id), UUID_SIZE - 1) != NULL)
		fail_msg("one page holds all of the index");
	kit_open(kit);
	found = journal_due(kit->journal, INT64_MAX, ids, COUNT);
	if (found == COUNT) { /* it was the other index */
		kit_close(kit);
		free(kit_sql(kit, "PRAGMA journal_mode = DELETE"));
		spoil_page(kit, INDEX, kit_id(0, id), page);
		kit_open(kit);
		found = journal_due(kit->journal, INT64_MAX, ids, COUNT);
	}
	assert_in_range(found, COUNT / 2, COUNT - 1);
	assert_true(journal_has_misread(kit->journal));
	assert_string_equal(ids[0], kit_id(COUNT - 1, id));
	assert_true(journal_next_due(kit->journal, 0) > clock_now());
	kit_close(kit);
	assert_int_equal(journal_check(&kit->conf, &err), -1);
	assert_non_null(strstr(err.text, "it is damaged"));
	kit_open(kit);
	free(ids);
}

static void
spoil_due_index(struct kit *kit)
{
	char *page = kit_sql(
	    kit, "SELECT (rootpage - 1) * 4096 FROM sqlite_schema WHERE name = 'registration_due'");
	int fd = open(kit->path, O_RDWR | O_CLOEXEC);
	static const char zeros[64];

	assert_int_equal(pwrite(fd, zeros, sizeof(zeros), atoll(page)), sizeof(zeros));
	close(fd);
	free(page);
}

/* What changes due times needs their index: where that can't be read it fails, and says so. */
static void
test_due_index_is_gone(void **state)
{
	struct kit *kit = *state;
	struct registration *it;
	char id[UUID_SIZE];

	append_due(kit, 3);
	it = kit_registration(3);
	it->due_at = 5000;
	it->state = STATE_PENDING;
	mem_set_text(&it->waits_for, "accounts");
	assert_int_equal(kit_append(kit, it), JOURNAL_DONE);
	kit_close(kit);
	free(kit_sql(kit, "PRAGMA journal_mode = DELETE"));
	spoil_due_index(kit);
	kit_open(kit);
	kit->results[JOURNAL_BROKEN] = 0;
	journal_wake(kit->journal, "accounts", 1000, kit_on_done, kit);
	kit_settle(kit);
	assert_int_equal(kit->results[JOURNAL_BROKEN], 1);
	journal_credit(kit->journal, 92000, 60000, "credit", "paid", kit_on_done, kit);
	kit_settle(kit);
	assert_int_equal(kit->results[JOURNAL_BROKEN], 2);
	assert_null(journal_fact(kit->journal, "credit"));
	/* One that is found to be unreadable stays on that clock, and is not lost. */
	free(kit_sql(kit, "UPDATE registration SET sealed = zeroblob(99) WHERE number = 1"));
	it = journal_find(kit->journal, kit_id(0, id));
	assert_true(it->set_aside);
	registration_free(&it);
	kit_settle(kit);
	it = journal_find(kit->journal, kit_id(3, id));
	assert_int_equal(it->due_at, 5000);
	registration_free(&it);
}

/* What must be kept first meets the damage: that is no fault of the registration behind it. */
static void
test_preface_and_damage(void **state)
{
	struct kit *kit = *state;
	struct registration *it;
	struct journal_counts counts;
	char page[PAGE], id[UUID_SIZE];

	append_due(kit, 10);
	kit_close(kit);
	spoil_page(kit, ROWS, kit_id(5, id), page);
	kit_open(kit);
	journal_preface(kit->journal, "line", "new");
	it = kit_registration(5);
	assert_int_equal(kit_save(kit, it), JOURNAL_BROKEN);
	journal_counts(kit->journal, &counts);
	assert_int_equal(counts.damaged, 0);
	assert_null(journal_fact(kit->journal, "line"));
}

/* Ids out of their order in a damaged index: the check says so, and comes to its end. */
static void
test_check_of_unordered(void **state)
{
	enum { COUNT = 40 };
	struct kit *kit = *state;
	struct err err = {0};
	struct check check = {0};
	struct journal_findings *findings;
	char page[PAGE], id[UUID_SIZE], *at, *root;
	int fd;
	bool found = false;

	append_due(kit, COUNT);
	kit_close(kit);
	free(kit_sql(kit, "PRAGMA journal_mode = DELETE"));
	root = kit_sql(kit, "SELECT (rootpage - 1) * 4096 FROM sqlite_schema"
			    " WHERE name = 'sqlite_autoindex_registration_1'");
	fd = open(kit->path, O_RDWR | O_CLOEXEC);
	assert_int_equal(pread(fd, page, PAGE, atoll(root)), PAGE);
	at = memmem(page, PAGE, kit_id(20, id), UUID_SIZE - 1);
	assert_non_null(at);
	memcpy(at, kit_id(10, id), UUID_SIZE - 1);
	assert_int_equal(pwrite(fd, page, PAGE, atoll(root)), PAGE);
	close(fd);
	free(root);
	findings = check_run(&check, kit->path, &err);
	assert_non_null(findings);
	assert_int_equal(findings->rows, 20);
	for (size_t i = 0; i < findings->count; i++)
		found = found || strstr(findings->list[i].words, "what follows the id") != NULL;
	assert_true(found);
	journal_findings_free(&findings);
	kit_open(kit);
}

/* Which codes are one page's trouble, and which everybody's. */
static void
test_codes_of_damage(void **state)
{
	static const struct {
		int code;
		bool damage;
	} rows[] = {
	    {SQLITE_CORRUPT, true},
	    {SQLITE_CORRUPT_INDEX, true},
	    {SQLITE_IOERR_READ, true},
	    {SQLITE_IOERR_SHORT_READ, true},
	    {SQLITE_IOERR_CORRUPTFS, true},
	    {SQLITE_IOERR_WRITE, false},
	    {SQLITE_IOERR_FSYNC, false},
	    {SQLITE_FULL, false},
	    {SQLITE_BUSY, false},
	    {SQLITE_OK, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(sql_is_damage(rows[i].code), rows[i].damage);
}

/* Everything that reads, with reads that fail from the n-th on: an error or a result, no end. */
static void
test_reads_fail(void **state)
{
	struct kit *kit = *state;
	struct journal_filter all = {0};
	struct journal_attempts attempts;
	struct journal_counts counts;
	struct err err = {0};
	char id[UUID_SIZE], ids[4][UUID_SIZE];
	char *copy = mem_format("%s/copy", kit->folder);
	int listed = 0, refused = 0, opened = 0;

	append_due(kit, 40);
	kit_close(kit);
	kit->loop = loop_new(&err);
	for (int n = 0; n < 60; n++) {
		struct registration *it;

		fault_reads_left = n;
		kit->journal = journal_open(kit->loop, &kit->conf, kit->keys, &err);
		if (kit->journal == NULL) {
			refused++;
			assert_non_null(strstr(err.text, kit->path));
			fault_reads_left = -1;
			continue;
		}
		opened++;
		it = journal_find(kit->journal, kit_id(n % 40, id));
		assert_true(it != NULL || journal_has_misread(kit->journal));
		registration_free(&it);
		journal_due(kit->journal, INT64_MAX, ids, 4);
		journal_list(kit->journal, &all, list_nothing, &listed);
		journal_counts(kit->journal, &counts);
		journal_find_attempts(kit->journal, "key", &attempts);
		journal_check(&kit->conf, &err);
		fault_reads_left = -1;
		journal_close(&kit->journal);
	}
	for (int n = 0; n < 60; n++) {
		fault_reads_left = n;
		if (journal_backup(&kit->conf, copy, &err) == 0)
			unlink(copy);
		journal_check(&kit->conf, &err);
		fault_reads_left = -1;
		assert_int_not_equal(access(copy, F_OK), 0);
	}
	loop_free(&kit->loop);
	assert_true(refused > 0 && opened > 0);
	assert_int_equal(journal_check(&kit->conf, &err), 0);
	kit_open(kit);
	expect_damaged(kit, 39, false);
	free(copy);
}

/* A start that must write says that it can't, and leaves the file as it is. */
static void
test_start_can_not_write(void **state)
{
	static const char *const before[] = {
	    "DELETE FROM facts WHERE name LIKE 'key %'", "DELETE FROM facts WHERE name = 'boot'",
	    "PRAGMA user_version = 2", /* the migration then meets what is there */
	};
	struct kit *kit = *state;
	struct err err;

	append_due(kit, 3);
	kit_close(kit);
	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
		free(kit_sql(kit, before[i]));
		fault_write_errno = EIO;
		kit_open_refused(kit, &err);
		fault_write_errno = 0;
	}
	kit_open_refused(kit, &err);
	assert_non_null(strstr(err.text, "bringing the journal to version 3"));
	free(kit_sql(kit, "PRAGMA user_version = 3"));
	kit_open(kit);
	unlink(kit->path);
	kit_close(kit);
	fault_write_errno = EIO;
	kit_open_refused(kit, &err);
	fault_write_errno = 0;
	unlink(kit->path);
	kit_open(kit);
}

static uint32_t chance = 1;

static uint32_t
next_chance(uint32_t bound)
{
	chance = chance * 1664525 + 1013904223;
	return (chance >> 8) % bound;
}

static void
see_registration(const struct registration *registration, void *arg)
{
	assert_true(registration->state < STATE_COUNT);
	assert_non_null(registration->step);
	assert_non_null(registration->portal);
}

static void
see_line(int64_t at, const char *step, const char *of_state, const char *what, void *arg)
{
}

/* Reads and writes all of it: what opens is the row's own, what does not is set aside. */
static void
use_all(struct kit *kit, int count)
{
	struct journal_filter all = {0}, aside = {.set_aside = true};
	struct journal_counts counts;
	char id[UUID_SIZE], ids[8][UUID_SIZE], digits[16];

	for (int n = 0; n < count; n++) {
		struct registration *it = journal_find(kit->journal, kit_id(n, id));

		if (it != NULL && it->application != NULL) {
			snprintf(digits, sizeof(digits), "900%06u", (unsigned)n % 1000000);
			assert_string_equal(it->application->identifier.digits, digits);
			journal_save(kit->journal, it, NULL, kit_on_done, kit);
		}
		journal_timeline(kit->journal, id, see_line, NULL);
		registration_free(&it);
	}
	journal_due(kit->journal, INT64_MAX, ids, 8);
	journal_list(kit->journal, &all, see_registration, NULL);
	journal_list(kit->journal, &aside, see_registration, NULL);
	journal_counts(kit->journal, &counts);
	journal_begin(kit->journal, JOURNAL_CHECK, NULL, NULL);
	kit_settle(kit);
}

/* Bytes that flip anywhere in the file: no crash, no other's secrets, and no endless loop. */
static void
test_flips(void **state)
{
	enum { COUNT = 12, IMAGES = 150 };
	struct kit *kit = *state;
	char *sound = mem_format("%s/sound", kit->folder), page[PAGE];
	struct err err = {0};
	int opened = 0;

	append_due(kit, COUNT);
	kit_close(kit);
	assert_int_equal(rename(kit->path, sound), 0);
	for (int image = 0; image < IMAGES; image++) {
		int from = open(sound, O_RDONLY | O_CLOEXEC);
		int to = open(kit->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		off_t size = 0;
		ssize_t got;

		unlink(kit->wal);
		while ((got = read(from, page, PAGE)) > 0)
			size += write(to, page, (size_t)got);
		for (uint32_t i = next_chance(6) + 1; i > 0; i--) {
			char byte = (char)next_chance(256);

			assert_int_equal(
			    pwrite(to, &byte, 1, (off_t)next_chance((uint32_t)size)), 1);
		}
		close(from);
		close(to);
		kit->loop = loop_new(&err);
		kit->journal = journal_open(kit->loop, &kit->conf, kit->keys, &err);
		if (kit->journal != NULL) {
			opened++;
			use_all(kit, COUNT);
		}
		kit_close(kit);
		journal_check(&kit->conf, &err);
	}
	assert_true(opened > IMAGES / 2);
	assert_int_equal(rename(sound, kit->path), 0);
	unlink(kit->wal);
	kit_open(kit);
	free(sound);
}

/* A state that is none is set aside, as what does not unseal is. */
static void
test_no_state(void **state)
{
	struct kit *kit = *state;
	struct registration *it;
	struct journal_counts counts;
	char id[UUID_SIZE];

	append_due(kit, 2);
	free(kit_sql(kit, "UPDATE registration SET state = 'pendinh' WHERE due_at = 100"));
	it = journal_find(kit->journal, kit_id(0, id));
	assert_true(it->set_aside);
	assert_int_equal(it->state, STATE_FAILED);
	assert_null(it->application);
	assert_non_null(strstr(it->detail, "state"));
	registration_free(&it);
	kit_settle(kit);
	journal_counts(kit->journal, &counts);
	assert_int_equal(counts.set_aside, 1);
	assert_int_equal(counts.next_due, 101);
}

static void
allow_nulls(struct kit *kit)
{
	sqlite3 *database;

	assert_int_equal(sqlite3_open(kit->path, &database), SQLITE_OK);
	assert_int_equal(sqlite3_exec(database,
			     "PRAGMA writable_schema = ON;"
			     "UPDATE sqlite_schema SET sql = replace(sql, ' NOT NULL', '')"
			     " WHERE type = 'table'",
			     NULL, NULL, NULL),
	    SQLITE_OK);
	sqlite3_close(database);
}

/* Columns without what must be there, as a damaged page may have them: nobody trips over it. */
static void
test_nulls(void **state)
{
	struct kit *kit = *state;
	struct journal_filter all = {0};
	struct journal_attempts attempts = {.in_row = 1, .total = 1};
	struct journal_counts counts;
	struct registration *it;
	struct err err = {0};
	char id[UUID_SIZE], ids[4][UUID_SIZE], *answer;
	int listed = 0, status;

	append_due(kit, 4);
	journal_save_attempts(kit->journal, "key", &attempts, kit_on_done, kit);
	kit_settle(kit);
	kit_close(kit);
	allow_nulls(kit);
	free(kit_sql(kit, "UPDATE registration SET portal = NULL, step = NULL, person_key = NULL,"
			  " state = NULL, sealed = NULL WHERE due_at = 100"));
	free(kit_sql(kit, "UPDATE registration SET portal = NULL, step = NULL, key_mac = NULL"
			  " WHERE due_at = 101"));
	free(kit_sql(kit, "UPDATE registration SET sealed_key = NULL WHERE due_at = 102"));
	free(kit_sql(kit, "UPDATE registration SET id = NULL WHERE due_at = 103"));
	free(kit_sql(kit, "UPDATE attempts SET last_id = NULL"));
	free(kit_sql(kit, "UPDATE facts SET value = NULL WHERE name LIKE 'key %'"));
	kit_open_refused(kit, &err); /* which key seals the rows is not known any more */
	assert_non_null(strstr(err.text, "key"));
	free(kit_sql(kit, "DELETE FROM facts WHERE name LIKE 'key %'"));
	free(kit_sql(kit, "UPDATE facts SET value = NULL WHERE name = 'boot'"));
	kit_open(kit);
	it = journal_find(kit->journal, kit_id(0, id));
	assert_true(it->set_aside);
	assert_string_equal(it->step, "");
	registration_free(&it);
	it = journal_find(kit->journal, kit_id(1, id));
	assert_false(it->set_aside);
	assert_string_equal(it->portal, "");
	registration_free(&it);
	it = journal_find(kit->journal, kit_id(2, id));
	assert_true(it->set_aside);
	registration_free(&it);
	assert_null(journal_find_key(kit->journal, NULL, "none", NULL, NULL));
	assert_null(journal_find_key(kit->journal, "web", "none", &status, &answer));
	kit_settle(kit);
	assert_int_equal(journal_due(kit->journal, INT64_MAX, ids, 4), 1);
	assert_string_equal(ids[0], kit_id(1, id)); /* not what has no id */
	assert_int_equal(journal_find_attempts(kit->journal, "key", &attempts), 0);
	assert_string_equal(attempts.last_id, "");
	assert_int_equal(journal_list(kit->journal, &all, list_nothing, &listed), 0);
	assert_int_equal(listed, 4);
	journal_counts(kit->journal, &counts);
	assert_int_equal(counts.set_aside, 2);
	kit_close(kit);
	assert_int_equal(journal_check(&kit->conf, &err), 0);
	kit_open(kit);
}

/* Facts that are none of ours, and versions that never were. */
static void
test_strange_facts(void **state)
{
	struct kit *kit = *state;
	char *boot = mem_format(
	    "UPDATE facts SET value = '%s nonumber' WHERE name = 'boot'", clock_boot_id());
	struct err err;

	append_due(kit, 1);
	kit_close(kit);
	free(kit_sql(kit, "UPDATE facts SET value = 'nospace' WHERE name = 'boot'"));
	kit_open(kit);
	kit_close(kit);
	free(kit_sql(kit, boot));
	free(kit_sql(kit, "INSERT INTO facts VALUES ('key zz', 'nohex')"));
	kit_open(kit);
	kit_close(kit);
	free(kit_sql(kit, "UPDATE registration SET sealed_key = 'zz'"));
	kit_open_refused(kit, &err);
	assert_non_null(strstr(err.text, "zz that seals 1 registrations"));
	free(kit_sql(kit, "DELETE FROM registration"));
	free(kit_sql(kit, "PRAGMA user_version = -1"));
	kit_open_refused(kit, &err);
	assert_non_null(strstr(err.text, "no journal of musterd"));
	free(kit_sql(kit, "PRAGMA user_version = 3"));
	kit_open(kit);
	free(boot);
}

/* A journal that is named from the working folder on. */
static void
test_relative_path(void **state)
{
	struct kit *kit = *state;
	char relative[] = "journal", *folder = getcwd(NULL, 0);
	struct err err = {0};

	kit_close(kit);
	assert_int_equal(chdir(kit->folder), 0);
	kit->conf.path = relative;
	kit_open(kit);
	assert_int_equal(journal_backup(&kit->conf, "copy", &err), 0);
	assert_int_equal(journal_backup(&kit->conf, "/", &err), -1);
	kit_close(kit);
	kit->conf.path = kit->path;
	assert_int_equal(chdir(folder), 0);
	free(folder);
	kit_open(kit);
}

static void
test_lock_in_words(void **state)
{
	struct kit *kit = *state;
	char *lock = mem_format("%s.lock", kit->path), nowhere[] = "/nonexistent/journal";
	struct err err;
	int fd;

	kit_close(kit);
	fd = open(lock, O_RDWR | O_TRUNC | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	kit_open_refused(kit, &err);
	assert_non_null(strstr(err.text, "another musterd uses this journal"));
	close(fd);
	kit->conf.path = nowhere;
	kit_open_refused(kit, &err);
	assert_non_null(strstr(err.text, "lock file"));
	kit->conf.path = kit->path;
	unlink(kit->path);
	assert_int_equal(symlink("/nonexistent/journal", kit->path), 0);
	kit_open_refused(kit, &err);
	assert_non_null(strstr(err.text, "ours alone"));
	unlink(kit->path);
	kit_open(kit);
	free(lock);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(test_trouble),
	    TEST(test_page_of_rows),
	    TEST(test_page_of_rows_read),
	    TEST(test_last_page),
	    TEST(test_page_of_due_index),
	    TEST(test_due_index_is_gone),
	    TEST(test_preface_and_damage),
	    TEST(test_check_of_unordered),
	    cmocka_unit_test(test_codes_of_damage),
	    TEST(test_reads_fail),
	    TEST(test_start_can_not_write),
	    TEST(test_flips),
	    TEST(test_no_state),
	    TEST(test_nulls),
	    TEST(test_strange_facts),
	    TEST(test_relative_path),
	    TEST(test_lock_in_words),
	};

	fault_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
