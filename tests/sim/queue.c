#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/mem.h"
#include "fake_clock.h"
#include "pipeline/alarm.h"
#include "queue.h"
#include "sim.h"

#define START INT64_C(1790000000123)

struct event {
	int64_t at;
	uint64_t serial; /* those of one time come in the order of their making */
	int machine;
	unsigned life;
	void (*call)(void *arg); /* NULL: cancelled */
	void *arg;
};

static struct event **heap;
static size_t count, room;
static int64_t now;
static uint64_t serial;
static int here;
static unsigned lives[MACHINES];

static bool
event_is_before(const struct event *a, const struct event *b)
{
	return a->at != b->at ? a->at < b->at : a->serial < b->serial;
}

static void
heap_swap(size_t a, size_t b)
{
	struct event *one = heap[a];

	heap[a] = heap[b];
	heap[b] = one;
}

static struct event *
heap_pop(void)
{
	struct event *first = heap[0];
	size_t at = 0, child;

	heap[0] = heap[--count];
	while ((child = 2 * at + 1) < count) {
		if (child + 1 < count && event_is_before(heap[child + 1], heap[child]))
			child++;
		if (!event_is_before(heap[child], heap[at]))
			break;
		heap_swap(child, at);
		at = child;
	}
	return first;
}

void
queue_begin(void)
{
	now = 0;
	serial = 0;
	for (int i = 0; i < MACHINES; i++) {
		lives[i]++;
		fake_clock_choose(i);
		fake_clock_reboot();
		fake_clock_set(START);
		fake_clock_synchronise(true);
		fake_clock_follow_wall(sim.plant == PLANT_EARLY);
	}
}

void
queue_end(void)
{
	while (count > 0)
		free(heap_pop());
	free(heap);
	heap = NULL;
	room = 0;
}

int64_t
queue_now(void)
{
	return now;
}

struct event *
queue_add(int machine, int64_t delay, void (*call)(void *arg), void *arg)
{
	struct event *event = mem_new(sizeof(*event));
	size_t at = count++;

	event->at = now + (delay > 0 ? delay : 0);
	event->serial = ++serial;
	event->machine = machine;
	event->life = machine == WORLD ? 0 : lives[machine];
	event->call = call;
	event->arg = arg;
	if (count > room) {
		room = 2 * count + 64;
		heap = mem_grow(heap, room, sizeof(*heap));
	}
	heap[at] = event;
	for (; at > 0 && event_is_before(heap[at], heap[(at - 1) / 2]); at = (at - 1) / 2)
		heap_swap(at, (at - 1) / 2);
	return event;
}

void
queue_cancel(struct event **event)
{
	if (*event != NULL)
		(*event)->call = NULL;
	*event = NULL;
}

void
queue_enter(int machine)
{
	here = machine;
	fake_clock_choose(machine);
}

int
queue_here(void)
{
	return here;
}

bool
queue_next(void)
{
	struct event *event;

	if (count == 0)
		return false;
	event = heap_pop();
	if (event->call != NULL &&
	    (event->machine == WORLD || event->life == lives[event->machine])) {
		fake_clock_add(event->at - now);
		now = event->at;
		if (event->machine != WORLD)
			queue_enter(event->machine);
		sim.events++;
		event->call(event->arg);
	}
	free(event);
	return true;
}

void
queue_end_life(int machine)
{
	lives[machine]++;
}

/* ---- base/loop.h ---- */

struct loop {
	int machine;
};

struct loop_timer {
	struct loop *loop;
	struct event *event;
	void (*call)(void *arg);
	void *arg;
};

struct loop *
loop_new(struct err *err)
{
	struct loop *loop = mem_new(sizeof(*loop));

	loop->machine = here;
	return loop;
}

void
loop_free(struct loop **loop)
{
	free(*loop);
	*loop = NULL;
}

void
loop_post(struct loop *loop, void (*call)(void *arg), void *arg)
{
	queue_add(loop->machine, 0, call, arg);
}

struct loop_timer *
loop_timer_new(struct loop *loop, void (*call)(void *arg), void *arg)
{
	struct loop_timer *timer = mem_new(sizeof(*timer));

	timer->loop = loop;
	timer->call = call;
	timer->arg = arg;
	return timer;
}

static void
loop_on_timer(void *arg)
{
	struct loop_timer *timer = arg;

	timer->event = NULL;
	timer->call(timer->arg);
}

void
loop_timer_set(struct loop_timer *timer, int64_t milliseconds)
{
	queue_cancel(&timer->event);
	timer->event = queue_add(timer->loop->machine, milliseconds, loop_on_timer, timer);
}

void
loop_timer_stop(struct loop_timer *timer)
{
	queue_cancel(&timer->event);
}

void
loop_timer_free(struct loop_timer **timer)
{
	if (*timer == NULL)
		return;
	queue_cancel(&(*timer)->event);
	free(*timer);
	*timer = NULL;
}

/* No descriptor is ever ready here: what would make one so calls by itself. */
struct loop_watch {
	int fd;
};

struct loop_watch *
loop_watch_new(struct loop *loop, int fd, void (*call)(int events, void *arg), void *arg)
{
	struct loop_watch *watch = mem_new(sizeof(*watch));

	watch->fd = fd;
	return watch;
}

void
loop_watch_set(struct loop_watch *watch, int events)
{
}

void
loop_watch_free(struct loop_watch **watch)
{
	free(*watch);
	*watch = NULL;
}

/* ---- pipeline/alarm.h: on the time since boot, which goes as true time does ---- */

struct alarm {
	struct loop *loop;
	struct event *event;
	int64_t at;
	void (*call)(void *arg);
	void *arg;
};

struct alarm *
alarm_new(struct loop *loop, void (*call)(void *arg), void *arg)
{
	struct alarm *alarm = mem_new(sizeof(*alarm));

	alarm->loop = loop;
	alarm->call = call;
	alarm->arg = arg;
	return alarm;
}

void
alarm_free(struct alarm **alarm)
{
	if (*alarm == NULL)
		return;
	queue_cancel(&(*alarm)->event);
	free(*alarm);
	*alarm = NULL;
}

static void
alarm_on_ring(void *arg)
{
	struct alarm *alarm = arg;

	alarm->event = NULL;
	alarm->at = 0;
	alarm->call(alarm->arg);
}

void
alarm_set(struct alarm *alarm, int64_t at)
{
	queue_cancel(&alarm->event);
	alarm->at = at;
	if (at != 0)
		alarm->event = queue_add(alarm->loop->machine,
		    at - clock_now() + chance_between(0, 2), alarm_on_ring, alarm);
}

void
alarm_set_earlier(struct alarm *alarm, int64_t at)
{
	if (sim.plant == PLANT_DEAF && at > clock_now() + 60000)
		return;
	if (at != 0 && (alarm->at == 0 || at < alarm->at))
		alarm_set(alarm, at);
}
