#include <stdbool.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/pulse.h"
#include "musterd/notify.h"
#include "musterd/watchdog.h"

struct watchdog {
	struct loop_timer *timer;
	int64_t beat; /* milliseconds: half of what the supervisor waits */
};

static void
watchdog_on_beat(void *arg)
{
	struct watchdog *watchdog = arg;
	const char *stuck = pulse_stuck(watchdog->beat, 4 * watchdog->beat);

	if (stuck != NULL) {
		/* No ping any more, for a supervisor that does not know the word. */
		log_error("the %s thread is stuck: asking the supervisor for a restart", stuck);
		notify_supervisor("WATCHDOG=trigger");
		return;
	}
	notify_supervisor("WATCHDOG=1");
	loop_timer_set(watchdog->timer, watchdog->beat);
}

struct watchdog *
watchdog_new(struct loop *loop)
{
	int64_t beat = notify_watchdog() / 2;
	struct watchdog *watchdog;

	if (beat == 0)
		return NULL;
	watchdog = mem_new(sizeof(*watchdog));
	watchdog->beat = beat;
	watchdog->timer = loop_timer_new(loop, watchdog_on_beat, watchdog);
	watchdog_on_beat(watchdog);
	return watchdog;
}

void
watchdog_free(struct watchdog **watchdog)
{
	if (*watchdog == NULL)
		return;
	loop_timer_free(&(*watchdog)->timer);
	free(*watchdog);
	*watchdog = NULL;
}
