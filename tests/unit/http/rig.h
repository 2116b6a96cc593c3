/*
 * A server on a free port (or a unix socket) and clients that send it raw bytes, all on one loop:
 * whoever waits turns the loop until it has what it waits for, or fails the test.
 */
#ifndef TEST_HTTP_RIG_H
#define TEST_HTTP_RIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "conf/conf.h"
#include "http/http.h"

#define RIG_TOKEN "portal-token"
#define RIG_AUTH "Authorization: Bearer " RIG_TOKEN "\r\n"
#define RIG_HOST "Host: localhost\r\n"

struct rig {
	struct loop *loop;
	struct http *http;
	struct conf_limits limits;
	struct conf_portal portals[3];
	char hashes[3][65];
	char folder[64], path[96];   /* of the unix socket */
	struct http_request *waits;  /* of the handler that answers later */
	struct http_request *stream; /* of the handler that streams */
	int calls, gone;
};

struct rig_client {
	struct rig *rig;
	int fd;
	struct text in;
	bool ended;
};

int rig_setup(void **state);      /* listens on TCP, with generous limits */
int rig_setup_bare(void **state); /* no server yet */
int rig_teardown(void **state);
void rig_listen(struct rig *rig);
void rig_set_token(struct rig *rig, int i, const char *token, size_t size); /* of that portal */
void rig_turn(struct rig *rig);

void rig_connect(struct rig *rig, struct rig_client *client);
void rig_send_bytes(struct rig_client *client, const void *bytes, size_t size);
void rig_send(struct rig_client *client, const char *text);
void rig_wait_text(struct rig_client *client, const char *text); /* until it has come */
void rig_wait_end(struct rig_client *client);                    /* until the server closes */
void rig_wait_int(struct rig *rig, const int *value, int least);
size_t rig_count(const struct rig_client *client, const char *text);
void rig_forget(struct rig_client *client); /* what has come so far */
void rig_hang_up(struct rig_client *client);
/* Sends, waits for the end, and returns what came; the caller frees. */
char *rig_ask(struct rig *rig, const char *text);

#endif
