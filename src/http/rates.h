/*
 * How much a portal may ask, and how often it may be wrong: buckets for each portal and for the
 * whole service, those of requests apart from those of failed proofs, so that guessing is slowed
 * down long before honest use is; and one for requests without the credential of a portal.
 *
 * rates_new, then http_limit; rates_set at a reload keeps what was spent. The admin socket has no
 * rates.
 */
#ifndef HTTP_RATES_H
#define HTTP_RATES_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct conf_limits;
struct conf_portal;
struct rates;

struct rates *rates_new(
    const struct conf_limits *limits, const struct conf_portal *portals, size_t count);
void rates_free(struct rates **rates);
/* The limits of another configuration: in force at once. */
void rates_set(struct rates *rates, const struct conf_limits *limits,
    const struct conf_portal *portals, size_t count);

/* Takes a request in: 0, or the seconds until it is worth coming again. portal is NULL where no
 * credential was known. With a right by which an identity is proved it also needs failures to be
 * left, whatever will come of it. */
int64_t rates_take(struct rates *rates, const char *portal, unsigned right);
/* A proof failed that the portal had asked for; a portal that is not known counts nowhere. */
void rates_fail(struct rates *rates, const char *portal);

/* [{"portal", "failures", "refused"}] since the start; portal is null for those without one. */
json_t *rates_json(const struct rates *rates);

#endif
