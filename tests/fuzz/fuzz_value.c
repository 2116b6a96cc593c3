/*
 * Small values: dates, identifiers, instants, numbers, hexadecimal, UUIDs. A line is tried as each
 * of them: what is read is written, and read again as the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/instant.h"
#include "base/text.h"
#include "fuzz.h"
#include "model/date.h"
#include "model/identifier.h"
#include "model/registration.h"

#define YEAR_9999 INT64_C(253402300799) /* its last second */

/* The C library's calendar agrees on which days there are. */
static void
check_calendar(const char *text)
{
	struct tm day = {0}, real;
	struct date date;

	if (strlen(text) != 10 || strspn(text, "0123456789-") != 10 || text[4] != '-' ||
	    text[7] != '-' ||
	    sscanf(text, "%4d-%2d-%2d", &day.tm_year, &day.tm_mon, &day.tm_mday) != 3 ||
	    day.tm_year < 1850 || day.tm_year > 2200)
		return;
	day.tm_year -= 1900;
	day.tm_mon -= 1;
	real = day;
	timegm(&real);
	if (date_parse(DATE_ISO, text, &date) == 0)
		FUZZ_MUST(real.tm_mon == day.tm_mon && real.tm_mday == day.tm_mday);
	else
		FUZZ_MUST(real.tm_mon != day.tm_mon || real.tm_mday != day.tm_mday ||
			  strchr(text + 5, '-') != text + 7 || strchr(text + 8, '-') != NULL);
}

static void
check_date(const char *text)
{
	check_calendar(text);
	for (enum date_form form = DATE_ISO; form <= DATE_ANY; form++) {
		struct date date, again;
		char iso[DATE_SIZE], compact[DATE_SIZE];

		if (date_parse(form, text, &date) != 0)
			continue;
		FUZZ_MUST(date_is_set(&date) && date.year >= 1850 && date.year <= 2200);
		FUZZ_MUST(date_parse(DATE_ISO, date_text(&date, iso), &again) == 0);
		FUZZ_MUST(date_is_equal(&date, &again));
		FUZZ_MUST(date_parse(DATE_ANY, iso, &again) == 0 && date_is_equal(&date, &again));
		snprintf(compact, sizeof(compact), "%.4s%.2s%.2s", iso, iso + 5, iso + 8);
		FUZZ_MUST(date_parse(DATE_COMPACT, compact, &again) == 0);
		FUZZ_MUST(date_is_equal(&date, &again));
		if (form != DATE_ANY)
			FUZZ_MUST(date_parse(DATE_ANY, text, &again) == 0);
	}
}

static void
check_identifier(const char *text)
{
	struct identifier identifier, again;
	char hyphened[12];

	if (identifier_parse(IDENTIFIER_FIN, text, &identifier) != 0) {
		FUZZ_MUST(identifier.digits[0] == '\0');
		return;
	}
	FUZZ_MUST(strlen(identifier.digits) == IDENTIFIER_DIGITS);
	FUZZ_MUST(strspn(text, "0123456789-") == strlen(text));
	FUZZ_MUST(identifier_parse(IDENTIFIER_FIN, identifier.digits, &again) == 0);
	FUZZ_MUST(memcmp(&identifier, &again, sizeof(again)) == 0);
	FUZZ_MUST(identifier_parse(
		      IDENTIFIER_FIN, identifier_hyphened(&identifier, hyphened), &again) == 0);
	FUZZ_MUST(memcmp(&identifier, &again, sizeof(again)) == 0);
}

static void
check_instant(const char *text)
{
	char out[INSTANT_SIZE];
	int64_t instant, again;

	/* None is as 0, nothing was before, and no year has five digits. */
	if (instant_read_generalized(text, &instant) != 0 || instant <= 0 ||
	    instant / 1000 > YEAR_9999)
		return;
	instant_generalized(instant, out);
	/* But for a leap second, which is the next minute's first. */
	FUZZ_MUST(strcmp(out, text) == 0 || memcmp(text + 12, "60", 2) == 0);
	FUZZ_MUST(instant_read_generalized(out, &again) == 0 && instant == again);
	FUZZ_MUST(instant_ceil_second(instant) == instant);
	FUZZ_MUST(strlen(instant_rfc3339(instant, out)) == strlen("2026-01-31T08:00:00.123Z"));
}

static void
check_number(const char *text)
{
	int64_t number = 0, again = 0;
	char out[24];

	if (text_number(text, INT64_MIN, INT64_MAX, &number) != 0)
		return;
	snprintf(out, sizeof(out), "%lld", (long long)number);
	FUZZ_MUST(text_number(out, number, number, &again) == 0 && again == number);
	FUZZ_MUST((text_number(text, 0, 10000, &again) == 0) == (number >= 0 && number <= 10000));
}

static void
check_hex(const char *text)
{
	unsigned char bytes[32];
	char out[65];
	size_t size = strlen(text) / 2;

	if (size > sizeof(bytes) || text_unhex(text, bytes, size) != 0)
		return;
	text_hex(bytes, size, out);
	FUZZ_MUST(strcasecmp(out, text) == 0);
}

/* Cut off anywhere, a text of UTF-8 is one again. */
static void
check_trim(char *text)
{
	size_t size = strlen(text);

	if (!fuzz_is_utf8(text))
		return;
	for (size_t at = size; at > 0 && at + 4 > size; at--) {
		text[at] = '\0';
		text_trim(text);
		FUZZ_MUST(fuzz_is_utf8(text) && strlen(text) + 4 > at);
	}
}

/* What is shown is UTF-8 without a control, no longer, and not changed by a second look. */
static void
check_clean(const char *text)
{
	char *clean = text_clean(text, false), *again = text_clean(clean, false);

	FUZZ_MUST(fuzz_is_utf8(clean) && !fuzz_has_control(clean));
	FUZZ_MUST(strcmp(clean, again) == 0 && strlen(clean) <= strlen(text));
	free(again);
	free(clean);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz fuzz = {bytes, size};
	enum registration_state state;

	for (int lines = 0; fuzz.size > 0 && lines < 16; lines++) {
		char *text = fuzz_line(&fuzz);

		check_date(text);
		check_identifier(text);
		check_instant(text);
		check_number(text);
		check_hex(text);
		if (text_is_uuid(text))
			FUZZ_MUST(strlen(text) == UUID_SIZE - 1 && !fuzz_has_control(text));
		if (registration_state_parse(text, &state) == 0)
			FUZZ_MUST(strcmp(registration_state_name(state), text) == 0);
		check_clean(text);
		check_trim(text);
		free(text);
	}
	return 0;
}
