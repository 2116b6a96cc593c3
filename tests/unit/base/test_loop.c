#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <crypt.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/secret.h"

#define POSTS 1000
#define TURNS 2000 /* of at most 10 ms */

static struct loop *loop;
static int seen, expected;

static void
on_post(void *arg)
{
	if (*(int *)arg != seen % POSTS)
		expected = -1;
	seen++;
}

static void *
post_many(void *arg)
{
	int *numbers = arg;

	for (int i = 0; i < POSTS; i++) {
		numbers[i] = i;
		loop_post(loop, on_post, &numbers[i]);
	}
	return NULL;
}

static void
posts_come_in_order_from_another_thread(void **state)
{
	int *numbers = mem_new(POSTS * sizeof(*numbers));
	pthread_t thread;

	seen = expected = 0;
	pthread_create(&thread, NULL, post_many, numbers);
	for (int i = 0; i < TURNS && seen < POSTS; i++)
		loop_turn(loop, 10);
	pthread_join(thread, NULL);
	assert_int_equal(seen, POSTS);
	assert_int_equal(expected, 0);
	free(numbers);
}

static struct loop_timer *timer;

static void
on_timer(void *arg)
{
	seen++;
	loop_timer_free(&timer);
}

static void
a_timer_may_free_itself(void **state)
{
	seen = 0;
	timer = loop_timer_new(loop, on_timer, NULL);
	loop_timer_set(timer, 1);
	for (int i = 0; i < TURNS && seen == 0; i++)
		loop_turn(loop, 10);
	assert_int_equal(seen, 1);
	assert_null(timer);
}

static void
on_readable(int events, void *arg)
{
	char byte;

	assert_int_equal(events, LOOP_READ);
	assert_int_equal(read(*(int *)arg, &byte, 1), 1);
	seen++;
}

static void
a_watch_pauses_and_goes_on(void **state)
{
	int ends[2];
	struct loop_watch *watch;

	assert_int_equal(pipe(ends), 0);
	seen = 0;
	watch = loop_watch_new(loop, ends[0], on_readable, &ends[0]);
	assert_int_equal(write(ends[1], "ab", 2), 2);
	loop_turn(loop, 5);
	assert_int_equal(seen, 0);
	loop_watch_set(watch, LOOP_READ);
	for (int i = 0; i < TURNS && seen < 2; i++)
		loop_turn(loop, 10);
	assert_int_equal(seen, 2);
	loop_watch_free(&watch);
	close(ends[0]);
	close(ends[1]);
}

static char made[2][HASH_SIZE];

static void
on_hashed(char hashes[][HASH_SIZE], void *arg)
{
	memcpy(made[0], hashes[0], HASH_SIZE);
	memcpy(made[1], hashes[1], HASH_SIZE);
	seen++;
}

static bool
verifies(const char *stored, const char *password)
{
	const char *setting = stored + strlen("{CRYPT}");

	return strcmp(crypt(password, setting), setting) == 0;
}

static void
hashes_verify_and_the_queue_is_bounded(void **state)
{
	struct err err = {0};
	struct hash_pool *pool = hash_pool_new(loop, "$y$", 1, 2, 3, &err);
	int taken = 0;

	assert_non_null(pool);
	seen = 0;
	for (int i = 0; i < 5; i++) {
		struct secret *secrets[2] = {secret_new("first", 5), secret_new("second", 6)};

		if (hash_submit(pool, secrets, 2, on_hashed, NULL) == 0)
			taken++;
		assert_null(secrets[0]);
		assert_null(secrets[1]);
	}
	assert_int_equal(taken, 3);
	assert_int_equal(hash_pool_depth(pool), 3);
	for (int i = 0; i < TURNS && seen < 3; i++)
		loop_turn(loop, 10);
	assert_int_equal(seen, 3);
	assert_int_equal(hash_pool_depth(pool), 0);
	assert_memory_equal(made[0], "{CRYPT}$y$", 10);
	assert_true(verifies(made[0], "first"));
	assert_true(verifies(made[1], "second"));
	assert_false(verifies(made[1], "first"));
	hash_pool_free(&pool);
}

static void
a_pool_ends_with_jobs_open(void **state)
{
	struct hash_pool *pool = hash_pool_new(loop, "$2b$", 5, 1, 10, NULL);

	for (int i = 0; i < 6; i++) {
		struct secret *secret = secret_new("x", 1);

		assert_int_equal(hash_submit(pool, &secret, 1, on_hashed, NULL), 0);
	}
	hash_pool_free(&pool);
	assert_null(pool);
}

static void
a_scheme_that_libcrypt_lacks_is_refused(void **state)
{
	struct err err = {0};

	assert_null(hash_pool_new(loop, "$nosuch$", 5, 1, 10, &err));
	assert_int_equal(err.kind, ERR_BROKEN);
}

static int
make_loop(void **state)
{
	loop = loop_new(NULL);
	return loop == NULL ? -1 : 0;
}

static int
free_loop(void **state)
{
	loop_free(&loop);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		posts_come_in_order_from_another_thread, make_loop, free_loop),
	    cmocka_unit_test_setup_teardown(a_timer_may_free_itself, make_loop, free_loop),
	    cmocka_unit_test_setup_teardown(a_watch_pauses_and_goes_on, make_loop, free_loop),
	    cmocka_unit_test_setup_teardown(
		hashes_verify_and_the_queue_is_bounded, make_loop, free_loop),
	    cmocka_unit_test_setup_teardown(a_pool_ends_with_jobs_open, make_loop, free_loop),
	    cmocka_unit_test_setup_teardown(
		a_scheme_that_libcrypt_lacks_is_refused, make_loop, free_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
