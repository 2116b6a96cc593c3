/*
 * What the files of this folder share.
 *
 * The way of a request: conn.c takes the bytes out of evhttp's hands as they arrive, gate.c judges
 * the head, and only when head and body are whole does evhttp get a head of our own making: no
 * body, and no header field but Connection. Its generic callback comes to request.c. So evhttp
 * never sees anything that it would answer itself in HTML, nor a secret in a body or a token.
 */
#ifndef HTTP_HTTP_INTERNAL_H
#define HTTP_HTTP_INTERNAL_H

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "base/text.h"
#include "conf/conf.h"
#include "http/gate.h"
#include "http/http.h"

#define HTTP_PARAMS_MOST 4
#define HTTP_STREAM_WAITING_MOST (256 * 1024)
#define HTTP_DIGEST_SIZE 32 /* SHA-256 */

struct conn;
struct loop_timer;

struct http {
	struct loop *loop;
	struct evhttp *evhttp;
	struct evconnlistener *listener; /* evhttp's to free */
	struct loop_timer *resume;       /* after accept failed */
	bool paused;
	struct http_tls *tls;       /* NULL: plain HTTP */
	struct loop_timer *tls_age; /* looks at the certificate's dates */
	int64_t tls_age_every;      /* in milliseconds */
	bool admin;                 /* who comes is the administrator */
	int port;                   /* 0 of a unix socket */
	char *unix_path;            /* NULL for TCP */
	dev_t unix_device;
	ino_t unix_inode;
	const struct http_route *routes;
	size_t route_count;
	http_portals_fn *portals;
	void *context;
	struct rates *rates; /* NULL: any number of requests */
	struct conf_limits limits;
	struct conn **conns;
	size_t conn_count, conn_room;
	TAILQ_HEAD(conn_list, conn) strangers; /* they give way when connections run out */
	struct http_request *requests;         /* every one not yet freed */
	int in_flight;                         /* requests not yet answered, streams apart */
	int streams;
	http_problem_fn *on_problem;
	void *on_problem_arg;
	int64_t comment_every; /* of a stream, in milliseconds */
	struct http *next;     /* of listen.c */
};

/* One connection. It ends when evhttp frees its side (conn_on_close). */
struct conn {
	struct http *http;
	size_t slot; /* in http->conns */
	struct bufferevent *bev;
	SSL *ssl; /* the bufferevent's; NULL: plain HTTP */
	struct evbuffer_cb_entry *input_entry;
	struct evhttp_connection *evcon; /* NULL until adopted */
	uid_t peer_uid;                  /* HTTP_NO_UID but on the admin socket */
	struct event *wake;              /* adopt; later: look at the next request */
	struct loop_timer *deadline;
	TAILQ_ENTRY(conn) strangers; /* from adoption until its first whole request */
	bool is_stranger;
	char *bytes; /* arrived, not yet taken by a request */
	size_t size, room, scanned;
	struct gate_head head;
	bool has_head, feeding;
	bool had_empty_line;          /* before the request that is being read */
	bool busy;                    /* evhttp has a request whose answer isn't written yet */
	const char *verdict;          /* the problem that ends this connection */
	size_t drain;                 /* bytes to let pass before the verdict is told */
	struct http_request *request; /* in a handler's hands */
};

struct http_param {
	char *name, *value;
};

struct http_request {
	struct http *http;
	struct conn *conn;            /* NULL once the client has gone */
	struct evhttp_request *evreq; /* freed with the request where the client has gone */
	struct http_request *next, **link;
	char id[UUID_SIZE];
	char *method, *path;
	struct gate_fields fields;
	struct evkeyvalq query;
	struct http_param params[HTTP_PARAMS_MOST];
	size_t param_count;
	char *body;
	size_t body_size;
	uid_t peer_uid;
	char *portal; /* NULL where none is known */
	char *actor;  /* the same, and who of those that share it */
	char *what;   /* NULL until it has a route */
	unsigned rights;
	bool open;    /* the route asks for no credential */
	bool at_work; /* counts in http->in_flight */
	bool stream, dropped;
	struct loop_timer *comment;
	void (*gone)(void *arg);
	void *gone_arg;
};

/* listen.c */
void listen_update(struct http *http);

/* conn.c */
struct bufferevent *conn_on_accept(struct event_base *base, void *arg);
struct conn *conn_of(struct http *http, struct evhttp_request *evreq);
void conn_on_complete(struct evhttp_request *evreq, void *arg);
void conn_on_handshake(struct conn *conn); /* TLS's is done */
/* Takes head and body over; the query is the caller's to free. */
void conn_take_request(struct conn *conn, struct http_request *request, char **query_out);
void conn_watch(struct conn *conn);        /* notices a client that goes while a handler works */
void conn_start_answer(struct conn *conn); /* from now on the client must read in time */
void conn_drop(struct conn *conn);         /* ends it from the loop, not before this returns */
/* The stranger that has been here longest is to go, unless it has said what it wants by then. */
void conn_press_oldest(struct http *http);
void conn_free(struct conn *conn);

/* tls.c */
SSL *tls_new(const struct http_tls *tls, struct conn *conn); /* the caller frees */
void tls_look(struct http *http); /* at the certificate's dates, now and daily */
/* At once, in one record: -1 where the socket takes no more. */
int tls_send(SSL *ssl, const void *bytes, size_t size);
void tls_say_goodbye(SSL *ssl); /* so that the client knows that nothing was cut off */
/* 1 with the SHA-256 of the public key of the client's certificate; 0 where it has shown none
 * (ssl may be NULL), -1 where that has expired since. */
int tls_read_client_key(const SSL *ssl, unsigned char digest[HTTP_DIGEST_SIZE]);

/* request.c */
void request_on_evhttp(struct evhttp_request *evreq, void *arg);
void request_lose_client(struct http_request *request); /* its connection goes */
bool request_is_of_portal(struct conn *conn);           /* the one whose head is there */
void request_end_work(struct http_request *request);
/* The handler is done: takes the request off its connection, frees it, and returns what evhttp
 * wants an answer for, or NULL where the client has gone. */
struct evhttp_request *request_finish(struct http_request *request);
void request_free(struct http_request *request);

/* auth.c */
void auth_find(struct http_request *request);

/* route.c: NULL with the methods that the path has in *allow_out (NULL: there is no such path),
 * which the caller frees. */
const struct http_route *route_find(struct http_request *request, char **allow_out);

/* problem.c */
const char *problem_header(const char *name, const char **value_out); /* or NULL */
json_t *problem_json(const char *name, const char *detail);

/* reply.c */
void reply_add_common(struct http_request *request, const char *content_type);

#endif
