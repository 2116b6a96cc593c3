#include <stdio.h>
#include <string.h>

#include "directory.h"
#include "fake_clock.h"
#include "hands.h"
#include "journal.h"
#include "life.h"
#include "oracle.h"
#include "people.h"
#include "queue.h"
#include "sim.h"
#include "world.h"

#define SPAN 7200000         /* registrations come in for so long */
#define CALM (SPAN + 600000) /* from then on nothing goes wrong */
#define SWEEP 60000
#define KNOWN_OLD 400000              /* a look each minute, and a journal that is full for five */
#define END (CALM + 1200000 + 300000) /* everything has ended by then, twice over */
#define EVENTS_MOST 20000000

struct world {
	struct weather weather;
	int machines;
	bool calm;
	bool full[MACHINES];
	int64_t wall_ahead[MACHINES]; /* of the true time */
	bool unsynchronised[MACHINES], owes[MACHINES];
	int64_t may_be_late[MACHINES], right_since[MACHINES];
	int64_t well_since;
	uint64_t countdown;
};
static struct world world;

static const struct weather fair = {.late_most = 0};

const struct weather *
weather_now(void)
{
	return world.calm ? &fair : &world.weather;
}

static bool
world_is_well(void)
{
	for (int i = 0; i < world.machines; i++) {
		if (!life_is_on(i) || world.full[i] || world.owes[i])
			return false;
		for (int k = 0; k < SERVERS; k++)
			if (!directory_is_up(i, k))
				return false;
	}
	return true;
}

int64_t
world_healthy_since(void)
{
	return world_is_well() ? world.well_since : INT64_MAX;
}

/* Whenever something goes or comes. */
static void
world_changed(void)
{
	world.well_since = queue_now();
	sim.faults++;
}

/* ---- registrations ---- */

static int
world_machine(void)
{
	return (int)chance_below((uint64_t)world.machines);
}

/* As often as it takes; arg: the person, or NULL for somebody. */
static void
world_on_arrival(void *arg)
{
	int machine = world_machine();
	bool wrong = chance_of(400);
	struct registration *registration;
	struct human *human = arg;

	if (!life_is_on(machine)) {
		queue_add(WORLD, chance_between(1000, 10000), world_on_arrival, human);
		return;
	}
	if (human == NULL && human_count() > 20 && chance_of(1200))
		human = human_at(human_count() - 1 - chance_below(20));
	else if (human == NULL)
		human = human_new();
	queue_enter(machine);
	registration = human_application(human, wrong, oracle_next_hash(), life_first_step());
	life_append(
	    machine, registration, oracle_subject_new(registration->id, human, machine, wrong));
}

void
world_not_acknowledged(struct subject *subject)
{
	queue_add(WORLD, chance_between(1000, 10000), world_on_arrival, subject->human);
}

/* ---- what goes wrong ---- */

static void
world_on_restart(void *arg)
{
	int machine = (int)(intptr_t)arg;

	life_start(machine);
	world_changed();
}

/* Somebody sets the wall clock, or it comes up wrong; later it is put right, and known to be. */
static void
world_on_clock_right(void *arg)
{
	int machine = (int)(intptr_t)arg;

	queue_enter(machine);
	trace("m%d: the wall clock is right", machine);
	fake_clock_step_wall(-world.wall_ahead[machine]);
	fake_clock_synchronise(true);
	world.wall_ahead[machine] = 0;
	world.unsynchronised[machine] = world.owes[machine] = false;
	world.right_since[machine] = queue_now();
	world_changed();
	if (life_is_on(machine))
		life_look_at_clock(machine);
}

static void
world_clock_wrong(int machine, int64_t by)
{
	queue_enter(machine);
	trace("m%d: the wall clock jumps by %lld ms", machine, (long long)by);
	fake_clock_step_wall(by);
	fake_clock_synchronise(false);
	world.wall_ahead[machine] += by;
	world.unsynchronised[machine] = true;
	sim.faults++;
	queue_add(
	    WORLD, chance_between(60000, 600000), world_on_clock_right, (void *)(intptr_t)machine);
	if (life_is_on(machine))
		life_look_at_clock(machine);
}

static int64_t
world_off_by(void)
{
	return chance_of(5000) ? chance_between(-3600000, 3600000) : chance_between(-5000, 5000);
}

int64_t
world_may_be_late(int machine)
{
	return world.may_be_late[machine];
}

/* It is off for that long. */
static void
world_reboot(int machine, int64_t off)
{
	bool was_wrong = world.unsynchronised[machine];

	sim.reboots++;
	fake_clock_reboot();
	if (was_wrong || chance_of(5000)) {
		world_clock_wrong(machine, world_off_by());
		world.owes[machine] = !was_wrong;
	}
	/* What it last knew of the clock, and could keep, may be as old. */
	if (world.unsynchronised[machine] || queue_now() - world.right_since[machine] < KNOWN_OLD)
		world.may_be_late[machine] += off + KNOWN_OLD;
}

static void
world_end_life(int machine)
{
	bool crash = chance_of(8500), reboot = chance_of(1000);
	int64_t off = reboot            ? chance_between(20000, 200000)
		      : chance_of(8000) ? chance_between(0, 100)
					: chance_between(100, 30000);

	if (!life_is_on(machine))
		return;
	sim.crashes += crash;
	life_end(machine, crash);
	if (reboot)
		world_reboot(machine, off);
	world_changed();
	queue_add(WORLD, off, world_on_restart, (void *)(intptr_t)machine);
}

struct outage {
	int machine, server;
};

static void
outage_set(const struct outage *outage, bool up)
{
	if (outage->server < 0) {
		world.full[outage->machine] = !up;
		store_set_full(outage->machine, !up);
	} else if (outage->machine < 0) {
		directory_set_up(outage->server, up);
	} else {
		directory_set_link(outage->machine, outage->server, up);
	}
	trace("%s %s%s of m%d",
	    up ? "up:" : "down:", outage->server < 0 ? "journal" : server_names[outage->server],
	    outage->machine < 0 ? "" : " link", outage->machine);
	world_changed();
}

static void
world_on_outage_over(void *arg)
{
	outage_set(arg, true);
}

/* machine -1: for all; server -1: the machine's journal is full. */
static void
world_outage(int machine, int server)
{
	static struct outage outages[MACHINES + 1][SERVERS + 1];
	struct outage *outage = &outages[machine + 1][server + 1];

	*outage = (struct outage){machine, server};
	outage_set(outage, false);
	queue_add(WORLD, chance_of(8000) ? chance_between(10, 5000) : chance_between(5000, 300000),
	    world_on_outage_over, outage);
}

/* One that has not ended, if chance finds it: the newest more often. */
static struct subject *
world_subject(void)
{
	size_t count = oracle_count(), most = count < 400 ? count : 400;

	for (int i = 0; i < 4 && count > 0; i++) {
		struct subject *subject = oracle_at(count - 1 - chance_below(most));

		if (subject->committed && (!subject->ended || i == 3))
			return subject;
	}
	return NULL;
}

static void
world_wish(void)
{
	static const enum wish wishes[] = {WISH_CANCEL, WISH_CANCEL, WISH_HOLD, WISH_HOLD,
	    WISH_RELEASE, WISH_RELEASE, WISH_ACTIVATE, WISH_RETRY};
	struct subject *subject = world_subject();

	if (subject != NULL && life_is_on(subject->machine))
		life_wish(subject->machine, subject,
		    wishes[chance_below(sizeof(wishes) / sizeof(wishes[0]))]);
}

static void
world_mischief(void)
{
	struct subject *subject;
	uint64_t kind = chance_below(100);
	int machine;

	if (kind < 25) {
		world_end_life(world_machine());
	} else if (kind < 33) {
		world_outage(-1, (int)chance_below(SERVERS));
	} else if (kind < 40) {
		world_outage(world_machine(), (int)chance_below(SERVERS));
	} else if (kind < 44) {
		world_outage(world_machine(), -1);
	} else if (kind < 48) {
		machine = world_machine();
		if (life_is_on(machine))
			world_clock_wrong(machine, world_off_by());
	} else if (kind < 78) {
		world_wish();
	} else {
		subject = world_subject();
		if (subject != NULL && kind < 92)
			hand_on_account(subject);
		else if (subject != NULL)
			hand_on_records(subject);
	}
}

/* ---- the end of the troubles ---- */

static void
world_on_release(void *arg)
{
	bool again = false;

	for (size_t i = 0; i < oracle_count(); i++) {
		struct subject *subject = oracle_at(i);

		if (!subject->committed || subject->ended || !subject->held ||
		    subject->state == STATE_FAILED)
			continue;
		if (life_is_on(subject->machine))
			life_wish(subject->machine, subject, WISH_RELEASE);
		again = true;
	}
	if (again)
		queue_add(WORLD, 5000, world_on_release, NULL);
}

static void
world_on_calm(void *arg)
{
	trace("it has calmed down");
	world.calm = true;
	queue_add(WORLD, 0, world_on_release, NULL);
}

static void
world_on_sweep(void *arg)
{
	oracle_sweep();
	if (queue_now() < END)
		queue_add(WORLD, SWEEP, world_on_sweep, NULL);
}

static void
world_draw_weather(void)
{
	static const unsigned mischief[] = {400, 200, 120, 1500};
	unsigned level = (unsigned)chance_below(4);

	world.machines = 1 + chance_of(6000);
	world.weather = (struct weather){
	    .refused = (unsigned)chance_below(level == 3 ? 30 : 400),
	    .invalid = 300,
	    .lost = (unsigned)chance_below(level == 3 ? 30 : 400),
	    .late = (unsigned)chance_below(level == 3 ? 30 : 200),
	    .slow = (unsigned)chance_below(100),
	    .late_most = TIMEOUT - 1000,
	    .broken = (unsigned)chance_below(20),
	    .queue_full = (unsigned)chance_below(20),
	    .mischief = mischief[level],
	};
}

static void
world_begin(uint64_t seed, unsigned registrations)
{
	memset(&world, 0, sizeof(world));
	chance_seed(seed);
	world_draw_weather();
	world.countdown = 100;
	queue_begin();
	directory_begin();
	for (int i = 0; i < world.machines; i++) {
		store_begin(i);
		life_start(i);
	}
	for (unsigned i = 0; i < registrations; i++)
		queue_add(WORLD, chance_between(0, SPAN), world_on_arrival, NULL);
	queue_add(WORLD, CALM, world_on_calm, NULL);
	queue_add(WORLD, SWEEP, world_on_sweep, NULL);
}

static void
world_end(void)
{
	for (int i = 0; i < world.machines; i++) {
		if (!life_is_on(i))
			fail("m%d is down at the end", i);
		else if (!sim.failed && life_in_flight(i) > 0)
			fail("m%d has not come to rest: %zu are at work", i, life_in_flight(i));
		if (life_is_on(i))
			life_end(i, true);
		store_end(i);
	}
	life_end_wishes();
	queue_end();
	directory_end();
	oracle_end();
	people_end();
}

void
world_run(uint64_t seed, unsigned registrations)
{
	uint64_t events = 0;

	sim.failed = false;
	world_begin(seed, registrations);
	while (!sim.failed && queue_now() < END && queue_next()) {
		if (++events > EVENTS_MOST)
			fail("it does not come to rest");
		if (world.calm || --world.countdown > 0)
			continue;
		world.countdown = 1 + chance_below(2 * world.weather.mischief);
		world_mischief();
	}
	if (!sim.failed)
		oracle_judge();
	world_end();
}
