#include <string.h>

#include "base/mem.h"
#include "http/http_internal.h"

/* RFC 9457; the names are the contract's. */
static const struct problem {
	const char *name;
	int status;
	const char *title;
	const char *header, *value; /* that every such answer carries */
} problems[] = {
    {"malformed", 400, "The request is not HTTP or JSON as expected", NULL, NULL},
    {"unauthenticated", 401, "A credential of a known portal is needed", "WWW-Authenticate",
	"Bearer"},
    {"forbidden", 403, "The portal has no right to do this", NULL, NULL},
    {"not-found", 404, "There is no such thing", NULL, NULL},
    {"method-not-allowed", 405, "The method is not allowed here", NULL, NULL},
    {"account-exists", 409, "The person has an account already", NULL, NULL},
    {"already-active", 409, "The account is active already", NULL, NULL},
    {"conflict", 409, "The state of the registration does not admit this", NULL, NULL},
    {"too-large", 413, "The body is too large", NULL, NULL},
    {"unsupported-media-type", 415, "The body must be application/json", NULL, NULL},
    {"invalid", 422, "Fields are missing or wrong", NULL, NULL},
    {"identity-not-verified", 422, "The identity could not be verified", NULL, NULL},
    {"not-eligible", 422, "No current record in an admitted category", NULL, NULL},
    {"idempotency-mismatch", 422, "The Idempotency-Key was used with another body", NULL, NULL},
    {"answers-not-verified", 422, "The answers could not be verified", NULL, NULL},
    {"rate-limited", 429, "Too many requests", "Retry-After", "60"}, /* or what was added */
    {"header-too-large", 431, "The header is too large", NULL, NULL},
    {"internal", 500, "Something broke here", NULL, NULL},
    {"unavailable", 503, "Not able to take this now", "Retry-After", "2"},
};

/* A name that isn't in the table is a fault of ours. */
static const struct problem *
problem_find(const char *name)
{
	for (size_t i = 0; i < sizeof(problems) / sizeof(*problems); i++)
		if (strcmp(problems[i].name, name) == 0)
			return &problems[i];
	return problem_find("internal");
}

int
http_problem_status(const char *name)
{
	return problem_find(name)->status;
}

const char *
problem_header(const char *name, const char **value_out)
{
	const struct problem *problem = problem_find(name);

	*value_out = problem->value;
	return problem->header;
}

json_t *
problem_json(const char *name, const char *detail)
{
	const struct problem *problem = problem_find(name);
	char *type = mem_format("urn:musterd:problem:%s", problem->name);
	json_t *json = json_pack("{s:s, s:s, s:i, s:s*}", "type", type, "title", problem->title,
	    "status", problem->status, "detail", detail);

	mem_free_text(&type);
	/* A detail that is no UTF-8 is left out. */
	return json != NULL || detail == NULL ? json : problem_json(name, NULL);
}

char *
http_problem_text(const char *name, const char *detail)
{
	json_t *json = problem_json(name, detail);
	char *text = json_dumps(json, JSON_COMPACT);

	json_decref(json);
	return text;
}
