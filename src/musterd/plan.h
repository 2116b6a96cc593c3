/* The plan: what happens to a registration, in the order of life. */
#ifndef MUSTERD_PLAN_H
#define MUSTERD_PLAN_H

#include "pipeline/step.h"

extern const struct step plan[];

#endif
