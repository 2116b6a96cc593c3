#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "journal/journal.h"
#include "pipeline/driver.h"
#include "pipeline/timekeeper.h"

#define FACT "boot"
#define LOOK_EVERY 60000
#define FAR \
	253402300799 /* the end of the year 9999: a timer that only tells when the clock is set */

/* The same moment on both clocks. wall is 0 where the wall clock was not to be believed. */
struct reading {
	int64_t line, wall;
};

/* The fact: one text, so that all of it changes at once. */
struct known {
	char boot_id[40];
	int64_t offset;      /* of the line in that boot */
	struct reading seen; /* last */
	struct reading owed; /* the last one before a reboot after which no wall was believed yet */
	int64_t delay;       /* the shortest time that anybody had to wait since then */
};

struct timekeeper {
	struct loop *loop;
	struct journal *journal;
	struct driver *driver;
	bool trust;
	struct known known;
	struct reading paying; /* what was owed, until it is paid */
	int set_fd;            /* ready when the wall clock is set */
	struct loop_watch *set;
	struct loop_timer *look;
};

/* -1: nothing is known. A fact of an older version has but the first two, or six. */
static int
known_read(struct journal *journal, struct known *known)
{
	char *fact = journal_fact(journal, FACT);
	int count = 0;

	memset(known, 0, sizeof(*known));
	if (fact != NULL)
		count = sscanf(fact,
		    "%39s %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64,
		    known->boot_id, &known->offset, &known->seen.line, &known->seen.wall,
		    &known->owed.line, &known->owed.wall, &known->delay);
	free(fact);
	return count == 2 || count == 6 || count == 7 ? 0 : -1;
}

static char *
known_text(const struct known *known)
{
	return mem_format("%s %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64,
	    known->boot_id, known->offset, known->seen.line, known->seen.wall, known->owed.line,
	    known->owed.wall, known->delay);
}

/* Time that has passed by the wall clock and not on the line. */
static int64_t
reading_gap(const struct reading *before, const struct reading *now)
{
	return now->wall - before->wall - (now->line - before->line);
}

static struct reading
timekeeper_read(const struct timekeeper *timekeeper)
{
	bool believed = timekeeper->trust || clock_is_synchronised();

	return (struct reading){clock_now(), believed ? clock_wall() : 0};
}

static bool
timekeeper_has_open(struct journal *journal)
{
	struct journal_counts counts;

	journal_counts(journal, &counts);
	return counts.by_state[STATE_RECEIVED] + counts.by_state[STATE_VERIFIED] +
		   counts.by_state[STATE_PENDING] + counts.by_state[STATE_FAILED] >
	       0;
}

/* The first start in a boot: how far the line has come while nobody looked. */
static void
timekeeper_cross(struct timekeeper *timekeeper)
{
	struct known *known = &timekeeper->known;
	struct reading before = known->seen, now;

	clock_anchor(before.line - clock_boot());
	now = timekeeper_read(timekeeper);
	if (now.wall != 0 && !timekeeper_has_open(timekeeper->journal)) {
		/* Nobody waits: nothing can be early or late on a line that begins anew. */
		clock_anchor(now.wall - clock_boot());
		known->owed = (struct reading){0, 0};
	} else if (now.wall != 0 && before.wall != 0) {
		int64_t gap = reading_gap(&before, &now);

		if (gap > 0)
			clock_anchor(clock_offset() + gap);
	} else if (before.wall != 0) {
		known->owed = before;
	}
	if (now.wall == 0)
		log_warning("the wall clock is not synchronised: until it is, the time that the "
			    "machine was off counts as nothing");
}

/* The shortest time that anybody waits, those aside that do not wait at all. */
static int64_t
timekeeper_delay(const struct conf *conf)
{
	int64_t delay = conf->activation.delay;

	for (size_t i = 0; i < conf->category_count; i++) {
		int64_t own = conf->categories[i].activation_delay;

		if (own > 0 && own < delay)
			delay = own;
	}
	return delay;
}

static void
timekeeper_note_delay(struct timekeeper *timekeeper, const struct conf *conf)
{
	struct known *known = &timekeeper->known;
	int64_t delay = timekeeper_delay(conf);

	if (known->owed.wall == 0 || delay < known->delay)
		known->delay = delay;
}

/*
 * A line that is new is in the journal before any time on it is: were it forgotten, the next start
 * would make another, further on by the time that the machine was off, and what waits on this one
 * would be early.
 */
static void
timekeeper_anchor(struct timekeeper *timekeeper, const struct conf *conf)
{
	struct known *known = &timekeeper->known;
	const char *boot_id = clock_boot_id();
	bool is_known = known_read(timekeeper->journal, known) == 0;
	char *text;

	timekeeper_note_delay(timekeeper, conf);
	if (is_known && boot_id[0] != '\0' && strcmp(known->boot_id, boot_id) == 0) {
		clock_anchor(known->offset);
		return;
	}
	if (is_known && known->seen.line != 0)
		timekeeper_cross(timekeeper);
	snprintf(known->boot_id, sizeof(known->boot_id), "%s", boot_id[0] != '\0' ? boot_id : "-");
	known->offset = clock_offset();
	known->seen = timekeeper_read(timekeeper);
	text = known_text(known);
	journal_preface(timekeeper->journal, FACT, text);
	free(text);
}

static void
timekeeper_on_credited(enum journal_result result, const char *id, void *arg)
{
	struct timekeeper *timekeeper = arg;

	if (result == JOURNAL_DONE) {
		driver_wake(timekeeper->driver);
		return;
	}
	timekeeper->known.owed = timekeeper->paying;
}

/*
 * The fact forgets what is owed in the very write that pays it: paid twice would be early. What has
 * become pending since the reboot is owed nothing; it is due a whole delay after the last reading.
 */
static void
timekeeper_pay(struct timekeeper *timekeeper)
{
	struct known *known = &timekeeper->known;
	int64_t gap = reading_gap(&known->owed, &known->seen);
	char *text;

	timekeeper->paying = known->owed;
	known->owed = (struct reading){0, 0};
	text = known_text(known);
	if (gap > 0) {
		log_note(
		    "the wall clock is synchronised now: what was pending before the reboot is "
		    "due %" PRId64 " s earlier",
		    gap / 1000);
		journal_credit(timekeeper->journal, timekeeper->paying.line + known->delay, gap,
		    FACT, text, timekeeper_on_credited, timekeeper);
	} else {
		journal_note_fact(timekeeper->journal, FACT, text);
	}
	free(text);
}

void
timekeeper_look(struct timekeeper *timekeeper)
{
	struct known *known = &timekeeper->known;
	char *text;

	known->seen = timekeeper_read(timekeeper);
	if (known->seen.wall != 0 && known->owed.wall != 0) {
		timekeeper_pay(timekeeper);
		return;
	}
	text = known_text(known);
	journal_note_fact(timekeeper->journal, FACT, text);
	free(text);
}

static void
timekeeper_on_look(void *arg)
{
	struct timekeeper *timekeeper = arg;

	timekeeper_look(timekeeper);
	loop_timer_set(timekeeper->look, LOOK_EVERY);
}

static void
timekeeper_arm(struct timekeeper *timekeeper)
{
	const struct itimerspec far = {.it_value.tv_sec = FAR};

	if (timerfd_settime(
		timekeeper->set_fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &far, NULL) != 0)
		err_end("the timer can't be set");
}

/* Also after the machine was suspended. */
static void
timekeeper_on_set(int events, void *arg)
{
	struct timekeeper *timekeeper = arg;
	int64_t lead = clock_lead() / 1000;
	uint64_t count;

	if (read(timekeeper->set_fd, &count, sizeof(count)) >= 0 || errno != ECANCELED)
		return;
	timekeeper_arm(timekeeper);
	log_warning("the wall clock was set: it is %" PRId64 " s %s the time that due times are "
		    "measured by, which goes on as before",
	    lead < 0 ? -lead : lead, lead < 0 ? "behind" : "ahead of");
	timekeeper_look(timekeeper);
}

struct timekeeper *
timekeeper_open(
    struct loop *loop, struct journal *journal, const struct conf *conf, struct err *err)
{
	struct timekeeper *timekeeper = mem_new(sizeof(*timekeeper));

	timekeeper->loop = loop;
	timekeeper->journal = journal;
	timekeeper->trust = conf->activation.trust_clock;
	timekeeper->set_fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (timekeeper->set_fd < 0) {
		err_set(err, ERR_BROKEN, "timerfd: %s", strerror(errno));
		timekeeper_close(&timekeeper);
		return NULL;
	}
	timekeeper_anchor(timekeeper, conf);
	return timekeeper;
}

void
timekeeper_start(struct timekeeper *timekeeper, struct driver *driver)
{
	timekeeper->driver = driver;
	timekeeper->look = loop_timer_new(timekeeper->loop, timekeeper_on_look, timekeeper);
	timekeeper->set =
	    loop_watch_new(timekeeper->loop, timekeeper->set_fd, timekeeper_on_set, timekeeper);
	timekeeper_arm(timekeeper);
	loop_watch_set(timekeeper->set, LOOP_READ);
	timekeeper_on_look(timekeeper);
}

void
timekeeper_reload(struct timekeeper *timekeeper, const struct conf *conf)
{
	timekeeper_note_delay(timekeeper, conf);
	timekeeper_look(timekeeper);
}

void
timekeeper_close(struct timekeeper **timekeeper)
{
	struct timekeeper *it = *timekeeper;

	if (it == NULL)
		return;
	*timekeeper = NULL;
	loop_timer_free(&it->look);
	loop_watch_free(&it->set);
	if (it->set_fd >= 0)
		close(it->set_fd);
	free(it);
}
