/*
 * A whole connection: the bytes of a client, in pieces, to the server as it listens. What comes to
 * a handler must be what the gate reads off the same bytes, one request after another: no other
 * request, and no other body. The first byte is the size of the pieces.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/loop.h"
#include "base/mem.h"
#include "fuzz.h"
#include "http/http_internal.h"

#define TURNS_BEFORE_END 8 /* requests that were sent ahead get their turn */
#define TURNS_MOST 2000
#define BODY_MOST 512
#define HEAD_MOST 1024

static struct sent {
	const char *bytes;
	size_t size; /* what is left */
} sent;

/* Takes the next whole request off what was sent, as the gate reads it. */
static bool
take_request(struct gate_head *head, const char **body_out)
{
	size_t end = 0;

	while (sent.size >= 2 && memcmp(sent.bytes, "\r\n", 2) == 0) {
		sent.bytes += 2;
		sent.size -= 2;
	}
	memset(head, 0, sizeof(*head));
	if (gate_scan(sent.bytes, sent.size, &end) != GATE_WHOLE ||
	    gate_read(sent.bytes, end, head) != NULL || head->body_size > sent.size - end)
		return false;
	*body_out = sent.bytes + end;
	sent.bytes += end + head->body_size;
	sent.size -= end + head->body_size;
	return true;
}

/* Those between had no handler: there was no such path, or no such method. */
static void
check_was_sent(const struct http_request *request)
{
	struct gate_head head;
	const char *body = NULL;
	bool found;

	do {
		FUZZ_MUST(take_request(&head, &body));
		found = strcmp(head.method, request->method) == 0 &&
			strcmp(head.path, request->path) == 0 &&
			head.body_size == request->body_size &&
			memcmp(body, request->body, head.body_size) == 0;
		gate_head_fini(&head);
	} while (!found);
}

static void
on_show(struct http_request *request, void *context)
{
	const char *query = http_query(request, "q");

	check_was_sent(request);
	http_reply_json(request, 200,
	    json_pack("{s:s*, s:s*, s:s}", "id", http_param(request, "id"), "q", query, "portal",
		http_portal(request)));
}

static void
on_echo(struct http_request *request, void *context)
{
	json_t *json;

	check_was_sent(request);
	json = http_json(request);
	if (json != NULL)
		http_reply_json(request, 201, json);
}

static void
on_none(struct http_request *request, void *context)
{
	check_was_sent(request);
	http_reply_none(request, 204);
}

static void
on_stream(struct http_request *request, void *context)
{
	check_was_sent(request);
	if (http_stream_start(request) != 0)
		return;
	http_stream_send(request, "state", NULL);
	http_stream_comment(request, "the end");
	http_stream_end(request);
}

/* Answered a turn later, if the client is still there or not. */
static struct http_request *waits;

static void
on_gone(void *arg)
{
	FUZZ_MUST(arg == waits);
}

static void
on_later(struct http_request *request, void *context)
{
	check_was_sent(request);
	FUZZ_MUST(waits == NULL);
	waits = request;
	http_on_gone(request, on_gone, request);
}

static void
answer_later(void)
{
	struct http_request *request = waits;

	waits = NULL;
	if (request != NULL)
		http_reply_text(request, 200, "text/plain", "late");
}

static const struct http_route routes[] = {
    {"GET", "/a/{id}", 0, on_show},
    {"HEAD", "/a/{id}", HTTP_OPEN, on_show},
    {"POST", "/a", 0, on_echo},
    {"DELETE", "/a/{id}", 0, on_none},
    {"GET", "/s", 0, on_stream},
    {"POST", "/l", 0, on_later},
};

static struct loop *loop;
static struct http *http;
static struct sockaddr_un address = {.sun_family = AF_UNIX};

static void
end_server(void)
{
	http_close(&http);
	loop_free(&loop);
	*strrchr(address.sun_path, '/') = '\0';
	rmdir(address.sun_path);
}

static void
start_server(void)
{
	static const struct conf_limits limits = {.body_bytes = BODY_MOST,
	    .header_bytes = HEAD_MOST,
	    .connections = 4,
	    .in_flight = 4,
	    .request_timeout = 10000};
	char folder[] = "/tmp/fuzz-server-XXXXXX";

	signal(SIGPIPE, SIG_IGN);
	FUZZ_MUST(mkdtemp(folder) != NULL);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/admin", folder);
	loop = loop_new(NULL);
	FUZZ_MUST(loop != NULL);
	http = http_listen_unix(loop, address.sun_path, routes, sizeof(routes) / sizeof(routes[0]),
	    NULL, &limits, NULL);
	FUZZ_MUST(http != NULL);
	atexit(end_server);
}

/* Turns the loop and takes what has come; true at the end of the connection. */
static bool
turn(int client, struct text *answers)
{
	char bytes[4096];
	ssize_t size;

	answer_later();
	loop_turn(loop, 0);
	while ((size = recv(client, bytes, sizeof(bytes), 0)) > 0)
		text_add_bytes(answers, bytes, (size_t)size);
	return size == 0 || errno != EAGAIN;
}

static void
send_pieces(int client, const char *bytes, size_t size, size_t step, struct text *answers)
{
	for (size_t at = 0; at < size;) {
		size_t piece = size - at < step ? size - at : step;
		ssize_t went = send(client, bytes + at, piece, MSG_NOSIGNAL);

		if (went > 0)
			at += (size_t)went;
		else if (errno != EAGAIN)
			return;
		if (turn(client, answers))
			return;
	}
}

/* Answers alone, each whole to its blank line, of the statuses that the server has. */
static void
check_answers(const struct text *answers)
{
	static const char known[] = "100 200 201 204 400 404 405 413 415 422 431 503 ";
	char status[5] = "";

	if (answers->size == 0)
		return;
	FUZZ_MUST(answers->size > 15 && memcmp(answers->bytes, "HTTP/1.", 7) == 0);
	memcpy(status, answers->bytes + 9, 4);
	FUZZ_MUST(strlen(status) == 4 && strstr(known, status) != NULL);
	FUZZ_MUST(strstr(answers->bytes, "\r\n\r\n") != NULL);
	FUZZ_MUST(strstr(answers->bytes, "<html") == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz fuzz = {bytes, size};
	size_t step = (size_t)fuzz_byte(&fuzz) * 8 + 1;
	struct text answers = {0};
	int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), turns = 0;

	if (loop == NULL)
		start_server();
	sent = (struct sent){(const char *)fuzz.bytes, fuzz.size};
	FUZZ_MUST(connect(client, (struct sockaddr *)&address, sizeof(address)) == 0);
	FUZZ_MUST(fcntl(client, F_SETFL, O_NONBLOCK) == 0);
	send_pieces(client, sent.bytes, sent.size, step, &answers);
	while (turns < TURNS_BEFORE_END && !turn(client, &answers))
		turns++;
	shutdown(client, SHUT_WR);
	while (!turn(client, &answers))
		FUZZ_MUST(++turns < TURNS_MOST);
	close(client);
	FUZZ_MUST(http->requests == NULL && http->in_flight == 0 && http->streams == 0);
	check_answers(&answers);
	text_fini(&answers);
	return 0;
}
