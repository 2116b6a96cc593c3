#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "http/http_internal.h"
#include "model/faults.h"

/* Reason phrases that evhttp doesn't know; NULL: it does. */
static const char *
reply_reason(int status)
{
	switch (status) {
	case 413:
		return "Content Too Large";
	case 422:
		return "Unprocessable Content";
	case 429:
		return "Too Many Requests";
	case 431:
		return "Request Header Fields Too Large";
	default:
		return NULL;
	}
}

void
reply_add_common(struct http_request *request, const char *content_type)
{
	if (content_type != NULL)
		http_add_header(request, "Content-Type", content_type);
	http_add_header(request, "X-Request-Id", request->id);
	http_add_header(request, "Cache-Control", "no-store");
	http_add_header(request, "X-Content-Type-Options", "nosniff");
	/* A stranger's next request would ride on a framing that only we vouch for. A stream ends
	 * with its connection, and at the end of the daemon so does everything. */
	if (request->portal == NULL || request->stream || request->http->paused)
		http_add_header(request, "Connection", "close");
}

static void
reply_send(struct http_request *request, int status, const char *content_type, const char *text)
{
	bool head = request->method != NULL && strcmp(request->method, "HEAD") == 0;
	struct evbuffer *body = evbuffer_new();
	struct evhttp_request *evreq;
	char length[24];

	/* Before the request ends: the text may be one of its own. */
	if (body == NULL || (!head && evbuffer_add(body, text, strlen(text)) != 0))
		err_end("out of memory");
	if (request->conn != NULL)
		reply_add_common(request, content_type);
	/* evhttp leaves it out of answers to HEAD and HTTP/1.0; RFC 9110 section 8.6 out of 204. */
	if (status != 204) {
		snprintf(length, sizeof(length), "%zu", strlen(text));
		http_add_header(request, "Content-Length", length);
	}
	evreq = request_finish(request);
	if (evreq != NULL)
		evhttp_send_reply(evreq, status, reply_reason(status), body);
	evbuffer_free(body);
}

static void
reply_send_json(struct http_request *request, int status, const char *content_type, json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);

	json_decref(json);
	/* jansson makes nothing of texts that are no UTF-8; the problem has none. */
	if (text == NULL)
		http_reply_problem(request, "internal", NULL);
	else
		reply_send(request, status, content_type, text);
	free(text);
}

void
http_reply_json(struct http_request *request, int status, json_t *json)
{
	reply_send_json(request, status, "application/json", json);
}

void
http_reply_text(
    struct http_request *request, int status, const char *content_type, const char *text)
{
	reply_send(request, status, content_type, text);
}

void
http_reply_none(struct http_request *request, int status)
{
	reply_send(request, status, NULL, "");
}

static void
reply_send_problem(struct http_request *request, const char *name, json_t *json)
{
	const char *value, *header = problem_header(name, &value);
	const struct http *http = request->http;

	if (http->on_problem != NULL && request->what != NULL)
		http->on_problem(request, name, http->on_problem_arg);
	if (header != NULL && request->evreq != NULL &&
	    evhttp_find_header(evhttp_request_get_output_headers(request->evreq), header) == NULL)
		http_add_header(request, header, value);
	reply_send_json(request, http_problem_status(name), "application/problem+json", json);
}

void
http_reply_problem(struct http_request *request, const char *name, const char *detail)
{
	reply_send_problem(request, name, problem_json(name, detail));
}

void
http_reply_faults(struct http_request *request, struct faults *faults)
{
	json_t *json = problem_json("invalid", NULL);
	json_t *errors = json_array();

	for (size_t i = 0; i < faults->count; i++)
		json_array_append_new(
		    errors, json_pack("{s:s, s:s, s:s*}", "pointer", faults->items[i].pointer,
				"code", faults->items[i].code, "detail", faults->items[i].detail));
	json_object_set_new(json, "errors", errors);
	reply_send_problem(request, "invalid", json);
}

void
http_add_header(struct http_request *request, const char *name, const char *value)
{
	if (request->evreq != NULL)
		evhttp_add_header(evhttp_request_get_output_headers(request->evreq), name, value);
}
