#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "model/date.h"

#define DATE_FIRST_YEAR 1850
#define DATE_LAST_YEAR 2200

static_assert(sizeof(struct date) == 3 * sizeof(int), "no padding: dates are compared as bytes");

/* Exactly count ASCII digits as a number, and *at moves past them; -1 where there are fewer. */
static int
date_digits(const char **at, int count)
{
	int number = 0;

	for (; count > 0; count--, (*at)++) {
		if (**at < '0' || **at > '9')
			return -1;
		number = number * 10 + (**at - '0');
	}
	return number;
}

static int
date_month_days(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

static bool
date_is_real(const struct date *date)
{
	return date->year >= DATE_FIRST_YEAR && date->year <= DATE_LAST_YEAR && date->month >= 1 &&
	       date->month <= 12 && date->day >= 1 &&
	       date->day <= date_month_days(date->year, date->month);
}

/* Moves past two digits of at most most. */
static int
date_skip_pair(const char **at, int most)
{
	int number = date_digits(at, 2);

	return number < 0 || number > most ? -1 : 0;
}

/* Moves past what may be there: two digits of at most most. */
static int
date_skip_optional_pair(const char **at, int most)
{
	return **at >= '0' && **at <= '9' ? date_skip_pair(at, most) : 0;
}

/*
 * The rest of a generalizedTime after its date (RFC 4517 section 3.3.13): hour, then minute and
 * second (60 in a leap second) that may be missing, a fraction, and Z or an offset.
 */
static int
date_skip_time(const char *at)
{
	if (date_skip_pair(&at, 23) != 0)
		return -1;
	if (*at >= '0' && *at <= '9' &&
	    (date_skip_pair(&at, 59) != 0 || date_skip_optional_pair(&at, 60) != 0))
		return -1;
	if (*at == '.' || *at == ',') {
		size_t digits = strspn(++at, "0123456789");

		if (digits == 0)
			return -1;
		at += digits;
	}
	if (*at == 'Z')
		return at[1] == '\0' ? 0 : -1;
	if (*at != '+' && *at != '-')
		return -1;
	at++;
	if (date_skip_pair(&at, 23) != 0 || date_skip_optional_pair(&at, 59) != 0)
		return -1;
	return *at == '\0' ? 0 : -1;
}

static enum date_form
date_guess_form(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 4)
		return DATE_ISO;
	return digits == 8 && text[8] == '\0' ? DATE_COMPACT : DATE_GENERALIZED;
}

int
date_parse(enum date_form form, const char *text, struct date *date_out)
{
	struct date date;
	const char *at = text;

	if (form == DATE_ANY)
		form = date_guess_form(text);
	date.year = date_digits(&at, 4);
	if (date.year < 0 || (form == DATE_ISO && *at++ != '-'))
		return -1;
	date.month = date_digits(&at, 2);
	if (date.month < 0 || (form == DATE_ISO && *at++ != '-'))
		return -1;
	date.day = date_digits(&at, 2);
	if (!date_is_real(&date))
		return -1;
	if (form == DATE_GENERALIZED ? date_skip_time(at) != 0 : *at != '\0')
		return -1;
	*date_out = date;
	return 0;
}

const char *
date_text(const struct date *date, char out[DATE_SIZE])
{
	out[0] = '\0';
	if (date_is_set(date))
		snprintf(out, DATE_SIZE, "%04u-%02u-%02u", (unsigned)date->year % 10000,
		    (unsigned)date->month % 100, (unsigned)date->day % 100);
	return out;
}

bool
date_is_set(const struct date *date)
{
	return date->year != 0;
}

bool
date_is_equal(const struct date *a, const struct date *b)
{
	return secret_is_equal(a, b, sizeof(*a));
}
