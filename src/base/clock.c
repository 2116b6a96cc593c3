#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>

#include "base/clock.h"

static int64_t steady_offset;
static bool anchored;

static int64_t
clock_nanoseconds(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t
clock_read(clockid_t id)
{
	return clock_nanoseconds(id) / 1000000;
}

int64_t
clock_wall(void)
{
	return clock_read(CLOCK_REALTIME);
}

int64_t
clock_boot(void)
{
	return clock_read(CLOCK_BOOTTIME);
}

void
clock_anchor(int64_t offset)
{
	steady_offset = offset;
	anchored = true;
}

int64_t
clock_offset(void)
{
	/* Rounded down once, and the wall read first: the line is never ahead of the wall clock. */
	if (!anchored) {
		int64_t wall = clock_nanoseconds(CLOCK_REALTIME);

		clock_anchor((wall - clock_nanoseconds(CLOCK_BOOTTIME)) / 1000000);
	}
	return steady_offset;
}

int64_t
clock_now(void)
{
	return clock_boot() + clock_offset();
}

bool
clock_is_synchronised(void)
{
	struct timex answer = {0};

	/* TIME_ERROR alone will not do: a kernel with PPS says it for other reasons too. */
	return adjtimex(&answer) >= 0 && (answer.status & STA_UNSYNC) == 0;
}

const char *
clock_boot_id(void)
{
	static char id[40];
	FILE *file;

	if (id[0] != '\0')
		return id;
	file = fopen("/proc/sys/kernel/random/boot_id", "re");
	if (file == NULL)
		return id;
	if (fgets(id, sizeof(id), file) != NULL)
		id[strcspn(id, "\n")] = '\0';
	fclose(file);
	return id;
}
