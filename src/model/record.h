/*
 * A record of the personnel directory, mapped: one entry, one record. A person with two current
 * records has a dual account. Owner: the list; records_fini frees.
 */
#ifndef MODEL_RECORD_H
#define MODEL_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "model/date.h"
#include "model/name.h"

/* What a person claims and a record may carry. */
enum record_part {
	PART_BIRTH_DATE = 1,
	PART_PAY_ENTRY_BASE_DATE = 2,
	PART_NAME = 4,
	PART_CARD = 8,
};

struct record {
	char *source; /* the personnel source's name in the configuration */
	char *dn;     /* an identifier in it is masked */
	struct date birth_date;
	struct date pay_entry_base_date; /* none where the record carries none */
	struct name name;
	char *edipi;    /* ten digits, or NULL */
	char *category; /* the category's id, NULL where no rule of the map fits */
	char *rule;     /* for the helpdesk: how the map came to the category, or that it did not */
	bool current;
	char *o, *ou, *title; /* or NULL */

	/* Of enum record_part, set by the comparison (roll_judge): what was asked for, and differs.
	 */
	unsigned asked, differs;
};

struct records {
	struct record *items;
	size_t count;
};

struct record *records_add(struct records *records); /* a new zeroed one at the end */
void records_fini(struct records *records);

#endif
