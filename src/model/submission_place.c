#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "model/faults.h"
#include "model/submission_internal.h"

#define PLACE_NAME_MOST 32

int
place_open(const json_t *body, struct faults *faults, struct place *place_out)
{
	*place_out = (struct place){.object = body, .faults = faults};
	if (json_is_object(body))
		return 0;
	place_fault(place_out, NULL, "type", "this must be an object");
	return -1;
}

void
place_fault(const struct place *place, const char *member, const char *code, const char *detail)
{
	struct text pointer = {0};

	text_add(&pointer, "%s", place->pointer);
	if (member != NULL)
		text_add(&pointer, "/%s", member);
	faults_add(place->faults, pointer.bytes, code, detail);
	text_fini(&pointer);
}

static const char *
place_type_detail(json_type type)
{
	switch (type) {
	case JSON_OBJECT:
		return "this must be an object";
	case JSON_ARRAY:
		return "this must be an array";
	case JSON_STRING:
		return "this must be a string";
	default:
		return "this must be true or false";
	}
}

/* json_is_boolean: jansson has a type for each of the two, and JSON_TRUE asks for either. */
static bool
place_is_type(const json_t *value, json_type type)
{
	return type == JSON_TRUE ? json_is_boolean(value) : json_typeof(value) == type;
}

const json_t *
place_member(const struct place *place, const char *member, json_type type, bool needed)
{
	const json_t *value = json_object_get(place->object, member);

	if (value == NULL) {
		if (needed)
			place_fault(place, member, "missing", "this is required");
		return NULL;
	}
	if (!place_is_type(value, type)) {
		place_fault(place, member, "type", place_type_detail(type));
		return NULL;
	}
	return value;
}

const char *
place_text(const struct place *place, const char *member, bool needed)
{
	const json_t *value = place_member(place, member, JSON_STRING, needed);

	if (value != NULL && strlen(json_string_value(value)) != json_string_length(value)) {
		place_fault(place, member, "format", "this holds a character that is not allowed");
		return NULL;
	}
	return json_string_value(value);
}

int
place_enter(const struct place *parent, const char *member, bool needed, struct place *place_out)
{
	const json_t *object = place_member(parent, member, JSON_OBJECT, needed);

	*place_out = (struct place){.object = object, .faults = parent->faults};
	snprintf(place_out->pointer, sizeof(place_out->pointer), "/%s", member);
	return object != NULL ? 0 : -1;
}

int
place_enter_item(const struct place *parent, const char *member, const json_t *array, size_t i,
    struct place *place_out)
{
	*place_out = (struct place){.object = json_array_get(array, i), .faults = parent->faults};
	snprintf(place_out->pointer, sizeof(place_out->pointer), "/%s/%zu", member, i);
	if (json_is_object(place_out->object))
		return 0;
	place_fault(place_out, NULL, "type", "this must be an object");
	return -1;
}

/*
 * A misspelt name is worth telling. What does not look like a name may be a secret in the wrong
 * place, which portals would write into their logs with the fault: the fault is at its object then.
 */
static bool
place_is_name(const char *name)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";

	return strlen(name) <= PLACE_NAME_MOST && name[strspn(name, letters)] == '\0';
}

static bool
place_is_known(const char *name, const char *const *members)
{
	for (size_t i = 0; members[i] != NULL; i++)
		if (strcmp(name, members[i]) == 0)
			return true;
	return false;
}

void
place_check_members(const struct place *place, const char *const *members)
{
	const char *name;
	json_t *value;

	/* jansson's iteration asks for an object that may change, and leaves it as it is. */
	json_object_foreach((json_t *)(uintptr_t)place->object, name, value)
	{
		if (!place_is_known(name, members))
			place_fault(place, place_is_name(name) ? name : NULL, "unknown",
			    "there is no such member here");
	}
}
