/* The attempt budget on a real journal, with a clock that is turned. */
#include "kit.h"

#include "base/clock.h"
#include "budget/budget.h"
#include "fake_clock.h"

#define SECOND 1000
#define LOCK (900 * SECOND)
#define WINDOW (3600 * SECOND)
#define ID_ONE "01900000-0000-7000-8000-000000000001"
#define ID_TWO "01900000-0000-7000-8000-000000000002"

struct bench {
	struct kit *kit;
	struct conf conf;
	const struct conf *in_force;
	struct budget *budget;
	int kept, lost; /* callbacks */
};

static struct bench bench;

static int
setup(void **state)
{
	fake_clock_set(KIT_NOW);
	if (kit_setup(state) != 0)
		return -1;
	memset(&bench, 0, sizeof(bench));
	bench.kit = *state;
	bench.conf.identity = (struct conf_identity){.failures_in_row = 3,
	    .failures_ever = 10,
	    .lock = LOCK,
	    .spray_failures = 20,
	    .spray_window = WINDOW};
	bench.in_force = &bench.conf;
	bench.budget = budget_new(bench.kit->loop, bench.kit->journal, &bench.in_force, NULL);
	return 0;
}

static int
teardown(void **state)
{
	journal_close(&bench.kit->journal);
	budget_free(&bench.budget);
	return kit_teardown(state);
}

/* As after kill -9: what is committed is there, nothing else. */
static void
come_back(void)
{
	kit_settle(bench.kit);
	journal_close(&bench.kit->journal);
	budget_free(&bench.budget);
	loop_free(&bench.kit->loop);
	kit_open(bench.kit);
	bench.budget = budget_new(bench.kit->loop, bench.kit->journal, &bench.in_force, NULL);
}

static void
on_done(bool kept, void *arg)
{
	struct bench *at = arg;

	at->kept += kept;
	at->lost += !kept;
}

/* Keys of a person, and of dates and name, by numbers; made of digits alone. */
static const struct budget_keys *
keys_of(int person, int spray)
{
	static struct budget_keys keys;

	snprintf(keys.person, sizeof(keys.person), "%032d%032d", person, 0);
	snprintf(keys.spray, sizeof(keys.spray), "%031d9%032d", spray, 0);
	return &keys;
}

static int64_t
wait_of(int person, int spray, const char *id)
{
	int64_t wait = -1;
	enum budget_answer answer = budget_ask(bench.budget, keys_of(person, spray), id, &wait);

	assert_int_not_equal(answer, BUDGET_UNKNOWN);
	assert_int_equal(answer == BUDGET_LOCKED, wait > 0);
	return wait;
}

static void
fail_times(int times, int person, int spray)
{
	for (int i = 0; i < times; i++)
		assert_int_equal(
		    budget_fail(bench.budget, keys_of(person, spray), NULL, NULL, NULL), 0);
}

static void
check_look(int person, int in_row, int total, int64_t locked_until, bool for_ever)
{
	struct budget_look look;

	assert_int_equal(budget_look(bench.budget, keys_of(person, 0)->person, &look), 0);
	assert_int_equal(look.in_row, in_row);
	assert_int_equal(look.total, total);
	assert_int_equal(look.locked_until, locked_until);
	assert_int_equal(look.locked_for_ever, for_ever);
}

static int
rows(void)
{
	char *text = kit_sql(bench.kit, "SELECT count(*) FROM attempts");
	int count = atoi(text);

	free(text);
	return count;
}

/* At once, before anything is committed; then for the time of a lock, and the row begins anew. */
static void
test_three_in_a_row(void **state)
{
	for (int i = 0; i < 3; i++) {
		assert_int_equal(wait_of(1, i, NULL), 0);
		fail_times(1, 1, i);
	}
	assert_int_equal(wait_of(1, 7, NULL), LOCK);
	check_look(1, 3, 3, KIT_NOW + LOCK, false);
	assert_int_equal(wait_of(2, 7, NULL), 0);
	kit_settle(bench.kit);
	fake_clock_add(LOCK - 1);
	assert_int_equal(wait_of(1, 7, NULL), 1);
	fake_clock_add(1);
	assert_int_equal(wait_of(1, 7, NULL), 0);
	check_look(1, 0, 3, 0, false);
	fail_times(2, 1, 8);
	assert_int_equal(wait_of(1, 7, NULL), 0);
	fail_times(1, 1, 8);
	assert_int_equal(wait_of(1, 7, NULL), LOCK);
	check_look(1, 3, 6, clock_now() + LOCK, false);
}

static void
test_ten_for_ever(void **state)
{
	struct budget_look was;

	bench.conf.identity.spray_failures = 0;
	for (int total = 1; total <= 10; total++) {
		assert_int_equal(wait_of(1, 1, NULL), 0);
		fail_times(1, 1, 1);
		if (total % 3 == 0) {
			assert_int_equal(wait_of(1, 1, NULL), LOCK);
			fake_clock_add(LOCK);
		}
	}
	check_look(1, 1, 10, 0, true);
	assert_int_equal(wait_of(1, 1, NULL), LOCK);
	fake_clock_add(100 * (int64_t)LOCK);
	come_back();
	assert_int_equal(wait_of(1, 1, NULL), LOCK);
	assert_int_equal(
	    budget_unlock(bench.budget, keys_of(1, 1)->person, &was, on_done, &bench), 0);
	assert_int_equal(was.total, 10);
	assert_true(was.locked_for_ever);
	assert_int_equal(wait_of(1, 1, NULL), 0);
	kit_settle(bench.kit);
	assert_int_equal(bench.kept, 1);
	assert_int_equal(rows(), 0);
	check_look(1, 0, 0, 0, false);
}

static void
test_turned_off(void **state)
{
	bench.conf.identity.failures_in_row = 0;
	bench.conf.identity.failures_ever = 0;
	bench.conf.identity.spray_failures = 0;
	fail_times(50, 1, 1);
	assert_int_equal(wait_of(1, 1, NULL), 0);
	check_look(1, 50, 50, 0, false);
	kit_settle(bench.kit);
	assert_int_equal(rows(), 1);
	/* what was counted meanwhile counts once the limits are on */
	bench.conf.identity.failures_ever = 10;
	assert_int_equal(wait_of(1, 1, NULL), LOCK);
}

static void
test_pass_ends_the_row(void **state)
{
	budget_pass(bench.budget, keys_of(1, 1));
	assert_int_equal(journal_depth(bench.kit->journal), 0);
	for (int i = 0; i < 4; i++) {
		fail_times(2, 1, i);
		budget_pass(bench.budget, keys_of(1, i));
		check_look(1, 0, 2 * (i + 1), 0, false);
		assert_int_equal(wait_of(1, i, NULL), 0);
	}
	come_back();
	check_look(1, 0, 8, 0, false);
	/* the window does not forget: or one right guess would pay for the wrong ones */
	for (int i = 0; i < 20; i++) {
		fail_times(1, 100 + i, 50);
		budget_pass(bench.budget, keys_of(100 + i, 50));
	}
	assert_int_equal(wait_of(999, 50, NULL), WINDOW);
}

static void
test_survives(void **state)
{
	for (int i = 1; i <= 3; i++) {
		assert_int_equal(wait_of(1, i, NULL), 0);
		fail_times(1, 1, i);
		come_back();
		check_look(1, i, i, i == 3 ? KIT_NOW + LOCK : 0, false);
	}
	assert_int_equal(wait_of(1, 9, NULL), LOCK);
}

/* A step is repeated after a crash: its failure counts once, and the claim is compared again. */
static void
test_once_for_a_registration(void **state)
{
	for (int i = 0; i < 5; i++)
		assert_int_equal(
		    budget_fail(bench.budget, keys_of(1, 1), ID_ONE, on_done, &bench), 0);
	check_look(1, 1, 1, 0, false);
	come_back();
	assert_int_equal(bench.kept, 5);
	fail_times(1, 1, 1);
	assert_int_equal(budget_fail(bench.budget, keys_of(1, 1), ID_TWO, NULL, NULL), 0);
	assert_int_equal(budget_fail(bench.budget, keys_of(1, 1), ID_TWO, NULL, NULL), 0);
	check_look(1, 3, 3, KIT_NOW + LOCK, false);
	assert_int_equal(wait_of(1, 1, ID_TWO), 0);
	assert_int_equal(wait_of(1, 1, ID_ONE), LOCK);
	assert_int_equal(wait_of(1, 1, NULL), LOCK);
}

static void
test_spray(void **state)
{
	for (int i = 0; i < 20; i++) {
		assert_int_equal(wait_of(i, 1, NULL), 0);
		fail_times(1, i, 1);
		fake_clock_add(SECOND);
	}
	assert_int_equal(wait_of(500, 1, NULL), WINDOW - 20 * SECOND);
	assert_int_equal(wait_of(500, 2, NULL), 0);
	come_back();
	fake_clock_add(WINDOW - 21 * SECOND);
	assert_int_equal(wait_of(500, 1, NULL), SECOND);
	fake_clock_add(SECOND);
	assert_int_equal(wait_of(500, 1, NULL), 0);
	fail_times(1, 500, 1);
	assert_int_equal(wait_of(501, 1, NULL), 0);
}

/* Windows that are over are forgotten as new ones come; identifiers never are. */
static void
test_prune(void **state)
{
	char *old;

	for (int i = 0; i < 100; i++)
		fail_times(1, 1000 + i, 1000 + i);
	kit_settle(bench.kit);
	assert_int_equal(rows(), 200);
	fake_clock_add(WINDOW + 1);
	for (int i = 0; i < 64; i++)
		fail_times(1, 2000, 2000 + i);
	kit_settle(bench.kit);
	old = kit_sql(bench.kit, "SELECT count(*) FROM attempts WHERE began_at > 0"
				 " AND began_at < 1790003600000");
	assert_string_equal(old, "0");
	free(old);
	assert_int_equal(rows(), 100 + 64 + 1);
}

/* What is committed is not held in memory. */
static void
test_leaves_memory(void **state)
{
	fail_times(3, 1, 1);
	assert_int_equal(wait_of(1, 1, NULL), LOCK);
	kit_settle(bench.kit);
	free(kit_sql(bench.kit, "DELETE FROM attempts"));
	assert_int_equal(wait_of(1, 1, NULL), 0);
}

static void
turn_until_rows(int count)
{
	for (int turn = 0; rows() != count; turn++) {
		assert_true(turn < 1000);
		loop_turn(bench.kit->loop, 20);
	}
}

/* A change that can't be committed counts all the same, and is written later. */
static void
test_write_fails(void **state)
{
	free(kit_sql(bench.kit, "CREATE TRIGGER no BEFORE INSERT ON attempts BEGIN"
				" SELECT RAISE(ABORT, 'no'); END"));
	for (int i = 0; i < 3; i++)
		assert_int_equal(
		    budget_fail(bench.budget, keys_of(1, 1), NULL, on_done, &bench), 0);
	kit_settle(bench.kit);
	assert_int_equal(bench.kept, 0);
	assert_int_equal(bench.lost, 3);
	assert_int_equal(rows(), 0);
	assert_int_equal(wait_of(1, 1, NULL), LOCK);
	free(kit_sql(bench.kit, "DROP TRIGGER no"));
	turn_until_rows(2);
	come_back();
	check_look(1, 3, 3, KIT_NOW + LOCK, false);
}

/* Nothing found must not mean nothing counted. */
static void
test_read_fails(void **state)
{
	struct budget_look look;
	int64_t wait;

	fail_times(3, 1, 1);
	kit_settle(bench.kit);
	free(kit_sql(bench.kit, "ALTER TABLE attempts RENAME TO gone"));
	assert_int_equal(budget_ask(bench.budget, keys_of(1, 1), NULL, &wait), BUDGET_UNKNOWN);
	assert_int_equal(budget_ask(bench.budget, keys_of(2, 2), NULL, &wait), BUDGET_UNKNOWN);
	assert_int_equal(budget_fail(bench.budget, keys_of(1, 1), NULL, on_done, &bench), -1);
	assert_int_equal(budget_look(bench.budget, keys_of(1, 1)->person, &look), -1);
	assert_int_equal(
	    budget_unlock(bench.budget, keys_of(1, 1)->person, &look, on_done, &bench), -1);
	budget_pass(bench.budget, keys_of(1, 1));
	free(kit_sql(bench.kit, "ALTER TABLE gone RENAME TO attempts"));
	assert_int_equal(wait_of(1, 1, NULL), LOCK);
	kit_settle(bench.kit);
	assert_int_equal(bench.kept + bench.lost, 0);
}

/* Memory is bounded: beyond it nothing is compared until some is committed, and none is lost. */
static void
test_bounded(void **state)
{
	int count = 0;
	int64_t wait;

	bench.conf.identity.spray_failures = 0;
	while (count < 40000 &&
	       budget_ask(bench.budget, keys_of(count, 1), NULL, &wait) == BUDGET_OPEN)
		fail_times(1, count++, 1);
	assert_in_range(count, 10000, 20000);
	turn_until_rows(count);
	kit_settle(bench.kit);
	assert_int_equal(wait_of(count, 1, NULL), 0);
	check_look(count - 1, 1, 1, 0, false);
}

static void
test_end_calls_back(void **state)
{
	struct budget_look was;

	assert_int_equal(budget_fail(bench.budget, keys_of(1, 1), NULL, on_done, &bench), 0);
	assert_int_equal(
	    budget_unlock(bench.budget, keys_of(2, 1)->person, &was, on_done, &bench), 0);
	journal_close(&bench.kit->journal);
	assert_int_equal(bench.kept, 2);
	budget_free(&bench.budget);
	assert_int_equal(bench.kept, 2);
	assert_int_equal(bench.lost, 0);
}

/* ---- keys ---- */

struct claim {
	const char *identifier;
	enum identifier_kind kind;
	int birth_year, entry_year; /* 0: none */
	const char *family;
};

static void
keys_of_claim(const struct claim *from, bool names, struct budget_keys *keys_out)
{
	struct application *claimed = application_new();

	assert_int_equal(identifier_parse(from->kind, from->identifier, &claimed->identifier), 0);
	claimed->birth_date = (struct date){from->birth_year, 2, 28};
	if (from->entry_year != 0)
		claimed->pay_entry_base_date = (struct date){from->entry_year, 2, 28};
	claimed->legal_name.given = mem_text("John");
	claimed->legal_name.family = mem_text(from->family);
	budget_keys(bench.kit->keys, claimed, names, keys_out);
	application_free(&claimed);
}

static void
test_keys(void **state)
{
	static const struct claim first = {"900-12-3456", IDENTIFIER_SSN, 1980, 2001, "Doe-Smith"};
	static const struct {
		struct claim claim;
		bool same_person, same_spray, same_dates;
	} table[] = {
	    {{"900123456", IDENTIFIER_SSN, 1980, 2001, "Doe-Smith"}, true, true, true},
	    {{"900123456", IDENTIFIER_FIN, 1980, 2001, "DOE  smith"}, true, true, true},
	    {{"900123457", IDENTIFIER_SSN, 1980, 2001, "Doe-Smith"}, false, true, true},
	    {{"900123456", IDENTIFIER_SSN, 1981, 2001, "Doe-Smith"}, true, false, false},
	    {{"900123456", IDENTIFIER_SSN, 1980, 2002, "Doe-Smith"}, true, false, false},
	    {{"900123456", IDENTIFIER_SSN, 2001, 1980, "Doe-Smith"}, true, false, false},
	    {{"900123456", IDENTIFIER_SSN, 1980, 0, "Doe-Smith"}, true, false, false},
	    {{"900123456", IDENTIFIER_SSN, 1980, 2001, "Doe"}, true, false, true},
	};
	struct budget_keys named, dated, keys;

	keys_of_claim(&first, true, &named);
	keys_of_claim(&first, false, &dated);
	assert_string_equal(named.person, dated.person);
	assert_string_not_equal(named.spray, dated.spray);
	assert_string_not_equal(named.person, named.spray);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		keys_of_claim(&table[i].claim, true, &keys);
		assert_int_equal(strcmp(keys.person, named.person) == 0, table[i].same_person);
		assert_int_equal(strcmp(keys.spray, named.spray) == 0, table[i].same_spray);
		keys_of_claim(&table[i].claim, false, &keys);
		assert_int_equal(strcmp(keys.spray, dated.spray) == 0, table[i].same_dates);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(test_three_in_a_row),
	    TEST(test_ten_for_ever),
	    TEST(test_turned_off),
	    TEST(test_pass_ends_the_row),
	    TEST(test_survives),
	    TEST(test_once_for_a_registration),
	    TEST(test_spray),
	    TEST(test_prune),
	    TEST(test_leaves_memory),
	    TEST(test_write_fails),
	    TEST(test_read_fails),
	    TEST(test_bounded),
	    TEST(test_end_calls_back),
	    TEST(test_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
