/*
 * The admin API over its unix socket: one request, one answer, problems turned into words.
 * The calls block, with a limit. Kinds of errors: ERR_BUSY, the daemon is not reachable (exit 4);
 * anything else, it said no or nothing useful (exit 1).
 */
#ifndef MUSTERCTL_CLIENT_H
#define MUSTERCTL_CLIENT_H

#include <curl/curl.h>
#include <jansson.h>
#include <stddef.h>

struct command;
struct err;
struct text;

/* Says the error and returns the exit code that is right for it. */
int client_failed(const struct err *err);

/*
 * One request; verbs call this. Method is "GET" or "POST" (without a body). answer_out is the
 * caller's. Returns an exit code, with the reason said already.
 */
int client_ask(
    const struct command *command, const char *method, const char *path, json_t **answer_out);

/* A POST with that body, which is stolen; its text is wiped. */
int client_send(const struct command *command, const char *path, json_t *body, json_t **answer_out);

/* name=value, escaped, after a '?' or '&'. */
void client_add_query(struct text *path, const char *name, const char *value);
void client_add_segment(struct text *path, const char *segment); /* "/" and it, escaped */

/*
 * For what needs more than one answer. A handle for path on the socket, which must outlive it;
 * NULL with err where the socket's name can't be used.
 */
CURL *client_handle(const char *socket, const char *path, struct err *err);
/* A transfer that failed, in words; returns -1. */
int client_trouble(CURL *handle, CURLcode code, const char *socket, struct err *err);
/* A CURLOPT_WRITEFUNCTION that gathers a bounded answer in the struct text that it is given. */
size_t client_gather(char *bytes, size_t size, size_t count, void *text);
/* The object that the text holds; NULL where it is none. */
json_t *client_parse(const struct text *text);
/* A problem (RFC 9457, or NULL) in words: its title, its detail, every fault of a field. */
char *client_problem_words(const json_t *problem, long status);

#endif
