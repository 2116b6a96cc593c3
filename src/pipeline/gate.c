#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"
#include "pipeline/gate.h"
#include "pipeline/step.h"

#define TROUBLED_MOST 3 /* one or two may be trouble of their own */
#define INTERVAL_FIRST 500
#define INTERVAL_MOST 5000 /* so soon it is noticed that the trouble is over */
#define PARK 120000        /* nobody is forgotten, whatever becomes of those that try */

struct gate *
gates_new(const struct step *plan)
{
	size_t count = 0;
	struct gate *gates;

	while (plan[count].name != NULL)
		count++;
	gates = mem_new((count + 1) * sizeof(*gates));
	for (size_t i = 0; i < count; i++)
		gates[i].step = &plan[i];
	return gates;
}

/* From half of it to one and a half, so that many do not come back at once. */
static int64_t
gate_about(int64_t wait)
{
	uint32_t chance;

	secret_random(&chance, sizeof(chance));
	return wait / 2 + (int64_t)(chance % (uint32_t)wait);
}

bool
gate_lets(struct gate *gate, int64_t now)
{
	if (!gate->closed)
		return true;
	if (now < gate->next_at)
		return false;
	/* Until the answer is there, which may take its time. */
	gate->next_at = now + INTERVAL_MOST;
	return true;
}

int64_t
gate_park(const struct gate *gate, const char *id, int64_t now)
{
	if (strcmp(gate->next, id) != 0)
		return gate_about(PARK);
	/* Woken early, for another row's sake. */
	return gate->next_at - now + gate_about(gate->interval / 4);
}

/* What a person must mend is an error; what passes by itself is not. */
static void
gate_close(struct gate *gate, enum reply_kind kind)
{
	enum log_level level =
	    kind == REPLY_DENIED || kind == REPLY_NO_BASE ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING;

	gate->closed = true;
	log_line(level, NULL,
	    "%s is stopped for all: %s; one registration at a time is tried until it works",
	    gate->step->name, gate->why);
}

int64_t
gate_trouble(struct gate *gate, const char *id, bool is_first, bool is_turn, const char *directory,
    enum reply_kind kind, const char *why, int64_t now)
{
	bool closes;

	gate->troubled += is_first && gate->troubled < TROUBLED_MOST;
	closes = !gate->closed && gate->troubled == TROUBLED_MOST;
	/* Of those that were asked when it closed nobody tries again by itself. */
	if (gate->closed && !is_turn)
		return gate_park(gate, id, now);
	gate->directory = directory;
	if (!gate->closed)
		gate->waits_for = directory;
	snprintf(gate->why, sizeof(gate->why), "%s", why);
	if (!gate->closed && !closes)
		return -1;
	if (closes) {
		gate_close(gate, kind);
		gate->interval = INTERVAL_FIRST;
	} else {
		gate->interval =
		    gate->interval * 2 < INTERVAL_MOST ? gate->interval * 2 : INTERVAL_MOST;
	}
	gate->next_at = now + gate->interval;
	snprintf(gate->next, sizeof(gate->next), "%s", id);
	/* Whoever else comes by in between is the next: it may be this one's own trouble. */
	return gate->interval + gate_about(gate->interval / 4);
}

const char *
gate_pass(struct gate *gate)
{
	bool was_closed = gate->closed;

	gate->closed = false;
	gate->troubled = 0;
	if (!was_closed)
		return NULL;
	log_note("%s goes on: %s answers as it should", gate->step->name, gate->directory);
	return gate->waits_for;
}

void
gates_open(struct gate *gates, const char *directory)
{
	for (; gates->step != NULL; gates++)
		if (gates->waits_for != NULL && strcmp(gates->waits_for, directory) == 0) {
			gates->closed = false;
			gates->troubled = 0;
		}
}

char *
gates_words(const struct gate *gates, const char *directory)
{
	struct text words = {0};

	for (; gates->step != NULL; gates++)
		if (gates->closed && strcmp(gates->directory, directory) == 0)
			text_add(&words, "%s%s: %s", words.size > 0 ? "; " : "", gates->step->name,
			    gates->why);
	return words.size > 0 ? text_take(&words) : NULL;
}
