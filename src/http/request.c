#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/secret.h"
#include "http/http_internal.h"
#include "http/rates.h"

static struct http_request *
request_new(struct http *http, struct conn *conn, struct evhttp_request *evreq)
{
	struct http_request *request = mem_new(sizeof(*request));

	request->http = http;
	request->conn = conn;
	request->evreq = evreq;
	request->peer_uid = conn->peer_uid;
	TAILQ_INIT(&request->query);
	text_uuid(clock_wall(), request->id);
	request->next = http->requests;
	request->link = &http->requests;
	if (request->next != NULL)
		request->next->link = &request->next;
	http->requests = request;
	conn->request = request;
	return request;
}

void
request_end_work(struct http_request *request)
{
	if (request->at_work)
		request->http->in_flight--;
	request->at_work = false;
}

bool
request_is_of_portal(struct conn *conn)
{
	struct http_request request = {
	    .http = conn->http, .conn = conn, .fields = conn->head.fields};
	bool known;

	auth_find(&request);
	known = request.portal != NULL;
	mem_free_text(&request.portal);
	return known;
}

void
request_free(struct http_request *request)
{
	*request->link = request->next;
	if (request->next != NULL)
		request->next->link = request->link;
	request_end_work(request);
	if (request->stream)
		request->http->streams--;
	loop_timer_free(&request->comment);
	/* Where the client has gone nobody else holds it any more. */
	if (request->conn == NULL && request->evreq != NULL)
		evhttp_request_free(request->evreq);
	free(request->method);
	free(request->path);
	gate_fields_fini(&request->fields);
	evhttp_clear_headers(&request->query);
	for (size_t i = 0; i < request->param_count; i++) {
		free(request->params[i].name);
		free(request->params[i].value);
	}
	if (request->body != NULL)
		secret_wipe(request->body, request->body_size);
	free(request->body);
	free(request->portal);
	free(request->actor);
	free(request->what);
	free(request);
}

struct evhttp_request *
request_finish(struct http_request *request)
{
	struct evhttp_request *evreq = NULL;

	if (request->conn != NULL) {
		evreq = request->evreq;
		conn_start_answer(request->conn);
	}
	request_free(request);
	return evreq;
}

/* evhttp lets a request go that is still unanswered when its client goes; only when the whole
 * server ends does it free the request with the connection. */
void
request_lose_client(struct http_request *request)
{
	void (*gone)(void *) = request->gone;

	request->conn = NULL;
	if (evhttp_request_get_connection(request->evreq) != NULL)
		request->evreq = NULL;
	request->gone = NULL;
	if (gone != NULL)
		gone(request->gone_arg);
}

static bool
request_has_json(const struct http_request *request)
{
	const char *type = http_header(request, "Content-Type");
	size_t size;

	if (type == NULL)
		return false;
	size = strcspn(type, "; \t");
	return size == strlen("application/json") &&
	       strncasecmp(type, "application/json", size) == 0;
}

static bool
request_is_over_rate(struct http_request *request, const struct http_route *route)
{
	char text[24];
	int64_t seconds = 0;

	if (request->http->rates != NULL)
		seconds = rates_take(request->http->rates, request->portal, route->right);
	if (seconds == 0)
		return false;
	snprintf(text, sizeof(text), "%lld", (long long)seconds);
	http_add_header(request, "Retry-After", text);
	return true;
}

/* NULL where the handler may have it, or the name of the problem. */
static const char *
request_judge(struct http_request *request, const struct http_route *route)
{
	struct http *http = request->http;

	request->open = route->right == HTTP_OPEN;
	if (!request->open) {
		if (request_is_over_rate(request, route))
			return "rate-limited";
		if (request->portal == NULL)
			return "unauthenticated";
		if (!http_has_right(request, route->right))
			return "forbidden";
		if (!http->admin && http->limits.in_flight > 0 &&
		    http->in_flight >= http->limits.in_flight)
			return "unavailable";
	}
	if (request->body_size > 0 && !request_has_json(request))
		return "unsupported-media-type";
	return NULL;
}

static char *
request_make_actor(const struct http_request *request)
{
	if (request->portal == NULL)
		return mem_text("unknown");
	if (!request->http->admin)
		return mem_format("portal:%s", request->portal);
	return mem_format("admin:%lu", (unsigned long)request->peer_uid);
}

static void
request_dispatch(struct http_request *request)
{
	const struct http_route *route;
	const char *problem;
	char *allow;

	route = route_find(request, &allow);
	if (route == NULL) {
		if (allow != NULL)
			http_add_header(request, "Allow", allow);
		http_reply_problem(
		    request, allow != NULL ? "method-not-allowed" : "not-found", NULL);
		free(allow);
		return;
	}
	request->what = mem_format("%s %s", route->method, route->path);
	problem = request_judge(request, route);
	if (problem != NULL) {
		http_reply_problem(request, problem, NULL);
		return;
	}
	request->at_work = true;
	request->http->in_flight++;
	route->handler(request, request->http->context);
}

void
request_on_evhttp(struct evhttp_request *evreq, void *arg)
{
	struct http *http = arg;
	struct conn *conn = conn_of(http, evreq);
	struct http_request *request;
	char *query = NULL;
	int bad;

	/* evhttp sees no request but those that conn.c makes. */
	if (conn == NULL)
		err_end("a request came without its connection");
	request = request_new(http, conn, evreq);
	evhttp_request_set_on_complete_cb(evreq, conn_on_complete, conn);
	if (conn->verdict != NULL) {
		http_reply_problem(request, conn->verdict, NULL);
		return;
	}
	conn_take_request(conn, request, &query);
	auth_find(request);
	request->actor = request_make_actor(request);
	bad =
	    query != NULL && *query != '\0' && evhttp_parse_query_str(query, &request->query) != 0;
	free(query);
	if (bad)
		http_reply_problem(request, "malformed", "The query is not name=value pairs");
	else
		request_dispatch(request);
}

const char *
http_portal(const struct http_request *request)
{
	return request->open || request->portal == NULL ? "" : request->portal;
}

const char *
http_actor(const struct http_request *request)
{
	return request->actor;
}

const char *
http_what(const struct http_request *request)
{
	return request->what;
}

uid_t
http_peer_uid(const struct http_request *request)
{
	return request->peer_uid;
}

bool
http_has_right(const struct http_request *request, unsigned right)
{
	return !request->open && (request->rights & right) == right;
}

const char *
http_query(const struct http_request *request, const char *name)
{
	struct evkeyval *pair;

	/* Names are compared exactly; evhttp_find_header folds case. */
	TAILQ_FOREACH(pair, &request->query, next)
	if (strcmp(pair->key, name) == 0)
		return pair->value;
	return NULL;
}

const char *
http_header(const struct http_request *request, const char *name)
{
	return gate_fields_find(&request->fields, name);
}

const void *
http_body(const struct http_request *request, size_t *size_out)
{
	*size_out = request->body_size;
	return request->body;
}

const char *
http_request_id(const struct http_request *request)
{
	return request->id;
}

void
http_on_gone(struct http_request *request, void (*gone)(void *arg), void *arg)
{
	if (request->conn == NULL) {
		gone(arg);
		return;
	}
	request->gone = gone;
	request->gone_arg = arg;
	if (!request->stream)
		conn_watch(request->conn);
}
