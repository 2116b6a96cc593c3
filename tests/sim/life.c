#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/mem.h"
#include "budget/budget.h"
#include "conf/conf.h"
#include "dir/dir.h"
#include "directory.h"
#include "journal.h"
#include "journal/journal.h"
#include "life.h"
#include "musterd/plan.h"
#include "oracle.h"
#include "people.h"
#include "pipeline/timekeeper.h"
#include "queue.h"
#include "sim.h"
#include "world.h"

struct life {
	unsigned number;
	bool on, dying;
	struct loop *loop;
	struct journal *journal;
	struct dir *directories[SERVERS];
	struct timekeeper *timekeeper;
	struct driver *driver;
	struct site site;
};

struct wished {
	struct subject *subject;
	enum wish wish;
	int machine;
	int calls;
	bool came_after; /* its end */
	int releases;    /* wished before */
	SLIST_ENTRY(wished) link;
};

static struct life lives[MACHINES];
static SLIST_HEAD(, wished) wishes;
static struct conf conf;

static struct conf_category categories[] = {
    {.id = "rotc-cadet", .label = "Cadet", .persona = "", .precedence = 10, .activation_delay = 0},
    {.id = "usma-cadet",
	.label = "Cadet",
	.persona = "",
	.precedence = 20,
	.activation_delay = 60000},
    {.id = "active-army",
	.label = "Army",
	.persona = "mil",
	.precedence = 30,
	.activation_delay = -1},
    {.id = "da-civilian",
	.label = "Civilian",
	.persona = "civ",
	.precedence = 50,
	.activation_delay = -1},
    {.id = "army-retired",
	.label = "Retired",
	.persona = "ret",
	.precedence = 60,
	.activation_delay = -1},
};

static void
conf_fill(void)
{
	static struct conf_personnel personnel[SOURCES];
	static char *names[SOURCES] = {"army", "civilians"}, *current[] = {"current", NULL};

	for (size_t i = 0; i < SOURCES; i++)
		personnel[i] = (struct conf_personnel){
		    .name = names[i],
		    .base = PERSONNEL,
		    .filter = "(objectClass=musterPersonnelRecord)",
		    .date_form = DATE_ANY,
		    .attributes = {.identifier = "personnelId",
			.birth_date = "birthDate",
			.pay_entry_base_date = "payEntryBaseDate",
			.given_name = "givenName",
			.middle_name = "middleName",
			.family_name = "sn",
			.suffix = "generationQualifier",
			.edipi = "edipi",
			.category = "personnelCategory",
			.status = "personnelStatus",
			.o = "o",
			.ou = "ou",
			.title = "title"},
		    .current_values = current,
		};
	conf.personnel = personnel;
	conf.personnel_count = SOURCES;
	conf.categories = categories;
	conf.category_count = sizeof(categories) / sizeof(categories[0]);
	conf.accounts.base = PEOPLE;
	conf.accounts.claims_base = CLAIMS;
	conf.accounts.uid_template = "{given}.{mi}.{sn}";
	conf.accounts.mail_domain = "mail.example.mil";
	conf.accounts.organization = "";
	conf.identity.failures_in_row = 3;
	conf.identity.failures_ever = 10;
	conf.identity.lock = 900000;
	conf.identity.spray_failures = 20;
	conf.identity.spray_window = 3600000;
	conf.accounts.directory.operation_timeout = TIMEOUT;
	conf.activation.delay = 900000;
	conf.limits.in_flight = 64;
}

void
life_setup(struct keyring *person_keys)
{
	conf_fill();
	for (int i = 0; i < MACHINES; i++) {
		lives[i].site.conf = &conf;
		lives[i].site.person_keys = person_keys;
	}
}

const char *
life_first_step(void)
{
	return plan[0].name;
}

bool
life_is_on(int machine)
{
	return lives[machine].on;
}

void
life_look_at_clock(int machine)
{
	queue_enter(machine);
	timekeeper_look(lives[machine].timekeeper);
}

size_t
life_in_flight(int machine)
{
	return driver_in_flight(lives[machine].driver);
}

static void
life_on_change(const struct registration *registration, struct driver_news news, void *arg)
{
	struct life *life = arg;

	if (!life->dying)
		oracle_told((int)(life - lives), life->number, registration, news.is_new);
}

static void
life_on_directory(struct dir *dir, bool up, void *arg)
{
	struct life *life = arg;

	if (up)
		driver_directory_is_up(life->driver, dir_name(dir));
}

void
life_start(int machine)
{
	static char *const paths[MACHINES] = {"0", "1"};
	struct life *life = &lives[machine];
	const struct conf_journal where = {.path = paths[machine]};
	struct err err = {0};

	queue_enter(machine);
	life->number++;
	life->on = true;
	life->loop = loop_new(&err);
	life->journal = journal_open(life->loop, &where, NULL, &err);
	life->timekeeper = timekeeper_open(life->loop, life->journal, &conf, &err);
	life->site.budget = budget_new(life->loop, life->journal, &life->site.conf, NULL);
	for (int i = 0; i < SERVERS; i++) {
		life->directories[i] = dir_open(life->loop, server_names[i], NULL, &err);
		dir_on_change(life->directories[i], life_on_directory, life);
	}
	life->driver = driver_new(
	    life->loop, life->journal, plan, &life->site, life->directories, conf.limits.in_flight);
	driver_listen(life->driver, NULL, life_on_change, life);
	timekeeper_start(life->timekeeper, life->driver);
	driver_start(life->driver);
	trace("m%d starts at %lld", machine, (long long)(clock_now() - queue_now()));
}

void
life_end(int machine, bool crash)
{
	struct life *life = &lives[machine];

	trace("m%d %s", machine, crash ? "crashes" : "is stopped");
	queue_enter(machine);
	life->dying = crash;
	life->on = false;
	if (crash) {
		store_crash(machine);
		directory_crash(machine);
	}
	driver_stop(life->driver);
	for (int i = 0; i < SERVERS; i++)
		dir_close(&life->directories[i]);
	journal_close(&life->journal);
	timekeeper_close(&life->timekeeper);
	budget_free(&life->site.budget);
	driver_free(&life->driver);
	loop_free(&life->loop);
	queue_end_life(machine);
	life->dying = false;
}

static void
life_on_appended(enum journal_result result, const char *id, void *arg)
{
	struct life *life = arg;
	struct registration *registration;

	if (life->dying || result != JOURNAL_DONE) {
		world_not_acknowledged(oracle_find(id));
		return;
	}
	trace("%s is acknowledged", id);
	oracle_find(id)->acknowledged = true;
	registration = life->on ? journal_find(life->journal, id) : NULL;
	if (registration != NULL)
		driver_take(life->driver, registration);
}

void
life_append(int machine, struct registration *registration, struct subject *subject)
{
	static const struct journal_note note = {"submit", "received"};

	queue_enter(machine);
	trace("m%d gets %s of person %u%s", machine, registration->id, subject->human->number,
	    subject->wrong ? ", with a wrong date" : "");
	if (sim.plant == PLANT_LOSE_COMMIT)
		subject->acknowledged = true;
	journal_append(
	    lives[machine].journal, registration, &note, life_on_appended, &lives[machine]);
	registration_free(&registration);
}

static void
wished_settle(struct wished *wished, enum wish_result result)
{
	struct subject *subject = wished->subject;

	if (result == WISH_NOT_FOUND && subject->committed)
		fail("%s: a wish finds nothing of it", subject->id);
	/* WISH_TRY_LATER at a stop may have been kept: its save was on its way. */
	if (wished->wish == WISH_ACTIVATE && result == WISH_CONFLICT)
		subject->activate_wished--;
	if (result != WISH_GRANTED)
		return;
	if (wished->wish == WISH_HOLD && wished->releases == subject->releases)
		subject->held_since = queue_now();
	if (wished->wish == WISH_CANCEL)
		subject->cancel_granted = true;
	if (wished->came_after && wished->wish != WISH_CANCEL)
		fail("%s: a wish is granted after its end", subject->id);
}

static void
life_on_wish(
    enum wish_result result, const struct registration *registration, const char *why, void *arg)
{
	struct wished *wished = arg;

	wished->calls++;
	if (lives[wished->machine].dying)
		return;
	trace("wish %d for %s: %s", (int)wished->wish, wished->subject->id,
	    result == WISH_GRANTED ? "granted"
	    : why != NULL          ? why
				   : "not found");
	wished_settle(wished, result);
}

void
life_wish(int machine, struct subject *subject, enum wish wish)
{
	struct wished *wished = mem_new(sizeof(*wished));

	queue_enter(machine);
	sim.wishes++;
	wished->subject = subject;
	wished->wish = wish;
	wished->machine = machine;
	wished->came_after = subject->ended;
	SLIST_INSERT_HEAD(&wishes, wished, link);
	subject->touched_at = queue_now();
	if (wish == WISH_ACTIVATE)
		subject->activate_wished++;
	if (wish == WISH_CANCEL)
		subject->cancel_wished = true;
	if (wish == WISH_ACTIVATE || wish == WISH_RELEASE) {
		subject->held_since = -1;
		subject->releases++;
	}
	wished->releases = subject->releases;
	driver_wish(lives[machine].driver, subject->id, wish, life_on_wish, wished);
}

void
life_end_wishes(void)
{
	struct wished *wished;

	while ((wished = SLIST_FIRST(&wishes)) != NULL) {
		if (wished->calls != 1)
			fail("%s: a wish is answered %d times", wished->subject->id, wished->calls);
		SLIST_REMOVE_HEAD(&wishes, link);
		free(wished);
	}
}
