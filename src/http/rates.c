#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/bucket.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "http/rates.h"

#define SAY_EVERY 60000
#define PROVES (CONF_RIGHT_REGISTER | CONF_RIGHT_IDENTITY_CHECK | CONF_RIGHT_RESET)

struct gauge {
	struct bucket bucket;
	struct bucket_limit limit;
};

struct party {
	char *name; /* of a portal */
	struct gauge requests, failures;
	int64_t failed, refused; /* since the start */
	int64_t said_at;         /* clock_boot; 0: never */
};

struct rates {
	struct party service, strangers;
	struct party *portals;
	size_t count;
};

static void
gauge_set(struct gauge *gauge, int64_t per_minute, int burst)
{
	gauge->limit = (struct bucket_limit){per_minute, burst};
	bucket_clamp(&gauge->bucket, &gauge->limit);
}

static struct party *
rates_find(const struct rates *rates, const char *portal)
{
	for (size_t i = 0; i < rates->count; i++)
		if (strcmp(rates->portals[i].name, portal) == 0)
			return &rates->portals[i];
	return NULL;
}

static void
rates_free_portals(struct rates *rates)
{
	for (size_t i = 0; i < rates->count; i++)
		free(rates->portals[i].name);
	free(rates->portals);
}

/* A portal that keeps its name keeps what it spent. */
static void
rates_set_portals(struct rates *rates, const struct conf_portal *portals, size_t count)
{
	struct party *parties = mem_new((count + 1) * sizeof(*parties));

	for (size_t i = 0; i < count; i++) {
		const struct party *old = rates_find(rates, portals[i].name);

		if (old != NULL)
			parties[i] = *old;
		parties[i].name = mem_text(portals[i].name);
		gauge_set(&parties[i].requests, (int64_t)portals[i].rate * 60, portals[i].burst);
		gauge_set(&parties[i].failures, portals[i].failure_rate, portals[i].failure_burst);
	}
	rates_free_portals(rates);
	rates->portals = parties;
	rates->count = count;
}

void
rates_set(struct rates *rates, const struct conf_limits *limits, const struct conf_portal *portals,
    size_t count)
{
	rates_set_portals(rates, portals, count);
	gauge_set(&rates->service.requests, (int64_t)limits->rate * 60, limits->burst);
	gauge_set(&rates->service.failures, limits->failure_rate, limits->failure_burst);
	gauge_set(&rates->strangers.requests, limits->stranger_rate, limits->stranger_burst);
}

struct rates *
rates_new(const struct conf_limits *limits, const struct conf_portal *portals, size_t count)
{
	struct rates *rates = mem_new(sizeof(*rates));

	rates_set(rates, limits, portals, count);
	return rates;
}

void
rates_free(struct rates **rates)
{
	if (*rates == NULL)
		return;
	rates_free_portals(*rates);
	free(*rates);
	*rates = NULL;
}

static int64_t
gauge_wait(struct gauge *gauge, int64_t now)
{
	return bucket_wait(&gauge->bucket, &gauge->limit, now);
}

static void
gauge_spend(struct gauge *gauge, int64_t now)
{
	bucket_spend(&gauge->bucket, &gauge->limit, now);
}

/* One line a minute at most: refusals come in floods. */
static void
party_refuse(struct party *party, const char *why, int64_t now)
{
	party->refused++;
	if (party->said_at != 0 && now - party->said_at < SAY_EVERY)
		return;
	party->said_at = now;
	if (party->name == NULL)
		log_warning("too many requests without the credential of a portal: %lld were "
			    "answered 429 so far",
		    (long long)party->refused);
	else
		log_warning("portal %s: too many %s, its own or all portals' together: %lld "
			    "requests were answered 429 so far",
		    party->name, why, (long long)party->refused);
}

static int64_t
most_of(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int64_t
rates_take(struct rates *rates, const char *portal, unsigned right)
{
	struct party *party = portal == NULL ? &rates->strangers : rates_find(rates, portal);
	struct party *service = &rates->service;
	int64_t now = clock_boot(), wait, failure_wait = 0;

	if (party == NULL)
		return 0;
	wait = gauge_wait(&party->requests, now);
	if (portal != NULL)
		wait = most_of(wait, gauge_wait(&service->requests, now));
	if (portal != NULL && (right & PROVES) != 0)
		failure_wait =
		    most_of(gauge_wait(&party->failures, now), gauge_wait(&service->failures, now));
	if (wait > 0 || failure_wait > 0) {
		party_refuse(party, failure_wait > wait ? "failed proofs" : "requests", now);
		return (most_of(wait, failure_wait) + 999) / 1000;
	}
	gauge_spend(&party->requests, now);
	if (portal != NULL)
		gauge_spend(&service->requests, now);
	return 0;
}

void
rates_fail(struct rates *rates, const char *portal)
{
	struct party *party = rates_find(rates, portal);
	int64_t now = clock_boot();

	if (party == NULL)
		return;
	party->failed++;
	gauge_spend(&party->failures, now);
	gauge_spend(&rates->service.failures, now);
}

static json_t *
party_json(const struct party *party)
{
	return json_pack("{s:s?, s:I, s:I}", "portal", party->name, "failures",
	    (json_int_t)party->failed, "refused", (json_int_t)party->refused);
}

json_t *
rates_json(const struct rates *rates)
{
	json_t *list = json_array();

	for (size_t i = 0; i < rates->count; i++)
		json_array_append_new(list, party_json(&rates->portals[i]));
	json_array_append_new(list, party_json(&rates->strangers));
	return list;
}
