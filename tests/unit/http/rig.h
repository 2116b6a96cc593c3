/*
 * A server on a free port (or a unix socket) and clients that send it raw bytes, all on one loop:
 * whoever waits turns the loop until it has what it waits for, or fails the test. Within a group
 * that begins with rig_begin_tls and ends with rig_end_tls all of it goes over TLS.
 */
#ifndef TEST_HTTP_RIG_H
#define TEST_HTTP_RIG_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "conf/conf.h"
#include "certs.h"
#include "http/http.h"

#define RIG_CLIENTS_MOST 8
#define RIG_TOKEN "portal-token"
#define RIG_AUTH "Authorization: Bearer " RIG_TOKEN "\r\n"
#define RIG_HOST "Host: localhost\r\n"

struct rig_client;

/* What a group over TLS has; a test may change its copy before rig_listen. */
struct rig_tls {
	struct cert authority, server, client_authority;
	char folder[32], certificate[64], key[64], client_ca[64];
};
extern struct rig_tls *rig_tls; /* NULL: plain HTTP */

struct rig {
	struct loop *loop;
	struct http *http;
	struct conf_limits limits;
	struct conf_portal portals[3];
	char hashes[3][65], keys[3][65]; /* of tokens; of certificates: "" for none */
	char folder[64], path[96];       /* of the unix socket */
	struct http_request *waits;      /* of the handler that answers later */
	struct http_request *stream;     /* of the handler that streams */
	int calls, gone;
	struct rig_client *clients[RIG_CLIENTS_MOST]; /* those over TLS */
	size_t client_count;
};

struct rig_client {
	struct rig *rig;
	int fd;
	SSL *ssl;
	struct text in, out; /* out: over TLS, not yet sent */
	bool ended;
};

int rig_begin_tls(void **state);
int rig_end_tls(void **state);
int rig_setup(void **state);      /* listens on TCP, with generous limits */
int rig_setup_bare(void **state); /* no server yet */
int rig_teardown(void **state);
void rig_listen(struct rig *rig);
void rig_turn(struct rig *rig);

void rig_connect(struct rig *rig, struct rig_client *client);
/* The same over TLS with what the test has set; takes ssl over, NULL is plain HTTP. */
void rig_connect_as(struct rig *rig, struct rig_client *client, SSL *ssl);
void rig_send_bytes(struct rig_client *client, const void *bytes, size_t size);
void rig_send(struct rig_client *client, const char *text);
void rig_send_some(struct rig_client *client, const void *bytes, size_t size); /* what fits */
void rig_wait_text(struct rig_client *client, const char *text); /* until it has come */
void rig_wait_end(struct rig_client *client);                    /* until the server closes */
void rig_wait_int(struct rig *rig, const int *value, int least);
size_t rig_count(const struct rig_client *client, const char *text);
void rig_forget(struct rig_client *client); /* what has come so far */
void rig_hang_up(struct rig_client *client);
/* Sends, waits for the end, and returns what came; the caller frees. */
char *rig_ask(struct rig *rig, const char *text);

#endif
