#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/err.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/secret.h"

/* One thing to call on the loop's thread. */
struct post {
	void (*call)(void *arg);
	void *arg;
	struct post *next;
};

struct loop {
	struct event_base *base;
	struct event *wake; /* the eventfd that loop_post writes to */
	int wake_fd;
	pthread_mutex_t lock;
	struct post *first, **last; /* under lock */
};

struct loop_timer {
	struct event *event;
	void (*call)(void *arg);
	void *arg;
};

struct loop_watch {
	struct loop *loop;
	struct event *event;
	int fd;
	int events;
	void (*call)(int events, void *arg);
	void *arg;
};

static void
loop_on_wake(evutil_socket_t fd, short events, void *arg)
{
	struct loop *loop = arg;
	struct post *post, *next;
	uint64_t count;

	if (read(fd, &count, sizeof(count)) < 0)
		return;
	pthread_mutex_lock(&loop->lock);
	post = loop->first;
	loop->first = NULL;
	loop->last = &loop->first;
	pthread_mutex_unlock(&loop->lock);
	for (; post != NULL; post = next) {
		next = post->next;
		post->call(post->arg);
		free(post);
	}
}

struct loop *
loop_new(struct err *err)
{
	struct loop *loop = mem_new(sizeof(*loop));

	loop->base = event_base_new();
	loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loop->base == NULL || loop->wake_fd < 0)
		goto fail;
	pthread_mutex_init(&loop->lock, NULL);
	loop->last = &loop->first;
	loop->wake = event_new(loop->base, loop->wake_fd, EV_READ | EV_PERSIST, loop_on_wake, loop);
	if (loop->wake == NULL || event_add(loop->wake, NULL) != 0)
		goto fail;
	return loop;
fail:
	loop_free(&loop);
	err_set(err, ERR_BROKEN, "can't make the event loop");
	return NULL;
}

void
loop_free(struct loop **loop)
{
	struct loop *it = *loop;

	if (it == NULL)
		return;
	*loop = NULL;
	if (it->wake != NULL)
		event_free(it->wake);
	if (it->wake_fd >= 0)
		close(it->wake_fd);
	while (it->first != NULL) {
		struct post *post = it->first;

		it->first = post->next;
		free(post);
	}
	if (it->base != NULL)
		event_base_free(it->base);
	pthread_mutex_destroy(&it->lock);
	free(it);
}

void
loop_run(struct loop *loop)
{
	while (event_base_loop(loop->base, EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY) >= 0 &&
	       !event_base_got_break(loop->base))
		secret_wipe_stack();
}

void
loop_stop(struct loop *loop)
{
	event_base_loopbreak(loop->base);
}

static void
loop_on_turn_over(evutil_socket_t fd, short events, void *arg)
{
}

void
loop_turn(struct loop *loop, int64_t milliseconds)
{
	struct timeval wait = {milliseconds / 1000, milliseconds % 1000 * 1000};

	event_base_once(loop->base, -1, EV_TIMEOUT, loop_on_turn_over, NULL, &wait);
	event_base_loop(loop->base, EVLOOP_ONCE);
}

struct event_base *
loop_base(struct loop *loop)
{
	return loop->base;
}

void
loop_ring(int event_fd)
{
	uint64_t one = 1;

	/* A full counter means that the loop has been woken already. */
	while (write(event_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		if (errno != EINTR)
			err_end("the event loop can't be woken");
}

void
loop_post(struct loop *loop, void (*call)(void *arg), void *arg)
{
	struct post *post = mem_new(sizeof(*post));

	post->call = call;
	post->arg = arg;
	pthread_mutex_lock(&loop->lock);
	*loop->last = post;
	loop->last = &post->next;
	pthread_mutex_unlock(&loop->lock);
	loop_ring(loop->wake_fd);
}

static void
loop_on_timer(evutil_socket_t fd, short events, void *arg)
{
	struct loop_timer *timer = arg;

	timer->call(timer->arg);
}

struct loop_timer *
loop_timer_new(struct loop *loop, void (*call)(void *arg), void *arg)
{
	struct loop_timer *timer = mem_new(sizeof(*timer));

	timer->call = call;
	timer->arg = arg;
	timer->event = evtimer_new(loop->base, loop_on_timer, timer);
	if (timer->event == NULL)
		err_end("the event loop takes no more events");
	return timer;
}

void
loop_timer_set(struct loop_timer *timer, int64_t milliseconds)
{
	struct timeval wait;

	if (milliseconds < 0)
		milliseconds = 0;
	wait.tv_sec = milliseconds / 1000;
	wait.tv_usec = milliseconds % 1000 * 1000;
	if (evtimer_add(timer->event, &wait) != 0)
		err_end("the event loop takes no more events");
}

void
loop_timer_stop(struct loop_timer *timer)
{
	evtimer_del(timer->event);
}

void
loop_timer_free(struct loop_timer **timer)
{
	if (*timer == NULL)
		return;
	event_free((*timer)->event);
	free(*timer);
	*timer = NULL;
}

static void
loop_on_event(evutil_socket_t fd, short events, void *arg)
{
	struct loop_watch *watch = arg;

	watch->call(
	    (events & EV_READ ? LOOP_READ : 0) | (events & EV_WRITE ? LOOP_WRITE : 0), watch->arg);
}

static void
loop_on_signal(evutil_socket_t number, short events, void *arg)
{
	struct loop_watch *watch = arg;

	watch->call((int)number, watch->arg);
}

static struct loop_watch *
loop_watch_make(struct loop *loop, int fd, void (*call)(int, void *), void *arg)
{
	struct loop_watch *watch = mem_new(sizeof(*watch));

	watch->loop = loop;
	watch->fd = fd;
	watch->call = call;
	watch->arg = arg;
	return watch;
}

struct loop_watch *
loop_watch_new(struct loop *loop, int fd, void (*call)(int events, void *arg), void *arg)
{
	return loop_watch_make(loop, fd, call, arg);
}

void
loop_watch_set(struct loop_watch *watch, int events)
{
	if (watch->events == events)
		return;
	watch->events = events;
	if (watch->event != NULL)
		event_free(watch->event);
	watch->event = NULL;
	if (events == 0)
		return;
	watch->event = event_new(watch->loop->base, watch->fd,
	    (short)((events & LOOP_READ ? EV_READ : 0) | (events & LOOP_WRITE ? EV_WRITE : 0) |
		    EV_PERSIST),
	    loop_on_event, watch);
	if (watch->event == NULL || event_add(watch->event, NULL) != 0)
		err_end("the event loop takes no more events");
}

void
loop_watch_free(struct loop_watch **watch)
{
	if (*watch == NULL)
		return;
	if ((*watch)->event != NULL)
		event_free((*watch)->event);
	free(*watch);
	*watch = NULL;
}

struct loop_watch *
loop_signal_new(struct loop *loop, int number, void (*call)(int number, void *arg), void *arg)
{
	struct loop_watch *watch = loop_watch_make(loop, -1, call, arg);

	watch->event = evsignal_new(loop->base, number, loop_on_signal, watch);
	if (watch->event == NULL || evsignal_add(watch->event, NULL) != 0)
		err_end("the event loop takes no more events");
	return watch;
}
