/*
 * Inside the audit log: audit.c writes and keeps what can't be written, decision.c makes a line's
 * text, file.c opens, recovers and changes files, sync.c brings them to the disk, counts.c bounds
 * what strangers can cause.
 */
#ifndef AUDIT_AUDIT_INTERNAL_H
#define AUDIT_AUDIT_INTERNAL_H

#include "audit/audit.h"
#include "audit/chain.h"
#include "audit/head.h"
#include "audit/line.h"
#include "audit/state.h"
#include "base/workers.h"

#define WAITING_MOST 10000 /* lines in memory; more are counted */
#define STUMBLE 1000       /* milliseconds until what could not be done is tried again */
#define COUNTS 64          /* kinds of decisions that are counted at a time */

/* A line that could not be written yet. */
struct waiting {
	struct waiting *next;
	char body[]; /* JSON, without seq and MAC */
};

/* One kind of decision in its minute. */
struct count {
	char *event, *actor, *what, *outcome, *reason; /* event NULL: free */
	int64_t written, more;
};

struct audit {
	struct loop *loop;
	char *path, *state_path;
	struct head_key *head_key;
	int64_t head_every;
	audit_notice_fn *notice;
	void *arg;

	int fd, state_fd;
	int old_fd; /* a closed file that is still to be flushed, or -1 */
	struct chain chain;
	int64_t first, size; /* of the file: see struct state */
	int64_t bare;        /* lines since the last head */
	int64_t lead;        /* of the wall clock, as of the last line */

	struct waiting *waiting, **last;
	size_t waiting_count;
	int64_t lost;
	char *trouble;   /* of the last write */
	bool not_synced; /* the last flush failed */

	struct workers *workers;
	bool syncing, dirty;
	int64_t synced_at; /* clock_boot */
	bool reopens;      /* the file is to be changed for a new one, if it was renamed */
	bool is_new;       /* its name may not be on the disk yet */
	struct loop_timer *sync_timer, *retry_timer, *head_timer, *count_timer;
	struct count counts[COUNTS];
};

/* audit.c: one line, now; -1 where that can't be done. body is JSON, without seq and MAC. */
int audit_append(struct audit *audit, const char *body);
/* The same, now or later. */
void audit_write_body(struct audit *audit, const char *body);
void audit_event(struct audit *audit, const char *event, const char *reason, int64_t count);
void audit_say(const struct audit *audit, bool is_trouble, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void audit_sign(struct audit *audit); /* a head over what has none */

/* decision.c: the caller frees. */
char *decision_text(const struct audit_decision *decision);
char *decision_opened(const struct chain *chain);
char *decision_head(const struct chain *chain, const unsigned char *signature);

/* file.c: file_start finds out where the chain stands, and goes on there. */
int file_start(struct audit *audit, const char *key_file, struct err *err);
void file_change(struct audit *audit); /* for a new one, where it was renamed */
void file_look(struct audit *audit);   /* how large it is, after somebody else changed it */

/* sync.c */
int sync_start(struct audit *audit, struct err *err);
void sync_soon(struct audit *audit);
void sync_on_time(void *arg);
void sync_stop(struct audit *audit); /* with everything on the disk */
void sync_state(const struct audit *audit, struct state *state_out);

/* counts.c */
void counts_end(struct audit *audit); /* writes how many more there were */
void counts_on_minute(void *arg);

#endif
