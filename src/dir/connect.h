/*
 * Making a connection: name look-up, connect, TLS and bind, all of which block. connect_now does
 * it in the caller's thread; an attempt does it in a short-lived thread of its own and calls back
 * once on the loop. attempt_stop may come at any time before that call and never blocks: the
 * thread ends when it can, and drops what it has got by then.
 */
#ifndef DIR_CONNECT_H
#define DIR_CONNECT_H

struct attempt;
struct conf_directory;
struct err;
struct ldap;
struct loop;

/* A bound handle, or NULL with err. */
struct ldap *connect_now(const struct conf_directory *settings, const char *uri, struct err *err);
/* What one message of the server may hold; a larger one ends the connection. */
void connect_set_bounds(struct ldap *handle);
/* Ends the connection without waiting for the server; sets NULL. */
void connect_drop(struct ldap **handle);

/* handle is the callee's, NULL where it failed; the attempt is freed after the call. */
typedef void attempt_done_fn(struct ldap *handle, const struct err *err, void *arg);
struct attempt *attempt_start(struct loop *loop, const struct conf_directory *settings,
    const char *uri, attempt_done_fn *done, void *arg);
void attempt_stop(struct attempt **attempt);

#endif
