/*
 * What the tests of the steps share: a site, a registration of John Quincy Doe, questions written
 * out as text, and replies made from text. A table of cases says for each phase and each kind of
 * reply what the step makes of it.
 */
#ifndef TESTS_STEPS_KIT_H
#define TESTS_STEPS_KIT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "dir/question.h"
#include "model/application.h"
#include "pipeline/step.h"

#define KIT_ID "01900000-0000-7000-8000-000000000001"
#define KIT_OTHER "01900000-0000-7000-8000-000000000002"
#define KIT_KEY "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
#define KIT_NOW INT64_C(1790000000123)
#define KIT_NOW_TEXT "20260921141320Z" /* cut */
#define KIT_DUE INT64_C(1790000901000) /* 900 s later, the next whole second */
#define KIT_DUE_TEXT "20260921142821Z"
#define KIT_HASH "{CRYPT}$y$j9T$a-test-hash"
#define KIT_PEOPLE "ou=people,dc=example,dc=mil"
#define KIT_CLAIMS "ou=claims,dc=example,dc=mil"
#define KIT_PERSONNEL "ou=personnel,dc=example,dc=mil"
#define KIT_CLAIM_DN "musterPersonKey=" KIT_KEY "," KIT_CLAIMS

#define KIT_SOURCES 2 /* army, civilians */

struct kit {
	char folder[64];
	char *key_file, *asked;
	struct keyring *person_keys;
	struct conf conf;
	struct conf_personnel personnel[KIT_SOURCES];
	struct site site;
	struct registration *registration;
	bool roll; /* the step at work asks the sources: the phase of a case says which one replies
		    */
	struct err err;
};

typedef int kit_ask_fn(const struct site *, struct registration *, struct question *, struct err *);
typedef enum verdict kit_judge_fn(
    const struct site *, struct registration *, const struct reply *, int64_t, struct err *);

int kit_setup(void **state);
int kit_teardown(void **state);
/* A new registration: proved, claimed, its entry pending; with its whole application. */
void kit_renew(struct kit *kit);

/*
 * The question as text, a line a value: "search accounts DN one FILTER [attribute …] limit", or
 * "add|modify|delete accounts DN", then "+ attribute: value", "- attribute[: value]". "nothing"
 * where nothing is asked; "-1: " and the error where it fails; questions that are asked together
 * with a blank line between. Kept until the next call.
 */
const char *kit_ask(struct kit *kit, kit_ask_fn *ask);
/* entries: "attribute: value" lines, the DN first as "dn: …"; ends with NULL, or NULL for none. */
enum verdict kit_judge(
    struct kit *kit, kit_judge_fn *judge, enum reply_kind kind, const char *const *entries);

/* What both sources say of a person, an entry each; NULL for none. */
enum verdict kit_judge_both(
    struct kit *kit, kit_judge_fn *judge, const char *army, const char *civilians);

struct kit_case {
	const char *what;
	int phase;
	enum reply_kind kind;
	const char *entries[3];
	enum verdict verdict;
	int phase_after; /* for AGAIN */
	enum err_kind err_kind;
	const char *says; /* the whole text of the error */
};
#define KIT_REPLY_TEXT "what the directory said" /* the text of every reply but DONE */

/*
 * Judges each case on a new registration that prepare (may be NULL) has changed, and holds the
 * table to its task: every phase from 0 to phases - 1 meets every kind of reply that a judge sees.
 */
void kit_run(struct kit *kit, kit_judge_fn *judge, void (*prepare)(struct kit *kit), int phases,
    const struct kit_case *cases, size_t count);

#endif
