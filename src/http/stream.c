#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/loop.h"
#include "http/http_internal.h"

/* Sends text; drops a client that doesn't read. */
static void
stream_write(struct http_request *request, const char *text, size_t size)
{
	struct evbuffer *output, *piece;

	if (request->conn == NULL || request->dropped)
		return;
	output = bufferevent_get_output(request->conn->bev);
	piece = evbuffer_new();
	if (piece == NULL || evbuffer_add(piece, text, size) != 0)
		err_end("out of memory");
	evhttp_send_reply_chunk(request->evreq, piece);
	evbuffer_free(piece);
	if (evbuffer_get_length(output) > HTTP_STREAM_WAITING_MOST) {
		request->dropped = true;
		conn_drop(request->conn);
	}
}

void
http_stream_comment(struct http_request *request, const char *words)
{
	struct text text = {NULL, 0};

	text_add(&text, ":%s\n\n", words);
	stream_write(request, text.bytes, text.size);
	text_fini(&text);
}

/* Keeps proxies from closing, and notices a client that has gone without a word. */
static void
stream_on_comment(void *arg)
{
	struct http_request *request = arg;

	http_stream_comment(request, "");
	loop_timer_set(request->comment, request->http->comment_every);
}

int
http_stream_start(struct http_request *request)
{
	int most = (request->http->limits.connections + 1) / 2;

	if (request->http->streams >= most) {
		http_reply_problem(request, "unavailable", "too many streams are open");
		return -1;
	}
	request->stream = true;
	request->http->streams++;
	request_end_work(request);
	request->comment = loop_timer_new(request->http->loop, stream_on_comment, request);
	loop_timer_set(request->comment, request->http->comment_every);
	if (request->conn == NULL)
		return 0;
	reply_add_common(request, "text/event-stream");
	evhttp_send_reply_start(request->evreq, 200, "OK");
	http_stream_comment(request, "");
	return 0;
}

void
http_stream_send(struct http_request *request, const char *event, const json_t *json)
{
	struct text text = {NULL, 0};
	char *line = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);

	if (line == NULL)
		return;
	text_add(&text, "event: %s\ndata: %s\n\n", event, line);
	stream_write(request, text.bytes, text.size);
	text_fini(&text);
	free(line);
}

void
http_stream_end(struct http_request *request)
{
	struct evhttp_request *evreq = request_finish(request);

	if (evreq != NULL)
		evhttp_send_reply_end(evreq);
}
