/*
 * A registration as the outside sees it (contract, section 2), and its sealed part as JSON.
 */
#ifndef MODEL_REGISTRATION_JSON_H
#define MODEL_REGISTRATION_JSON_H

#include <jansson.h>
#include <stdint.h>

struct application;
struct err;
struct registration;

/* What makes a registration late: milliseconds after created_at while it is not ended; and how far
 * the wall clock is ahead of the line that times are kept on (clock_lead). */
struct lateness {
	int64_t late_after, escalate_after, lead;
};

/* A new object: the caller's. */
json_t *registration_json(
    const struct registration *registration, const struct lateness *lateness, int64_t now);

/* Keeps for the helpdesk when which records were found, what the map made of them, what was asked
 * for and what differs; without any value of an identity. */
void registration_set_findings(struct registration *registration, int64_t now);

/* The application as JSON text (caller wipes and frees with secret_wipe_text), and back. */
char *application_encode(const struct application *application);
struct application *application_decode(const char *text, size_t size, struct err *err);

#endif
