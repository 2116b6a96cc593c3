#include <crypt.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/secret.h"

#define NICE 10 /* two hash threads at normal priority halve what slapd beside them can do */
#define THREADS_MAX 64
#define CRYPT_MARK "{CRYPT}"

struct job {
	struct hash_pool *pool;
	struct secret *secrets[HASH_MOST];
	char hashes[HASH_MOST][HASH_SIZE];
	size_t count;
	hash_done_fn *done;
	void *arg;
	struct job *next;           /* under the pool's lock: the queue */
	struct job *before, *after; /* on the loop's thread: all open jobs */
};

struct hash_pool {
	struct loop *loop;
	char prefix[16];
	unsigned long cost;
	int queue;
	int depth; /* on the loop's thread */
	int thread_count;
	pthread_t threads[THREADS_MAX];
	pthread_mutex_t lock;
	pthread_cond_t more;
	bool stop;                 /* under lock */
	struct job *first, **last; /* under lock: jobs that wait */
	struct job *open;          /* every job not called back yet */
};

static void
job_free(struct job *job)
{
	for (size_t i = 0; i < job->count; i++)
		secret_free(&job->secrets[i]);
	secret_wipe(job->hashes, sizeof(job->hashes));
	free(job);
}

static void
hash_on_finished(void *arg)
{
	struct job *job = arg;

	job->pool->depth--;
	if (job->before != NULL)
		job->before->after = job->after;
	else
		job->pool->open = job->after;
	if (job->after != NULL)
		job->after->before = job->before;
	job->done(job->hashes, job->arg);
	job_free(job);
}

static void
hash_make(const struct hash_pool *pool, struct secret *secret, char out[HASH_SIZE])
{
	struct crypt_data *work = mem_new(sizeof(*work));
	unsigned char random[32];
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	size_t size;

	secret_random(random, sizeof(random));
	if (crypt_gensalt_rn(pool->prefix, pool->cost, (const char *)random, sizeof(random),
		setting, sizeof(setting)) == NULL ||
	    crypt_rn(secret_text(secret), setting, work, sizeof(*work)) == NULL)
		abort(); /* the same call succeeded when the pool was made */
	size = strnlen(work->output, HASH_SIZE - sizeof(CRYPT_MARK));
	memcpy(out, CRYPT_MARK, sizeof(CRYPT_MARK) - 1);
	memcpy(out + sizeof(CRYPT_MARK) - 1, work->output, size + 1);
	secret_wipe(work, sizeof(*work));
	free(work);
}

static void *
hash_thread(void *arg)
{
	struct hash_pool *pool = arg;
	struct job *job;

	setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), NICE);
	for (;;) {
		pthread_mutex_lock(&pool->lock);
		while (pool->first == NULL && !pool->stop)
			pthread_cond_wait(&pool->more, &pool->lock);
		job = pool->stop ? NULL : pool->first;
		if (job != NULL) {
			pool->first = job->next;
			if (pool->first == NULL)
				pool->last = &pool->first;
		}
		pthread_mutex_unlock(&pool->lock);
		if (job == NULL)
			return NULL;
		for (size_t i = 0; i < job->count; i++)
			hash_make(pool, job->secrets[i], job->hashes[i]);
		loop_post(pool->loop, hash_on_finished, job);
	}
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
	pool->loop = loop;
	snprintf(pool->prefix, sizeof(pool->prefix), "%s", prefix);
	pool->cost = cost;
	pool->queue = queue;
	pool->last = &pool->first;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->more, NULL);
	if (threads <= 0)
		threads = (int)sysconf(_SC_NPROCESSORS_ONLN);
	if (threads > THREADS_MAX)
		threads = THREADS_MAX;
	for (; pool->thread_count < threads; pool->thread_count++)
		if (pthread_create(&pool->threads[pool->thread_count], NULL, hash_thread, pool) !=
		    0)
			break;
	if (pool->thread_count == 0) {
		err_set(err, ERR_BROKEN, "can't start a hash thread");
		hash_pool_free(&pool);
	}
	return pool;
}

void
hash_pool_free(struct hash_pool **pool)
{
	struct hash_pool *it = *pool;
	struct job *job, *next;

	if (it == NULL)
		return;
	*pool = NULL;
	pthread_mutex_lock(&it->lock);
	it->stop = true;
	pthread_cond_broadcast(&it->more);
	pthread_mutex_unlock(&it->lock);
	for (int i = 0; i < it->thread_count; i++)
		pthread_join(it->threads[i], NULL);
	for (job = it->open; job != NULL; job = next) {
		next = job->after;
		job_free(job);
	}
	pthread_cond_destroy(&it->more);
	pthread_mutex_destroy(&it->lock);
	free(it);
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
	if (pool->depth >= pool->queue) {
		job_free(job);
		return -1;
	}
	pool->depth++;
	job->after = pool->open;
	if (pool->open != NULL)
		pool->open->before = job;
	pool->open = job;
	pthread_mutex_lock(&pool->lock);
	*pool->last = job;
	pool->last = &job->next;
	pthread_cond_signal(&pool->more);
	pthread_mutex_unlock(&pool->lock);
	return 0;
}

int
hash_pool_depth(const struct hash_pool *pool)
{
	return pool->depth;
}
