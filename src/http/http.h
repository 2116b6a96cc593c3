/*
 * The HTTP server: listen, gate, authenticate, route, reply. Hides evhttp. A handler gets a
 * request, and replies once, at once or later; until then the request stays valid, also when the
 * client has gone. TLS is OpenSSL's, hidden too. http_close ends all connections; requests still
 * open are freed by it, so their holders must have let go first. Routes and context outlive the
 * server; limits are copied. The process must ignore SIGPIPE.
 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct conf_limits;
struct conf_listen;
struct conf_portal;
struct err;
struct faults;
struct http;
struct http_request;
struct http_tls;
struct loop;
struct rates;

typedef void http_handler_fn(struct http_request *request, void *context);

/* A row of the routes; {name} in the path is one segment. Rights are of enum conf_right, 0 for
 * none beyond being a known portal; HTTP_OPEN asks for no credential. */
#define HTTP_OPEN 0x80000000U
struct http_route {
	const char *method, *path;
	unsigned right;
	http_handler_fn *handler;
};

/* The portals that may come in are asked for at every request, so that a reload counts at once. */
typedef const struct conf_portal *http_portals_fn(size_t *count_out, void *context);

/*
 * Certificate, key and the portals' authority out of the files that listen names. *tls_out is NULL
 * where it names none: plain HTTP. The check says in words what is wrong with their dates; such a
 * certificate can still be used, if clients believe it.
 */
enum http_tls_age { HTTP_TLS_GOOD, HTTP_TLS_ENDS_SOON, HTTP_TLS_OUT_OF_DATE };
int http_tls_read(const struct conf_listen *listen, struct http_tls **tls_out, struct err *err);
enum http_tls_age http_tls_check(const struct http_tls *tls, struct err *words);
void http_tls_free(struct http_tls **tls);

/* Public: listen's address and port (0 picks one), or a unix socket of mode 0660. The log is told
 * daily of a certificate that ends within 30 days. */
struct http *http_listen(struct loop *loop, const struct conf_listen *listen,
    const struct http_route *routes, size_t route_count, http_portals_fn *portals, void *context,
    const struct conf_limits *limits, struct err *err);
/* For the connections from now on; those that are open go on as they are. Takes tls over. */
void http_set_tls(struct http *http, struct http_tls **tls);
/* Admin: a unix socket of mode 0600, for root and our own user alone; every request is from the
 * portal "admin" with all rights. */
struct http *http_listen_unix(struct loop *loop, const char *path, const struct http_route *routes,
    size_t route_count, void *context, const struct conf_limits *limits, struct err *err);
/* Without them any number of requests is taken. They stay the caller's. */
void http_limit(struct http *http, struct rates *rates);
/* Called for every problem that a known path is answered with, before it is: for the audit log. */
typedef void http_problem_fn(const struct http_request *request, const char *name, void *arg);
void http_on_problem(struct http *http, http_problem_fn *on_problem, void *arg);
void http_close(struct http **http);           /* unlinks the unix socket */
void http_pause(struct http *http);            /* accepts no more, and closes after each answer */
bool http_has_unsent(const struct http *http); /* an answer is on its way to a client */
int http_port(const struct http *http);

/* What was asked. Texts live as long as the request. */
const char *http_portal(
    const struct http_request *request); /* the portal's name; "" for HTTP_OPEN */
/* "portal:NAME", "admin:UID" of who has the other end of the unix socket, or "unknown". */
const char *http_actor(const struct http_request *request);
/* The system's user at the other end of the admin socket, as the kernel knows it. */
#define HTTP_NO_UID ((uid_t)-1)
uid_t http_peer_uid(const struct http_request *request); /* HTTP_NO_UID on others */
bool http_has_right(const struct http_request *request, unsigned right);
/* The route's method and path, as "GET /v1/registrations/{id}"; NULL where there is none. */
const char *http_what(const struct http_request *request);
const char *http_param(
    const struct http_request *request, const char *name); /* {name} of the path */
const char *http_query(const struct http_request *request, const char *name);  /* or NULL */
const char *http_header(const struct http_request *request, const char *name); /* or NULL */
const void *http_body(const struct http_request *request, size_t *size_out);
const char *http_request_id(const struct http_request *request);
/* The body as JSON (application/json alone, no duplicate keys, depth bounded); NULL where it was
 * not, and then the problem has been answered. The caller decrefs. */
json_t *http_json(struct http_request *request);

/* Answers. Each frees the request, except the stream's. json is stolen. */
void http_reply_json(struct http_request *request, int status, json_t *json);
void http_reply_text(
    struct http_request *request, int status, const char *content_type, const char *text);
void http_reply_none(struct http_request *request, int status); /* 204 */
/* type is urn:musterd:problem:NAME; status and title come from one table by name. */
void http_reply_problem(struct http_request *request, const char *name, const char *detail);
/* 422 invalid; the faults stay the caller's. */
void http_reply_faults(struct http_request *request, struct faults *faults);
void http_add_header(struct http_request *request, const char *name, const char *value);
int http_problem_status(const char *name);
/* The body that http_reply_problem would send (caller frees), for answers that are kept. */
char *http_problem_text(const char *name, const char *detail);

/* Server-sent events: start answers 200, send writes one event, end frees the request. Streams may
 * take half of the connections, so that others can still come; where they have, start answers 503
 * and frees the request: -1. */
int http_stream_start(struct http_request *request);
void http_stream_comment(struct http_request *request, const char *words);
void http_stream_send(struct http_request *request, const char *event, const json_t *json);
void http_stream_end(struct http_request *request);

/* Called once when the client goes before the answer (the request then still takes one reply, or
 * http_stream_end, which frees it); at once where it has gone already. */
void http_on_gone(struct http_request *request, void (*gone)(void *arg), void *arg);

#endif
