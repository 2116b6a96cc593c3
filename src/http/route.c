#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "http/http_internal.h"

static void
route_forget_params(struct http_request *request)
{
	while (request->param_count > 0) {
		struct http_param *param = &request->params[--request->param_count];

		mem_free_text(&param->name);
		mem_free_text(&param->value);
	}
}

/* One {name} segment; returns what follows in the path, or NULL. */
static const char *
route_take_param(struct http_request *request, const char *name, size_t size, const char *path)
{
	size_t length = strcspn(path, "/");
	struct http_param *param;
	char *encoded;

	if (length == 0 || request->param_count == HTTP_PARAMS_MOST)
		return NULL;
	param = &request->params[request->param_count++];
	encoded = mem_text_n(path, length);
	param->name = mem_text_n(name, size);
	param->value = evhttp_uridecode(encoded, 0, NULL);
	free(encoded);
	/* One segment stays one: who looks at paths before us may have seen an encoded slash
	 * otherwise. */
	return param->value != NULL && strchr(param->value, '/') == NULL ? path + length : NULL;
}

static bool
route_matches(struct http_request *request, const char *pattern)
{
	const char *path = request->path;

	route_forget_params(request);
	while (*pattern != '\0') {
		if (*pattern == '{') {
			size_t size = strcspn(pattern + 1, "}");

			path = route_take_param(request, pattern + 1, size, path);
			if (path == NULL)
				return false;
			pattern += size + 2;
		} else if (*pattern++ != *path++) {
			return false;
		}
	}
	return *path == '\0';
}

const struct http_route *
route_find(struct http_request *request, char **allow_out)
{
	const struct http *http = request->http;
	struct text allow = {NULL, 0};

	*allow_out = NULL;
	for (size_t i = 0; i < http->route_count; i++) {
		const struct http_route *route = &http->routes[i];

		if (!route_matches(request, route->path))
			continue;
		if (strcmp(route->method, request->method) == 0) {
			text_fini(&allow);
			return route;
		}
		text_add(&allow, "%s%s", allow.size > 0 ? ", " : "", route->method);
	}
	route_forget_params(request);
	if (allow.size > 0)
		*allow_out = text_take(&allow);
	return NULL;
}

const char *
http_param(const struct http_request *request, const char *name)
{
	for (size_t i = 0; i < request->param_count; i++)
		if (strcmp(request->params[i].name, name) == 0)
			return request->params[i].value;
	return NULL;
}
