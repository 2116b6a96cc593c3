/*
 * The steps that put a person into the account directory (claim the person, choose a uid and add
 * the entry), and those that take them out again.
 */
#ifndef PROVISION_STEPS_H
#define PROVISION_STEPS_H

#include "pipeline/step.h"

int claim_ask(const struct site *, struct registration *, struct question *, struct err *);
enum verdict claim_judge(
    const struct site *, struct registration *, const struct reply *, int64_t now, struct err *);

int entry_ask(const struct site *, struct registration *, struct question *, struct err *);
enum verdict entry_judge(
    const struct site *, struct registration *, const struct reply *, int64_t now, struct err *);

/* Before the activation: the claim must still be ours. */
int keep_claim_ask(const struct site *, struct registration *, struct question *, struct err *);
enum verdict keep_claim_judge(
    const struct site *, struct registration *, const struct reply *, int64_t now, struct err *);

/* The withdrawal: refuses where the account is active already. */
int remove_entry_ask(const struct site *, struct registration *, struct question *, struct err *);
enum verdict remove_entry_judge(
    const struct site *, struct registration *, const struct reply *, int64_t now, struct err *);
/* Later, after the row before: what was found missing by then is not coming any more. */
enum verdict remove_late_entry_judge(
    const struct site *, struct registration *, const struct reply *, int64_t now, struct err *);
int remove_claim_ask(const struct site *, struct registration *, struct question *, struct err *);
enum verdict remove_claim_judge(
    const struct site *, struct registration *, const struct reply *, int64_t now, struct err *);
enum verdict remove_late_claim_judge(
    const struct site *, struct registration *, const struct reply *, int64_t now, struct err *);

#endif
