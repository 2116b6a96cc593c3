#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/loop.h"
#include "fake_dir.h"

#define BASE "ou=people,dc=example,dc=mil"

static struct loop *loop;
static struct dir *dir;
static int answered, changes;
static enum reply_kind kind;
static size_t entries;

static void
on_reply(struct reply *reply, void *arg)
{
	answered++;
	kind = reply->kind;
	entries = reply->entry_count;
}

static void
on_change(struct dir *it, bool up, void *arg)
{
	assert_ptr_equal(it, dir);
	changes++;
}

static void
submit(struct question *question)
{
	int before = answered;

	dir_submit(dir, question, on_reply, NULL);
	assert_int_equal(answered, before);
	assert_null(question->dn);
}

static enum reply_kind
ask(struct question *question)
{
	int before = answered;

	submit(question);
	while (answered == before)
		loop_turn(loop, 100);
	assert_int_equal(answered, before + 1);
	return kind;
}

static enum reply_kind
search(const char *base, enum question_scope scope, const char *filter, int limit)
{
	struct question question;

	question_search(&question, TO_ACCOUNTS, base, scope, filter, NULL, limit);
	return ask(&question);
}

static enum reply_kind
add(const char *uid, const char *status)
{
	struct question question;
	char *dn = dn_make("uid", uid, BASE);

	question_add(&question, TO_ACCOUNTS, dn);
	question_change(&question, CHANGE_ADD, "objectClass", "musterAccount");
	question_change(&question, CHANGE_ADD, "uid", uid);
	question_change(&question, CHANGE_ADD, "status", status);
	question_change(&question, CHANGE_ADD, "due", "20260101000000Z");
	free(dn);
	return ask(&question);
}

static enum reply_kind
activate(const char *dn)
{
	struct question question;

	question_modify(&question, TO_ACCOUNTS, dn);
	question_change(&question, CHANGE_DELETE, "status", "pending");
	question_change(&question, CHANGE_ADD, "status", "active");
	question_change(&question, CHANGE_DELETE, "due", NULL);
	return ask(&question);
}

static int
set_up(void **state)
{
	struct err err;

	loop = loop_new(&err);
	dir = dir_open(loop, "accounts", NULL, &err);
	dir_on_change(dir, on_change, NULL);
	answered = changes = 0;
	return dir == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	dir_close(&dir);
	loop_free(&loop);
	fake_dir_forget_all();
	return 0;
}

static void
test_filters(void **state)
{
	static const struct {
		const char *filter;
		int found; /* -1: no filter */
	} rows[] = {
	    {"(uid=a)", 1},
	    {"(UID=A)", 1},
	    {"(uid=*)", 3},
	    {"(nothing=*)", 0},
	    {"(!(uid=a))", 2},
	    {"(&(objectClass=musterAccount)(uid=b))", 1},
	    {"(|(uid=a)(uid=b))", 2},
	    {"(&(|(uid=a)(uid=b))(!(uid=b)))", 1},
	    {"(due>=20260101000000Z)", 2},
	    {"(due<=20260101000000Z)", 1},
	    {"(due>=20270101000000Z)", 0},
	    {"(cn=J*)", 1},
	    {"(cn=*n*e)", 1},
	    {"(cn=*x)", 0},
	    {"(cn=J\\2a)", 0},
	    {"(cn=star\\2a\\28)", 1},
	    {"(uid=a", -1},
	    {"uid=a", -1},
	    {"(uid=a))", -1},
	    {"(&(uid=a)", -1},
	    {"(=a)", -1},
	};

	fake_dir_put(dir, "uid=a," BASE, "objectClass", "musterAccount", "uid", "a", "due",
	    "20260101000000Z", "cn", "John Doe", NULL);
	fake_dir_put(dir, "uid=b," BASE, "objectClass", "musterAccount", "uid", "b", "due",
	    "20260102000000Z", NULL);
	fake_dir_put(dir, "uid=c," BASE, "uid", "c", "cn", "star*(", NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum reply_kind got = search(BASE, SCOPE_ONE, rows[i].filter, 0);

		assert_int_equal(got, rows[i].found < 0 ? REPLY_INVALID : REPLY_DONE);
		assert_int_equal(entries, rows[i].found < 0 ? 0 : rows[i].found);
	}
}

static void
test_scopes(void **state)
{
	fake_dir_put(dir, BASE, "ou", "people", NULL);
	fake_dir_put(dir, "uid=a," BASE, "uid", "a", NULL);
	fake_dir_put(dir, "cn=deep,uid=a," BASE, "cn", "deep", NULL);
	fake_dir_put(dir, "uid=x,ou=other,dc=mil", "uid", "x", NULL);
	search(BASE, SCOPE_BASE, NULL, 0);
	assert_int_equal(entries, 1);
	search("OU=People, DC=example,dc=mil", SCOPE_ONE, NULL, 0);
	assert_int_equal(entries, 1);
	search(BASE, SCOPE_SUBTREE, NULL, 0);
	assert_int_equal(entries, 3);
	assert_int_equal(search(BASE, SCOPE_SUBTREE, NULL, 2), REPLY_LIMIT);
	assert_int_equal(entries, 2);
	assert_int_equal(search(BASE, SCOPE_SUBTREE, NULL, 3), REPLY_DONE);
	assert_int_equal(search("uid=none," BASE, SCOPE_BASE, NULL, 0), REPLY_NO_ENTRY);
	assert_int_equal(search("no name", SCOPE_BASE, NULL, 0), REPLY_INVALID);
	assert_int_equal(fake_dir_count(dir, BASE, "(uid=*)"), 1);
}

static void
test_writes(void **state)
{
	struct question question;

	assert_int_equal(add("a", "pending"), REPLY_DONE);
	assert_int_equal(add("A", "pending"), REPLY_EXISTS);
	assert_int_equal(activate("uid=a," BASE), REPLY_DONE);
	assert_string_equal(fake_dir_value(dir, "uid=a," BASE, "status"), "active");
	assert_null(fake_dir_value(dir, "uid=a," BASE, "due"));
	assert_int_equal(activate("uid=a," BASE), REPLY_NO_VALUE);
	assert_int_equal(activate("uid=b," BASE), REPLY_NO_ENTRY);

	/* All or nothing. */
	question_modify(&question, TO_ACCOUNTS, "uid=a," BASE);
	question_change(&question, CHANGE_REPLACE, "cn", "new");
	question_change(&question, CHANGE_ADD, "status", "ACTIVE");
	assert_int_equal(ask(&question), REPLY_HAS_VALUE);
	assert_null(fake_dir_value(dir, "uid=a," BASE, "cn"));
	question_modify(&question, TO_ACCOUNTS, "uid=a," BASE);
	question_change(&question, CHANGE_DELETE, "uid", NULL);
	assert_int_equal(ask(&question), REPLY_INVALID);
	question_add(&question, TO_ACCOUNTS, "uid=z," BASE);
	question_change(&question, CHANGE_ADD, "cn", "z");
	assert_int_equal(ask(&question), REPLY_INVALID);
	assert_null(fake_dir_entry(dir, "uid=z," BASE));

	question_delete(&question, TO_ACCOUNTS, "uid=a," BASE);
	assert_int_equal(ask(&question), REPLY_DONE);
	question_delete(&question, TO_ACCOUNTS, "uid=a," BASE);
	assert_int_equal(ask(&question), REPLY_NO_ENTRY);
}

static void
test_faults(void **state)
{
	fake_dir_lose_next_reply(dir, 1);
	assert_int_equal(add("a", "pending"), REPLY_AWAY);
	assert_int_equal(add("a", "pending"), REPLY_EXISTS);
	fake_dir_fail_next(dir, REPLY_BUSY);
	fake_dir_fail_next(dir, REPLY_DENIED);
	assert_int_equal(add("b", "pending"), REPLY_BUSY);
	assert_int_equal(add("b", "pending"), REPLY_DENIED);
	assert_null(fake_dir_entry(dir, "uid=b," BASE));
	fake_dir_set_up(dir, false);
	assert_int_equal(add("b", "pending"), REPLY_AWAY);
	assert_false(dir_is_up(dir));
	assert_string_not_equal(dir_trouble(dir), "");
	fake_dir_set_up(dir, true);
	assert_int_equal(add("b", "pending"), REPLY_DONE);
	assert_int_equal(changes, 3);
	assert_int_equal(fake_dir_asked(dir), 6);
}

static void
test_delay_and_loss(void **state)
{
	struct question question;

	fake_dir_delay(dir, 5);
	assert_int_equal(add("a", "pending"), REPLY_DONE);
	fake_dir_delay(dir, 1000000);
	question_delete(&question, TO_ACCOUNTS, "uid=a," BASE);
	submit(&question);
	assert_null(fake_dir_entry(dir, "uid=a," BASE));
	assert_int_equal(dir_depth(dir), 1);
	fake_dir_set_up(dir, false);
	while (answered < 2)
		loop_turn(loop, 100);
	assert_int_equal(kind, REPLY_AWAY);
	assert_int_equal(dir_depth(dir), 0);
}

/* Deletes the entry; its reply notes the number. */
static int order[8];

static void
on_reply_in_order(struct reply *reply, void *arg)
{
	order[answered++] = *(int *)arg;
	kind = reply->kind;
}

static void
submit_numbers(int *numbers, int count)
{
	answered = 0;
	for (int i = 0; i < count; i++) {
		struct question question;

		numbers[i] = i;
		question_delete(&question, TO_ACCOUNTS, "uid=a," BASE);
		dir_submit(dir, &question, on_reply_in_order, &numbers[i]);
	}
}

static void
turn(void)
{
	for (int i = 0; i < 20; i++)
		loop_turn(loop, 0);
}

/* Carried out, but told only when the test lets go, in its order. */
static void
test_hold(void **state)
{
	int numbers[3];

	add("a", "pending");
	fake_dir_hold(dir, true);
	submit_numbers(numbers, 3);
	turn();
	assert_null(fake_dir_entry(dir, "uid=a," BASE));
	assert_int_equal(answered, 0);
	assert_int_equal(fake_dir_held(dir), 3);
	assert_int_equal(dir_depth(dir), 3);
	fake_dir_let_go(dir, 1);
	turn();
	assert_int_equal(answered, 1);
	assert_int_equal(order[0], 1);
	fake_dir_hold(dir, false);
	turn();
	assert_int_equal(answered, 3);
	assert_int_equal(order[1], 0);
	assert_int_equal(order[2], 2);
	fake_dir_hold(dir, true);
	submit_numbers(numbers, 1);
	fake_dir_set_up(dir, false);
	turn();
	assert_int_equal(answered, 1);
	assert_int_equal(kind, REPLY_AWAY);
	assert_int_equal(fake_dir_held(dir), 0);
	fake_dir_hold(dir, false);
}

/* Everything comes once, and not always as it was asked. */
static void
test_shuffle(void **state)
{
	int numbers[8], elsewhere = 0;

	for (unsigned seed = 1; seed <= 10; seed++) {
		int seen = 0;

		fake_dir_shuffle(dir, seed);
		submit_numbers(numbers, 8);
		turn();
		assert_int_equal(answered, 8);
		for (int i = 0; i < 8; i++) {
			seen |= 1 << order[i];
			elsewhere += order[i] != i;
		}
		assert_int_equal(seen, 255);
	}
	assert_in_range(elsewhere, 20, 80);
}

static void
test_crash_and_close(void **state)
{
	struct question question;
	struct err err;

	add("a", "pending");
	answered = 0;
	question_delete(&question, TO_ACCOUNTS, "uid=a," BASE);
	submit(&question);
	fake_dir_crash(dir);
	dir = dir_open(loop, "accounts", NULL, &err);
	for (int i = 0; i < 5; i++)
		loop_turn(loop, 1);
	assert_int_equal(answered, 0);
	assert_ptr_equal(dir, fake_dir_named("accounts"));
	assert_ptr_not_equal(dir, fake_dir_named("personnel/army"));
	assert_null(fake_dir_entry(dir, "uid=a," BASE));
	question_delete(&question, TO_ACCOUNTS, "uid=a," BASE);
	submit(&question);
	dir_close(&dir);
	assert_int_equal(answered, 1);
	assert_int_equal(kind, REPLY_AWAY);
	for (int i = 0; i < 5; i++)
		loop_turn(loop, 1);
	assert_int_equal(answered, 1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_filters, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_scopes, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_writes, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_faults, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_delay_and_loss, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_hold, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_shuffle, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_crash_and_close, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
