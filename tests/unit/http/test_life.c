#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "http/http_internal.h"
#include "rig.h"

#define CLOSE "Connection: close\r\n"
#define LATER "POST /later HTTP/1.1\r\n" RIG_HOST RIG_AUTH "\r\n"
#define STREAM "GET /stream HTTP/1.1\r\n" RIG_HOST RIG_AUTH "\r\n"
#define THING "GET /things/1 HTTP/1.1\r\n" RIG_HOST RIG_AUTH "\r\n"

static void
relisten(struct rig *rig)
{
	http_close(&rig->http);
	rig_listen(rig);
}

static void
wait_conns(struct rig *rig, size_t count)
{
	int64_t since = clock_boot();

	while (rig->http->conn_count != count) {
		rig_turn(rig);
		if (clock_boot() - since > 5000)
			fail_msg("%zu connections, not %zu", rig->http->conn_count, count);
	}
}

static void
test_deferred(void **state)
{
	struct rig *rig = *state;
	struct rig_client client;

	rig_connect(rig, &client);
	rig_send(&client, LATER);
	rig_wait_int(rig, &rig->calls, 1);
	/* A request sent ahead waits its turn while the first is at work. */
	rig_send(&client, THING);
	for (int i = 0; i < 20; i++)
		rig_turn(rig);
	assert_int_equal(rig->calls, 1);
	http_reply_json(rig->waits, 202, json_pack("{s:s}", "state", "received"));
	rig_wait_text(&client, "received");
	rig_wait_text(&client, "\"portal\":\"main\"");
	assert_int_equal(rig_count(&client, "HTTP/1.1 202 Accepted\r\n"), 1);
	assert_int_equal(rig->gone, 0);
	rig_hang_up(&client);
	wait_conns(rig, 0);
}

/* The request stays whole after its client has gone, and takes its one reply. */
static void
test_gone_before_reply(void **state)
{
	struct rig *rig = *state;

	for (int reset = 0; reset < 2; reset++) {
		struct linger linger = {.l_onoff = 1, .l_linger = 0};
		struct rig_client client;

		rig_connect(rig, &client);
		rig_send(&client, LATER);
		rig_wait_int(rig, &rig->calls, reset + 1);
		if (reset)
			setsockopt(client.fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
		rig_hang_up(&client);
		rig_wait_int(rig, &rig->gone, reset + 1);
		assert_string_equal(http_portal(rig->waits), "main");
		assert_non_null(http_header(rig->waits, "Host"));
		assert_int_equal(rig->http->conn_count, 0);
		http_add_header(rig->waits, "X-Late", "yes");
		http_reply_problem(rig->waits, "unavailable", "Too late");
		rig_turn(rig);
	}
	assert_int_equal(rig->gone, 2);
	assert_int_equal(rig->http->in_flight, 0);
}

/* Gone with much of the next request sent: that is no reason to read without bound. */
static void
test_flood_while_at_work(void **state)
{
	struct rig *rig = *state;
	struct rig_client client;
	char *flood = mem_new(65536);

	memset(flood, 'x', 65536);
	rig_connect(rig, &client);
	rig_send(&client, LATER);
	rig_wait_int(rig, &rig->calls, 1);
	for (int i = 0; i < 50; i++) {
		rig_send_some(&client, flood, 65536);
		rig_turn(rig);
	}
	assert_true(rig->http->conns[0]->size < 65536);
	http_reply_none(rig->waits, 204);
	rig_wait_end(&client);
	assert_int_equal(rig_count(&client, "HTTP/1.1 204 "), 1);
	rig_hang_up(&client);
	free(flood);
}

static void
test_stream(void **state)
{
	struct rig *rig = *state;
	struct rig_client client;
	json_t *json = json_pack("{s:s}", "state", "pending");

	rig->http->comment_every = 50;
	rig_connect(rig, &client);
	rig_send(&client, STREAM);
	/* The head goes out though there is no event yet. */
	rig_wait_text(&client, "\r\n\r\n");
	assert_int_equal(rig_count(&client, "HTTP/1.1 200 OK\r\n"), 1);
	assert_int_equal(rig_count(&client, "Content-Type: text/event-stream\r\n"), 1);
	assert_int_equal(rig_count(&client, "Cache-Control: no-store\r\n"), 1);
	rig_forget(&client);
	http_stream_send(rig->stream, "state", json);
	rig_wait_text(&client, "event: state\ndata: {\"state\":\"pending\"}\n\n");
	rig_forget(&client);
	rig_wait_text(&client, ":\n\n");
	assert_int_equal(rig->http->in_flight, 0);
	http_stream_end(rig->stream);
	rig_wait_end(&client);
	assert_int_equal(rig_count(&client, "0\r\n\r\n"), 1);
	rig_hang_up(&client);
	assert_int_equal(rig->gone, 0);
	json_decref(json);
}

static void
test_stream_of_http_1_0(void **state)
{
	struct rig *rig = *state;
	struct rig_client client;
	json_t *json = json_pack("[i]", 1);

	rig_connect(rig, &client);
	rig_send(&client, "GET /stream HTTP/1.0\r\n" RIG_HOST RIG_AUTH "\r\n");
	rig_wait_int(rig, &rig->calls, 1);
	http_stream_send(rig->stream, "state", json);
	rig_wait_text(&client, "event: state\ndata: [1]\n\n");
	/* Nothing waits to be written: evhttp frees the connection within the call. */
	http_stream_end(rig->stream);
	rig_wait_end(&client);
	rig_hang_up(&client);
	wait_conns(rig, 0);
	json_decref(json);
}

static void
test_stream_gone(void **state)
{
	struct rig *rig = *state;
	struct rig_client client;
	json_t *json = json_pack("{s:s}", "state", "active");

	rig_connect(rig, &client);
	rig_send(&client, STREAM);
	rig_wait_text(&client, "\r\n\r\n");
	rig_hang_up(&client);
	rig_wait_int(rig, &rig->gone, 1);
	http_stream_send(rig->stream, "state", json);
	http_stream_end(rig->stream);
	assert_int_equal(rig->http->conn_count, 0);
	json_decref(json);
}

/* Who doesn't read is dropped, and costs no more memory than the bound. */
static void
test_stream_not_read(void **state)
{
	struct rig *rig = *state;
	struct rig_client client;
	char *much = mem_new(60001);
	json_t *json;
	int64_t since = clock_boot();

	memset(much, 'x', 60000);
	json = json_pack("{s:s}", "much", much);
	rig_connect(rig, &client);
	rig_send(&client, STREAM);
	rig_wait_int(rig, &rig->calls, 1);
	while (rig->gone == 0) {
		http_stream_send(rig->stream, "state", json);
		loop_turn(rig->loop, 0);
		assert_true(clock_boot() - since < 5000);
	}
	assert_int_equal(rig->http->conn_count, 0);
	http_stream_end(rig->stream);
	rig_hang_up(&client);
	json_decref(json);
	free(much);
}

/* Others find room, and so does a stream once another has ended. */
static void
test_cap_on_streams(void **state)
{
	struct rig *rig = *state;
	struct rig_client first, second, other;

	rig->limits.connections = 2;
	relisten(rig);
	rig_connect(rig, &first);
	rig_send(&first, STREAM);
	rig_wait_text(&first, ":\n\n");
	rig_connect(rig, &second);
	rig_send(&second, STREAM);
	rig_wait_text(&second, "urn:musterd:problem:unavailable");
	assert_int_equal(rig_count(&second, "HTTP/1.1 503 "), 1);
	assert_int_equal(rig_count(&second, "Retry-After: "), 1);
	rig_hang_up(&second);
	rig_connect(rig, &other);
	rig_send(&other, "GET /open HTTP/1.1\r\n" RIG_HOST "\r\n");
	rig_wait_text(&other, "HTTP/1.1 200 OK");
	rig_hang_up(&other);
	http_stream_comment(rig->stream, "no more");
	http_stream_end(rig->stream);
	rig_wait_end(&first);
	assert_int_equal(rig_count(&first, ":no more\n\n"), 1);
	rig_hang_up(&first);
	rig_connect(rig, &second);
	rig_send(&second, STREAM);
	rig_wait_text(&second, "HTTP/1.1 200 OK");
	http_stream_end(rig->stream);
	rig_hang_up(&second);
}

/* At the end a client that is known is told to go elsewhere, and what is unsent is seen. */
static void
test_paused(void **state)
{
	struct rig *rig = *state;
	struct rig_client client;

	rig_connect(rig, &client);
	rig_send(&client, LATER);
	rig_wait_int(rig, &rig->calls, 1);
	http_pause(rig->http);
	assert_false(http_has_unsent(rig->http));
	http_reply_none(rig->waits, 204);
	assert_true(http_has_unsent(rig->http));
	rig_wait_end(&client);
	assert_false(http_has_unsent(rig->http));
	assert_int_equal(rig_count(&client, "Connection: close\r\n"), 1);
	rig_hang_up(&client);
}

static void
test_cap_on_connections(void **state)
{
	struct rig *rig = *state;
	struct rig_client clients[4];

	rig->limits.connections = 2;
	relisten(rig);
	for (int i = 0; i < 4; i++)
		rig_connect(rig, &clients[i]);
	rig_send(&clients[0], THING);
	rig_send(&clients[1], THING);
	rig_send(&clients[2], THING);
	rig_wait_text(&clients[0], "}");
	rig_wait_text(&clients[1], "}");
	for (int i = 0; i < 20; i++)
		rig_turn(rig);
	assert_int_equal(rig->http->conn_count, 2);
	assert_int_equal(rig->calls, 2);
	/* Each place that comes free is taken, also by one that goes without a word. */
	rig_hang_up(&clients[0]);
	rig_wait_text(&clients[2], "}");
	rig_hang_up(&clients[1]);
	rig_hang_up(&clients[3]);
	rig_connect(rig, &clients[0]);
	rig_send(&clients[0], THING);
	rig_wait_text(&clients[0], "}");
	rig_hang_up(&clients[0]);
	rig_hang_up(&clients[2]);
	wait_conns(rig, 0);
}

/* With no descriptor left accept fails at once, again and again: the loop must rest, not spin, and
 * go on when there is one. */
static void
test_no_descriptor_left(void **state)
{
	struct rig *rig = *state;
	struct rig_client first, second, third;
	struct rlimit limit, low;
	int64_t since;
	int turns = 0;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	rig_connect(rig, &first);
	rig_send(&first, THING);
	rig_wait_text(&first, "}");
	rig_connect(rig, &second);
	rig_send(&second, THING);
	low = limit;
	low.rlim_cur = (rlim_t)second.fd + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	for (since = clock_boot(); clock_boot() - since < 200; turns++)
		loop_turn(rig->loop, 100);
	assert_true(turns < 20);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	/* Not the second one: valgrind closes it when it plays the limit. */
	rig_connect(rig, &third);
	rig_send(&third, THING);
	rig_wait_text(&third, "}");
	rig_hang_up(&first);
	rig_hang_up(&second);
	rig_hang_up(&third);
}

/* Nagle's algorithm would cost 44 ms an answer. */
static void
test_no_delay(void **state)
{
	struct rig *rig = *state;
	struct rig_client client;
	socklen_t size = sizeof(int);
	int on = 0;

	rig_connect(rig, &client);
	rig_send(&client, THING);
	rig_wait_text(&client, "}");
	assert_int_equal(getsockopt(bufferevent_getfd(rig->http->conns[0]->bev), IPPROTO_TCP,
			     TCP_NODELAY, &on, &size),
	    0);
	assert_int_not_equal(on, 0);
	rig_hang_up(&client);
}

/* A byte each 20 ms would hold evhttp for ever. */
static void
test_deadline_of_a_drip(void **state)
{
	static const char *const starts[] = {"GET /op",
	    "POST /things HTTP/1.1\r\n" RIG_HOST RIG_AUTH
	    "Content-Type: application/json\r\nContent-Length: 2000\r\n\r\n"};
	struct rig *rig = *state;

	rig->limits.request_timeout = 300;
	relisten(rig);
	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++) {
		struct rig_client client;
		int64_t since = clock_boot(), next = since;

		rig_connect(rig, &client);
		rig_send(&client, starts[i]);
		while (rig->http->conn_count > 0 || clock_boot() - since < 200) {
			if (clock_boot() >= next) {
				rig_send_some(&client, "a", 1);
				next += 20;
			}
			rig_turn(rig);
			assert_true(clock_boot() - since < 3000);
		}
		assert_true(clock_boot() - since >= 280);
		rig_hang_up(&client);
	}
	assert_int_equal(rig->calls, 0);
}

/* One empty line before a request is let pass; a rain of them is refused, and moves no deadline. */
static void
test_empty_lines(void **state)
{
	struct rig *rig = *state;
	struct rig_client client;

	rig_connect(rig, &client);
	rig_send(&client, "\r\n" THING);
	rig_wait_text(&client, "}");
	rig_forget(&client);
	rig_send(&client, "\r\n" THING);
	rig_wait_text(&client, "}");
	rig_forget(&client);
	rig_send(&client, "\r\n\r\n" THING);
	rig_wait_end(&client);
	assert_int_equal(rig_count(&client, "HTTP/1.1 400 "), 1);
	assert_int_equal(rig_count(&client, "HTTP/1.1"), 1);
	rig_hang_up(&client);
}

/* One who says nothing goes too, before the first request and after one; work takes its time. */
static void
test_deadline_of_silence(void **state)
{
	struct rig *rig = *state;
	struct rig_client mute, idle, works;
	int64_t since;

	rig->limits.request_timeout = 300;
	relisten(rig);
	rig_connect(rig, &works);
	rig_send(&works, LATER);
	rig_wait_int(rig, &rig->calls, 1);
	since = clock_boot();
	rig_connect(rig, &mute);
	rig_connect(rig, &idle);
	rig_send(&idle, THING);
	rig_wait_text(&idle, "}");
	rig_wait_end(&mute);
	rig_wait_end(&idle);
	assert_true(clock_boot() - since >= 280);
	assert_int_equal(rig->gone, 0);
	http_reply_none(rig->waits, 204);
	rig_wait_text(&works, "HTTP/1.1 204 ");
	rig_hang_up(&mute);
	rig_hang_up(&idle);
	rig_hang_up(&works);
}

/* Open requests, a stream, a half-sent request and a connection not yet accepted. */
static void
test_close_with_all_open(void **state)
{
	static const char *const starts[] = {LATER, STREAM, "GET /op", "", THING};
	struct rig *rig = *state;
	struct rig_client clients[5];

	for (int i = 0; i < 5; i++) {
		rig_connect(rig, &clients[i]);
		rig_send(&clients[i], starts[i]);
	}
	rig_wait_int(rig, &rig->calls, 3);
	http_close(&rig->http);
	assert_int_equal(rig->gone, 0);
	for (int i = 0; i < 5; i++) {
		rig_wait_end(&clients[i]);
		rig_hang_up(&clients[i]);
	}
}

static void
test_close_after_gone(void **state)
{
	struct rig *rig = *state;
	struct rig_client client;

	rig_connect(rig, &client);
	rig_send(&client, LATER);
	rig_wait_int(rig, &rig->calls, 1);
	rig_hang_up(&client);
	rig_wait_int(rig, &rig->gone, 1);
	http_close(&rig->http);
}

static void
test_pause(void **state)
{
	struct rig *rig = *state;
	struct rig_client before, after;

	rig_connect(rig, &before);
	rig_send(&before, THING);
	rig_wait_text(&before, "}");
	rig_forget(&before);
	http_pause(rig->http);
	rig_connect(rig, &after);
	rig_send(&after, THING);
	rig_send(&before, THING);
	rig_wait_text(&before, "}");
	rig_hang_up(&before);
	wait_conns(rig, 0);
	for (int i = 0; i < 20; i++)
		rig_turn(rig);
	assert_int_equal(rig->calls, 2);
	rig_hang_up(&after);
}

static struct http *
listen_at(struct rig *rig, char *address, int port, struct err *err)
{
	static char none[] = "";
	struct conf_listen listen = {.address = address, .port = port, .certificate_file = none};

	return http_listen(rig->loop, &listen, NULL, 0, NULL, NULL, &rig->limits, err);
}

static void
test_no_address(void **state)
{
	static char localhost[] = "localhost", four[] = "127.0.0.1", six[] = "::1";
	struct rig *rig = *state;
	struct err err = {ERR_NONE, ""};
	struct http *http = listen_at(rig, localhost, 0, &err);

	assert_null(http);
	assert_int_equal(err.kind, ERR_BROKEN);
	rig_listen(rig);
	/* The port is taken: SO_REUSEADDR is no licence to share it. */
	http = listen_at(rig, four, http_port(rig->http), &err);
	assert_null(http);
	assert_non_null(strstr(err.text, "can't listen on 127.0.0.1"));
	http = listen_at(rig, six, 0, &err);
	assert_true(http == NULL || http_port(http) > 0);
	http_close(&http);
}

static void
on_admin(struct http_request *request, void *context)
{
	bool all = http_has_right(request, CONF_RIGHT_RESET | CONF_RIGHT_CANCEL);
	struct rig *rig = context;

	rig->calls++;
	assert_int_equal(http_peer_uid(request), getuid());
	http_reply_text(request, 200, "text/plain", all ? http_portal(request) : "?");
}
static const struct http_route admin_routes[] = {
    {"GET", "/v1/admin/status", CONF_RIGHT_RESET, on_admin}};

static struct http *
listen_admin(struct rig *rig, struct err *err)
{
	return http_listen_unix(rig->loop, rig->path, admin_routes, 1, rig, &rig->limits, err);
}

static int
connect_unix(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void
test_unix_socket(void **state)
{
	struct rig *rig = *state;
	struct rig_client client = {.rig = rig};
	struct stat status;
	struct err err;
	mode_t mask = umask(0);

	rig->http = listen_admin(rig, &err);
	umask(mask);
	assert_non_null(rig->http);
	assert_int_equal(lstat(rig->path, &status), 0);
	assert_true(S_ISSOCK(status.st_mode));
	assert_int_equal(status.st_mode & 07777, 0600);
	client.fd = connect_unix(rig->path);
	for (int i = 0; i < 2; i++) {
		rig_send(&client, "GET /v1/admin/status HTTP/1.1\r\n" RIG_HOST "\r\n");
		rig_wait_text(&client, "\r\n\r\nadmin");
		assert_int_equal(rig_count(&client, "Connection: close"), 0);
		rig_forget(&client);
	}
	rig_hang_up(&client);
	/* Somebody answers: a second daemon keeps its hands off. */
	assert_null(listen_admin(rig, &err));
	assert_non_null(strstr(err.text, "answers"));
	assert_int_equal(lstat(rig->path, &status), 0);
	http_close(&rig->http);
	assert_int_not_equal(lstat(rig->path, &status), 0);
}

/* The file's mode says one thing, the kernel's word on who connected another. */
static void
test_strangers_on_unix_socket(void **state)
{
	static const char ask[] = "GET /v1/admin/status HTTP/1.1\r\n" RIG_HOST "\r\n";
	struct rig *rig = *state;
	struct rig_client stranger = {.rig = rig};
	struct err err;

	if (getuid() != 0) {
		print_message("SKIP: only root can connect as somebody else\n");
		skip();
	}
	rig->http = listen_admin(rig, &err);
	assert_non_null(rig->http);
	assert_int_equal(chmod(rig->folder, 0755), 0);
	assert_int_equal(chmod(rig->path, 0666), 0);
	assert_int_equal(seteuid(65534), 0);
	stranger.fd = connect_unix(rig->path);
	assert_int_equal(seteuid(0), 0);
	/* There before the connection is accepted: it must not be read either. */
	assert_int_equal(send(stranger.fd, ask, sizeof(ask) - 1, 0), sizeof(ask) - 1);
	rig_wait_end(&stranger);
	assert_int_equal(stranger.in.size, 0);
	assert_int_equal(rig->calls, 0);
	rig_hang_up(&stranger);
}

static void
test_stale_unix_socket(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct rig *rig = *state;
	struct stat status;
	struct err err;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char *long_path = mem_new(201);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", rig->path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	rig->http = listen_admin(rig, &err);
	assert_non_null(rig->http);
	/* Another's file in its place is not ours to remove. */
	assert_int_equal(unlink(rig->path), 0);
	fclose(fopen(rig->path, "w"));
	http_close(&rig->http);
	assert_int_equal(lstat(rig->path, &status), 0);
	/* Nor is a file that is no socket to be replaced. */
	assert_null(listen_admin(rig, &err));
	assert_non_null(strstr(err.text, "no socket"));
	memset(long_path, 'x', 200);
	assert_null(http_listen_unix(rig->loop, long_path, NULL, 0, NULL, &rig->limits, &err));
	free(long_path);
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)
#define BARE(test) cmocka_unit_test_setup_teardown(test, rig_setup_bare, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    SERVED(test_deferred),
	    SERVED(test_gone_before_reply),
	    SERVED(test_flood_while_at_work),
	    SERVED(test_stream),
	    SERVED(test_stream_of_http_1_0),
	    SERVED(test_stream_gone),
	    SERVED(test_stream_not_read),
	    SERVED(test_cap_on_streams),
	    SERVED(test_paused),
	    SERVED(test_cap_on_connections),
	    SERVED(test_no_descriptor_left),
	    SERVED(test_no_delay),
	    SERVED(test_deadline_of_a_drip),
	    SERVED(test_deadline_of_silence),
	    SERVED(test_empty_lines),
	    SERVED(test_close_with_all_open),
	    SERVED(test_close_after_gone),
	    SERVED(test_pause),
	    BARE(test_no_address),
	    BARE(test_unix_socket),
	    BARE(test_strangers_on_unix_socket),
	    BARE(test_stale_unix_socket),
	};

	return cmocka_run_group_tests_name("plain", tests, NULL, NULL) +
	       cmocka_run_group_tests_name("tls", tests, rig_begin_tls, rig_end_tls);
}
