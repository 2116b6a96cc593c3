#include <string.h>
#include <strings.h>

#include "http/http_internal.h"

#define JSON_DEPTH_MOST 16

/* jansson recurses for each level, to 2048: bounded before it sees the text. */
static bool
json_is_shallow(const char *bytes, size_t size)
{
	bool in_string = false;
	int depth = 0;

	for (size_t i = 0; i < size; i++) {
		char c = bytes[i];

		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (!in_string && (c == '{' || c == '['))
			depth++;
		else if (!in_string && (c == '}' || c == ']'))
			depth--;
		if (depth > JSON_DEPTH_MOST)
			return false;
	}
	return true;
}

json_t *
http_json(struct http_request *request)
{
	const char *coding = http_header(request, "Content-Encoding");
	json_t *json = NULL;

	if (coding != NULL && strcasecmp(coding, "identity") != 0) {
		http_reply_problem(
		    request, "unsupported-media-type", "A body is taken as it is, not compressed");
		return NULL;
	}
	if (json_is_shallow(request->body, request->body_size))
		json = json_loadb(request->body, request->body_size, JSON_REJECT_DUPLICATES, NULL);
	/* jansson's own words quote the input. */
	if (json == NULL)
		http_reply_problem(request, "malformed", "The body is not JSON as expected");
	return json;
}
