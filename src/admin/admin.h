/*
 * The admin API's handlers (unix socket): what the helpdesk sees, and what an administrator may do
 * with one registration.
 *
 * admin_new, then its routes go to http_listen_unix with the admin as context; at the end
 * admin_drain (streams are told so), admin_stop before http_close, admin_free after the loop has
 * ended.
 */
#ifndef ADMIN_ADMIN_H
#define ADMIN_ADMIN_H

#include <stddef.h>

#include "http/http.h"

struct admin;
struct dir;
struct driver;
struct hash_pool;
struct journal;
struct loop;
struct rates;
struct site;
struct step;

/* What the handlers work with; all of it stays the caller's. */
struct admin_parts {
	struct loop *loop;
	const struct site *site;
	struct journal *journal;
	struct driver *driver;
	const struct step *plan;
	struct hash_pool *hash_pool;
	struct dir *const *directories;
	const char *conf_path;
	const struct rates *rates;
	http_handler_fn *submit; /* takes registrations in: the intake's own */
	void *submit_context;
};

struct admin *admin_new(const struct admin_parts *parts);
void admin_drain(struct admin *admin);
void admin_stop(struct admin *admin);
void admin_free(struct admin **admin);

extern const struct http_route admin_routes[];
extern const size_t admin_route_count;

#endif
