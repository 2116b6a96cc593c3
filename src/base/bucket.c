#include "base/bucket.h"

#define TOKEN 60000

/* What came in since the last look. A clock that goes back brings nothing. */
static void
bucket_settle(struct bucket *bucket, const struct bucket_limit *limit, int64_t now)
{
	int64_t passed = now > bucket->at ? now - bucket->at : 0;

	bucket->at = now;
	if (passed > bucket->spent / limit->per_minute)
		bucket->spent = 0;
	else
		bucket->spent -= passed * limit->per_minute;
}

int64_t
bucket_wait(struct bucket *bucket, const struct bucket_limit *limit, int64_t now)
{
	int64_t lacking;

	if (limit->per_minute == 0)
		return 0;
	bucket_settle(bucket, limit, now);
	lacking = bucket->spent - (limit->burst - 1) * TOKEN;
	return lacking <= 0 ? 0 : 1 + (lacking - 1) / limit->per_minute;
}

void
bucket_spend(struct bucket *bucket, const struct bucket_limit *limit, int64_t now)
{
	if (limit->per_minute == 0)
		return;
	bucket_settle(bucket, limit, now);
	if (bucket->spent <= INT64_MAX - TOKEN)
		bucket->spent += TOKEN;
}

void
bucket_clamp(struct bucket *bucket, const struct bucket_limit *limit)
{
	if (bucket->spent > limit->burst * TOKEN)
		bucket->spent = limit->burst * TOKEN;
}
