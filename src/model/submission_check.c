#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "base/secret.h"
#include "model/submission_internal.h"
#include "model/submission_json.h"

#define DOCUMENT_DEPTH_MOST 8

static int check_value(const json_t *value, int depth);

static int
check_text(const char *text, size_t size)
{
	/* A NUL within would end the text too early for everyone after us. */
	return strlen(text) == size && typed_is_plain(text, true) ? 0 : -1;
}

/* Line ends of PEM may be CR LF (RFC 7468 section 2): no other text has carriage returns. */
static int
check_certificate(const char *text, size_t size)
{
	char *lines = mem_text_n(text, size);
	int rc;

	for (char *at = lines; (at = strchr(at, '\r')) != NULL; at++)
		*at = '\n';
	rc = check_text(lines, size);
	secret_wipe_text(&lines);
	return rc;
}

static int
check_member(const char *name, const json_t *value, int depth)
{
	if (depth == 1 && json_is_string(value) && strcmp(name, "certificate") == 0)
		return check_certificate(json_string_value(value), json_string_length(value));
	return check_value(value, depth);
}

static int
check_object(const json_t *object, int depth)
{
	json_t *changeable = (json_t *)(uintptr_t)object;
	const char *name;
	json_t *value;
	size_t size;

	json_object_keylen_foreach(changeable, name, size, value)
	{
		if (check_text(name, size) != 0 || check_member(name, value, depth) != 0)
			return -1;
	}
	return 0;
}

static int
check_array(const json_t *array, int depth)
{
	json_t *value;
	size_t i;

	json_array_foreach(array, i, value)
	{
		if (check_value(value, depth) != 0)
			return -1;
	}
	return 0;
}

/* depth: how many objects and arrays are around the value. */
static int
check_value(const json_t *value, int depth)
{
	if (json_is_string(value))
		return check_text(json_string_value(value), json_string_length(value));
	if (!json_is_object(value) && !json_is_array(value))
		return 0;
	if (depth == DOCUMENT_DEPTH_MOST)
		return -1;
	return json_is_object(value) ? check_object(value, depth + 1)
				     : check_array(value, depth + 1);
}

int
submission_check_document(const json_t *document)
{
	return check_value(document, 0);
}
