/*
 * What a person sent, as far as a later step still needs it. In the journal it lies sealed (as the
 * JSON of application_json.h), and it is erased when the last step that needs it is done. The
 * password and the answers are there as slow hashes only.
 */
#ifndef MODEL_APPLICATION_H
#define MODEL_APPLICATION_H

#include <stdbool.h>

#include "model/date.h"
#include "model/identifier.h"
#include "model/name.h"
#include "model/person.h"

#define QUESTIONS_MOST 10
#define EDIPI_SIZE 11        /* ten digits and a NUL */
#define SHOWN_CARD_MOST 8192 /* bytes of a certificate in PEM */

/* The smart card that a portal showed for its user, as it was judged; the certificate is not kept.
 */
struct shown_card {
	bool shown;
	char edipi[EDIPI_SIZE]; /* of a good card; else "" */
	char *refusal;          /* why it is none, in words for the helpdesk; NULL of a good one */
};

struct application {
	struct identifier identifier;
	struct date birth_date;
	struct date pay_entry_base_date; /* none where it was not sent */
	struct name legal_name;
	struct shown_card card;
	char *external_mail, *phone, *postal_address;
	char *unit, *title;
	char *password_hash;             /* "{CRYPT}$y$…"; NULL once it is in the directory */
	char *answers_hash;              /* one hash over all answers, length-prefixed */
	char *questions[QUESTIONS_MOST]; /* pool ids or the person's own; NULL after the last */
	struct person person;            /* once proved; else zeroed */
};

struct application *application_new(void);
void application_free(struct application **application); /* wipes */
/* Forgets what only the entry needed, once it is in the directory: keeps the identity. */
void application_reduce(struct application *application);

#endif
