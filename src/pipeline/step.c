#include <string.h>

#include "pipeline/step.h"

const struct step *
step_find(const struct step *plan, const char *name)
{
	for (; plan->name != NULL; plan++)
		if (strcmp(plan->name, name) == 0)
			return plan;
	return NULL;
}

bool
step_is_gone_back_to(const struct step *plan, const char *name)
{
	for (; plan->name != NULL; plan++)
		if (plan->again != NULL && strcmp(plan->again, name) == 0)
			return true;
	return false;
}
