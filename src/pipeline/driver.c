#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "journal/journal.h"
#include "pipeline/alarm.h"
#include "pipeline/driver_internal.h"

#define DUE_MOST 128 /* as many as two connections have operations in flight */
#define MISREAD 5000 /* milliseconds until what is due is read again, where that failed */

struct flight *
flight_find(struct driver *driver, const char *id)
{
	return idmap_find(&driver->flights, id);
}

struct flight *
flight_begin(struct driver *driver, struct registration *registration)
{
	struct flight *flight = mem_new(sizeof(*flight));

	flight->driver = driver;
	flight->registration = registration;
	flight->told = (int)registration->state;
	flight->serial = ++driver->serial;
	/* A withdrawal must know that there may be an add (of the entry, or of a claim that was
	 * missing before the activation) which nobody waits for. */
	if (registration->detail == NULL &&
	    (registration->state == STATE_VERIFIED ||
		step_is_gone_back_to(driver->plan, registration->step)))
		registration->detail =
		    mem_text("it was interrupted: what came of the try before is not known");
	idmap_add(&driver->flights, registration->id, flight);
	return flight;
}

static void
flight_free(struct flight *flight)
{
	registration_free(&flight->registration);
	question_fini(&flight->question);
	mem_free_text(&flight->since);
	text_fini(&flight->what);
	free(flight);
}

static void
driver_on_more(void *arg)
{
	driver_wake(arg);
}

/*
 * Of what is found due (after a start or an outage it may be many thousands) no more than keeps the
 * directories busy: the rest of the window is for those whose clients wait for an answer.
 */
static size_t
driver_due_most(const struct driver *driver)
{
	return driver->in_flight < 2 * DUE_MOST ? (driver->in_flight + 1) / 2 : DUE_MOST;
}

void
flight_end(struct flight *flight)
{
	struct driver *driver = flight->driver;
	bool more = flight->due && --driver->due_flights == driver_due_most(driver) * 3 / 4;

	idmap_remove(&driver->flights, flight->registration->id);
	flight_free(flight);
	/* The window was full: there may be more due than was looked at. */
	if (more || driver->flights.count == driver->in_flight * 3 / 4)
		loop_post(driver->loop, driver_on_more, driver);
}

void
flight_tell(struct flight *flight, bool rests)
{
	struct driver *driver = flight->driver;
	const struct registration *registration = flight->registration;
	struct driver_news news = {rests, flight->told != (int)registration->state};
	struct driver_listener **at, *listener;

	flight->told = (int)registration->state;
	driver->calling = true;
	for (listener = driver->listeners; listener != NULL; listener = listener->next)
		if (!listener->gone &&
		    (listener->id[0] == '\0' || strcmp(listener->id, registration->id) == 0))
			listener->change(registration, news, listener->arg);
	driver->calling = false;
	for (at = &driver->listeners; (listener = *at) != NULL;) {
		if (listener->gone) {
			*at = listener->next;
			free(listener);
		} else {
			at = &listener->next;
		}
	}
}

struct driver_listener *
driver_listen(struct driver *driver, const char *id, driver_change_fn *change, void *arg)
{
	struct driver_listener *listener = mem_new(sizeof(*listener));

	if (id != NULL)
		strncpy(listener->id, id, UUID_SIZE - 1);
	listener->change = change;
	listener->arg = arg;
	listener->next = driver->listeners;
	driver->listeners = listener;
	return listener;
}

void
driver_unlisten(struct driver *driver, struct driver_listener **listener)
{
	struct driver_listener **at = &driver->listeners;

	if (*listener == NULL)
		return;
	(*listener)->gone = true;
	while (!driver->calling && *at != NULL) {
		if (*at == *listener) {
			*at = (*listener)->next;
			free(*listener);
			break;
		}
		at = &(*at)->next;
	}
	*listener = NULL;
}

struct driver *
driver_new(struct loop *loop, struct journal *journal, const struct step *plan,
    const struct site *site, struct dir *const *directories, int in_flight)
{
	struct driver *driver = mem_new(sizeof(*driver));

	driver->loop = loop;
	driver->journal = journal;
	driver->plan = plan;
	driver->gates = gates_new(plan);
	driver->site = site;
	driver->directories = directories;
	driver->in_flight = (size_t)in_flight;
	driver->alarm = alarm_new(loop, driver_on_more, driver);
	return driver;
}

/* What is wished is answered; the save or the reply that it waits for lets go of its own ticket. */
static void
flight_abandon(void *thing)
{
	wish_answer(thing, false);
	flight_free(thing);
}

void
driver_free(struct driver **driver)
{
	struct driver *it = *driver;

	if (it == NULL)
		return;
	*driver = NULL;
	driver_stop(it);
	while (it->listeners != NULL) {
		struct driver_listener *listener = it->listeners;

		it->listeners = listener->next;
		free(listener);
	}
	alarm_free(&it->alarm);
	free(it->gates);
	free(it);
}

void
driver_start(struct driver *driver)
{
	driver_wake(driver);
}

void
driver_stop(struct driver *driver)
{
	driver->stopped = true;
	alarm_set(driver->alarm, 0);
	idmap_drain(&driver->flights, flight_abandon);
}

size_t
driver_in_flight(const struct driver *driver)
{
	return driver->flights.count;
}

/* False where it can't be read just now. */
static bool
driver_take_due(struct driver *driver, const char *id)
{
	struct registration *registration;
	struct flight *flight;

	if (flight_find(driver, id) != NULL)
		return true;
	registration = journal_find(driver->journal, id);
	if (registration == NULL || registration->set_aside) {
		registration_free(&registration);
		return !journal_has_misread(driver->journal);
	}
	flight = flight_begin(driver, registration);
	flight->due = true;
	driver->due_flights++;
	flight_run(flight);
	return true;
}

/* Takes what is due, as far as the window allows, and arms the timer for what comes next. */
void
driver_wake(struct driver *driver)
{
	int64_t now = clock_now();
	size_t most = driver_due_most(driver), found;
	char(*ids)[UUID_SIZE];
	bool misread;

	if (driver->stopped || driver->due_flights >= most ||
	    driver->flights.count >= driver->in_flight)
		return;
	/* Nothing that a step did could be kept: the directories are left in peace meanwhile. */
	if (journal_trouble(driver->journal) != NULL) {
		alarm_set_earlier(driver->alarm, now + STUMBLE);
		return;
	}
	/* Those in flight may be found again: their saves are on their way. */
	ids = mem_grow(NULL, most + driver->flights.count, sizeof(*ids));
	found = journal_due(driver->journal, now, ids, most + driver->flights.count);
	misread = journal_has_misread(driver->journal);
	for (size_t i = 0;
	     i < found && driver->due_flights < most && driver->flights.count < driver->in_flight;
	     i++)
		misread = !driver_take_due(driver, ids[i]) || misread;
	free(ids);
	alarm_set(driver->alarm, journal_next_due(driver->journal, now));
	if (misread)
		alarm_set_earlier(driver->alarm, now + MISREAD);
}

void
driver_take(struct driver *driver, struct registration *registration)
{
	/* It may have been picked up as due already; what does not fit is found as due later. */
	if (driver->stopped || driver->flights.count >= driver->in_flight ||
	    flight_find(driver, registration->id) != NULL)
		registration_free(&registration);
	else
		flight_take(flight_begin(driver, registration));
}

static void
driver_on_woken(enum journal_result result, const char *id, void *arg)
{
	driver_wake(arg);
}

void
driver_wake_waiting(struct driver *driver, const char *directory)
{
	journal_wake(driver->journal, directory, clock_now(), driver_on_woken, driver);
}

void
driver_directory_is_up(struct driver *driver, const char *name)
{
	if (driver->stopped)
		return;
	gates_open(driver->gates, name);
	driver_wake_waiting(driver, name);
}

char *
driver_trouble(const struct driver *driver, const char *name)
{
	return gates_words(driver->gates, name);
}
