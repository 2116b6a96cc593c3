/*
 * The steps after the entry is in the directory: wait, look at the personnel record again,
 * activate by compare-and-set, confirm.
 */
#ifndef ACTIVATE_STEPS_H
#define ACTIVATE_STEPS_H

#include "pipeline/step.h"

int wait_ask(const struct site *, struct registration *, struct question *, struct err *);
enum verdict wait_judge(
    const struct site *, struct registration *, const struct reply *, int64_t now, struct err *);

int recheck_ask(const struct site *, struct registration *, struct question *, struct err *);
enum verdict recheck_judge(
    const struct site *, struct registration *, const struct reply *, int64_t now, struct err *);

int activate_ask(const struct site *, struct registration *, struct question *, struct err *);
enum verdict activate_judge(
    const struct site *, struct registration *, const struct reply *, int64_t now, struct err *);

int confirm_ask(const struct site *, struct registration *, struct question *, struct err *);
enum verdict confirm_judge(
    const struct site *, struct registration *, const struct reply *, int64_t now, struct err *);

#endif
