#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "http/rates.h"
#include "intake/intake_internal.h"

const struct http_route intake_routes[] = {
    {"POST", "/v1/registrations", CONF_RIGHT_REGISTER, intake_on_post},
    {"GET", "/v1/registrations/{id}", CONF_RIGHT_STATUS, intake_on_get},
    {"DELETE", "/v1/registrations/{id}", CONF_RIGHT_CANCEL, intake_on_delete},
    {"GET", "/v1/registrations/{id}/events", CONF_RIGHT_STATUS, intake_on_events},
    {"POST", "/v1/identity-checks", CONF_RIGHT_IDENTITY_CHECK, intake_on_check},
    {"GET", "/v1/policy", 0, intake_on_policy},
    {"GET", "/healthz", HTTP_OPEN, intake_on_health},
    {"GET", "/readyz", HTTP_OPEN, intake_on_ready},
};
const size_t intake_route_count = sizeof(intake_routes) / sizeof(intake_routes[0]);

/* Whether its portal is told at once or looks later. */
static void
intake_on_change(const struct registration *registration, struct driver_news news, void *arg)
{
	const struct intake *intake = arg;

	if (news.is_new && registration->state == STATE_REJECTED &&
	    strcmp(registration->reason, "identity-not-verified") == 0)
		rates_fail(intake->parts.rates, registration->portal);
}

struct intake *
intake_new(const struct intake_parts *parts)
{
	struct intake *intake = mem_new(sizeof(*intake));

	intake->parts = *parts;
	intake->listener = driver_listen(parts->driver, NULL, intake_on_change, intake);
	return intake;
}

const struct conf_portal *
intake_portals(size_t *count_out, void *context)
{
	const struct conf *conf = intake_conf(context);

	*count_out = conf->portal_count;
	return conf->portals;
}

struct lateness
intake_lateness(const struct intake *intake)
{
	const struct conf_activation *activation = &intake_conf(intake)->activation;

	return (struct lateness){activation->late_after, activation->escalate_after, clock_lead()};
}

int64_t
intake_beat(const struct intake *intake, int64_t came_at)
{
	int64_t beat = intake_conf(intake)->identity.refusal_delay;

	return beat <= 0 ? 0 : beat - (clock_boot() - came_at) % beat;
}

size_t
intake_open(const struct intake *intake)
{
	size_t count = 0;

	for (const struct submit *submit = intake->submits; submit != NULL; submit = submit->after)
		if (submit->request_count > 0 || submit->phase == SUBMIT_APPENDING)
			count++;
	return count;
}

/* What waits for a verdict is in the journal: it is told so at once. Checks, withdrawals and
 * streams are told to ask again; a withdrawal that was kept goes on. */
void
intake_drain(struct intake *intake)
{
	struct submit *submit, *next;
	struct follow *follow, *next_follow;

	intake->draining = true;
	for (submit = intake->submits; submit != NULL; submit = next) {
		next = submit->after;
		if (submit->phase == SUBMIT_WAITING || submit->phase == SUBMIT_REFUSED)
			submit_answer(submit, NULL);
	}
	for (follow = intake->follows; follow != NULL; follow = next_follow) {
		next_follow = follow->after;
		follow_let_go(follow);
	}
	for (struct check *check = intake->checks; check != NULL; check = check->after)
		check_let_go(check);
}

void
intake_give_up(struct intake *intake)
{
	for (struct submit *submit = intake->submits; submit != NULL; submit = submit->after)
		if (submit->phase == SUBMIT_CHECKING || submit->phase == SUBMIT_HASHING)
			submit_problem(submit, "unavailable", "shutting down: nothing was kept");
}

/* What is on its way into the journal is cut off without a word: it may be kept yet. */
void
intake_stop(struct intake *intake)
{
	intake->draining = true;
	driver_unlisten(intake->parts.driver, &intake->listener);
	intake_give_up(intake);
	for (struct submit *submit = intake->submits; submit != NULL; submit = submit->after)
		submit->request_count = 0;
	while (intake->follows != NULL)
		follow_free(intake->follows);
	while (intake->checks != NULL)
		check_free(intake->checks);
}

void
intake_free(struct intake **intake)
{
	if (*intake == NULL)
		return;
	while ((*intake)->submits != NULL)
		submit_free((*intake)->submits);
	free(*intake);
	*intake = NULL;
}
