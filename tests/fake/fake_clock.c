#include <stdbool.h>
#include <stdio.h>

#include "base/clock.h"
#include "fake_clock.h"

#define BOOT_START INT64_C(4000000000000) /* 126 years of uptime */

static struct machine {
	int64_t wall, boot, offset;
	bool anchored, follows_wall, unsynchronised;
	unsigned boots;
} machines[FAKE_MACHINES] = {{.wall = INT64_C(1790000000000), .boot = BOOT_START},
    {.boot = BOOT_START}, {.boot = BOOT_START}, {.boot = BOOT_START}};
static struct machine *here = &machines[0];

void
fake_clock_choose(int machine)
{
	here = &machines[machine];
}

void
fake_clock_set(int64_t now)
{
	here->wall = now;
	clock_anchor(now - here->boot);
}

void
fake_clock_add(int64_t milliseconds)
{
	for (int i = 0; i < FAKE_MACHINES; i++) {
		machines[i].wall += milliseconds;
		machines[i].boot += milliseconds;
	}
}

void
fake_clock_step_wall(int64_t milliseconds)
{
	here->wall += milliseconds;
}

void
fake_clock_reboot(void)
{
	here->boots++;
	here->boot = BOOT_START;
	here->anchored = false;
}

void
fake_clock_follow_wall(bool yes)
{
	here->follows_wall = yes;
}

void
fake_clock_synchronise(bool yes)
{
	here->unsynchronised = !yes;
}

bool
clock_is_synchronised(void)
{
	return !here->unsynchronised;
}

int64_t
clock_wall(void)
{
	return here->wall;
}

int64_t
clock_boot(void)
{
	return here->boot;
}

int64_t
clock_now(void)
{
	return here->boot + clock_offset();
}

void
clock_anchor(int64_t offset)
{
	here->offset = offset;
	here->anchored = true;
}

int64_t
clock_offset(void)
{
	if (here->follows_wall)
		return here->wall - here->boot;
	if (!here->anchored)
		clock_anchor(here->wall - here->boot);
	return here->offset;
}

const char *
clock_boot_id(void)
{
	static char id[32];

	snprintf(id, sizeof(id), "boot-%u", here->boots);
	return id;
}
