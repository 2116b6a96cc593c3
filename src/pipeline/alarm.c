#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/mem.h"
#include "pipeline/alarm.h"

struct alarm {
	int fd;
	int64_t at; /* when it rings; 0: not at all */
	struct loop_watch *watch;
	void (*call)(void *arg);
	void *arg;
};

static void
alarm_on_ring(int events, void *arg)
{
	struct alarm *alarm = arg;
	uint64_t count;

	if (read(alarm->fd, &count, sizeof(count)) == (ssize_t)sizeof(count)) {
		alarm->at = 0;
		alarm->call(alarm->arg);
	}
}

struct alarm *
alarm_new(struct loop *loop, void (*call)(void *arg), void *arg)
{
	struct alarm *alarm = mem_new(sizeof(*alarm));

	alarm->call = call;
	alarm->arg = arg;
	alarm->fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (alarm->fd < 0)
		err_end("no timer can be made");
	alarm->watch = loop_watch_new(loop, alarm->fd, alarm_on_ring, alarm);
	loop_watch_set(alarm->watch, LOOP_READ);
	return alarm;
}

void
alarm_free(struct alarm **alarm)
{
	if (*alarm == NULL)
		return;
	loop_watch_free(&(*alarm)->watch);
	close((*alarm)->fd);
	free(*alarm);
	*alarm = NULL;
}

void
alarm_set(struct alarm *alarm, int64_t at)
{
	struct itimerspec when = {0};

	alarm->at = at;
	if (at != 0) {
		int64_t boot = at - clock_offset();

		if (boot < 1)
			boot = 1; /* 0 would disarm */
		when.it_value.tv_sec = boot / 1000;
		when.it_value.tv_nsec = boot % 1000 * 1000000;
	}
	if (timerfd_settime(alarm->fd, TFD_TIMER_ABSTIME, &when, NULL) != 0)
		err_end("the timer can't be set");
}

void
alarm_set_earlier(struct alarm *alarm, int64_t at)
{
	if (at != 0 && (alarm->at == 0 || at < alarm->at))
		alarm_set(alarm, at);
}
