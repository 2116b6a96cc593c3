/*
 * The account entry of contract section 3, made from a proved registration.
 */
#ifndef PROVISION_ACCOUNT_H
#define PROVISION_ACCOUNT_H

struct conf;
struct question;
struct registration;

/* The add of the entry for stem and high (the number chosen), pending until activates_at. */
void account_question(
    const struct conf *conf, const struct registration *registration, struct question *question);
char *account_mail(const struct conf *conf, const char *uid); /* the caller frees */

#endif
