/*
 * A proved person: what the personnel directory says of them, all current records taken together.
 */
#ifndef MODEL_PERSON_H
#define MODEL_PERSON_H

#include <stdbool.h>

#include "model/name.h"

struct person {
	struct name name; /* the personnel record's, of the primary category */
	char *edipi;      /* or NULL */
	char *o, *ou, *title;
	char **categories; /* ids, highest precedence first; ends with NULL; never the same twice */
};

void person_fini(struct person *person);
bool person_is_dual(const struct person *person); /* two or more categories */

#endif
