/*
 * What the daemon itself has the audit log say: its start and end, reloads, and what requests were
 * refused. Everything else is told by who decides it.
 */
#ifndef MUSTERD_WITNESS_H
#define MUSTERD_WITNESS_H

#include "http/http.h"

struct audit;
struct conf;
struct err;
struct loop;

/* With the line of the start; *audit_out is NULL where the configuration wants no audit log. */
int witness_open(
    struct loop *loop, const struct conf *conf, struct audit **audit_out, struct err *err);
/* A reload that was taken; with a digest of the configuration. */
void witness_reload(struct audit *audit, const struct conf *conf);
void witness_event(struct audit *audit, const char *event, const char *reason);
/* For http_on_problem; arg is the audit log. */
void witness_on_problem(const struct http_request *request, const char *name, void *arg);

#endif
