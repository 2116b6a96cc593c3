#include <stdbool.h>
#include <stdio.h>

#include "base/clock.h"
#include "fake_clock.h"

#define BOOT_START INT64_C(4000000000000) /* 126 years of uptime */

static int64_t wall = INT64_C(1790000000000), boot = BOOT_START, offset;
static bool anchored, synchronised = true;
static unsigned boots;

void
fake_clock_set(int64_t now)
{
	wall = now;
	clock_anchor(now - boot);
}

void
fake_clock_add(int64_t milliseconds)
{
	wall += milliseconds;
	boot += milliseconds;
}

void
fake_clock_step_wall(int64_t milliseconds)
{
	wall += milliseconds;
}

void
fake_clock_reboot(void)
{
	boots++;
	boot = BOOT_START;
	anchored = false;
}

void
fake_clock_synchronise(bool yes)
{
	synchronised = yes;
}

bool
clock_is_synchronised(void)
{
	return synchronised;
}

int64_t
clock_wall(void)
{
	return wall;
}

int64_t
clock_boot(void)
{
	return boot;
}

int64_t
clock_now(void)
{
	return boot + clock_offset();
}

void
clock_anchor(int64_t new_offset)
{
	offset = new_offset;
	anchored = true;
}

int64_t
clock_offset(void)
{
	if (!anchored)
		clock_anchor(wall - boot);
	return offset;
}

const char *
clock_boot_id(void)
{
	static char id[32];

	snprintf(id, sizeof(id), "boot-%u", boots);
	return id;
}
