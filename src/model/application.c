#include <stdlib.h>

#include "base/mem.h"
#include "base/secret.h"
#include "model/application.h"

struct application *
application_new(void)
{
	return mem_new(sizeof(struct application));
}

static void
application_wipe_name(struct name *name)
{
	secret_wipe_text(&name->given);
	secret_wipe_text(&name->middle);
	secret_wipe_text(&name->family);
	secret_wipe_text(&name->suffix);
}

void
application_reduce(struct application *application)
{
	secret_wipe(application->card.edipi, sizeof(application->card.edipi));
	secret_wipe_text(&application->card.refusal);
	application->card.shown = false;
	secret_wipe_text(&application->external_mail);
	secret_wipe_text(&application->phone);
	secret_wipe_text(&application->postal_address);
	secret_wipe_text(&application->unit);
	secret_wipe_text(&application->title);
	secret_wipe_text(&application->password_hash);
	secret_wipe_text(&application->answers_hash);
	for (size_t i = 0; i < QUESTIONS_MOST; i++)
		secret_wipe_text(&application->questions[i]);
}

void
application_free(struct application **application)
{
	struct application *old = *application;

	*application = NULL;
	if (old == NULL)
		return;
	application_reduce(old);
	application_wipe_name(&old->legal_name);
	application_wipe_name(&old->person.name);
	person_fini(&old->person);
	secret_wipe(old, sizeof(*old));
	free(old);
}
