#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "dir/connect.h"
#include "dir/dir.h"
#include "dir/dir_internal.h"
#include "dir/outcome.h"

/* Replies given out in one turn of the loop, and what slapd bears on one connection (it drops one
 * with 1,010 outstanding). */
#define MOST_REPLIES 64
#define MOST_WINDOW 900

static void dir_on_sweep(void *arg);
static void dir_on_deliver(void *arg);

static int
within(int value, int low, int high)
{
	return value < low ? low : value > high ? high : value;
}

struct dir *
dir_open(struct loop *loop, const char *name, const struct conf_directory *conf, struct err *err)
{
	struct dir *dir;

	if (mem_texts_count(conf->uris) == 0) {
		err_set(err, ERR_BROKEN, "%s: there is no URI", name);
		return NULL;
	}
	dir = mem_new(sizeof(*dir));
	dir->loop = loop;
	dir->name = mem_text(name);
	dir->settings = conf_directory_copy(conf);
	dir->settings->connections = within(conf->connections, 1, LINKS_MOST);
	dir->settings->window = within(conf->window, 1, MOST_WINDOW);
	dir->uri_count = mem_texts_count(conf->uris);
	TAILQ_INIT(&dir->waiting);
	TAILQ_INIT(&dir->answered);
	dir->sweep = loop_timer_new(loop, dir_on_sweep, dir);
	dir->deliver = loop_timer_new(loop, dir_on_deliver, dir);
	links_start(dir);
	return dir;
}

void
dir_deliver_later(struct dir *dir)
{
	loop_timer_set(dir->deliver, 0);
}

void
dir_answer(struct exchange *exchange, struct dir *dir)
{
	TAILQ_INSERT_TAIL(&dir->answered, exchange, link);
	dir_deliver_later(dir);
}

void
dir_give_up_waiting(struct dir *dir)
{
	struct exchange *exchange;

	while ((exchange = TAILQ_FIRST(&dir->waiting)) != NULL) {
		TAILQ_REMOVE(&dir->waiting, exchange, link);
		outcome_set_away(&exchange->reply, "the directory can't be reached");
		dir_answer(exchange, dir);
	}
}

/* Every deadline is operation_timeout from now or later: an armed timer is early enough. */
static void
dir_arm_sweep(struct dir *dir)
{
	if (!dir->is_sweeping)
		loop_timer_set(dir->sweep, dir->settings->operation_timeout);
	dir->is_sweeping = true;
}

/* Those that wait stand in the order of their deadlines. */
static void
dir_sweep_waiting(struct dir *dir, int64_t now)
{
	struct exchange *exchange;

	while ((exchange = TAILQ_FIRST(&dir->waiting)) != NULL && exchange->deadline <= now) {
		TAILQ_REMOVE(&dir->waiting, exchange, link);
		outcome_set_away(&exchange->reply, "the directory could not be asked in time");
		dir_answer(exchange, dir);
	}
}

void
dir_pump(struct dir *dir)
{
	struct connection *connection;
	struct exchange *exchange;

	/* Nothing is sent whose asker has gone by the time of the answer. */
	dir_sweep_waiting(dir, clock_boot());
	while ((exchange = TAILQ_FIRST(&dir->waiting)) != NULL &&
	       (connection = links_roomiest(dir)) != NULL) {
		TAILQ_REMOVE(&dir->waiting, exchange, link);
		if (!connection_send(connection, exchange))
			TAILQ_INSERT_HEAD(&dir->waiting, exchange, link);
		if (connection_is_lost(connection))
			links_lose(dir, connection, "the connection to the directory was lost");
	}
}

void
dir_submit(struct dir *dir, struct question *question, dir_reply_fn *reply, void *arg)
{
	struct exchange *exchange = mem_new(sizeof(*exchange));

	exchange->question = *question;
	memset(question, 0, sizeof(*question));
	exchange->call = reply;
	exchange->arg = arg;
	exchange->deadline = clock_boot() + dir->settings->operation_timeout;
	dir->depth++;
	TAILQ_INSERT_TAIL(&dir->waiting, exchange, link);
	if (dir->is_closing || (!links_is_up(dir) && !links_is_trying(dir))) {
		dir_give_up_waiting(dir);
		return;
	}
	dir_arm_sweep(dir);
	dir_pump(dir);
}

static void
dir_on_sweep(void *arg)
{
	struct dir *dir = arg;
	int64_t now = clock_boot(), next;
	const struct exchange *first;

	links_sweep(dir, now);
	dir_pump(dir);
	next = links_deadline(dir);
	first = TAILQ_FIRST(&dir->waiting);
	if (first != NULL && (next == 0 || first->deadline < next))
		next = first->deadline;
	dir->is_sweeping = next != 0;
	if (dir->is_sweeping)
		loop_timer_set(dir->sweep, next > now ? next - now : 1);
}

static void
exchange_finish(struct exchange *exchange)
{
	struct reply *reply = &exchange->reply;

	/* A part of an answer is no answer. */
	if (reply->kind != REPLY_DONE && reply->kind != REPLY_LIMIT) {
		struct reply bare = *reply;

		bare.entries = NULL;
		bare.entry_count = 0;
		reply_fini(reply);
		*reply = bare;
	}
	exchange->call(reply, exchange->arg);
	reply_fini(reply);
	question_fini(&exchange->question);
	free(exchange);
}

/* The callee may close the directory: nothing of it is touched after *is_gone. */
static void
dir_deliver(struct dir *dir, int most, const bool *is_gone)
{
	struct exchange *exchange;

	while (!*is_gone && most-- > 0 && (exchange = TAILQ_FIRST(&dir->answered)) != NULL) {
		TAILQ_REMOVE(&dir->answered, exchange, link);
		dir->depth--;
		exchange_finish(exchange);
	}
}

static void
dir_tell_change(struct dir *dir)
{
	bool up = links_is_up(dir);

	if (dir->told_up == up)
		return;
	dir->told_up = up;
	if (dir->change != NULL)
		dir->change(dir, up, dir->change_arg);
}

static void
dir_on_deliver(void *arg)
{
	struct dir *dir = arg;
	bool is_gone = false;

	dir->is_gone = &is_gone;
	dir_tell_change(dir);
	dir_deliver(dir, MOST_REPLIES, &is_gone);
	if (is_gone)
		return;
	dir->is_gone = NULL;
	if (!TAILQ_EMPTY(&dir->answered))
		dir_deliver_later(dir);
}

void
dir_close(struct dir **dir)
{
	struct dir *it = *dir;
	bool is_gone = false;

	if (it == NULL || it->is_closing)
		return;
	it->is_closing = true;
	if (it->is_gone != NULL)
		*it->is_gone = true;
	links_stop(it);
	dir_give_up_waiting(it);
	while (!TAILQ_EMPTY(&it->answered))
		dir_deliver(it, MOST_REPLIES, &is_gone);
	*dir = NULL;
	loop_timer_free(&it->sweep);
	loop_timer_free(&it->deliver);
	conf_directory_free(&it->settings);
	free(it->name);
	free(it);
}

bool
dir_is_up(const struct dir *dir)
{
	return links_is_up(dir);
}

const char *
dir_name(const struct dir *dir)
{
	return dir->name;
}

size_t
dir_depth(const struct dir *dir)
{
	return dir->depth;
}

const char *
dir_trouble(const struct dir *dir)
{
	return links_is_up(dir) ? "" : dir->trouble.text;
}

void
dir_on_change(struct dir *dir, dir_change_fn *change, void *arg)
{
	dir->change = change;
	dir->change_arg = arg;
}
