#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/pulse.h"
#include "base/secret.h"
#include "base/workers.h"

#define THREADS_MOST 64

struct workers {
	struct loop *loop;
	const struct work_kind *kind;
	int depth;         /* on the loop's thread */
	struct work *open; /* all that was not called back yet */
	int thread_count;
	atomic_int numbered; /* threads that know their number */
	pthread_t threads[THREADS_MOST];
	pthread_mutex_t lock;
	pthread_cond_t more;
	bool stop;                  /* under lock */
	struct work *first, **last; /* under lock: what waits */
	struct pulse pulses[THREADS_MOST];
};

static void
work_on_finished(void *arg)
{
	struct work *work = arg;
	struct workers *workers = work->workers;

	workers->depth--;
	if (work->before != NULL)
		work->before->after = work->after;
	else
		workers->open = work->after;
	if (work->after != NULL)
		work->after->before = work->before;
	workers->kind->done(work);
}

/* NULL once the end has come. */
static struct work *
workers_take(struct workers *workers)
{
	struct work *work;

	pthread_mutex_lock(&workers->lock);
	while (workers->first == NULL && !workers->stop)
		pthread_cond_wait(&workers->more, &workers->lock);
	work = workers->stop ? NULL : workers->first;
	if (work != NULL) {
		workers->first = work->next;
		if (workers->first == NULL)
			workers->last = &workers->first;
	}
	pthread_mutex_unlock(&workers->lock);
	return work;
}

static void *
workers_thread(void *arg)
{
	struct workers *workers = arg;
	struct pulse *pulse = &workers->pulses[atomic_fetch_add(&workers->numbered, 1)];
	struct work *work;

	if (workers->kind->nice != 0)
		setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), workers->kind->nice);
	while ((work = workers_take(workers)) != NULL) {
		pulse_begin(pulse);
		workers->kind->carry_out(work);
		secret_wipe_stack();
		pulse_end(pulse);
		loop_post(workers->loop, work_on_finished, work);
	}
	return NULL;
}

struct workers *
workers_new(struct loop *loop, const struct work_kind *kind, struct err *err)
{
	struct workers *workers = mem_new(sizeof(*workers));
	int threads = kind->threads > 0 ? kind->threads : (int)sysconf(_SC_NPROCESSORS_ONLN);

	workers->loop = loop;
	workers->kind = kind;
	workers->last = &workers->first;
	pthread_mutex_init(&workers->lock, NULL);
	pthread_cond_init(&workers->more, NULL);
	for (int i = 0; i < THREADS_MOST; i++)
		pulse_start(&workers->pulses[i], kind->what);
	for (; workers->thread_count < threads && workers->thread_count < THREADS_MOST;
	     workers->thread_count++)
		if (pthread_create(&workers->threads[workers->thread_count], NULL, workers_thread,
			workers) != 0)
			break;
	if (workers->thread_count == 0) {
		err_set(err, ERR_BROKEN, "can't start a %s thread", kind->what);
		workers_free(&workers);
	}
	return workers;
}

void
workers_free(struct workers **workers)
{
	struct workers *it = *workers;
	struct work *work;

	if (it == NULL)
		return;
	*workers = NULL;
	pthread_mutex_lock(&it->lock);
	it->stop = true;
	pthread_cond_broadcast(&it->more);
	pthread_mutex_unlock(&it->lock);
	for (int i = 0; i < it->thread_count; i++)
		pthread_join(it->threads[i], NULL);
	for (int i = 0; i < THREADS_MOST; i++)
		pulse_stop(&it->pulses[i]);
	while ((work = it->open) != NULL) {
		it->open = work->after;
		it->kind->free(work);
	}
	pthread_cond_destroy(&it->more);
	pthread_mutex_destroy(&it->lock);
	free(it);
}

void
workers_submit(struct workers *workers, struct work *work)
{
	work->workers = workers;
	work->next = work->before = NULL;
	work->after = workers->open;
	if (workers->open != NULL)
		workers->open->before = work;
	workers->open = work;
	workers->depth++;
	pthread_mutex_lock(&workers->lock);
	*workers->last = work;
	workers->last = &work->next;
	pthread_cond_signal(&workers->more);
	pthread_mutex_unlock(&workers->lock);
}

int
workers_depth(const struct workers *workers)
{
	return workers->depth;
}
