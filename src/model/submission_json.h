/*
 * The body of POST /v1/registrations, read strictly: every fault is collected, unknown members are
 * faults, strings are bounded and of plain code points. Also the identity alone, for
 * POST /v1/identity-checks.
 */
#ifndef MODEL_SUBMISSION_JSON_H
#define MODEL_SUBMISSION_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct application;
struct faults;
struct secret;

/* The rules that configuration gives. */
struct submission_rules {
	const char *agreement_version;
	int password_min, password_max; /* code points after NFC */
	char *const *blocklist; /* whole passwords, case-folded, sorted by strcmp; may be NULL */
	size_t blocklist_count;
	bool password_may_hold_name;
	int question_count; /* 0 turns security questions off */
	char *const *pool;  /* ids; ends with NULL */
	bool own_questions; /* a question that is not in the pool is the person's own */
	int answer_min, answer_max;
};

struct submission {
	struct application *application;
	char *certificate; /* PEM of the user's smart card, unread; NULL where none was sent */
	struct secret *password; /* NFC */
	struct secret *answers;  /* all answers: each as 4 bytes big-endian length, then its bytes;
				    NULL where no questions are asked */
};

/* Bounds on a parsed document: depth at most 8, no noncharacters, bidi controls, C0/C1/DEL except
 * line feed, CR LF and tab, in any string or member name. -1 where it breaks them. */
int submission_check_document(const json_t *document);

/* Fills submission_out (owner: the caller, submission_fini); faults->count is 0 where it is good.
 */
void submission_parse(const json_t *body, const struct submission_rules *rules,
    struct submission *submission_out, struct faults *faults);
void submission_fini(struct submission *submission);

/* How a line of the blocklist is folded before it is sorted: full case folding, NFC. NULL where it
 * is not UTF-8; the caller frees. */
char *submission_fold(const char *text);

/* Reads {"identity": …} into identifier and dates of the application; pointers as in the body. */
void submission_parse_identity(
    const json_t *body, struct application *application, struct faults *faults);
/* {"identity": …} and nothing else: the body of an identity check. */
void submission_parse_check(
    const json_t *body, struct application *application, struct faults *faults);

#endif
