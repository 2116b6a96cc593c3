/*
 * Inside the admin API: admin.c has the routes and what is read, wish.c what is wanted done and the
 * stream of changes, explain.c why a registration is where it is, schema.c the look at the
 * directory's schema, unlock.c failed attempts, journal.c checks, backups, keys.
 */
#ifndef ADMIN_ADMIN_INTERNAL_H
#define ADMIN_ADMIN_INTERNAL_H

#include <stdint.h>

#include "admin/admin.h"

struct journal_counts;
struct registration;

/* A stream of everything that changes. */
struct admin_watch {
	struct admin *admin;
	struct http_request *request;
	struct driver_listener *listener;
	struct admin_watch *before, *after;
};

struct admin {
	struct admin_parts parts;
	int64_t started_at; /* clock_boot */
	struct admin_watch *watches;
	struct schema_look *looks;    /* schema look-ups on their way */
	struct admin_unlock *unlocks; /* until they are in the journal */
};

/* The public object and what only administrators see; the caller decrefs. */
json_t *admin_registration_json(const struct admin *admin, const struct registration *registration);
/* By id or uid; NULL where there is none. The caller frees. */
struct registration *admin_find(const struct admin *admin, const char *name);
/* Answers that there is none; or that it can't be read, where admin_find could not. */
void admin_not_found(const struct admin *admin, struct http_request *request);
/* What somebody wants of the whole daemon, or of one registration (NULL: of none). */
void admin_audit(const struct admin *admin, const struct http_request *request,
    const struct registration *registration, const char *what, const char *outcome);
void admin_watch_free(struct admin_watch *watch);

void admin_on_wish(struct http_request *request, void *context);
void admin_on_watch(struct http_request *request, void *context);
void admin_on_explain(struct http_request *request, void *context);
void admin_on_unlock(struct http_request *request, void *context);
void admin_on_journal_check(struct http_request *request, void *context);
void admin_on_journal_backup(struct http_request *request, void *context);
void admin_on_journal_rekey(struct http_request *request, void *context);
void admin_on_journal_rekey_look(struct http_request *request, void *context);
void admin_on_journal_check_look(struct http_request *request, void *context);
void admin_on_journal_backup_taken(struct http_request *request, void *context);
void admin_on_journal_backup_look(struct http_request *request, void *context);
void admin_on_schema(struct http_request *request, void *context);

/* How the journal does, for the status. */
json_t *admin_journal_json(const struct admin *admin, const struct journal_counts *counts);
/* What stands against the registration's identifier; null where that is not known. */
json_t *admin_attempts_json(const struct admin *admin, const struct registration *registration);
/* Null for 0. */
json_t *admin_instant(int64_t instant);
void admin_unlock_let_go(struct admin *admin); /* of every request */

void schema_look_free_all(struct admin *admin);

#endif
