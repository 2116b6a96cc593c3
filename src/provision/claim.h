/*
 * What the steps that deal with a person's claim share.
 */
#ifndef PROVISION_CLAIM_H
#define PROVISION_CLAIM_H

#include <stdbool.h>

struct err;
struct question;
struct registration;
struct reply;
struct site;

char *claim_dn(const struct site *site, const struct registration *registration); /* caller frees */
void claim_question_read(
    const struct site *site, const struct registration *registration, struct question *question);
void claim_question_add(
    const struct site *site, const struct registration *registration, struct question *question);
bool claim_is_ours(const struct registration *registration, const struct reply *reply);
/* The claim exists, for its DN was found, but a filter or a right keeps it from us: that says
 * nothing of whose it is, and err says so. */
bool claim_is_hidden(const struct reply *reply, struct err *err);

#endif
