#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "http/http_internal.h"

#define LISTEN_BACKLOG 512
#define LISTEN_RETRY 1000
#define LISTEN_PRESSED_MOST 32
#define STREAM_COMMENT_EVERY 15000
#define TLS_AGE_EVERY (24 * 60 * 60 * 1000)

/*
 * The listener rests at the cap: with descriptors used up accept would fail in a busy loop. But
 * where strangers hold places that they don't use (as slow clients do, a thousand at a time) who
 * comes now is let in, some at a time, and the oldest of those are pressed to go.
 */
void
listen_update(struct http *http)
{
	size_t most = (size_t)http->limits.connections;

	if (http->paused || http->listener == NULL)
		return;
	if (!TAILQ_EMPTY(&http->strangers))
		most += LISTEN_PRESSED_MOST;
	if (http->conn_count >= most)
		evconnlistener_disable(http->listener);
	else if (evconnlistener_enable(http->listener) != 0)
		err_end("the event loop takes no more events");
}

/* evhttp_bind_listener leaves evhttp as the argument of the listener's callbacks, so that the one
 * for errors must find its server here. The loop's thread alone comes here. */
static struct http *listen_servers;

static void
listen_on_error(struct evconnlistener *listener, void *evhttp)
{
	struct http *http = listen_servers;

	while (http != NULL && http->listener != listener)
		http = http->next;
	evconnlistener_disable(listener);
	log_warning("can't accept a connection: %s; trying again in a second", strerror(errno));
	if (http != NULL)
		loop_timer_set(http->resume, LISTEN_RETRY);
}

static void
listen_on_resume(void *arg)
{
	listen_update(arg);
}

/* Every server but for its socket. */
static struct http *
listen_new(struct loop *loop, const struct http_route *routes, size_t route_count, void *context,
    const struct conf_limits *limits)
{
	struct http *http = mem_new(sizeof(*http));

	http->loop = loop;
	http->routes = routes;
	http->route_count = route_count;
	http->context = context;
	http->limits = *limits;
	TAILQ_INIT(&http->strangers);
	http->comment_every = STREAM_COMMENT_EVERY;
	http->tls_age_every = TLS_AGE_EVERY;
	http->resume = loop_timer_new(loop, listen_on_resume, http);
	http->evhttp = evhttp_new(loop_base(loop));
	if (http->evhttp == NULL)
		err_end("out of memory");
	evhttp_set_bevcb(http->evhttp, conn_on_accept, http);
	evhttp_set_gencb(http->evhttp, request_on_evhttp, http);
	http->next = listen_servers;
	listen_servers = http;
	return http;
}

/* The descriptor is taken in any case. */
static int
listen_bind(struct http *http, int fd, struct err *err)
{
	if (listen(fd, LISTEN_BACKLOG) != 0) {
		err_set(err, ERR_BROKEN, "listen: %s", strerror(errno));
		close(fd);
		return -1;
	}
	http->listener = evconnlistener_new(loop_base(http->loop), NULL, NULL,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (http->listener == NULL || evhttp_bind_listener(http->evhttp, http->listener) == NULL)
		err_end("out of memory");
	evconnlistener_set_error_cb(http->listener, listen_on_error);
	listen_update(http); /* evhttp_bind_listener does not say whether it could do so */
	return 0;
}

static int
listen_socket(const char *address, int port, struct err *err)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
			    .ai_socktype = SOCK_STREAM},
			*found = NULL;
	char service[16];
	int fd, one = 1;

	snprintf(service, sizeof(service), "%d", port);
	if (getaddrinfo(address, service, &hints, &found) != 0)
		return err_set(err, ERR_BROKEN, "listen.address is no IP address: %s", address);
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, found->ai_addr, found->ai_addrlen) != 0) {
		err_set(err, ERR_BROKEN, "can't listen on %s port %d: %s", address, port,
		    strerror(errno));
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	freeaddrinfo(found);
	return fd;
}

static int
listen_port_of(int fd)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);

	if (getsockname(fd, (struct sockaddr *)&address, &size) != 0)
		return 0;
	if (address.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
	return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

/* Removes a socket that a daemon left behind; -1 where somebody answers on it, or it is no socket.
 */
static int
listen_clear_unix(const struct sockaddr_un *address, struct err *err)
{
	const char *path = address->sun_path;
	struct stat status;
	int fd, result;

	if (lstat(path, &status) != 0)
		return errno == ENOENT ? 0
				       : err_set(err, ERR_BROKEN, "%s: %s", path, strerror(errno));
	if (!S_ISSOCK(status.st_mode))
		return err_set(err, ERR_BROKEN, "%s is there, and no socket", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set(err, ERR_BROKEN, "socket: %s", strerror(errno));
	result = connect(fd, (const struct sockaddr *)address, sizeof(*address));
	if (result != 0 && errno == ECONNREFUSED)
		result = unlink(path) == 0
			     ? 0
			     : err_set(err, ERR_BROKEN, "%s: %s", path, strerror(errno));
	else
		result = err_set(err, ERR_BROKEN, "somebody answers on %s already", path);
	close(fd);
	return result;
}

/* On Linux the new file takes the mode of the descriptor (less the umask): it is never open to
 * others, not for a moment. */
static int
listen_unix_socket(const char *path, mode_t mode, struct err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return err_set(err, ERR_BROKEN, "the path of the socket is too long: %s", path);
	memcpy(address.sun_path, path, strlen(path));
	if (listen_clear_unix(&address, err) != 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || fchmod(fd, mode) != 0 ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
	    chmod(path, mode) != 0) {
		err_set(err, ERR_BROKEN, "%s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

/* So that http_close unlinks this file and no other. */
static void
listen_remember_file(struct http *http, const char *path)
{
	struct stat status;

	http->unix_path = mem_text(path);
	if (lstat(path, &status) == 0) {
		http->unix_device = status.st_dev;
		http->unix_inode = status.st_ino;
	}
}

struct http *
http_listen(struct loop *loop, const struct conf_listen *listen, const struct http_route *routes,
    size_t route_count, http_portals_fn *portals, void *context, const struct conf_limits *limits,
    struct err *err)
{
	bool is_path = *listen->address == '/';
	struct http_tls *tls = NULL;
	struct http *http;
	int fd;

	if (http_tls_read(listen, &tls, err) != 0)
		return NULL;
	fd = is_path ? listen_unix_socket(listen->address, 0660, err)
		     : listen_socket(listen->address, listen->port, err);
	if (fd < 0) {
		http_tls_free(&tls);
		return NULL;
	}
	http = listen_new(loop, routes, route_count, context, limits);
	http->portals = portals;
	if (is_path)
		listen_remember_file(http, listen->address);
	else
		http->port = listen_port_of(fd);
	http_set_tls(http, &tls);
	if (listen_bind(http, fd, err) != 0)
		http_close(&http);
	return http;
}

struct http *
http_listen_unix(struct loop *loop, const char *path, const struct http_route *routes,
    size_t route_count, void *context, const struct conf_limits *limits, struct err *err)
{
	int fd = listen_unix_socket(path, 0600, err);
	struct http *http;

	if (fd < 0)
		return NULL;
	http = listen_new(loop, routes, route_count, context, limits);
	http->admin = true;
	listen_remember_file(http, path);
	if (listen_bind(http, fd, err) != 0)
		http_close(&http);
	return http;
}

void
http_limit(struct http *http, struct rates *rates)
{
	http->rates = rates;
}

void
http_pause(struct http *http)
{
	http->paused = true;
	if (http->listener != NULL)
		evconnlistener_disable(http->listener);
}

bool
http_has_unsent(const struct http *http)
{
	for (size_t i = 0; i < http->conn_count; i++)
		if (evbuffer_get_length(bufferevent_get_output(http->conns[i]->bev)) > 0)
			return true;
	return false;
}

int
http_port(const struct http *http)
{
	return http->port;
}

/* The file is ours to remove only while it is the one that we made. */
static void
listen_unlink(const struct http *http)
{
	struct stat status;

	if (http->unix_path != NULL && lstat(http->unix_path, &status) == 0 &&
	    status.st_dev == http->unix_device && status.st_ino == http->unix_inode)
		unlink(http->unix_path);
}

void
http_on_problem(struct http *http, http_problem_fn *on_problem, void *arg)
{
	http->on_problem = on_problem;
	http->on_problem_arg = arg;
}

void
http_close(struct http **http)
{
	struct http *it = *http;

	if (it == NULL)
		return;
	*http = NULL;
	listen_unlink(it);
	for (struct http **link = &listen_servers; *link != NULL; link = &(*link)->next) {
		if (*link == it) {
			*link = it->next;
			break;
		}
	}
	it->paused = true;
	it->listener = NULL;
	for (size_t i = 0; i < it->conn_count; i++)
		it->conns[i]->request = NULL;
	while (it->requests != NULL)
		request_free(it->requests);
	evhttp_free(it->evhttp);
	/* Those that evhttp had not yet been asked to tell about. */
	while (it->conn_count > 0)
		conn_free(it->conns[0]);
	free(it->conns);
	loop_timer_free(&it->resume);
	loop_timer_free(&it->tls_age);
	http_tls_free(&it->tls);
	free(it->unix_path);
	free(it);
}
