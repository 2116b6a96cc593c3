#include <fcntl.h>
#include <ldap.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/mem.h"
#include "dir/connect.h"
#include "dir/connection.h"
#include "dir/outcome.h"
#include "dir/wire.h"

/* Messages taken in one turn of the loop, and how soon to look again at a request that the
 * library holds, in milliseconds. */
#define MOST_MESSAGES 64
#define WRITE_AGAIN 2

struct connection {
	LDAP *handle;
	struct loop_watch *watch;
	struct loop_timer *again; /* more messages to read, though the socket may be silent */
	struct loop_timer *write; /* more to write */
	struct connection_owner owner;
	int window;
	int64_t timeout;
	struct exchanges flight; /* by deadline */
	int in_flight;
	bool owes;            /* the server: an answer */
	int64_t silent_since; /* since it was asked, or was last heard */
	int held_msgid;       /* a request that the library may not have written out, or 0 */
	bool is_blocked;      /* the socket takes no more for now */
	bool lost;
};

static void connection_on_event(int events, void *arg);
static void connection_on_again(void *arg);
static void connection_on_write(void *arg);

struct connection *
connection_new(struct loop *loop, LDAP **handle, int window, int64_t timeout,
    const struct connection_owner *owner)
{
	struct connection *connection;
	int fd = -1;

	if (ldap_get_option(*handle, LDAP_OPT_DESC, &fd) != LDAP_OPT_SUCCESS || fd < 0)
		return NULL;
	/* The library loses it over TLS and ldapi: a stopped server would block the loop. */
	if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) != 0)
		return NULL;
	connection = mem_new(sizeof(*connection));
	connection->handle = *handle;
	*handle = NULL;
	connection->window = window;
	connection->timeout = timeout;
	connection->owner = *owner;
	TAILQ_INIT(&connection->flight);
	connection->watch = loop_watch_new(loop, fd, connection_on_event, connection);
	loop_watch_set(connection->watch, LOOP_READ);
	connection->again = loop_timer_new(loop, connection_on_again, connection);
	connection->write = loop_timer_new(loop, connection_on_write, connection);
	return connection;
}

static void
connection_answer(struct connection *connection, struct exchange *exchange)
{
	TAILQ_REMOVE(&connection->flight, exchange, link);
	connection->in_flight--;
	connection->owner.answered(exchange, connection->owner.arg);
}

void
connection_free(struct connection **connection, const char *why)
{
	struct connection *it = *connection;
	struct exchange *exchange;

	if (it == NULL)
		return;
	*connection = NULL;
	while ((exchange = TAILQ_FIRST(&it->flight)) != NULL) {
		outcome_set_away(&exchange->reply, why);
		connection_answer(it, exchange);
	}
	loop_watch_free(&it->watch);
	loop_timer_free(&it->again);
	loop_timer_free(&it->write);
	connect_drop(&it->handle);
	free(it);
}

int
connection_room(const struct connection *connection)
{
	if (connection->lost || connection->is_blocked)
		return 0;
	return connection->window - connection->in_flight;
}

bool
connection_is_lost(const struct connection *connection)
{
	return connection->lost;
}

/* The library writes what it holds within ldap_result, once the socket takes it. */
static void
connection_block(struct connection *connection)
{
	connection->is_blocked = true;
	loop_watch_set(connection->watch, LOOP_READ | LOOP_WRITE);
}

static bool
code_is_of_the_question(int code)
{
	return code == LDAP_ENCODING_ERROR || code == LDAP_FILTER_ERROR || code == LDAP_PARAM_ERROR;
}

/* An add's DN, or a base below which is searched, is missing only where the place for it is. */
static size_t
connection_names_above(const struct question *question)
{
	size_t names;

	if (question->kind == QUESTION_ADD ||
	    (question->kind == QUESTION_SEARCH && question->scope != SCOPE_BASE))
		return 0;
	names = wire_names(question->dn);
	return names > 0 ? names - 1 : 0;
}

static void
connection_sent(struct connection *connection, struct exchange *exchange)
{
	int code = LDAP_SUCCESS;

	/* 'Success' with this code is a request that waits in the library. */
	ldap_get_option(connection->handle, LDAP_OPT_RESULT_CODE, &code);
	connection->held_msgid = code == LDAP_BUSY ? exchange->msgid : 0;
	if (connection->held_msgid != 0)
		connection_block(connection);
	exchange->above = connection_names_above(&exchange->question);
	exchange->limit = exchange->question.limit > 0 ? (size_t)exchange->question.limit : 0;
	if (!connection->owes)
		connection->silent_since = clock_boot();
	connection->owes = true;
	question_fini(&exchange->question);
}

bool
connection_send(struct connection *connection, struct exchange *exchange)
{
	int64_t left = exchange->deadline - clock_boot();
	int code = wire_send(
	    connection->handle, &exchange->question, left > 0 ? left : 1, &exchange->msgid);

	if (code == LDAP_BUSY) {
		connection_block(connection);
		return false;
	}
	TAILQ_INSERT_TAIL(&connection->flight, exchange, link);
	connection->in_flight++;
	if (code == LDAP_SUCCESS) {
		connection_sent(connection, exchange);
		return true;
	}
	outcome_set(&exchange->reply, code);
	/* Whatever else it is, the library's state is not to be trusted after it. */
	connection->lost = !code_is_of_the_question(code);
	connection_answer(connection, exchange);
	return true;
}

static struct exchange *
connection_find(const struct connection *connection, int msgid)
{
	struct exchange *it = TAILQ_FIRST(&connection->flight);

	while (it != NULL && it->msgid != msgid)
		it = TAILQ_NEXT(it, link);
	return it;
}

static void
connection_take_entry(
    struct connection *connection, struct exchange *exchange, LDAPMessage *message)
{
	/* A server that knows no size limit sends more than was asked for. */
	int code = LDAP_SIZELIMIT_EXCEEDED;

	if (exchange->limit == 0 || exchange->reply.entry_count < exchange->limit)
		code = wire_add_entry(connection->handle, message, &exchange->reply);
	if (code != LDAP_SUCCESS)
		outcome_set(&exchange->reply, code);
}

static void
connection_take_result(
    struct connection *connection, struct exchange *exchange, LDAPMessage *message)
{
	size_t matched;
	int code = wire_result(connection->handle, message, &matched);

	if (code == LDAP_SUCCESS && exchange->referred)
		code = LDAP_REFERRAL;
	if (code == LDAP_SUCCESS)
		code = exchange->reply.code; /* what was wrong with an entry */
	outcome_set(&exchange->reply, code);
	if (code == LDAP_NO_SUCH_OBJECT && (exchange->above == 0 || matched < exchange->above))
		outcome_set_no_base(&exchange->reply);
	connection_answer(connection, exchange);
}

/* An answer that comes after its deadline has nobody who waits for it. */
static void
connection_take(struct connection *connection, int type, LDAPMessage *message)
{
	int msgid = ldap_msgid(message);
	struct exchange *exchange = connection_find(connection, msgid);

	if (msgid == connection->held_msgid)
		connection->held_msgid = 0;
	if (exchange == NULL)
		return;
	switch (type) {
	case LDAP_RES_SEARCH_ENTRY:
		connection_take_entry(connection, exchange, message);
		break;
	case LDAP_RES_SEARCH_REFERENCE:
		exchange->referred = true;
		break;
	case LDAP_RES_INTERMEDIATE:
		break;
	default:
		connection_take_result(connection, exchange, message);
	}
}

/*
 * Takes what is there, to the end: what TLS has decrypted already no longer shows on the socket.
 * Returns why the connection is lost, or NULL.
 */
static const char *
connection_drain(struct connection *connection)
{
	for (int i = 0; i < MOST_MESSAGES; i++) {
		struct timeval now = {0, 0};
		LDAPMessage *message = NULL;
		int msgid, type;

		type = ldap_result(connection->handle, LDAP_RES_ANY, LDAP_MSG_ONE, &now, &message);
		if (type == 0)
			return NULL;
		if (type < 0)
			return "the connection to the directory was lost";
		connection->silent_since = clock_boot();
		msgid = ldap_msgid(message);
		if (msgid != LDAP_RES_UNSOLICITED)
			connection_take(connection, type, message);
		ldap_msgfree(message);
		connection->owes = connection->in_flight > 0;
		/* The one unsolicited message there is: Notice of Disconnection (RFC 4511, 4.4.1).
		 */
		if (msgid == LDAP_RES_UNSOLICITED)
			return "the directory closed the connection";
	}
	loop_timer_set(connection->again, 0);
	return NULL;
}

static void
connection_lose(struct connection *connection, const char *why)
{
	connection->lost = true;
	connection->owner.lost(connection, why, connection->owner.arg);
}

/*
 * Whether the library has written out what it held can't be asked. A send that succeeds says so,
 * as does an answer; until then the socket is looked at again and again, but not without pause.
 */
static void
connection_on_event(int events, void *arg)
{
	struct connection *connection = arg;
	const char *why = connection_drain(connection);

	if (why != NULL) {
		connection_lose(connection, why);
		return;
	}
	if (events & LOOP_WRITE) {
		connection->is_blocked = false;
		loop_watch_set(connection->watch, LOOP_READ);
		loop_timer_set(connection->write, WRITE_AGAIN);
	}
	connection->owner.room(connection->owner.arg);
}

static void
connection_on_again(void *arg)
{
	connection_on_event(LOOP_READ, arg);
}

static void
connection_on_write(void *arg)
{
	struct connection *connection = arg;

	if (connection->held_msgid != 0)
		connection_block(connection);
}

void
connection_sweep(struct connection *connection, int64_t now)
{
	struct exchange *exchange;

	if (connection->owes && now - connection->silent_since >= connection->timeout) {
		connection_lose(connection, "the directory did not answer in time");
		return;
	}
	/* The server may live: it was asked late, or others are answered. The request stays with
	 * it: an abandon undoes nothing, and could break into a half-written request. */
	while ((exchange = TAILQ_FIRST(&connection->flight)) != NULL && exchange->deadline <= now) {
		outcome_set(&exchange->reply, LDAP_TIMEOUT);
		connection_answer(connection, exchange);
	}
}

int64_t
connection_deadline(const struct connection *connection)
{
	const struct exchange *first = TAILQ_FIRST(&connection->flight);
	int64_t silent = connection->owes ? connection->silent_since + connection->timeout : 0;

	return first != NULL && (silent == 0 || first->deadline < silent) ? first->deadline
									  : silent;
}
