#include <stddef.h>

#include "base/pulse.h"

static struct pulse *pulses;

void
pulse_start(struct pulse *pulse, const char *what)
{
	pulse->what = what;
	atomic_init(&pulse->count, 0);
	pulse->seen = 0;
	pulse->still = 0;
	pulse->next = pulses;
	pulses = pulse;
}

void
pulse_stop(struct pulse *pulse)
{
	struct pulse **at = &pulses;

	while (*at != NULL && *at != pulse)
		at = &(*at)->next;
	if (*at != NULL)
		*at = pulse->next;
}

void
pulse_begin(struct pulse *pulse)
{
	atomic_fetch_add(&pulse->count, 1);
}

void
pulse_end(struct pulse *pulse)
{
	atomic_fetch_add(&pulse->count, 1);
}

const char *
pulse_stuck(int64_t passed, int64_t limit)
{
	const char *stuck = NULL;

	for (struct pulse *it = pulses; it != NULL; it = it->next) {
		unsigned count = atomic_load(&it->count);

		it->still = count % 2 == 1 && count == it->seen ? it->still + passed : 0;
		it->seen = count;
		if (it->still >= limit)
			stuck = it->what;
	}
	return stuck;
}
