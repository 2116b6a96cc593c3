#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/date.h"
#include "model/identifier.h"
#include "model/name.h"

int
date_parse(enum date_form form, const char *text, struct date *date_out)
{
	return sscanf(text, "%d-%d-%d", &date_out->year, &date_out->month, &date_out->day) == 3
		   ? 0
		   : -1;
}

const char *
date_text(const struct date *date, char out[DATE_SIZE])
{
	snprintf(out, DATE_SIZE, "%04u-%02u-%02u", (unsigned)date->year % 10000,
	    (unsigned)date->month % 100, (unsigned)date->day % 100);
	return out;
}

bool
date_is_set(const struct date *date)
{
	return date->year != 0;
}

const char *
identifier_kind_name(enum identifier_kind kind)
{
	return kind == IDENTIFIER_SSN ? "ssn" : "fin";
}

int
identifier_parse(enum identifier_kind kind, const char *text, struct identifier *identifier_out)
{
	identifier_out->kind = kind;
	snprintf(identifier_out->digits, sizeof(identifier_out->digits), "%s", text);
	return 0;
}

void
name_fini(struct name *name)
{
	free(name->given);
	free(name->middle);
	free(name->family);
	free(name->suffix);
	memset(name, 0, sizeof(*name));
}
