/*
 * The public API's handlers: they check what comes in, hash, put it into the journal and wait for
 * the verdict. Nothing is kept before the journal's commit; after it nothing is lost.
 *
 * intake_new, then its routes go to http_listen with the intake as context. At the end intake_drain
 * (no new registrations; what is journalled is answered), while intake_open says that some are
 * still on their way; intake_give_up where they take too long; then intake_stop before http_close
 * (it lets go of every request), and intake_free after the loop has ended.
 */
#ifndef INTAKE_INTAKE_H
#define INTAKE_INTAKE_H

#include <stddef.h>

#include "http/http.h"

struct card;
struct dir;
struct driver;
struct hash_pool;
struct intake;
struct journal;
struct loop;
struct rates;
struct site;

/* What the handlers work with; all of it stays the caller's. */
struct intake_parts {
	struct loop *loop;
	const struct site *site;
	struct journal *journal;
	struct driver *driver;
	struct hash_pool *hash_pool;
	struct card *card;
	struct rates *rates;            /* where failed proofs are counted */
	struct dir *const *directories; /* accounts, then the personnel sources */
	const char *first_step;
};

struct intake *intake_new(const struct intake_parts *parts);
void intake_drain(struct intake *intake);
size_t intake_open(const struct intake *intake);
void intake_give_up(struct intake *intake); /* what is not on its way to the disk yet: 503 */
void intake_stop(struct intake *intake);
void intake_free(struct intake **intake);

extern const struct http_route intake_routes[];
extern const size_t intake_route_count;

/* For the admin API, which takes registrations too. */
void intake_on_post(struct http_request *request, void *context);
/* The portals of the configuration in force: for http_listen, with the intake as context. */
const struct conf_portal *intake_portals(size_t *count_out, void *context);

#endif
