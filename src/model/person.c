#include "base/mem.h"
#include "model/person.h"

void
person_fini(struct person *person)
{
	name_fini(&person->name);
	mem_free_text(&person->edipi);
	mem_free_text(&person->o);
	mem_free_text(&person->ou);
	mem_free_text(&person->title);
	mem_texts_free(&person->categories);
}

bool
person_is_dual(const struct person *person)
{
	return mem_texts_count(person->categories) >= 2;
}
