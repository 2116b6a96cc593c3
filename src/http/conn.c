#include <event2/bufferevent_ssl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/secret.h"
#include "http/http_internal.h"

/* A client still sending when we close gets a reset instead of the answer: what it sends is let
 * pass first, up to this much, and after a broken head for this long. */
#define CONN_DRAIN_MOST ((size_t)4 * 1024 * 1024)
#define CONN_DRAIN_WAIT 200

/* Moves the rest of the bytes to the front. */
static void
conn_discard(struct conn *conn, size_t size)
{
	memmove(conn->bytes, conn->bytes + size, conn->size - size);
	secret_wipe(conn->bytes + conn->size - size, size);
	conn->size -= size;
}

static void
conn_append(struct conn *conn, const void *bytes, size_t size)
{
	if (conn->size + size > conn->room) {
		size_t room = 2 * (conn->size + size);
		char *wider = mem_new(room);

		if (conn->size > 0) {
			memcpy(wider, conn->bytes, conn->size);
			secret_wipe(conn->bytes, conn->size);
		}
		free(conn->bytes);
		conn->bytes = wider;
		conn->room = room;
	}
	memcpy(conn->bytes + conn->size, bytes, size);
	conn->size += size;
}

/* Takes all that has arrived, and wipes it where it was. */
static void
conn_take_input(struct conn *conn, struct evbuffer *input)
{
	size_t size;

	while ((size = evbuffer_get_contiguous_space(input)) > 0) {
		unsigned char *bytes = evbuffer_pullup(input, (ev_ssize_t)size);

		conn_append(conn, bytes, size);
		secret_wipe(bytes, size);
		evbuffer_drain(input, size);
	}
}

/*
 * Gives evhttp one request to answer. The path is the slot, by which conn_of finds the way back.
 * The caller sees to it that evhttp reads next.
 */
static void
conn_hand_over(struct conn *conn)
{
	struct text text = {NULL, 0};

	conn->busy = true;
	conn->drain = 0;
	loop_timer_stop(conn->deadline);
	if (conn->verdict != NULL) {
		conn_discard(conn, conn->size);
		text_add(
		    &text, "GET /%zu HTTP/1.1\r\nHost: -\r\nConnection: close\r\n\r\n", conn->slot);
	} else {
		bool head = strcmp(conn->head.method, "HEAD") == 0;

		text_add(&text, "%s /%zu HTTP/1.%d\r\n", head ? "HEAD" : "GET", conn->slot,
		    conn->head.minor);
		text_add_bytes(&text, conn->head.fields.bytes, conn->head.fields.size);
		text_add_bytes(&text, "\r\n", 2);
	}
	/* The input's end is frozen for all but the socket; the input is empty here, so that its
	 * front will do. */
	conn->feeding = true;
	evbuffer_prepend(bufferevent_get_input(conn->bev), text.bytes, text.size);
	conn->feeding = false;
	secret_wipe(text.bytes, text.size);
	text_fini(&text);
}

/* evhttp shall answer with a problem, and close; whether it can do so at once. */
static bool
conn_refuse(struct conn *conn, const char *verdict, size_t drain)
{
	conn->verdict = verdict;
	if (drain > conn->size) {
		conn->drain = drain - conn->size;
		conn_discard(conn, conn->size);
		return false;
	}
	conn_hand_over(conn);
	return true;
}

/* The client waits for this before it sends the body. Nothing else is on its way out: no answer
 * is open while a request is being read. Half a record would stand before the answer: a client that
 * reads so little of what it was sent is given up. */
static void
conn_send_continue(struct conn *conn)
{
	static const char line[] = "HTTP/1.1 100 Continue\r\n\r\n";

	if (conn->ssl != NULL) {
		if (tls_send(conn->ssl, line, sizeof(line) - 1) != 0)
			conn_drop(conn);
		return;
	}
	/* Where it can't be sent the client sends the body after a while all the same. */
	(void)!send(
	    bufferevent_getfd(conn->bev), line, sizeof(line) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* The head is whole: judges it, and takes it off the bytes. */
static bool
conn_read_head(struct conn *conn)
{
	const struct conf_limits *limits = &conn->http->limits;
	const char *verdict = gate_read(conn->bytes, conn->scanned, &conn->head);
	size_t body = conn->head.body_size;

	if (conn->scanned > (size_t)limits->header_bytes)
		verdict = "header-too-large";
	conn_discard(conn, conn->scanned);
	conn->scanned = 0;
	conn->has_head = true;
	conn->had_empty_line = false;
	if (verdict != NULL)
		return conn_refuse(conn, verdict, 0);
	if (body > (size_t)limits->body_bytes)
		return conn_refuse(conn, "too-large",
		    conn->head.expects_continue || body > CONN_DRAIN_MOST ? 0 : body);
	if (conn->head.expects_continue && conn->size < body)
		conn_send_continue(conn);
	if (conn->size < body)
		return false;
	conn_hand_over(conn);
	return true;
}

/* Looks for a head in what has arrived. */
static bool
conn_scan(struct conn *conn)
{
	/* RFC 9112 section 2.2: an empty line before the request is let pass; many would be work
	 * without a request, and without end. */
	while (conn->size >= 2 && memcmp(conn->bytes, "\r\n", 2) == 0) {
		if (conn->had_empty_line)
			return conn_refuse(conn, "malformed", 0);
		conn->had_empty_line = true;
		conn_discard(conn, 2);
		conn->scanned = 0;
	}
	switch (gate_scan(conn->bytes, conn->size, &conn->scanned)) {
	case GATE_BAD:
		return conn_refuse(conn, "malformed", 0);
	case GATE_WHOLE:
		return conn_read_head(conn);
	default:
		if (conn->size <= (size_t)conn->http->limits.header_bytes)
			return false;
		loop_timer_set(conn->deadline, CONN_DRAIN_WAIT);
		return conn_refuse(conn, "header-too-large", CONN_DRAIN_MOST);
	}
}

/* Goes on with what has arrived; true where evhttp has something to read now. */
static bool
conn_advance(struct conn *conn)
{
	if (conn->busy)
		return false;
	if (conn->drain > 0) {
		size_t size = conn->size < conn->drain ? conn->size : conn->drain;

		conn->drain -= size;
		conn_discard(conn, size);
		if (conn->drain == 0)
			conn_hand_over(conn);
		return conn->busy;
	}
	if (!conn->has_head)
		return conn_scan(conn);
	if (conn->size < conn->head.body_size)
		return false;
	conn_hand_over(conn);
	return true;
}

/* Runs within evhttp's reading: whatever evhttp may see is in the input when this returns. */
static void
conn_on_input(struct evbuffer *input, const struct evbuffer_cb_info *info, void *arg)
{
	struct conn *conn = arg;
	size_t most =
	    (size_t)conn->http->limits.header_bytes + (size_t)conn->http->limits.body_bytes;

	if (info->n_added == 0 || conn->feeding)
		return;
	/* The absolute deadline of a request runs from its first byte. */
	if (conn->size == 0 && !conn->has_head && !conn->had_empty_line && !conn->busy &&
	    conn->verdict == NULL)
		loop_timer_set(conn->deadline, conn->http->limits.request_timeout);
	conn_take_input(conn, input);
	conn_advance(conn);
	/* Requests sent ahead of their turn wait in the socket from here on. */
	if (conn->busy && conn->size > most)
		bufferevent_disable(conn->bev, EV_READ);
}

static void
conn_on_close(struct evhttp_connection *evcon, void *arg)
{
	struct conn *conn = arg;
	struct http_request *request = conn->request;

	conn_free(conn);
	if (request != NULL)
		request_lose_client(request);
}

/* The mode of the socket's file keeps others out, and whoever may change that can't change this:
 * root and our own user are served. */
static bool
conn_knows_peer(struct conn *conn)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (!conn->http->admin)
		return true;
	if (getsockopt(bufferevent_getfd(conn->bev), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return false;
	conn->peer_uid = peer.uid;
	if (peer.uid == 0 || peer.uid == geteuid())
		return true;
	log_warning("the admin socket: a connection of the user %u is refused", peer.uid);
	return false;
}

/*
 * evhttp tells of a connection's end only to who knows the evhttp_connection, and shows that only
 * with a request, which may never come: in 2.1.12 it is the argument of the callbacks that it sets
 * on its bufferevents. No callbacks: evhttp could not take the connection, and has freed its side.
 */
static void
conn_adopt(struct conn *conn)
{
	bufferevent_event_cb on_event = NULL;
	void *evcon = NULL;
	int one = 1;

	bufferevent_getcb(conn->bev, NULL, NULL, &on_event, &evcon);
	if (on_event == NULL) {
		conn_free(conn);
		return;
	}
	conn->evcon = evcon;
	evhttp_connection_set_closecb(conn->evcon, conn_on_close, conn);
	bufferevent_decref(conn->bev);
	if (!conn_knows_peer(conn)) {
		bufferevent_disable(conn->bev, EV_READ); /* what it has sent already, too */
		conn_drop(conn);
	}
	/* Without it Nagle's wait for the client's delayed acknowledgement costs 44 ms an answer.
	 */
	if (conn->http->unix_path == NULL)
		setsockopt(
		    bufferevent_getfd(conn->bev), IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static void
conn_on_wake(evutil_socket_t fd, short events, void *arg)
{
	struct conn *conn = arg;

	if (conn->evcon == NULL)
		conn_adopt(conn);
	else if (conn_advance(conn))
		bufferevent_trigger(conn->bev, EV_READ, BEV_TRIG_IGNORE_WATERMARKS);
}

static void
conn_on_deadline(void *arg)
{
	struct conn *conn = arg;

	if (conn->drain == 0 || conn->busy) {
		conn_drop(conn);
		return;
	}
	conn_hand_over(conn);
	bufferevent_trigger(conn->bev, EV_READ, BEV_TRIG_IGNORE_WATERMARKS);
}

void
conn_on_handshake(struct conn *conn)
{
	loop_timer_set(conn->deadline, conn->http->limits.request_timeout);
}

static struct bufferevent *
conn_new_bufferevent(struct event_base *base, struct conn *conn)
{
	if (conn->http->tls == NULL)
		return bufferevent_socket_new(base, -1, 0);
	conn->ssl = tls_new(conn->http->tls, conn);
	return bufferevent_openssl_socket_new(
	    base, -1, conn->ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
}

/* evhttp asks for a bufferevent. Ours is held until it is adopted, right after evhttp is done with
 * accepting and before anything can be read. */
struct bufferevent *
conn_on_accept(struct event_base *base, void *arg)
{
	struct http *http = arg;
	struct conn *conn = mem_new(sizeof(*conn));
	int64_t timeout = http->limits.request_timeout;
	struct timeval write_timeout = {timeout / 1000, timeout % 1000 * 1000};

	conn->http = http;
	conn->peer_uid = HTTP_NO_UID;
	conn->bev = conn_new_bufferevent(base, conn);
	conn->wake = event_new(base, -1, 0, conn_on_wake, conn);
	if (conn->bev == NULL || conn->wake == NULL)
		err_end("out of memory");
	bufferevent_incref(conn->bev);
	bufferevent_set_timeouts(conn->bev, NULL, &write_timeout);
	conn->input_entry = evbuffer_add_cb(bufferevent_get_input(conn->bev), conn_on_input, conn);
	conn->deadline = loop_timer_new(http->loop, conn_on_deadline, conn);
	loop_timer_set(
	    conn->deadline, conn->ssl != NULL ? http->limits.handshake_timeout : timeout);
	if (http->conn_count == http->conn_room) {
		http->conn_room = 2 * http->conn_room + 8;
		http->conns = mem_grow(http->conns, http->conn_room, sizeof(*http->conns));
	}
	conn->slot = http->conn_count;
	http->conns[http->conn_count++] = conn;
	listen_update(http);
	event_active(conn->wake, EV_TIMEOUT, 0);
	return conn->bev;
}

struct conn *
conn_of(struct http *http, struct evhttp_request *evreq)
{
	const char *uri = evhttp_request_get_uri(evreq);
	size_t slot = strtoul(uri + 1, NULL, 10);

	return slot < http->conn_count && http->conns[slot]->busy ? http->conns[slot] : NULL;
}

void
conn_take_request(struct conn *conn, struct http_request *request, char **query_out)
{
	struct gate_head *head = &conn->head;

	request->method = head->method;
	request->path = head->path;
	*query_out = head->query;
	head->method = head->path = head->query = NULL;
	request->body_size = head->body_size;
	request->body = mem_new(head->body_size + 1);
	memcpy(request->body, conn->bytes, head->body_size);
	conn_discard(conn, head->body_size);
	gate_head_fini(head);
	conn->has_head = false;
}

/* The answer is written: the next request may come, or be here already. */
void
conn_on_complete(struct evhttp_request *evreq, void *arg)
{
	struct conn *conn = arg;

	conn->busy = false;
	loop_timer_set(conn->deadline, conn->http->limits.request_timeout);
	/* Not now: evhttp goes on reading only after this. */
	if (conn->size > 0)
		event_active(conn->wake, EV_TIMEOUT, 0);
}

/* evhttp stops reading while a handler works. As evhttp itself does while it writes: read on, so
 * that an end is noticed, with no read callback. */
void
conn_watch(struct conn *conn)
{
	bufferevent_data_cb on_write;
	bufferevent_event_cb on_event;
	void *evcon;

	bufferevent_getcb(conn->bev, NULL, &on_write, &on_event, &evcon);
	bufferevent_setcb(conn->bev, NULL, on_write, on_event, evcon);
	bufferevent_enable(conn->bev, EV_READ);
}

void
conn_start_answer(struct conn *conn)
{
	conn->request = NULL;
	loop_timer_set(conn->deadline, conn->http->limits.request_timeout);
}

void
conn_drop(struct conn *conn)
{
	bufferevent_trigger_event(
	    conn->bev, BEV_EVENT_READING | BEV_EVENT_EOF, BEV_TRIG_DEFER_CALLBACKS);
}

void
conn_free(struct conn *conn)
{
	struct http *http = conn->http;
	struct conn *last = http->conns[--http->conn_count];

	http->conns[conn->slot] = last;
	last->slot = conn->slot;
	evbuffer_remove_cb_entry(bufferevent_get_input(conn->bev), conn->input_entry);
	if (conn->ssl != NULL)
		tls_say_goodbye(conn->ssl);
	event_free(conn->wake);
	loop_timer_free(&conn->deadline);
	gate_head_fini(&conn->head);
	if (conn->bytes != NULL)
		secret_wipe(conn->bytes, conn->size);
	free(conn->bytes);
	if (conn->evcon == NULL)
		bufferevent_decref(conn->bev);
	free(conn);
	listen_update(http);
}
