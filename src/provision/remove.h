/*
 * What the two withdrawals (entry, claim) share: whether an add whose reply was lost may still be
 * on its way.
 */
#ifndef PROVISION_REMOVE_H
#define PROVISION_REMOVE_H

#include "pipeline/step.h"

/* It is not there any more: NEXT, or LATER where it is to be looked for again. was_seen: it is
 * known to have been there. */
enum verdict remove_gone(
    const struct site *site, struct registration *registration, bool was_seen, int64_t now);

#endif
