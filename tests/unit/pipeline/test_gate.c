/* When a gate closes, whom it lets through, and what opens it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pipeline/gate.h"
#include "pipeline/step.h"

#define NOW INT64_C(1790000000000)
#define BUSY "accounts: the directory is busy (51)"
#define MOST_APART 5000

static const struct step rows[] = {
    {.name = "first"},
    {.name = "second"},
    {.name = NULL},
};

static int
setup(void **state)
{
	*state = gates_new(rows);
	return 0;
}

static int
teardown(void **state)
{
	free(*state);
	return 0;
}

static int64_t
trouble(struct gate *gate, bool is_first, bool is_turn, int64_t now)
{
	return gate_trouble(
	    gate, is_turn ? "turn" : "other", is_first, is_turn, "accounts", REPLY_BUSY, BUSY, now);
}

static void
close_gate(struct gate *gate)
{
	assert_int_equal(trouble(gate, true, false, NOW), -1);
	assert_int_equal(trouble(gate, true, false, NOW), -1);
	assert_in_range(
	    gate_trouble(gate, "closer", true, false, "accounts", REPLY_BUSY, BUSY, NOW), 500,
	    1000);
}

/* Three in a row, none of them counted twice: one entry's own trouble stops nobody. */
static void
closes_for_many_only(void **state)
{
	struct gate *gate = *state;

	for (int i = 0; i < 100; i++) {
		assert_int_equal(trouble(gate, i == 0, false, NOW), -1);
		assert_true(gate_lets(gate, NOW));
	}
	for (int i = 0; i < 100; i++) {
		assert_int_equal(trouble(gate, true, false, NOW), -1);
		assert_null(gate_pass(gate));
	}
	close_gate(gate);
	assert_false(gate_lets(gate, NOW));
}

/* One at a time, ever less often, and at least every few seconds. */
static void
lets_one_through(void **state)
{
	struct gate *gate = *state;
	int64_t now = NOW, before = 0;

	close_gate(gate);
	for (int i = 0; i < 20; i++) {
		int64_t next = now;

		while (!gate_lets(gate, next))
			next += 10;
		assert_in_range(next - now, before, MOST_APART);
		before = next - now;
		for (int64_t at = next; at < next + MOST_APART; at += 1000)
			assert_false(gate_lets(gate, at));
		now = next;
		assert_in_range(trouble(gate, false, true, now), before, 3 * MOST_APART);
	}
	assert_int_equal(before, MOST_APART);
}

/* Those that were asked before it closed, and are told the same, change nothing for the one that
 * tries. */
static void
closes_before_many_replies(void **state)
{
	struct gate *gate = *state;

	close_gate(gate);
	for (int i = 0; i < 100; i++)
		assert_in_range(trouble(gate, true, false, NOW + i), 60000, 180000);
	assert_true(gate_lets(gate, NOW + 500));
	assert_false(gate_lets(gate, NOW + 500));
}

/* Nobody is forgotten, and they do not all come at once. */
static void
parks_for_a_while(void **state)
{
	int64_t least = INT64_MAX, most = 0;

	for (int i = 0; i < 1000; i++) {
		int64_t wait = gate_park(*state, "some", NOW);

		least = wait < least ? wait : least;
		most = wait > most ? wait : most;
	}
	assert_in_range(least, 60000, 80000);
	assert_in_range(most, 160000, 180000);
}

/* The one that is sure to come is woken by another row's opening: it comes again in time. */
static void
keeps_the_next(void **state)
{
	struct gate *gate = *state;

	close_gate(gate);
	assert_true(gate_lets(gate, NOW + 500));
	trouble(gate, false, true, NOW + 500);
	assert_false(gate_lets(gate, NOW + 501));
	assert_in_range(gate_park(gate, "turn", NOW + 501), 999, 3 * MOST_APART);
	assert_in_range(gate_park(gate, "other", NOW + 501), 60000, 180000);
}

static void
opens(void **state)
{
	struct gate *gates = *state;

	close_gate(&gates[1]);
	assert_string_equal(gate_pass(&gates[1]), "accounts");
	assert_true(gate_lets(&gates[1], NOW));
	close_gate(&gates[1]);
	gates_open(gates, "personnel/army");
	assert_false(gate_lets(&gates[1], NOW));
	gates_open(gates, "accounts");
	assert_true(gate_lets(&gates[1], NOW));
}

static void
says_why(void **state)
{
	struct gate *gates = *state;
	char *words = gates_words(gates, "accounts");

	assert_null(words);
	close_gate(&gates[1]);
	assert_null(gates_words(gates, "personnel/army"));
	words = gates_words(gates, "accounts");
	assert_string_equal(words, "second: " BUSY);
	free(words);
	close_gate(&gates[0]);
	words = gates_words(gates, "accounts");
	assert_string_equal(words, "first: " BUSY "; second: " BUSY);
	free(words);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(closes_for_many_only, setup, teardown),
	    cmocka_unit_test_setup_teardown(lets_one_through, setup, teardown),
	    cmocka_unit_test_setup_teardown(closes_before_many_replies, setup, teardown),
	    cmocka_unit_test_setup_teardown(parks_for_a_while, setup, teardown),
	    cmocka_unit_test_setup_teardown(keeps_the_next, setup, teardown),
	    cmocka_unit_test_setup_teardown(opens, setup, teardown),
	    cmocka_unit_test_setup_teardown(says_why, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
