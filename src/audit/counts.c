/* What strangers can cause at will: some lines a minute of each kind, then how many more. */
#include <stdlib.h>
#include <string.h>

#include "audit/audit_internal.h"
#include "base/loop.h"
#include "base/mem.h"

#define MINUTE 60000    /* milliseconds */
#define WRITTEN_MOST 10 /* lines of one kind in it */

static bool
counts_same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
counts_fits(const struct count *count, const struct audit_decision *decision)
{
	return counts_same(count->event, decision->event) &&
	       counts_same(count->actor, decision->actor) &&
	       counts_same(count->what, decision->what) &&
	       counts_same(count->outcome, decision->outcome) &&
	       counts_same(count->reason, decision->reason);
}

/* The last place is for all that find none of their own. */
static struct count *
counts_find(struct audit *audit, const struct audit_decision *decision)
{
	static const struct audit_decision others = {.event = "others", .actor = "unknown"};
	struct count *count = audit->counts, *last = audit->counts + COUNTS - 1;

	while (count < last && count->event != NULL && !counts_fits(count, decision))
		count++;
	if (count->event != NULL)
		return count;
	if (count == last)
		decision = &others;
	count->event = mem_text(decision->event);
	count->actor = mem_text(decision->actor);
	count->what = mem_text(decision->what);
	count->outcome = mem_text(decision->outcome);
	count->reason = mem_text(decision->reason);
	return count;
}

void
audit_count(struct audit *audit, const struct audit_decision *decision)
{
	struct count *count;

	if (audit == NULL)
		return;
	if (audit->counts[0].event == NULL)
		loop_timer_set(audit->count_timer, MINUTE);
	count = counts_find(audit, decision);
	if (count->written < WRITTEN_MOST && count != audit->counts + COUNTS - 1) {
		count->written++;
		audit_write(audit, decision);
	} else {
		count->more++;
	}
}

void
counts_end(struct audit *audit)
{
	for (struct count *count = audit->counts; count < audit->counts + COUNTS; count++) {
		struct audit_decision decision = {
		    .event = count->event,
		    .actor = count->actor,
		    .what = count->what,
		    .outcome = count->outcome,
		    .reason = count->reason,
		    .count = count->more,
		};

		if (count->more > 0)
			audit_write(audit, &decision);
		mem_free_text(&count->event);
		mem_free_text(&count->actor);
		mem_free_text(&count->what);
		mem_free_text(&count->outcome);
		mem_free_text(&count->reason);
		count->written = count->more = 0;
	}
}

void
counts_on_minute(void *arg)
{
	counts_end(arg);
}
