/*
 * What dir.c (questions: queue, deadlines, delivery) and links.c (connections: attempts,
 * fail-over, back-off) share of one directory.
 */
#ifndef DIR_DIR_INTERNAL_H
#define DIR_DIR_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "dir/connection.h"
#include "dir/exchange.h"

#define LINKS_MOST 8

struct attempt;
struct conf_directory;
struct dir;
struct loop;
struct loop_timer;

/* A place for one connection: nothing, an attempt, or the connection. */
struct link {
	struct dir *dir;
	struct attempt *attempt;
	struct connection *connection;
	int64_t up_at;
};

struct dir {
	struct loop *loop;
	char *name;
	struct conf_directory *settings;

	struct link links[LINKS_MOST];
	size_t link_count;
	size_t uri_count, uri; /* all connections use this one URI: writes go to one server */
	size_t tried;          /* URIs that failed since the last success or back-off */
	int failures;          /* in a row, for the back-off */
	struct loop_timer *retry;
	struct err trouble; /* its text is why the directory is down */

	struct exchanges waiting;  /* by deadline */
	struct exchanges answered; /* on the way to their callers */
	size_t depth;
	struct loop_timer *sweep;
	bool is_sweeping; /* the timer is armed */
	struct loop_timer *deliver;

	dir_change_fn *change;
	void *change_arg;
	bool told_up;
	bool is_closing;
	bool *is_gone; /* of the delivery that is going on: set by dir_close */
};

/* dir.c */
void dir_pump(struct dir *dir);
void dir_answer(struct exchange *exchange, struct dir *dir);
void dir_give_up_waiting(struct dir *dir); /* all that wait are answered AWAY */
void dir_deliver_later(struct dir *dir);

/* links.c */
void links_start(struct dir *dir);
void links_stop(struct dir *dir);
bool links_is_up(const struct dir *dir);
bool links_is_trying(const struct dir *dir);
struct connection *links_roomiest(const struct dir *dir); /* NULL where no connection has room */
void links_lose(struct dir *dir, struct connection *connection, const char *why);
void links_sweep(struct dir *dir, int64_t now); /* answers what is over its deadline */
int64_t links_deadline(const struct dir *dir);  /* when to sweep next, or 0 */

#endif
