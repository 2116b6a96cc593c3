/*
 * One bound connection on the loop: questions in flight by message id, their answers gathered,
 * their deadlines. It never asks again and never reconnects: once it is lost it is good for
 * nothing but connection_free, for the library would reconnect silently and anonymously.
 */
#ifndef DIR_CONNECTION_H
#define DIR_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "dir/exchange.h"

struct connection;
struct ldap;
struct loop;

/* answered is called with the reply filled in, and may not free the connection; room when
 * connection_room may have grown; lost as the last thing: free it within. */
struct connection_owner {
	void (*answered)(struct exchange *exchange, void *arg);
	void (*room)(void *arg);
	void (*lost)(struct connection *connection, const char *why, void *arg);
	void *arg;
};

/* Takes the handle, and sets NULL. NULL with nothing taken where the handle has no socket. */
struct connection *connection_new(struct loop *loop, struct ldap **handle, int window,
    int64_t timeout, const struct connection_owner *owner);
/* What is in flight is answered AWAY with the text. */
void connection_free(struct connection **connection, const char *why);

/* How many more questions it can take now. */
int connection_room(const struct connection *connection);
/* False where the exchange was not taken, because the library has no room for it now. A fault of
 * the connection shows as is_lost, and the owner frees it. */
bool connection_send(struct connection *connection, struct exchange *exchange);
bool connection_is_lost(const struct connection *connection);
/* Answers what is over its deadline; calls lost where the server owes an answer and has said
 * nothing for the whole timeout. */
void connection_sweep(struct connection *connection, int64_t now);
/* When to sweep next, or 0. */
int64_t connection_deadline(const struct connection *connection);

#endif
