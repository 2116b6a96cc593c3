/*
 * What the two withdrawals (entry, claim) share: how long an add whose reply was lost may still be
 * on its way, once the directory answers again.
 */
#ifndef PROVISION_REMOVE_H
#define PROVISION_REMOVE_H

#include <stdint.h>

struct site;

int64_t remove_settles(const struct site *site); /* milliseconds */

#endif
