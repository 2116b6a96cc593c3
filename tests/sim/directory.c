#include <ldap.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/loop.h"
#include "base/mem.h"
#include "dir/dir.h"
#include "dir/outcome.h"
#include "directory.h"
#include "fake_tree.h"
#include "oracle.h"
#include "queue.h"
#include "sim.h"
#include "world.h"

/* What becomes of a question. */
enum fate {
	FATE_ANSWERED,
	FATE_REFUSED,      /* with a code, and not carried out */
	FATE_REPLY_LOST,   /* carried out */
	FATE_REQUEST_LOST, /* not carried out */
	FATE_LATE,         /* carried out once it was given up */
};

/* A question on its way. */
struct asked {
	TAILQ_ENTRY(asked) link; /* of its server, while it may be carried out or answered */
	struct dir *dir;
	int server, machine;
	struct question question;
	struct reply reply;
	dir_reply_fn *call; /* NULL once nobody waits for it */
	void *arg;
	enum fate fate;
	int code; /* of a refusal */
	bool carried_out;
	struct event *carry_out, *answer;
	int64_t put_at;
};
TAILQ_HEAD(askeds, asked);

struct server {
	struct tree tree;
	struct askeds askeds;
	bool up;
};

struct dir {
	int server, machine;
	struct loop *loop; /* NULL while closed */
	bool link_up, told_up;
	dir_change_fn *change;
	void *change_arg;
	size_t depth;
};

const char *const server_names[SERVERS] = {"accounts", "personnel/army", "personnel/civilians"};
static struct server servers[SERVERS];
static struct dir dirs[MACHINES][SERVERS];

void
directory_begin(void)
{
	for (int i = 0; i < SERVERS; i++) {
		memset(&servers[i], 0, sizeof(servers[i]));
		TAILQ_INIT(&servers[i].askeds);
		servers[i].up = true;
		for (int k = 0; k < MACHINES; k++)
			dirs[k][i] = (struct dir){.server = i, .machine = k, .link_up = true};
	}
}

static void
asked_free(struct asked *asked)
{
	TAILQ_REMOVE(&servers[asked->server].askeds, asked, link);
	queue_cancel(&asked->carry_out);
	queue_cancel(&asked->answer);
	question_fini(&asked->question);
	reply_fini(&asked->reply);
	free(asked);
}

void
directory_end(void)
{
	for (int i = 0; i < SERVERS; i++) {
		while (!TAILQ_EMPTY(&servers[i].askeds))
			asked_free(TAILQ_FIRST(&servers[i].askeds));
		tree_fini(&servers[i].tree);
	}
}

struct tree *
directory_tree(int server)
{
	return &servers[server].tree;
}

bool
directory_is_up(int machine, int server)
{
	return servers[server].up && dirs[machine][server].link_up;
}

/* ---- carrying out ---- */

/* Of a plant: the status is replaced, whatever it was, and so is the rest. */
static void
question_forget_condition(struct question *question)
{
	for (size_t i = 0; i < question->change_count; i++) {
		struct change *change = &question->changes[i];

		if (change->kind == CHANGE_DELETE)
			mem_texts_free(&change->values);
		change->kind = CHANGE_REPLACE;
	}
}

/* Of a plant: nobody is found by the person's key. */
static void
question_forget_person(struct question *question)
{
	char *key = strstr(question->filter, "(musterPersonKey=");

	if (key != NULL)
		key[1] = 'x';
}

static int
asked_ask_tree(struct asked *asked)
{
	struct tree *tree = &servers[asked->server].tree;
	struct question *question = &asked->question;
	int code;

	if (sim.plant == PLANT_REPLACE && oracle_is_activation(question))
		question_forget_condition(question);
	if (sim.plant == PLANT_KEEP && question->kind == QUESTION_DELETE)
		return LDAP_SUCCESS;
	if (sim.plant == PLANT_TWICE && question->filter != NULL)
		question_forget_person(question);
	code = tree_ask(tree, question, &asked->reply);
	if (sim.plant == PLANT_TWICE && question->kind == QUESTION_ADD &&
	    code == LDAP_ALREADY_EXISTS && strstr(question->dn, "," CLAIMS) != NULL)
		return LDAP_SUCCESS;
	if (sim.plant == PLANT_BLIND && asked->server > 0)
		for (size_t i = 0; i < asked->reply.entry_count; i++)
			if (tree_entry_delete(&asked->reply.entries[i], "personnelStatus", NULL) ==
			    0)
				tree_entry_add(
				    &asked->reply.entries[i], "personnelStatus", "current");
	return code;
}

static void
asked_carry_out(struct asked *asked)
{
	struct question *question = &asked->question;
	struct oracle_before before;

	oracle_look(question, asked->server, &before);
	outcome_set(&asked->reply, asked_ask_tree(asked));
	asked->carried_out = true;
	trace("m%d %s: %s %s%s: %s", asked->machine, server_names[asked->server],
	    question->kind == QUESTION_SEARCH   ? "search"
	    : question->kind == QUESTION_ADD    ? "add"
	    : question->kind == QUESTION_MODIFY ? "modify"
						: "delete",
	    question->kind == QUESTION_SEARCH ? question->filter : question->dn,
	    asked->call == NULL ? ", nobody waits for it" : "", asked->reply.text);
	if (asked->reply.kind == REPLY_DONE)
		oracle_changed(
		    question, asked->server, asked->put_at, &before, asked->call == NULL);
}

static void
asked_on_carry_out(void *arg)
{
	struct asked *asked = arg;

	asked->carry_out = NULL;
	if (servers[asked->server].up || asked->fate == FATE_LATE)
		asked_carry_out(asked);
	if (asked->call == NULL)
		asked_free(asked);
}

/* ---- answering ---- */

static void
asked_answer(struct asked *asked, bool away)
{
	dir_reply_fn *call = asked->call;
	void *arg = asked->arg;
	struct reply reply = {0};

	asked->call = NULL;
	asked->dir->depth--;
	queue_cancel(&asked->answer);
	if (away) {
		outcome_set_away(&reply, "the simulation says so");
	} else {
		reply = asked->reply;
		memset(&asked->reply, 0, sizeof(asked->reply));
	}
	if (reply.kind == REPLY_AWAY || asked->fate == FATE_REFUSED)
		oracle_troubled(&asked->question, asked->server, reply.kind);
	if (away)
		trace("m%d %s: given up", asked->machine, server_names[asked->server]);
	if (asked->carry_out == NULL)
		asked_free(asked);
	call(&reply, arg);
	reply_fini(&reply);
}

static void
asked_on_answer(void *arg)
{
	struct asked *asked = arg;

	asked->answer = NULL;
	if (asked->fate == FATE_REFUSED)
		outcome_set(&asked->reply, asked->code);
	asked_answer(asked,
	    asked->fate != FATE_REFUSED && (asked->fate != FATE_ANSWERED || !asked->carried_out));
}

/* ---- putting ---- */

static int
fate_code(const struct question *question, const struct weather *weather)
{
	static const int codes[] = {LDAP_BUSY, LDAP_UNAVAILABLE, LDAP_TIMELIMIT_EXCEEDED,
	    LDAP_OTHER, LDAP_INSUFFICIENT_ACCESS, LDAP_UNWILLING_TO_PERFORM};

	if (question->kind == QUESTION_SEARCH && chance_of(1000))
		return LDAP_ADMINLIMIT_EXCEEDED;
	if (question->kind != QUESTION_SEARCH && chance_of(weather->invalid))
		return LDAP_CONSTRAINT_VIOLATION;
	return codes[chance_below(sizeof(codes) / sizeof(codes[0]))];
}

static void
asked_draw(struct asked *asked)
{
	const struct weather *weather = weather_now();
	int64_t took = chance_between(1, 20);
	bool writes = asked->question.kind != QUESTION_SEARCH;

	asked->fate = FATE_ANSWERED;
	if (chance_of(weather->refused)) {
		asked->fate = FATE_REFUSED;
		asked->code = fate_code(&asked->question, weather);
	} else if (chance_of(weather->lost)) {
		asked->fate = chance_of(7000) ? FATE_REPLY_LOST : FATE_REQUEST_LOST;
	} else if (writes && chance_of(weather->late)) {
		asked->fate = FATE_LATE;
	} else if (chance_of(weather->slow)) {
		took = chance_between(100, TIMEOUT - 100);
	}
	sim.faults += asked->fate != FATE_ANSWERED;
	if (asked->fate == FATE_ANSWERED || asked->fate == FATE_REPLY_LOST)
		asked->carry_out = queue_add(WORLD, took, asked_on_carry_out, asked);
	if (asked->fate == FATE_LATE)
		asked->carry_out = queue_add(WORLD, TIMEOUT + chance_between(0, weather->late_most),
		    asked_on_carry_out, asked);
	if (asked->fate == FATE_ANSWERED || asked->fate == FATE_REFUSED)
		took += chance_between(0, 20);
	else
		took = asked->fate == FATE_LATE ? TIMEOUT : chance_between(1, TIMEOUT);
	asked->answer = queue_add(asked->machine, took + 1, asked_on_answer, asked);
}

void
dir_submit(struct dir *dir, struct question *question, dir_reply_fn *reply, void *arg)
{
	struct asked *asked = mem_new(sizeof(*asked));

	asked->dir = dir;
	asked->server = dir->server;
	asked->machine = dir->machine;
	asked->question = *question;
	memset(question, 0, sizeof(*question));
	asked->call = reply;
	asked->arg = arg;
	asked->put_at = queue_now();
	TAILQ_INSERT_TAIL(&servers[dir->server].askeds, asked, link);
	dir->depth++;
	sim.questions++;
	oracle_asked(dir->machine, &asked->question, dir->server);
	if (directory_is_up(dir->machine, dir->server)) {
		asked_draw(asked);
		return;
	}
	asked->fate = FATE_REQUEST_LOST;
	asked->answer = queue_add(dir->machine, chance_between(1, 5), asked_on_answer, asked);
}

/* ---- up and down ---- */

static void
dir_on_changed(void *arg)
{
	struct dir *dir = arg;
	bool up = dir_is_up(dir);

	if (dir->loop == NULL || dir->told_up == up)
		return;
	dir->told_up = up;
	if (dir->change != NULL)
		dir->change(dir, up, dir->change_arg);
}

/* What is in flight is cut off: carried out before, or never; late ones lie with the server. */
static void
dir_cut(struct dir *dir)
{
	struct asked *asked;

	TAILQ_FOREACH(asked, &servers[dir->server].askeds, link)
	{
		if (asked->dir != dir || asked->call == NULL)
			continue;
		if (asked->fate == FATE_ANSWERED)
			asked->fate = FATE_REPLY_LOST;
		if (asked->fate == FATE_REFUSED)
			asked->fate = FATE_REQUEST_LOST;
		if (asked->fate == FATE_REPLY_LOST && asked->carry_out != NULL) {
			queue_cancel(&asked->carry_out);
			if (chance_of(5000))
				asked_carry_out(asked);
		}
		queue_cancel(&asked->answer);
		asked->answer = queue_add(dir->machine, 0, asked_on_answer, asked);
	}
}

static void
dir_changed(struct dir *dir)
{
	if (dir->loop == NULL)
		return;
	if (!dir_is_up(dir))
		dir_cut(dir);
	queue_add(dir->machine, chance_between(0, 50), dir_on_changed, dir);
}

void
directory_set_up(int server, bool up)
{
	if (servers[server].up == up)
		return;
	servers[server].up = up;
	for (int i = 0; i < MACHINES; i++)
		dir_changed(&dirs[i][server]);
}

void
directory_set_link(int machine, int server, bool up)
{
	if (dirs[machine][server].link_up == up)
		return;
	dirs[machine][server].link_up = up;
	dir_changed(&dirs[machine][server]);
}

void
directory_crash(int machine)
{
	for (int i = 0; i < SERVERS; i++) {
		struct asked *asked;

		TAILQ_FOREACH(asked, &servers[i].askeds, link)
		if (asked->machine == machine && asked->call != NULL && chance_of(5000))
			queue_cancel(&asked->carry_out);
	}
}

/* ---- the rest of dir/dir.h ---- */

struct dir *
dir_open(struct loop *loop, const char *name, const struct conf_directory *conf, struct err *err)
{
	struct dir *dir = NULL;
	int machine = queue_here();

	for (int i = 0; i < SERVERS; i++)
		if (strcmp(server_names[i], name) == 0)
			dir = &dirs[machine][i];
	dir->loop = loop;
	dir->told_up = false;
	dir->change = NULL;
	queue_add(machine, chance_between(0, 50), dir_on_changed, dir);
	return dir;
}

void
dir_close(struct dir **dir)
{
	struct dir *it = *dir;
	struct asked *asked, *next;

	*dir = NULL;
	it->loop = NULL;
	for (asked = TAILQ_FIRST(&servers[it->server].askeds); asked != NULL; asked = next) {
		next = TAILQ_NEXT(asked, link);
		if (asked->dir == it && asked->call != NULL)
			asked_answer(asked, true);
	}
}

bool
dir_is_up(const struct dir *dir)
{
	return directory_is_up(dir->machine, dir->server);
}

const char *
dir_name(const struct dir *dir)
{
	return server_names[dir->server];
}

size_t
dir_depth(const struct dir *dir)
{
	return dir->depth;
}

void
dir_on_change(struct dir *dir, dir_change_fn *change, void *arg)
{
	dir->change = change;
	dir->change_arg = arg;
}
