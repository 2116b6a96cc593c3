#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/err.h"
#include "base/loop.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "dir/connect.h"

/* Time for the thread's own deadline to come first: it knows better what took so long. */
#define ATTEMPT_GRACE 300

struct attempt {
	struct conf_directory *settings;
	char *uri;
	attempt_done_fn *done;
	void *arg;
	struct loop_watch *watch; /* the loop's side alone, as the timer */
	struct loop_timer *timer;
	int wake;
	/* Under the lock: which side is the last to know the attempt, and so frees it. */
	bool is_finished, is_stopped;
	struct ldap *handle;
	struct err err;
};

/* One lock for all attempts, so that none is freed with its lock still held. */
static pthread_mutex_t attempt_lock = PTHREAD_MUTEX_INITIALIZER;

static void
attempt_free(struct attempt *attempt)
{
	connect_drop(&attempt->handle);
	conf_directory_free(&attempt->settings);
	if (attempt->wake >= 0)
		close(attempt->wake);
	free(attempt->uri);
	free(attempt);
}

static void *
attempt_run(void *arg)
{
	struct attempt *attempt = arg;
	struct err err = {0};
	struct ldap *handle = connect_now(attempt->settings, attempt->uri, &err);
	bool is_stopped;

	pthread_mutex_lock(&attempt_lock);
	attempt->handle = handle;
	attempt->err = err;
	attempt->is_finished = true;
	is_stopped = attempt->is_stopped;
	/* Within the lock: after it the loop may free the attempt at any moment. */
	if (!is_stopped)
		loop_ring(attempt->wake);
	pthread_mutex_unlock(&attempt_lock);
	if (is_stopped)
		attempt_free(attempt);
	return NULL;
}

/* With every signal blocked, so that they all go to the loop's thread. */
static int
attempt_start_thread(struct attempt *attempt)
{
	pthread_attr_t detached;
	pthread_t thread;
	sigset_t all, before;
	int failed;

	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&thread, &detached, attempt_run, attempt);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&detached);
	return failed == 0 ? 0 : -1;
}

void
attempt_stop(struct attempt **attempt)
{
	struct attempt *it = *attempt;
	bool is_finished;

	if (it == NULL)
		return;
	*attempt = NULL;
	loop_watch_free(&it->watch);
	loop_timer_free(&it->timer);
	pthread_mutex_lock(&attempt_lock);
	it->is_stopped = true;
	is_finished = it->is_finished;
	pthread_mutex_unlock(&attempt_lock);
	if (is_finished)
		attempt_free(it);
}

static void
attempt_tell(struct attempt *attempt, struct ldap *handle, const struct err *err)
{
	attempt_done_fn *done = attempt->done;
	void *arg = attempt->arg;

	attempt_stop(&attempt);
	done(handle, err, arg);
}

static void
attempt_on_finished(int events, void *arg)
{
	struct attempt *attempt = arg;
	struct ldap *handle;
	struct err err;

	pthread_mutex_lock(&attempt_lock);
	handle = attempt->handle;
	attempt->handle = NULL;
	err = attempt->err;
	pthread_mutex_unlock(&attempt_lock);
	attempt_tell(attempt, handle, &err);
}

/* A name look-up knows no deadline: the thread is left to itself. */
static void
attempt_on_deadline(void *arg)
{
	struct attempt *attempt = arg;
	struct err err;

	err_set(
	    &err, ERR_BUSY, "%.200s: connecting took longer than connect_timeout", attempt->uri);
	attempt_tell(attempt, NULL, &err);
}

struct attempt *
attempt_start(struct loop *loop, const struct conf_directory *settings, const char *uri,
    attempt_done_fn *done, void *arg)
{
	struct attempt *attempt = mem_new(sizeof(*attempt));

	attempt->settings = conf_directory_copy(settings);
	attempt->uri = mem_text(uri);
	attempt->done = done;
	attempt->arg = arg;
	attempt->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (attempt->wake < 0)
		goto fail;
	attempt->watch = loop_watch_new(loop, attempt->wake, attempt_on_finished, attempt);
	loop_watch_set(attempt->watch, LOOP_READ);
	attempt->timer = loop_timer_new(loop, attempt_on_deadline, attempt);
	loop_timer_set(attempt->timer, settings->connect_timeout + ATTEMPT_GRACE);
	if (attempt_start_thread(attempt) == 0)
		return attempt;
	err_set(&attempt->err, ERR_BUSY, "%.200s: no thread can be started", uri);
	attempt->is_finished = true;
	loop_ring(attempt->wake);
	return attempt;
fail:
	attempt->is_finished = true;
	attempt_stop(&attempt);
	return NULL;
}
