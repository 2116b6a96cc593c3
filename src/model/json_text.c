#include <string.h>
#include <unistr.h>

#include "base/mem.h"
#include "base/secret.h"
#include "model/json_text.h"

static json_t *
json_text_mended(const char *text)
{
	char *copy = mem_text(text);
	size_t size = strlen(copy);
	const uint8_t *bad;
	json_t *value;

	while ((bad = u8_check((const uint8_t *)copy, size)) != NULL)
		copy[bad - (const uint8_t *)copy] = '?';
	value = json_string(copy);
	secret_wipe_text(&copy);
	return value;
}

json_t *
json_text(const char *text)
{
	json_t *value;

	if (text == NULL)
		return json_null();
	value = json_string(text);
	return value != NULL ? value : json_text_mended(text);
}

json_t *
json_texts(char *const *texts)
{
	json_t *array = json_array();

	for (size_t i = 0; texts != NULL && texts[i] != NULL; i++)
		json_array_append_new(array, json_text(texts[i]));
	return array;
}

static void
json_text_wipe(json_t *value)
{
	const char *name;
	json_t *child;
	size_t i;

	if (json_is_string(value))
		/* jansson gives its own bytes, and only its type says that they stay as they are.
		 */
		secret_wipe((void *)(uintptr_t)json_string_value(value), json_string_length(value));
	json_object_foreach(value, name, child) json_text_wipe(child);
	json_array_foreach(value, i, child) json_text_wipe(child);
}

void
json_text_wipe_free(json_t **document)
{
	json_text_wipe(*document);
	json_decref(*document);
	*document = NULL;
}
