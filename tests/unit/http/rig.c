#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/err.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/keyring.h"
#include "base/loop.h"
#include "base/mem.h"
#include "model/faults.h"
#include "rig.h"

#define RIG_PATIENCE 8000

struct rig_tls *rig_tls;

static void
rig_on_open(struct http_request *request, void *context)
{
	http_reply_text(request, 200, "text/plain", "open to all");
}

static void
rig_on_show(struct http_request *request, void *context)
{
	const char *query = http_query(request, "q"), *no = http_query(request, "Q");

	((struct rig *)context)->calls++;
	http_add_header(request, "X-Own", "yes");
	http_reply_json(request, 200,
	    json_pack("{s:s, s:s*, s:s*, s:s*, s:s, s:b}", "id", http_param(request, "id"), "part",
		http_param(request, "part"), "q", query, "no", no, "portal", http_portal(request),
		"may_cancel", http_has_right(request, CONF_RIGHT_CANCEL)));
}

static void
rig_on_echo(struct http_request *request, void *context)
{
	json_t *json = http_json(request);

	((struct rig *)context)->calls++;
	if (json != NULL)
		http_reply_json(request, 201, json);
}

static void
rig_on_delete(struct http_request *request, void *context)
{
	http_reply_none(request, 204);
}

static void
rig_on_faults(struct http_request *request, void *context)
{
	static char pointer[] = "/identity/birth_date", code[] = "format", detail[] = "no date";
	struct fault items[] = {{pointer, code, detail}, {pointer, code, NULL}};
	struct faults faults = {items, 2};

	http_reply_faults(request, &faults);
}

static void
rig_on_gone(void *arg)
{
	((struct rig *)arg)->gone++;
}

static void
rig_on_later(struct http_request *request, void *context)
{
	struct rig *rig = context;

	rig->calls++;
	rig->waits = request;
	http_on_gone(request, rig_on_gone, rig);
}

static void
rig_on_stream(struct http_request *request, void *context)
{
	struct rig *rig = context;

	rig->calls++;
	if (http_stream_start(request) != 0)
		return;
	rig->stream = request;
	http_on_gone(request, rig_on_gone, rig);
}

static const struct http_route rig_routes[] = {
    {"GET", "/open", HTTP_OPEN, rig_on_open},
    {"GET", "/things/{id}/parts/{part}", CONF_RIGHT_STATUS, rig_on_show},
    {"POST", "/things", CONF_RIGHT_REGISTER, rig_on_echo},
    {"DELETE", "/things/{id}", CONF_RIGHT_CANCEL, rig_on_delete},
    {"GET", "/things/{id}", 0, rig_on_show},
    {"POST", "/faults", 0, rig_on_faults},
    {"POST", "/later", 0, rig_on_later},
    {"GET", "/stream", 0, rig_on_stream},
};
#define RIG_ROUTES (sizeof(rig_routes) / sizeof(*rig_routes))

static const struct conf_portal *
rig_portals(size_t *count_out, void *context)
{
	*count_out = 3;
	return ((struct rig *)context)->portals;
}

int
rig_begin_tls(void **state)
{
	struct rig_tls *it = mem_new(sizeof(*it));

	it->authority = cert_make(&(struct cert_order){.issuer = NULL});
	it->client_authority = cert_make(&(struct cert_order){.issuer = NULL});
	it->server = cert_make(&(struct cert_order){.issuer = &it->authority, .use = "serverAuth"});
	snprintf(it->folder, sizeof(it->folder), "/tmp/test-tls-XXXXXX");
	assert_non_null(mkdtemp(it->folder));
	snprintf(it->certificate, sizeof(it->certificate), "%s/certificate", it->folder);
	snprintf(it->key, sizeof(it->key), "%s/key", it->folder);
	snprintf(it->client_ca, sizeof(it->client_ca), "%s/client-ca", it->folder);
	cert_write(&it->server, it->certificate);
	cert_write_key(&it->server, it->key, 0400);
	cert_write(&it->client_authority, it->client_ca);
	rig_tls = it;
	return 0;
}

int
rig_end_tls(void **state)
{
	unlink(rig_tls->certificate);
	unlink(rig_tls->key);
	unlink(rig_tls->client_ca);
	rmdir(rig_tls->folder);
	cert_fini(&rig_tls->authority);
	cert_fini(&rig_tls->client_authority);
	cert_fini(&rig_tls->server);
	free(rig_tls);
	rig_tls = NULL;
	return 0;
}

void
rig_listen(struct rig *rig)
{
	static char address[] = "127.0.0.1", none[] = "";
	struct conf_listen listen = {.address = address, .certificate_file = none};
	struct err err;

	if (rig_tls != NULL) {
		listen.certificate_file = rig_tls->certificate;
		listen.key_file = rig_tls->key;
		listen.client_ca_file = rig_tls->client_ca;
	}
	rig->http = http_listen(
	    rig->loop, &listen, rig_routes, RIG_ROUTES, rig_portals, rig, &rig->limits, &err);
	assert_non_null(rig->http);
	assert_true(http_port(rig->http) > 0);
}

static void
rig_set_portal(struct rig *rig, int i, char *name, const char *token, unsigned rights)
{
	keyring_sha256(token, strlen(token), rig->hashes[i]);
	rig->portals[i] = (struct conf_portal){.name = name,
	    .token_sha256 = rig->hashes[i],
	    .key_sha256 = rig->keys[i],
	    .rights = rights};
}

int
rig_setup_bare(void **state)
{
	static char other[] = "other", main_portal[] = "main", guest[] = "guest";
	struct rig *rig = mem_new(sizeof(*rig));

	signal(SIGPIPE, SIG_IGN);
	rig->loop = loop_new(NULL);
	assert_non_null(rig->loop);
	rig->limits = (struct conf_limits){.body_bytes = 4096,
	    .header_bytes = 2048,
	    .connections = 100,
	    .in_flight = 100,
	    .handshake_timeout = 10000,
	    .request_timeout = 10000};
	rig_set_portal(rig, 0, other, "other-token", CONF_RIGHT_RESET);
	rig_set_portal(rig, 1, main_portal, RIG_TOKEN, CONF_RIGHT_REGISTER | CONF_RIGHT_STATUS);
	rig_set_portal(rig, 2, guest, "guest-token", 0);
	/* As a person may write it. */
	for (char *c = rig->hashes[1]; *c != '\0'; c++)
		if (*c >= 'a' && *c <= 'f')
			*c = (char)(*c - 'a' + 'A');
	snprintf(rig->folder, sizeof(rig->folder), "/tmp/test-http-XXXXXX");
	assert_non_null(mkdtemp(rig->folder));
	snprintf(rig->path, sizeof(rig->path), "%s/admin", rig->folder);
	*state = rig;
	return 0;
}

int
rig_setup(void **state)
{
	rig_setup_bare(state);
	rig_listen(*state);
	return 0;
}

int
rig_teardown(void **state)
{
	struct rig *rig = *state;

	http_close(&rig->http);
	loop_free(&rig->loop);
	unlink(rig->path);
	rmdir(rig->folder);
	free(rig);
	return 0;
}

/* Goes on with the handshake, and sends what waits for its end. */
static void
rig_push(struct rig_client *client)
{
	int sent;

	ERR_clear_error();
	if (SSL_do_handshake(client->ssl) != 1 || client->out.size == 0)
		return;
	sent = SSL_write(client->ssl, client->out.bytes, (int)client->out.size);
	if (sent > 0) {
		client->out.size -= (size_t)sent;
		memmove(client->out.bytes, client->out.bytes + sent, client->out.size);
	}
}

void
rig_turn(struct rig *rig)
{
	for (size_t i = 0; i < rig->client_count; i++)
		rig_push(rig->clients[i]);
	loop_turn(rig->loop, 1);
}

void
rig_connect_as(struct rig *rig, struct rig_client *client, SSL *ssl)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)http_port(rig->http)),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	memset(client, 0, sizeof(*client));
	client->rig = rig;
	client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(client->fd >= 0);
	assert_int_equal(connect(client->fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(fcntl(client->fd, F_SETFL, O_NONBLOCK), 0);
	client->ssl = ssl;
	if (ssl == NULL)
		return;
	SSL_set_fd(ssl, client->fd);
	SSL_set_connect_state(ssl);
	SSL_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	assert_true(rig->client_count < RIG_CLIENTS_MOST);
	rig->clients[rig->client_count++] = client;
	rig_push(client);
}

void
rig_connect(struct rig *rig, struct rig_client *client)
{
	SSL_CTX *context;

	if (rig_tls == NULL) {
		rig_connect_as(rig, client, NULL);
		return;
	}
	context = SSL_CTX_new(TLS_client_method());
	assert_non_null(context);
	rig_connect_as(rig, client, SSL_new(context));
	SSL_CTX_free(context);
}

/* What has come: 0 at the end, -1 while there is none. */
static ssize_t
rig_receive(struct rig_client *client, void *bytes, size_t room)
{
	ssize_t size;

	if (client->ssl == NULL) {
		size = recv(client->fd, bytes, room, 0);
		return size < 0 && errno != EAGAIN ? 0 : size;
	}
	ERR_clear_error();
	size = SSL_read(client->ssl, bytes, (int)room);
	if (size > 0)
		return size;
	switch (SSL_get_error(client->ssl, (int)size)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return -1;
	default:
		return 0;
	}
}

/* Turns the loop and takes what has come; false when that took too long. */
static bool
rig_pump(struct rig_client *client, int64_t since)
{
	char bytes[16384];
	ssize_t size;

	rig_turn(client->rig);
	if (!client->ended) {
		size = rig_receive(client, bytes, sizeof(bytes));
		if (size > 0)
			text_add_bytes(&client->in, bytes, (size_t)size);
		client->ended = size == 0;
	}
	return clock_boot() - since < RIG_PATIENCE;
}

void
rig_send_bytes(struct rig_client *client, const void *bytes, size_t size)
{
	const char *rest = bytes;
	int64_t since = clock_boot();

	if (client->ssl != NULL) {
		text_add_bytes(&client->out, bytes, size);
		rig_push(client);
		return;
	}
	while (size > 0) {
		ssize_t sent = send(client->fd, rest, size, MSG_NOSIGNAL);

		if (sent > 0) {
			rest += sent;
			size -= (size_t)sent;
		} else if (errno != EAGAIN) {
			return; /* closed: what has been answered tells */
		} else if (!rig_pump(client, since)) {
			fail_msg("the server doesn't read");
		}
	}
}

void
rig_send_some(struct rig_client *client, const void *bytes, size_t size)
{
	if (client->ssl == NULL)
		send(client->fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
	else if (client->out.size == 0)
		rig_send_bytes(client, bytes, size);
	else
		rig_push(client);
}

void
rig_send(struct rig_client *client, const char *text)
{
	rig_send_bytes(client, text, strlen(text));
}

size_t
rig_count(const struct rig_client *client, const char *text)
{
	const char *at = client->in.bytes;
	size_t count = 0;

	while (at != NULL && (at = strstr(at, text)) != NULL) {
		count++;
		at += strlen(text);
	}
	return count;
}

void
rig_wait_text(struct rig_client *client, const char *text)
{
	int64_t since = clock_boot();

	while (rig_count(client, text) == 0)
		if (client->ended || !rig_pump(client, since))
			fail_msg("no '%s' in: %s", text,
			    client->in.bytes != NULL ? client->in.bytes : "nothing");
}

void
rig_wait_end(struct rig_client *client)
{
	int64_t since = clock_boot();

	while (!client->ended)
		if (!rig_pump(client, since))
			fail_msg("still open after: %s",
			    client->in.bytes != NULL ? client->in.bytes : "nothing");
}

void
rig_wait_int(struct rig *rig, const int *value, int least)
{
	int64_t since = clock_boot();

	while (*value < least) {
		rig_turn(rig);
		if (clock_boot() - since > RIG_PATIENCE)
			fail_msg("%d never became %d", *value, least);
	}
}

void
rig_forget(struct rig_client *client)
{
	text_fini(&client->in);
}

void
rig_hang_up(struct rig_client *client)
{
	struct rig *rig = client->rig;

	for (size_t i = 0; i < rig->client_count; i++)
		if (rig->clients[i] == client)
			rig->clients[i--] = rig->clients[--rig->client_count];
	SSL_free(client->ssl);
	close(client->fd);
	text_fini(&client->in);
	text_fini(&client->out);
}

char *
rig_ask(struct rig *rig, const char *text)
{
	struct rig_client client;
	char *answer;

	rig_connect(rig, &client);
	rig_send(&client, text);
	rig_wait_end(&client);
	answer = text_take(&client.in);
	rig_hang_up(&client);
	return answer;
}
