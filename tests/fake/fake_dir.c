#include <ldap.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/err.h"
#include "base/loop.h"
#include "base/mem.h"
#include "dir/outcome.h"
#include "fake_dir.h"
#include "fake_tree.h"

#define MOST_FAILURES 64

/* A reply on its way. */
struct pending {
	TAILQ_ENTRY(pending) link;
	struct dir *dir;
	struct reply reply;
	dir_reply_fn *call;
	void *arg;
	struct loop_timer *timer; /* NULL: a post of the loop delivers it */
	bool held;                /* neither: until the test lets go */
};
TAILQ_HEAD(pendings, pending);

struct dir {
	struct dir *next;
	char *name;
	struct tree tree;
	struct loop *loop; /* NULL while closed */
	struct pendings pendings;
	size_t depth;
	dir_change_fn *change;
	void *change_arg;
	bool is_up, told_up;
	int64_t delay;
	bool hold;
	unsigned shuffle; /* 0: in the order of asking */
	int lose;
	enum reply_kind failures[MOST_FAILURES];
	size_t failure_count;
	void (*seen)(const struct question *question, void *arg);
	void *seen_arg;
	int asked;
};

static struct dir *dirs;

struct dir *
fake_dir_named(const char *name)
{
	struct dir *dir = dirs;

	while (dir != NULL && strcmp(dir->name, name) != 0)
		dir = dir->next;
	if (dir != NULL)
		return dir;
	dir = mem_new(sizeof(*dir));
	dir->name = mem_text(name);
	dir->is_up = true;
	TAILQ_INIT(&dir->pendings);
	dir->next = dirs;
	dirs = dir;
	return dir;
}

/* ---- what the daemon sees ---- */

static void
fake_on_change(void *arg)
{
	struct dir *dir = arg;

	if (dir->loop == NULL || dir->told_up == dir->is_up)
		return;
	dir->told_up = dir->is_up;
	if (dir->change != NULL)
		dir->change(dir, dir->is_up, dir->change_arg);
}

struct dir *
dir_open(struct loop *loop, const char *name, const struct conf_directory *conf, struct err *err)
{
	struct dir *dir = fake_dir_named(name);

	if (dir->loop != NULL) {
		err_set(err, ERR_BROKEN, "%s: it is open already", name);
		return NULL;
	}
	dir->loop = loop;
	dir->told_up = false;
	dir->change = NULL;
	loop_post(loop, fake_on_change, dir);
	return dir;
}

static void
fake_drop(struct pending *pending)
{
	TAILQ_REMOVE(&pending->dir->pendings, pending, link);
	pending->dir->depth--;
	loop_timer_free(&pending->timer);
	reply_fini(&pending->reply);
	free(pending);
}

static void
fake_deliver(struct pending *pending)
{
	struct reply reply = pending->reply;
	dir_reply_fn *call = pending->call;
	void *arg = pending->arg;

	memset(&pending->reply, 0, sizeof(pending->reply));
	fake_drop(pending);
	call(&reply, arg);
	reply_fini(&reply);
}

static void
fake_on_timer(void *arg)
{
	fake_deliver(arg);
}

/* Which of the count that can go is next. */
static size_t
fake_pick(struct dir *dir, size_t count)
{
	if (dir->shuffle == 0 || count == 0)
		return 0;
	dir->shuffle = dir->shuffle * 1103515245 + 12345;
	return (dir->shuffle >> 16) % count;
}

/* A post names the directory alone, which outlives it: a reply that was dropped meanwhile is just
 * not there any more. */
static void
fake_on_post(void *arg)
{
	struct dir *dir = arg;
	struct pending *pending, *chosen = NULL;
	size_t count = 0, place;

	TAILQ_FOREACH(pending, &dir->pendings, link)
	count += pending->timer == NULL && !pending->held;
	place = fake_pick(dir, count);
	TAILQ_FOREACH(pending, &dir->pendings, link)
	if (pending->timer == NULL && !pending->held && place-- == 0)
		chosen = pending;
	if (chosen != NULL)
		fake_deliver(chosen);
}

static void
fake_set_kind(struct reply *reply, enum reply_kind kind)
{
	static const int codes[] = {
	    [REPLY_DONE] = LDAP_SUCCESS,
	    [REPLY_AWAY] = LDAP_SERVER_DOWN,
	    [REPLY_BUSY] = LDAP_BUSY,
	    [REPLY_EXISTS] = LDAP_ALREADY_EXISTS,
	    [REPLY_NO_ENTRY] = LDAP_NO_SUCH_OBJECT,
	    [REPLY_NO_BASE] = LDAP_NO_SUCH_OBJECT,
	    [REPLY_NO_VALUE] = LDAP_NO_SUCH_ATTRIBUTE,
	    [REPLY_HAS_VALUE] = LDAP_TYPE_OR_VALUE_EXISTS,
	    [REPLY_LIMIT] = LDAP_SIZELIMIT_EXCEEDED,
	    [REPLY_INVALID] = LDAP_OBJECT_CLASS_VIOLATION,
	    [REPLY_DENIED] = LDAP_INSUFFICIENT_ACCESS,
	};

	reply_fini(reply);
	outcome_set(reply, codes[kind]);
	if (kind == REPLY_NO_BASE)
		outcome_set_no_base(reply);
}

/* What the server does with it, and what comes back of that. */
static void
fake_carry_out(struct dir *dir, const struct question *question, struct reply *reply)
{
	if (!dir->is_up) {
		fake_set_kind(reply, REPLY_AWAY);
		return;
	}
	if (dir->failure_count > 0) {
		fake_set_kind(reply, dir->failures[0]);
		dir->failure_count--;
		memmove(&dir->failures[0], &dir->failures[1],
		    dir->failure_count * sizeof(dir->failures[0]));
		return;
	}
	outcome_set(reply, tree_ask(&dir->tree, question, reply));
	if (dir->lose > 0) {
		dir->lose--;
		fake_set_kind(reply, REPLY_AWAY);
	}
}

void
dir_submit(struct dir *dir, struct question *question, dir_reply_fn *reply, void *arg)
{
	struct pending *pending = mem_new(sizeof(*pending));

	pending->dir = dir;
	pending->call = reply;
	pending->arg = arg;
	dir->asked++;
	if (dir->seen != NULL)
		dir->seen(question, dir->seen_arg);
	fake_carry_out(dir, question, &pending->reply);
	question_fini(question);
	TAILQ_INSERT_TAIL(&dir->pendings, pending, link);
	dir->depth++;
	pending->held = dir->hold;
	if (pending->held)
		return;
	if (dir->delay == 0) {
		loop_post(dir->loop, fake_on_post, dir);
		return;
	}
	pending->timer = loop_timer_new(dir->loop, fake_on_timer, pending);
	loop_timer_set(pending->timer, dir->delay);
}

void
dir_close(struct dir **dir)
{
	struct dir *it = *dir;
	struct pending *pending;

	if (it == NULL)
		return;
	while ((pending = TAILQ_FIRST(&it->pendings)) != NULL) {
		fake_set_kind(&pending->reply, REPLY_AWAY);
		fake_deliver(pending);
	}
	it->loop = NULL;
	it->change = NULL;
	*dir = NULL;
}

bool
dir_is_up(const struct dir *dir)
{
	return dir->is_up;
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
	return dir->is_up ? "" : "the test says that it is down";
}

void
dir_on_change(struct dir *dir, dir_change_fn *change, void *arg)
{
	dir->change = change;
	dir->change_arg = arg;
}

int
dir_try(const struct conf_directory *conf, const char *base, struct err *err)
{
	return 0;
}

int
dir_read_schema(const struct conf_directory *conf, char ***names_out, struct err *err)
{
	*names_out = NULL;
	mem_texts_add(names_out, "musterAccount");
	mem_texts_add(names_out, "musterClaim");
	return 0;
}

void
dir_setup_process(void)
{
}

/* ---- what the test sees ---- */

void
fake_dir_forget_all(void)
{
	struct dir *dir;

	while ((dir = dirs) != NULL) {
		dirs = dir->next;
		fake_dir_crash(dir);
		tree_fini(&dir->tree);
		free(dir->name);
		free(dir);
	}
}

void
fake_dir_set_up(struct dir *dir, bool up)
{
	struct pending *pending;

	dir->is_up = up;
	if (dir->loop == NULL)
		return;
	loop_post(dir->loop, fake_on_change, dir);
	for (pending = TAILQ_FIRST(&dir->pendings); !up && pending != NULL;
	     pending = TAILQ_NEXT(pending, link)) {
		fake_set_kind(&pending->reply, REPLY_AWAY);
		if (pending->timer == NULL && !pending->held)
			continue;
		pending->held = false;
		loop_timer_free(&pending->timer);
		loop_post(dir->loop, fake_on_post, dir);
	}
}

void
fake_dir_lose_next_reply(struct dir *dir, int n)
{
	dir->lose = n;
}

void
fake_dir_fail_next(struct dir *dir, enum reply_kind kind)
{
	if (dir->failure_count == MOST_FAILURES)
		abort();
	dir->failures[dir->failure_count++] = kind;
}

void
fake_dir_delay(struct dir *dir, int64_t milliseconds)
{
	dir->delay = milliseconds;
}

void
fake_dir_hold(struct dir *dir, bool hold)
{
	dir->hold = hold;
	while (!hold && fake_dir_held(dir) > 0)
		fake_dir_let_go(dir, 0);
}

size_t
fake_dir_held(const struct dir *dir)
{
	const struct pending *pending;
	size_t count = 0;

	TAILQ_FOREACH(pending, &dir->pendings, link)
	count += pending->held;
	return count;
}

void
fake_dir_let_go(struct dir *dir, size_t place)
{
	struct pending *pending;

	TAILQ_FOREACH(pending, &dir->pendings, link)
	if (pending->held && place-- == 0)
		break;
	if (pending == NULL)
		abort();
	pending->held = false;
	loop_post(dir->loop, fake_on_post, dir);
}

void
fake_dir_shuffle(struct dir *dir, unsigned seed)
{
	dir->shuffle = seed;
}

void
fake_dir_crash(struct dir *dir)
{
	while (!TAILQ_EMPTY(&dir->pendings))
		fake_drop(TAILQ_FIRST(&dir->pendings));
	dir->loop = NULL;
	dir->change = NULL;
}

void
fake_dir_on_ask(
    struct dir *dir, void (*seen)(const struct question *question, void *arg), void *arg)
{
	dir->seen = seen;
	dir->seen_arg = arg;
}

int
fake_dir_asked(const struct dir *dir)
{
	return dir->asked;
}

void
fake_dir_put(struct dir *dir, const char *dn, ...)
{
	struct entry *entry = tree_put(&dir->tree, dn);
	const char *attribute;
	va_list pairs;

	va_start(pairs, dn);
	while ((attribute = va_arg(pairs, const char *)) != NULL)
		tree_entry_add(entry, attribute, va_arg(pairs, const char *));
	va_end(pairs);
	tree_index(&dir->tree, entry);
}

void
fake_dir_set(struct dir *dir, const char *dn, const char *attribute, const char *value)
{
	struct entry *entry = tree_put(&dir->tree, dn);

	tree_entry_delete(entry, attribute, NULL);
	if (value != NULL)
		tree_entry_add(entry, attribute, value);
	tree_index(&dir->tree, entry);
}

void
fake_dir_remove(struct dir *dir, const char *dn)
{
	tree_remove(&dir->tree, dn);
}

const struct entry *
fake_dir_entry(struct dir *dir, const char *dn)
{
	return tree_find(&dir->tree, dn);
}

const char *
fake_dir_value(struct dir *dir, const char *dn, const char *attribute)
{
	const struct entry *entry = tree_find(&dir->tree, dn);

	return entry == NULL ? NULL : entry_value(entry, attribute);
}

size_t
fake_dir_count(struct dir *dir, const char *base, const char *filter)
{
	struct question question;
	struct reply reply = {0};
	size_t count;

	question_search(&question, TO_ACCOUNTS, base, SCOPE_SUBTREE, filter, NULL, 0);
	tree_ask(&dir->tree, &question, &reply);
	count = reply.entry_count;
	reply_fini(&reply);
	question_fini(&question);
	return count;
}
