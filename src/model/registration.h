/*
 * A registration: one person's way to an account. The driver alone changes step and times; steps
 * fill in what they find. Plain data; registration_free frees everything in it.
 */
#ifndef MODEL_REGISTRATION_H
#define MODEL_REGISTRATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/keyring.h"
#include "base/text.h"
#include "model/record.h"

struct application;

/* As the API names them; stored in the journal as text. */
enum registration_state {
	STATE_RECEIVED,
	STATE_VERIFIED,
	STATE_PENDING,
	STATE_ACTIVE,
	STATE_REJECTED,
	STATE_CANCELLED,
	STATE_FAILED,
};
#define STATE_COUNT 7

struct registration {
	char id[UUID_SIZE];
	char *portal;
	char key_mac[KEYRING_HMAC_SIZE];  /* keyed hash of the Idempotency-Key; "" where none was
					     sent */
	char body_mac[KEYRING_HMAC_SIZE]; /* keyed hash of the body that came with it */
	char person_key[KEYRING_HMAC_SIZE];

	enum registration_state state;
	char *reason;    /* a problem's name for rejected, words for failed; NULL otherwise */
	char *step;      /* the row of the plan that is next; "done" where nothing is */
	char *waits_for; /* the directory that it waits for, or NULL */
	char *detail;    /* for the helpdesk: why the last try went as it did; no secret; or NULL */
	char *findings;  /* for the helpdesk: the records found, in JSON; or NULL */
	int attempts;    /* tries of this step in a row that came to nothing */

	int64_t created_at, activates_at, activated_at; /* UTC milliseconds, 0 is none */
	int64_t due_at; /* when the driver goes on, on clock_now's line; 0 is never by itself */

	char *uid, *mail;  /* NULL until known */
	char **categories; /* highest precedence first; NULL until proved */
	bool held;
	bool set_aside; /* what the journal holds of it can't be read: detail says why, and nothing
			   goes on with it until it can be read again, but to cancel it */

	struct application *application; /* NULL once erased */

	/* In memory alone, for the step at work: wiped when the row changes or is tried again. */
	int phase;
	int collisions;
	int64_t low, high; /* bounds of the search for a free uid; the time that a modify writes */
	char stem[64];
	struct records records; /* found so far */
};

struct registration *registration_new(void);
void registration_free(struct registration **registration);
void registration_reset_work(struct registration *registration); /* the in-memory part */

const char *registration_state_name(enum registration_state state);
int registration_state_parse(const char *name, enum registration_state *state_out);
bool registration_is_final(
    const struct registration *registration); /* active, rejected, cancelled */
bool registration_is_dual(const struct registration *registration);

#endif
