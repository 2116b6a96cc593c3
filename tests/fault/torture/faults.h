/*
 * Calls that fail when they are told to. A site is a call, or a kind of one; each time that it is
 * made it asks fault_at. MUSTER_TORTURE=SITE.LABEL:N makes the N-th fail that once, in the way that
 * the label names. MUSTER_TORTURE_COUNTS names a file that is told at the end how often each site
 * was asked, and its labels. Only what happens within main counts.
 */
#ifndef TORTURE_FAULTS_H
#define TORTURE_FAULTS_H

#include <stdatomic.h>
#include <stddef.h>

struct failure {
	const char *label; /* the last of a site has none */
	int code;
};

struct site {
	const char *name;
	const struct failure *failures;
	atomic_uint calls;
	struct site *next;
};

/* How this call is to fail; NULL: not at all. */
const struct failure *fault_at(struct site *site);

/* Has SQLite take its memory from sites of its own; before it is used. */
void hooks_install(void);

#endif
