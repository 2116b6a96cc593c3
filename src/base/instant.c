#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/instant.h"

static void
instant_split(int64_t instant, struct tm *parts)
{
	time_t seconds = (time_t)(instant / 1000);

	gmtime_r(&seconds, parts);
}

const char *
instant_rfc3339(int64_t instant, char out[INSTANT_SIZE])
{
	struct tm parts;
	size_t n;

	instant_split(instant, &parts);
	n = strftime(out, INSTANT_SIZE, "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(out + n, INSTANT_SIZE - n, ".%03dZ", (int)(instant % 1000));
	return out;
}

const char *
instant_generalized(int64_t instant, char out[INSTANT_SIZE])
{
	struct tm parts;

	instant_split(instant, &parts);
	strftime(out, INSTANT_SIZE, "%Y%m%d%H%M%SZ", &parts);
	return out;
}

int64_t
instant_ceil_second(int64_t instant)
{
	return (instant + 999) / 1000 * 1000;
}

int
instant_read_generalized(const char *text, int64_t *instant_out)
{
	struct tm parts = {0}, day = {0};
	const char *end;

	if (strlen(text) != 15 || strspn(text, "0123456789") != 14)
		return -1;
	end = strptime(text, "%Y%m%d%H%M%S", &parts);
	if (end == NULL || strcmp(end, "Z") != 0)
		return -1;
	/* timegm would make 1 March of a 29 February that the year has not. */
	day.tm_year = parts.tm_year;
	day.tm_mon = parts.tm_mon;
	day.tm_mday = parts.tm_mday;
	timegm(&day);
	if (day.tm_mday != parts.tm_mday || parts.tm_sec > 60)
		return -1;
	*instant_out = (int64_t)timegm(&parts) * 1000;
	return 0;
}
