#include <crypt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/workers.h"

#define NICE 10 /* two hash threads at normal priority halve what slapd beside them can do */
#define CRYPT_MARK "{CRYPT}"

struct hash_pool {
	char prefix[16];
	unsigned long cost;
	int queue;
	struct work_kind kind;
	struct workers *workers;
};

struct job {
	struct work work; /* first */
	const struct hash_pool *pool;
	struct secret *secrets[HASH_MOST];
	char hashes[HASH_MOST][HASH_SIZE];
	size_t count;
	hash_done_fn *done;
	void *arg;
};

static void
job_free(struct work *work)
{
	struct job *job = (struct job *)work;

	for (size_t i = 0; i < job->count; i++)
		secret_free(&job->secrets[i]);
	secret_wipe(job->hashes, sizeof(job->hashes));
	free(job);
}

static void
job_done(struct work *work)
{
	struct job *job = (struct job *)work;

	job->done(job->hashes, job->arg);
	job_free(work);
}

static void
hash_make(const struct hash_pool *pool, struct secret *secret, char out[HASH_SIZE])
{
	struct crypt_data *work = mem_new(sizeof(*work));
	unsigned char random[32];
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	size_t size;

	secret_random(random, sizeof(random));
	/* The same calls succeeded when the pool was made. */
	if (crypt_gensalt_rn(pool->prefix, pool->cost, (const char *)random, sizeof(random),
		setting, sizeof(setting)) == NULL ||
	    crypt_rn(secret_text(secret), setting, work, sizeof(*work)) == NULL)
		err_end("passwords can't be hashed");
	size = strnlen(work->output, HASH_SIZE - sizeof(CRYPT_MARK));
	memcpy(out, CRYPT_MARK, sizeof(CRYPT_MARK) - 1);
	memcpy(out + sizeof(CRYPT_MARK) - 1, work->output, size + 1);
	secret_wipe(work, sizeof(*work));
	free(work);
}

static void
job_carry_out(struct work *work)
{
	struct job *job = (struct job *)work;

	for (size_t i = 0; i < job->count; i++)
		hash_make(job->pool, job->secrets[i], job->hashes[i]);
}

static int
hash_try(const char *prefix, unsigned long cost, struct err *err)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	struct crypt_data *work = mem_new(sizeof(*work));
	const char *made = NULL;

	if (crypt_gensalt_rn(prefix, cost, NULL, 0, setting, sizeof(setting)) != NULL)
		made = crypt_rn("trial", setting, work, sizeof(*work));
	free(work);
	if (made == NULL)
		return err_set(
		    err, ERR_BROKEN, "libcrypt can't make %s hashes of cost %lu", prefix, cost);
	return 0;
}

struct hash_pool *
hash_pool_new(struct loop *loop, const char *prefix, unsigned long cost, int threads, int queue,
    struct err *err)
{
	struct hash_pool *pool;

	if (hash_try(prefix, cost, err) != 0)
		return NULL;
	pool = mem_new(sizeof(*pool));
	snprintf(pool->prefix, sizeof(pool->prefix), "%s", prefix);
	pool->cost = cost;
	pool->queue = queue;
	pool->kind = (struct work_kind){"hash", threads, NICE, job_carry_out, job_done, job_free};
	pool->workers = workers_new(loop, &pool->kind, err);
	if (pool->workers == NULL)
		hash_pool_free(&pool);
	return pool;
}

void
hash_pool_free(struct hash_pool **pool)
{
	if (*pool == NULL)
		return;
	workers_free(&(*pool)->workers);
	free(*pool);
	*pool = NULL;
}

int
hash_submit(
    struct hash_pool *pool, struct secret **secrets, size_t count, hash_done_fn *done, void *arg)
{
	struct job *job = mem_new(sizeof(*job));

	job->pool = pool;
	job->count = count;
	for (size_t i = 0; i < count; i++) {
		job->secrets[i] = secrets[i];
		secrets[i] = NULL;
	}
	job->done = done;
	job->arg = arg;
	if (hash_pool_depth(pool) >= pool->queue) {
		job_free(&job->work);
		return -1;
	}
	workers_submit(pool->workers, &job->work);
	return 0;
}

int
hash_pool_depth(const struct hash_pool *pool)
{
	return workers_depth(pool->workers);
}
