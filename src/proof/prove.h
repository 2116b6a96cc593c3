/*
 * The step 'prove identity': every personnel source is asked for the person's records, then they
 * are judged together.
 */
#ifndef PROOF_PROVE_H
#define PROOF_PROVE_H

#include "pipeline/step.h"

int prove_ask(const struct site *site, struct registration *registration, struct question *question,
    struct err *err);
enum verdict prove_judge(const struct site *site, struct registration *registration,
    const struct reply *reply, int64_t now, struct err *err);

#endif
