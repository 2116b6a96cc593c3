/* Token buckets: when there is a token, and how long it takes until there is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/bucket.h"

#define ROUND(array) (sizeof(array) / sizeof(*(array)))
#define MINUTE INT64_C(60000)
#define YEARS (INT64_MAX / 2)

/* A look at some time: what it must say, and what is taken then. */
struct look {
	int64_t now, wait;
	int take;
};

struct story {
	const char *what;
	struct bucket_limit limit;
	struct look looks[8]; /* to the first without anything */
};

static const struct story stories[] = {
    {"a new one is full", {60, 3}, {{0, 0, 3}, {0, 1000, 0}}},
    {"so is one made late", {60, 3}, {{YEARS, 0, 3}, {YEARS, 1000, 0}}},
    {"a token a second", {60, 3}, {{5, 0, 3}, {1004, 1, 0}, {1005, 0, 1}, {1005, 1000, 0}}},
    {"looking takes nothing and loses nothing", {60, 1},
	{{0, 0, 1}, {1, 999, 0}, {2, 998, 0}, {999, 1, 0}, {1000, 0, 0}, {1000, 0, 1}}},
    {"no more than the burst, however long the pause", {60, 2},
	{{0, 0, 2}, {YEARS, 0, 2}, {YEARS, 1000, 0}}},
    {"a part of a token is none", {1, 1}, {{0, 0, 1}, {MINUTE - 1, 1, 0}, {MINUTE, 0, 0}}},
    {"a rate that no millisecond divides: never early", {7, 1},
	{{0, 0, 1}, {8571, 1, 0}, {8572, 0, 1}, {17142, 2, 0}, {17143, 1, 0}, {17144, 0, 0}}},
    {"more than one a millisecond", {120000, 4}, {{0, 0, 4}, {0, 1, 0}, {1, 0, 2}, {1, 1, 0}}},
    {"what was taken without a token is paid for first", {60, 2},
	{{0, 0, 5}, {0, 4000, 0}, {3999, 1, 0}, {4000, 0, 1}, {4000, 1000, 0}}},
    {"a clock that goes back brings nothing, and takes nothing", {60, 1},
	{{9000, 0, 1}, {8000, 1000, 0}, {8999, 1, 0}, {9000, 0, 0}}},
    {"no limit", {0, 1}, {{0, 0, 1000}, {0, 0, 1000}}},
    {"the most that can be set", {BUCKET_MOST, BUCKET_MOST},
	{{0, 0, 1}, {1, 0, 1}, {INT64_MAX, 0, 1}, {INT64_MAX, 0, 1}}},
    {"the least rate, and all of the burst", {1, 100000},
	{{0, 0, 100000}, {0, MINUTE, 0}, {MINUTE, 0, 1}, {INT64_MAX, 0, 1}}},
};

static void
test_stories(void **state)
{
	for (size_t i = 0; i < ROUND(stories); i++) {
		const struct story *story = &stories[i];
		struct bucket bucket = {0, 0};

		for (size_t j = 0; j < ROUND(story->looks); j++) {
			const struct look *look = &story->looks[j];
			int64_t wait;

			if (j > 0 && look->now == 0 && look->wait == 0 && look->take == 0)
				break;
			wait = bucket_wait(&bucket, &story->limit, look->now);
			if (wait != look->wait)
				fail_msg("%s: look %zu: %lld instead of %lld", story->what, j,
				    (long long)wait, (long long)look->wait);
			for (int k = 0; k < look->take; k++)
				bucket_spend(&bucket, &story->limit, look->now);
		}
	}
}

/* Other limits while it is in use: at once, with what was spent. */
static void
test_change(void **state)
{
	const struct bucket_limit wide = {60, 100}, narrow = {60, 2}, none = {0, 1};
	struct bucket bucket = {0, 0};

	for (int i = 0; i < 50; i++)
		bucket_spend(&bucket, &wide, 1000);
	bucket_clamp(&bucket, &narrow);
	assert_int_equal(bucket_wait(&bucket, &narrow, 1000), 1000);
	bucket_clamp(&bucket, &wide);
	assert_int_equal(bucket_wait(&bucket, &wide, 1000), 0);
	for (int i = 0; i < 98; i++)
		bucket_spend(&bucket, &wide, 1000);
	assert_int_equal(bucket_wait(&bucket, &wide, 1000), 1000);
	assert_int_equal(bucket_wait(&bucket, &none, 1000), 0);
	assert_int_equal(bucket_wait(&bucket, &wide, 1000), 1000);
}

/* No debt is so large that it turns into its opposite. */
static void
test_debt(void **state)
{
	const struct bucket_limit limit = {1, 1};
	struct bucket bucket = {INT64_MAX - 1, 0};

	bucket_spend(&bucket, &limit, 0);
	assert_true(bucket.spent > 0);
	assert_true(bucket_wait(&bucket, &limit, 0) > YEARS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_stories),
	    cmocka_unit_test(test_change),
	    cmocka_unit_test(test_debt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
