/*
 * The connections of one directory. All use one URI at a time and stay with it as long as it can
 * be reached (two providers written at once lose data). While no connection is up, one alone
 * tries, so that all that live are always of the same URI; the others follow once it is bound.
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/secret.h"
#include "conf/conf.h"
#include "dir/connect.h"
#include "dir/dir_internal.h"

static void links_connect(struct dir *dir);

bool
links_is_up(const struct dir *dir)
{
	for (size_t i = 0; i < dir->link_count; i++)
		if (dir->links[i].connection != NULL)
			return true;
	return false;
}

bool
links_is_trying(const struct dir *dir)
{
	for (size_t i = 0; i < dir->link_count; i++)
		if (dir->links[i].attempt != NULL)
			return true;
	return false;
}

struct connection *
links_roomiest(const struct dir *dir)
{
	struct connection *best = NULL;
	int most = 0;

	for (size_t i = 0; i < dir->link_count; i++) {
		struct connection *it = dir->links[i].connection;
		int room = it == NULL ? 0 : connection_room(it);

		if (room > most) {
			most = room;
			best = it;
		}
	}
	return best;
}

/* Doubles with each failure up to retry_max; a random half of it keeps daemons apart. */
static int64_t
links_back_off(const struct dir *dir)
{
	int64_t wait = dir->settings->retry_min;
	uint32_t random;

	for (int i = 1; i < dir->failures && wait < dir->settings->retry_max; i++)
		wait *= 2;
	if (wait > dir->settings->retry_max)
		wait = dir->settings->retry_max;
	secret_random(&random, sizeof(random));
	return wait / 2 + random % (wait / 2 + 1);
}

static void
links_rest(struct dir *dir)
{
	loop_timer_set(dir->retry, links_back_off(dir));
	if (!links_is_up(dir) && !links_is_trying(dir))
		dir_give_up_waiting(dir);
}

/* One text for the whole round of URIs: what is wrong with the first matters as well. */
static void
links_note_trouble(struct dir *dir, const char *why)
{
	struct err before = dir->trouble;

	if (dir->tried == 0)
		err_set(&dir->trouble, ERR_BUSY, "%s", why);
	else
		err_set(&dir->trouble, ERR_BUSY, "%.240s; %.240s", before.text, why);
}

static void
links_fail(struct dir *dir, const char *why)
{
	if (links_is_up(dir)) {
		dir->failures++;
		links_rest(dir);
		return;
	}
	links_note_trouble(dir, why);
	if (links_is_trying(dir))
		return;
	dir->uri = (dir->uri + 1) % dir->uri_count;
	dir->tried++;
	if (dir->tried < dir->uri_count) {
		links_connect(dir);
		return;
	}
	dir->tried = 0;
	dir->failures++;
	links_rest(dir);
}

static void
links_on_answered(struct exchange *exchange, void *arg)
{
	struct link *link = arg;

	dir_answer(exchange, link->dir);
}

static void
links_on_room(void *arg)
{
	struct link *link = arg;

	dir_pump(link->dir);
}

static void
links_on_lost(struct connection *connection, const char *why, void *arg)
{
	struct link *link = arg;

	links_lose(link->dir, connection, why);
}

static void
links_on_connected(struct ldap *handle, const struct err *err, void *arg)
{
	struct link *link = arg;
	struct dir *dir = link->dir;
	struct connection_owner owner = {links_on_answered, links_on_room, links_on_lost, link};

	link->attempt = NULL;
	if (handle == NULL) {
		links_fail(dir, err->text);
		return;
	}
	link->connection = connection_new(
	    dir->loop, &handle, dir->settings->window, dir->settings->operation_timeout, &owner);
	if (link->connection == NULL) {
		connect_drop(&handle);
		links_fail(dir, "the new connection can't be used");
		return;
	}
	link->up_at = clock_boot();
	dir->failures = 0;
	dir->tried = 0;
	err_clear(&dir->trouble);
	dir_deliver_later(dir);
	links_connect(dir);
	dir_pump(dir);
}

static void
links_connect(struct dir *dir)
{
	const char *uri = dir->settings->uris[dir->uri];

	loop_timer_stop(dir->retry);
	for (size_t i = 0; i < dir->link_count; i++) {
		struct link *link = &dir->links[i];

		if (link->attempt != NULL || link->connection != NULL)
			continue;
		if (!links_is_up(dir) && links_is_trying(dir))
			return;
		link->attempt =
		    attempt_start(dir->loop, dir->settings, uri, links_on_connected, link);
		if (link->attempt == NULL) {
			dir->failures++;
			links_note_trouble(
			    dir, "too many files are open: no connection can be made");
			links_rest(dir);
			return;
		}
	}
}

static void
links_on_retry(void *arg)
{
	links_connect(arg);
}

/* A server that takes a connection and drops it at once is not asked again without pause. */
void
links_lose(struct dir *dir, struct connection *connection, const char *why)
{
	struct link *link = dir->links;
	bool was_short;

	while (link->connection != connection)
		link++;
	was_short = clock_boot() - link->up_at < dir->settings->retry_min;
	connection_free(&link->connection, why);
	if (!links_is_up(dir)) {
		dir->tried = 0;
		err_set(&dir->trouble, ERR_BUSY, "%.200s: %s", dir->settings->uris[dir->uri], why);
		dir_deliver_later(dir);
	}
	if (was_short)
		links_rest(dir);
	else
		links_connect(dir);
}

void
links_sweep(struct dir *dir, int64_t now)
{
	for (size_t i = 0; i < dir->link_count; i++)
		if (dir->links[i].connection != NULL)
			connection_sweep(dir->links[i].connection, now);
}

int64_t
links_deadline(const struct dir *dir)
{
	int64_t next = 0;

	for (size_t i = 0; i < dir->link_count; i++) {
		int64_t deadline = dir->links[i].connection == NULL
				       ? 0
				       : connection_deadline(dir->links[i].connection);

		if (deadline != 0 && (next == 0 || deadline < next))
			next = deadline;
	}
	return next;
}

void
links_start(struct dir *dir)
{
	dir->link_count = (size_t)dir->settings->connections;
	for (size_t i = 0; i < dir->link_count; i++)
		dir->links[i].dir = dir;
	dir->retry = loop_timer_new(dir->loop, links_on_retry, dir);
	links_connect(dir);
}

void
links_stop(struct dir *dir)
{
	loop_timer_free(&dir->retry);
	for (size_t i = 0; i < dir->link_count; i++) {
		attempt_stop(&dir->links[i].attempt);
		connection_free(&dir->links[i].connection, "the daemon is stopping");
	}
}
