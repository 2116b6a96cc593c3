/*
 * Smart cards: a user's certificate is checked off the loop, by threads behind a bounded queue, and
 * gives the person's EDIPI, or a reason why not. The rules are those of a person's authentication
 * certificate on a PIV card (FIPS 201-3, RFC 5280); what is trusted is configuration alone.
 *
 * card_open, card_submit for each certificate, card_reload with a new configuration; card_close
 * once the loop has ended. No OpenSSL type leaves this folder.
 */
#ifndef CARD_CARD_H
#define CARD_CARD_H

#include <stddef.h>

#include "model/application.h"

struct card;
struct conf_certificates;
struct err;
struct loop;

enum card_kind {
	CARD_GOOD,
	CARD_REFUSED,
	CARD_UNAVAILABLE, /* nobody can tell now: the OCSP responder is away, or not believed */
};

struct card_verdict {
	enum card_kind kind;
	char edipi[EDIPI_SIZE]; /* of a good card */
	const char *why;        /* of any other, in words; never the certificate's; not freed */
};

typedef void card_done_fn(const struct card_verdict *verdict, void *arg);
/* What is wrong with a file that the configuration names, in words. */
typedef void card_fault_fn(const char *key, const char *words, void *arg);

/* Reads roots and intermediates; -1 in err where they can't be used. CRLs are read by the threads,
 * and again when their folder changes; what is wrong with them is told on the loop. */
struct card *card_open(struct loop *loop, const struct conf_certificates *conf,
    card_fault_fn *fault, void *arg, struct err *err);
/* What it can't use it refuses whole: the files in force stay. */
int card_reload(struct card *card, const struct conf_certificates *conf, struct err *err);
void card_close(struct card **card); /* open jobs never call back */

/* pem is copied; -1 where too many are waiting. Calls back on the loop. */
int card_submit(struct card *card, const char *pem, card_done_fn *done, void *arg);

/* Everything that is wrong with the files that the configuration names; for 'musterd -t'. Blocks.
 */
void card_check_files(const struct conf_certificates *conf, card_fault_fn *fault, void *arg);

#endif
