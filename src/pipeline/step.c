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
