#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/secret.h"
#include "model/application.h"
#include "model/registration.h"

static const char *const registration_states[STATE_COUNT] = {
    [STATE_RECEIVED] = "received",
    [STATE_VERIFIED] = "verified",
    [STATE_PENDING] = "pending",
    [STATE_ACTIVE] = "active",
    [STATE_REJECTED] = "rejected",
    [STATE_CANCELLED] = "cancelled",
    [STATE_FAILED] = "failed",
};

struct registration *
registration_new(void)
{
	return mem_new(sizeof(struct registration));
}

void
registration_reset_work(struct registration *registration)
{
	registration->phase = 0;
	registration->collisions = 0;
	registration->low = 0;
	registration->high = 0;
	secret_wipe(registration->stem, sizeof(registration->stem));
	records_fini(&registration->records);
}

void
registration_free(struct registration **registration)
{
	struct registration *old = *registration;

	*registration = NULL;
	if (old == NULL)
		return;
	registration_reset_work(old);
	application_free(&old->application);
	mem_free_text(&old->portal);
	mem_free_text(&old->reason);
	mem_free_text(&old->step);
	mem_free_text(&old->waits_for);
	mem_free_text(&old->detail);
	mem_free_text(&old->findings);
	mem_free_text(&old->uid);
	mem_free_text(&old->mail);
	mem_texts_free(&old->categories);
	free(old);
}

const char *
registration_state_name(enum registration_state state)
{
	return registration_states[state];
}

int
registration_state_parse(const char *name, enum registration_state *state_out)
{
	for (int i = 0; i < STATE_COUNT; i++)
		if (strcmp(name, registration_states[i]) == 0) {
			*state_out = (enum registration_state)i;
			return 0;
		}
	return -1;
}

bool
registration_is_final(const struct registration *registration)
{
	return registration->state == STATE_ACTIVE || registration->state == STATE_REJECTED ||
	       registration->state == STATE_CANCELLED;
}

bool
registration_is_dual(const struct registration *registration)
{
	return mem_texts_count(registration->categories) >= 2;
}
