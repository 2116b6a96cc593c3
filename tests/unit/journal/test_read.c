#include "kit.h"

static struct registration *
find(struct kit *kit, int n)
{
	char id[UUID_SIZE];

	return journal_find(kit->journal, kit_id(n, id));
}

static void
test_find_nothing(void **state)
{
	struct kit *kit = *state;
	int status = 9;
	char *answer;

	assert_int_equal(kit_append(kit, kit_registration(1)), JOURNAL_DONE);
	assert_null(find(kit, 2));
	assert_null(journal_find_uid(kit->journal, "john.doe"));
	/* One without a key is never found by the empty key. */
	assert_null(journal_find_key(kit->journal, "web", "", &status, &answer));
	assert_int_equal(status, 0);
	assert_null(answer);
}

static void
test_find_uid_newest(void **state)
{
	struct kit *kit = *state;
	struct registration *it;

	for (int n = 3; n >= 1; n--) {
		it = kit_registration(n);
		mem_set_text(&it->uid, "john.doe");
		assert_int_equal(kit_append(kit, it), JOURNAL_DONE);
	}
	it = journal_find_uid(kit->journal, "john.doe");
	assert_int_equal(it->created_at, KIT_NOW + 3);
	registration_free(&it);
}

static void
append_due(struct kit *kit, int n, int64_t due, const char *waits_for)
{
	struct registration *it = kit_registration(n);

	it->due_at = due;
	mem_set_text(&it->waits_for, waits_for);
	assert_int_equal(kit_append(kit, it), JOURNAL_DONE);
}

static void
test_due(void **state)
{
	struct kit *kit = *state;
	char ids[4][UUID_SIZE], id[UUID_SIZE];

	assert_int_equal(journal_next_due(kit->journal, 0), 0);
	append_due(kit, 1, 300, NULL);
	append_due(kit, 2, 100, NULL);
	append_due(kit, 3, 0, NULL);
	append_due(kit, 4, 200, NULL);
	assert_int_equal(journal_next_due(kit->journal, 0), 100);
	assert_int_equal(journal_due(kit->journal, 99, ids, 4), 0);
	assert_int_equal(journal_due(kit->journal, 200, ids, 4), 2);
	assert_string_equal(ids[0], kit_id(2, id));
	assert_string_equal(ids[1], kit_id(4, id));
	assert_int_equal(journal_due(kit->journal, INT64_MAX, ids, 1), 1);
	assert_string_equal(ids[0], kit_id(2, id));
	assert_int_equal(journal_due(kit->journal, INT64_MAX, ids, 4), 3);
}

static void
test_wake(void **state)
{
	struct kit *kit = *state;
	char ids[8][UUID_SIZE];
	struct registration *it;

	append_due(kit, 1, 5000, "personnel");
	append_due(kit, 2, 5000, "accounts");
	append_due(kit, 3, 500, "personnel");
	append_due(kit, 4, 0, "personnel");
	append_due(kit, 5, 5000, NULL);
	journal_wake(kit->journal, "personnel", 1000, NULL, NULL);
	kit_settle(kit);
	assert_int_equal(journal_due(kit->journal, 1000, ids, 8), 2);
	it = find(kit, 1);
	assert_int_equal(it->due_at, 1000);
	registration_free(&it);
	it = find(kit, 3);
	assert_int_equal(it->due_at, 500);
	registration_free(&it);
	it = find(kit, 4);
	assert_int_equal(it->due_at, 0);
	registration_free(&it);
}

/* More than one transaction takes: it is called back after each, and nobody is left out. */
static void
test_wake_many(void **state)
{
	struct kit *kit = *state;
	char(*ids)[UUID_SIZE] = mem_grow(NULL, 700, UUID_SIZE);
	size_t before;

	for (int n = 0; n < 600; n++)
		append_due(kit, n, 5000 + n, "accounts");
	append_due(kit, 600, 5000, "personnel");
	before = kit->done;
	journal_wake(kit->journal, "accounts", 1000, kit_on_done, kit);
	kit_settle(kit);
	assert_int_equal(kit->done - before, 4);
	assert_int_equal(journal_due(kit->journal, 1000, ids, 700), 600);
	free(ids);
}

struct seen {
	size_t count;
	int64_t created[16];
};

static void
see(const struct registration *registration, void *arg)
{
	struct seen *seen = arg;

	assert_null(registration->application);
	seen->created[seen->count++] = registration->created_at - KIT_NOW;
}

static void
test_list(void **state)
{
	static const enum registration_state states[] = {STATE_RECEIVED, STATE_ACTIVE,
	    STATE_PENDING, STATE_FAILED, STATE_CANCELLED, STATE_REJECTED, STATE_PENDING};
	static const struct {
		struct journal_filter filter;
		size_t count;
		int64_t created[7];
	} cases[] = {
	    {{0}, 7, {7, 6, 5, 4, 3, 2, 1}},
	    {{.limit = 2}, 2, {7, 6}},
	    {{.by_state = true, .state = STATE_PENDING}, 2, {7, 3}},
	    {{.by_state = true, .state = STATE_RECEIVED}, 1, {1}},
	    {{.by_state = true, .state = STATE_ACTIVE, .open = true}, 0, {0}},
	    {{.by_state = true, .state = STATE_PENDING, .open = true, .limit = 1}, 1, {7}},
	    {{.open = true}, 4, {7, 4, 3, 1}},
	    {{.open = true, .created_before = KIT_NOW + 4}, 2, {3, 1}},
	    {{.created_before = KIT_NOW + 3, .limit = 9}, 2, {2, 1}},
	};
	struct kit *kit = *state;
	struct registration *it;

	for (int n = 1; n <= 7; n++) {
		it = kit_registration(n);
		it->state = states[n - 1];
		assert_int_equal(kit_append(kit, it), JOURNAL_DONE);
	}
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct seen seen = {0};

		journal_list(kit->journal, &cases[i].filter, see, &seen);
		assert_int_equal(seen.count, cases[i].count);
		for (size_t j = 0; j < seen.count; j++)
			assert_int_equal(seen.created[j], cases[i].created[j]);
	}
}

static void
add_line(int64_t at, const char *step, const char *of_state, const char *what, void *arg)
{
	assert_true(at > 0);
	text_add(arg, "%s/%s/%s;", step, of_state, what != NULL ? what : "-");
}

static void
test_timeline(void **state)
{
	struct kit *kit = *state;
	struct journal_note note = {"prove-identity", "identity proved"}, bare = {NULL, NULL};
	struct registration *it = kit_registration(1);
	struct text lines = {0};

	assert_int_equal(kit_append(kit, kit_registration(2)), JOURNAL_DONE);
	journal_append(kit->journal, it, &bare, kit_on_done, kit);
	it->state = STATE_VERIFIED;
	mem_set_text(&it->step, "add-entry");
	journal_save(kit->journal, it, &note, kit_on_done, kit);
	journal_save(kit->journal, it, NULL, kit_on_done, kit);
	registration_free(&it);
	kit_wait(kit, 4);
	journal_timeline(kit->journal, "01900000-0000-7000-8000-000000000001", add_line, &lines);
	assert_string_equal(
	    lines.bytes, "prove-identity/received/-;prove-identity/verified/identity proved;");
	text_fini(&lines);
	journal_timeline(kit->journal, "01900000-0000-7000-8000-000000000099", add_line, &lines);
	assert_null(lines.bytes);
}

static void
test_counts(void **state)
{
	struct kit *kit = *state;
	struct journal_counts counts;
	struct registration *it;

	journal_counts(kit->journal, &counts);
	assert_int_equal(counts.by_state[STATE_RECEIVED] + counts.oldest_pending, 0);
	for (int n = 1; n <= 5; n++) {
		it = kit_registration(n);
		it->due_at = n == 4 ? 44 : 0;
		assert_int_equal(kit_append(kit, it), JOURNAL_DONE);
	}
	for (int n = 5; n >= 4; n--) {
		it = find(kit, n);
		it->state = STATE_PENDING;
		assert_int_equal(kit_save(kit, it), JOURNAL_DONE);
	}
	it = find(kit, 1);
	assert_int_equal(kit_save(kit, it), JOURNAL_DONE); /* as it was: counted once */
	it = find(kit, 2);
	it->state = STATE_REJECTED;
	assert_int_equal(kit_save(kit, it), JOURNAL_DONE);
	journal_counts(kit->journal, &counts);
	assert_int_equal(counts.by_state[STATE_RECEIVED], 2);
	assert_int_equal(counts.by_state[STATE_PENDING], 2);
	assert_int_equal(counts.by_state[STATE_REJECTED], 1);
	assert_int_equal(counts.by_state[STATE_ACTIVE], 0);
	assert_int_equal(counts.oldest_pending, KIT_NOW + 4);
	assert_int_equal(counts.next_due, 44);
	assert_int_equal(counts.set_aside, 0);
}

/* What runs often must never read the whole table, nor sort. */
static void
test_query_plans(void **state)
{
	static const struct {
		enum read_sql which;
		const char *index;
	} cases[] = {
	    {SQL_FIND, "sqlite_autoindex_registration_1 (id=?)"},
	    {SQL_FIND_UID, "registration_uid (uid=?)"},
	    {SQL_FIND_KEY, "registration_key (portal=? AND key_mac=?)"},
	    {SQL_DUE, "COVERING INDEX registration_due (due_at>? AND due_at<?)"},
	    {SQL_NEXT_DUE, "COVERING INDEX registration_due"},
	    {SQL_LIST, "registration_created (created_at<?)"},
	    {SQL_LIST_STATE, "registration_state (state=? AND created_at<?)"},
	    {SQL_LIST_OPEN, "registration_open (created_at<?)"},
	    {SQL_OLDEST, "COVERING INDEX registration_state (state=?)"},
	    {SQL_ASIDE_COUNT, "COVERING INDEX registration_set_aside"},
	};
	struct kit *kit = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		sqlite3_stmt *statement = NULL;
		struct text plan = {0};
		char *text = mem_format("EXPLAIN QUERY PLAN %s", read_sql[cases[i].which]);

		assert_int_equal(
		    sqlite3_prepare_v2(kit->journal->reader, text, -1, &statement, NULL),
		    SQLITE_OK);
		while (sqlite3_step(statement) == SQLITE_ROW)
			text_add(&plan, "%s\n", (const char *)sqlite3_column_text(statement, 3));
		if (strstr(plan.bytes, cases[i].index) == NULL || strstr(plan.bytes, "TEMP"))
			fail_msg("%s\n%s", text, plan.bytes);
		sqlite3_finalize(statement);
		text_fini(&plan);
		free(text);
	}
}

static void
test_wake_plan(void **state)
{
	struct kit *kit = *state;
	char *text = mem_format("EXPLAIN QUERY PLAN %s", write_sql[SQL_WAKE]);
	sqlite3_stmt *statement = NULL;
	bool found = false;

	assert_int_equal(
	    sqlite3_prepare_v2(kit->journal->reader, text, -1, &statement, NULL), SQLITE_OK);
	while (sqlite3_step(statement) == SQLITE_ROW)
		found = found || strstr((const char *)sqlite3_column_text(statement, 3),
				     "registration_waits (waits_for=? AND rowid>?)") != NULL;
	assert_true(found);
	sqlite3_finalize(statement);
	free(text);
}

static int
on_progress_stop(void *arg)
{
	return 1;
}

/* Not to be found, and not to be read, are two things. */
static void
test_read_that_fails(void **state)
{
	struct kit *kit = *state;
	char ids[1][UUID_SIZE];
	struct registration *it;

	append_due(kit, 1, 100, NULL);
	assert_null(find(kit, 2));
	assert_false(journal_has_misread(kit->journal));
	sqlite3_progress_handler(kit->journal->reader, 1, on_progress_stop, NULL);
	assert_null(find(kit, 1));
	assert_true(journal_has_misread(kit->journal));
	assert_int_equal(journal_due(kit->journal, 100, ids, 1), 0);
	assert_true(journal_has_misread(kit->journal));
	sqlite3_progress_handler(kit->journal->reader, 0, NULL, NULL);
	it = find(kit, 1);
	assert_non_null(it);
	assert_false(journal_has_misread(kit->journal));
	registration_free(&it);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(test_find_nothing),
	    TEST(test_find_uid_newest),
	    TEST(test_due),
	    TEST(test_wake),
	    TEST(test_wake_many),
	    TEST(test_list),
	    TEST(test_timeline),
	    TEST(test_counts),
	    TEST(test_query_plans),
	    TEST(test_wake_plan),
	    TEST(test_read_that_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
