#include <stdlib.h>

#include "base/mem.h"
#include "model/faults.h"

void
faults_add(struct faults *faults, const char *pointer, const char *code, const char *detail)
{
	struct fault *fault;

	if (faults->count >= FAULTS_MOST)
		return;
	faults->items = mem_grow(faults->items, faults->count + 1, sizeof(*faults->items));
	fault = &faults->items[faults->count++];
	fault->pointer = mem_text(pointer);
	fault->code = mem_text(code);
	fault->detail = mem_text(detail);
}

void
faults_fini(struct faults *faults)
{
	for (size_t i = 0; i < faults->count; i++) {
		free(faults->items[i].pointer);
		free(faults->items[i].code);
		free(faults->items[i].detail);
	}
	free(faults->items);
	faults->items = NULL;
	faults->count = 0;
}
