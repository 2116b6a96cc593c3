/*
 * Inside the roll: roll.c asks, read.c maps what was answered to records, judge.c says what they
 * prove.
 */
#ifndef ROLL_ROLL_INTERNAL_H
#define ROLL_ROLL_INTERNAL_H

#include <stddef.h>

#include "roll/roll.h"

/* What every source must show of its records: the identifier first, and what else a proof rests on.
 * Ends with NULL; returns how many there are. */
#define SHOWN_MOST 4
size_t roll_shown(const struct conf_personnel *source, const char *attributes[SHOWN_MOST]);

#endif
