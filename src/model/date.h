/*
 * Calendar dates as integer triples: leap days right, no time zones. A date with year 0 is none.
 */
#ifndef MODEL_DATE_H
#define MODEL_DATE_H

#include <stdbool.h>

#define DATE_SIZE 12

struct date {
	int year, month, day;
};

/* How a directory writes dates. */
enum date_form {
	DATE_ISO,         /* YYYY-MM-DD */
	DATE_COMPACT,     /* YYYYMMDD */
	DATE_GENERALIZED, /* generalizedTime: YYYYMMDDHH… with Z or an offset; the date part as
			     written */
	DATE_ANY,         /* any of the three, told apart by their shape */
};

/* Reads a whole text of that form; -1 where it is no real date from 1850-01-01 to 2200-12-31. */
int date_parse(enum date_form form, const char *text, struct date *date_out);
const char *date_text(const struct date *date, char out[DATE_SIZE]); /* YYYY-MM-DD */
bool date_is_set(const struct date *date);
bool date_is_equal(const struct date *a, const struct date *b); /* in constant time */

#endif
