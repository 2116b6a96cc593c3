/*
 * The journal: the wall. What is in it will be carried out. Hides SQLite, the writer thread and
 * group commit, sealing and erasing.
 *
 * Writes are queued and called back on the loop after the commit (fsync included), in the order
 * they were made; the caller's registration is copied at the call, so it may change afterwards.
 * Every write is called back exactly once: journal_close commits what is queued and calls back
 * within, so nobody's arg is left behind. A failed fsync ends the process. Reads are done at once
 * on the loop's thread and see what is committed.
 *
 * A write that finds the queue full is called back ahead of those that wait; one that is made in a
 * callback of journal_close is too late, and called back as JOURNAL_FULL.
 *
 * A row whose sealed part can't be read, and that has not ended, is set aside: it is found as
 * set_aside, with its state, a NULL application and due_at 0, and detail says why; nothing may go
 * on with it. Until it can be read again, a save without an application gives JOURNAL_BROKEN unless
 * the registration ends by it, so the sealed part stays. A row on a page of the file that can't be
 * read is not found at all (journal_has_misread); it is due no more, until a check finds all rows
 * to be readable again.
 */
#ifndef JOURNAL_JOURNAL_H
#define JOURNAL_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/keyring.h"
#include "model/registration.h"

struct conf_journal;
struct err;
struct journal;
struct loop;

enum journal_result {
	JOURNAL_DONE,
	JOURNAL_EXISTS, /* append: that portal's Idempotency-Key is taken; id_out says by which one
			 */
	JOURNAL_FULL,   /* the queue or the disk: nothing was kept */
	JOURNAL_BROKEN, /* an operator must look; nothing was kept */
};
typedef void journal_done_fn(enum journal_result result, const char *id, void *arg);

/* What the timeline keeps beside a saved registration; texts are copied, may be NULL. */
struct journal_note {
	const char *step,
	    *what; /* "prove-identity", "identity proved" … no secret, no identifier */
};

/*
 * Only one daemon at a time: a second one is refused here, in words; so are a newer file and a key
 * file that can't open what is sealed in it. Not to be closed from within one of its own callbacks.
 */
struct journal *journal_open(
    struct loop *loop, const struct conf_journal *conf, struct keyring *keys, struct err *err);
void journal_close(struct journal **journal);

void journal_append(struct journal *journal, const struct registration *registration,
    const struct journal_note *note, journal_done_fn *done, void *arg);
/* Saves state, step, times and all; a NULL application erases the sealed part. note may be NULL. */
void journal_save(struct journal *journal, const struct registration *registration,
    const struct journal_note *note, journal_done_fn *done, void *arg);
/* The answer that an Idempotency-Key gives again: status and body; not called back. */
void journal_save_answer(struct journal *journal, const char *id, int status, const char *body);
/*
 * Failed attempts at an identity, by keyed hash: what the attempt budget (budget/) counts. A row
 * whose total is 0 is none. Times are on clock_now's line, 0 is none.
 */
struct journal_attempts {
	int64_t in_row, total;
	int64_t began_at; /* of what is counted in a window: its beginning; 0 for an identifier */
	int64_t locked_until, last_at;
	char last_id[UUID_SIZE]; /* the registration that was counted last; "" where it was none */
};
/* Called back with an empty id. */
void journal_save_attempts(struct journal *journal, const char *key,
    const struct journal_attempts *attempts, journal_done_fn *done, void *arg);
/* Deletes some of those counted in a window that began before; not called back. */
void journal_prune_attempts(struct journal *journal, int64_t before);
/* Everything that waits for that directory is due at once: some hundreds a transaction, so that
 * other writes come between, and called back after each. */
void journal_wake(
    struct journal *journal, const char *waits_for, int64_t now, journal_done_fn *done, void *arg);
size_t journal_depth(const struct journal *journal); /* writes that wait */
/*
 * Why nothing can be written, as the last transaction found it ("database or disk is full"); NULL
 * where it can. While it can't, the writer looks every second whether it can again.
 */
const char *journal_trouble(const struct journal *journal);

/* Reads. NULL where there is none; the caller frees. */
struct registration *journal_find(struct journal *journal, const char *id);
struct registration *journal_find_uid(struct journal *journal, const char *uid); /* the newest */
/* By portal and key; answer_out (may be NULL) gets the saved answer's body, status_out its status
 * (0 where none was saved yet). */
struct registration *journal_find_key(struct journal *journal, const char *portal,
    const char *key_mac, int *status_out, char **answer_out);

/* Whether the last read failed: it found nothing then, which does not say that there is nothing. */
bool journal_has_misread(const struct journal *journal);

/* All zero where there are none; -1 where it can't be read. */
int journal_find_attempts(
    struct journal *journal, const char *key, struct journal_attempts *attempts_out);

/* Ids that are due at 'now', the earliest first, at most 'most'; returns how many. Where the index
 * is damaged an id may come twice, and the latest come behind the earliest. What can't be read is
 * left out, and tried again some seconds later: it has misread as long as there is such a one. */
size_t journal_due(struct journal *journal, int64_t now, char (*ids_out)[UUID_SIZE], size_t most);
/* The earliest due time after 'after'; 0 where nothing waits for a time. */
int64_t journal_next_due(struct journal *journal, int64_t after);

struct journal_filter {
	bool by_state;
	enum registration_state state;
	int64_t created_before; /* 0: any; with open: what is overdue */
	bool open;              /* only what has not ended */
	bool set_aside;         /* only what is set aside; the other conditions do not count */
	int limit;
};
typedef void journal_each_fn(const struct registration *registration, void *arg);
/* Newest first; the registrations are the journal's, without the sealed part; each may not list
 * again. limit 0: all. -1 where what can't be read may be missing. */
int journal_list(
    struct journal *journal, const struct journal_filter *filter, journal_each_fn *each, void *arg);

typedef void journal_line_fn(
    int64_t at, const char *step, const char *state, const char *what, void *arg);
void journal_timeline(struct journal *journal, const char *id, journal_line_fn *each, void *arg);

struct journal_counts {
	int64_t by_state[STATE_COUNT];
	int64_t oldest_pending; /* created_at; 0 where none */
	int64_t next_due;
	int64_t set_aside;
	int64_t damaged; /* met so far: rows on pages that can't be read */
};
void journal_counts(struct journal *journal, struct journal_counts *counts_out);

/* Small facts by name ("boot": pipeline/timekeeper), kept at once (blocking: for the start). */
char *journal_fact(struct journal *journal, const char *name); /* NULL where none; caller frees */
int journal_set_fact(struct journal *journal, const char *name, const char *value, struct err *err);
/* The same, queued as all writes are; not called back. */
void journal_note_fact(struct journal *journal, const char *name, const char *value);
/* A fact that nothing may be kept without: the first transaction that is kept has it. To be called
 * before anything is written. */
void journal_preface(struct journal *journal, const char *name, const char *value);
/* What is pending and due before that time is due so many milliseconds earlier; the fact that says
 * so is set with it, so that it is done once. */
void journal_credit(struct journal *journal, int64_t before, int64_t milliseconds, const char *name,
    const char *value, journal_done_fn *done, void *arg);

/*
 * The look at the whole file: pages, indexes, and every registration. What does not unseal is set
 * aside by it, before its time comes; what stands on a page that can't be read is only told.
 */
struct journal_finding {
	char id[UUID_SIZE]; /* the registration; "" where it is about the file */
	char *words;
};
struct journal_findings {
	int64_t rows;     /* registrations that could be read */
	size_t damage;    /* of the file, and registrations that can't be read */
	size_t set_aside; /* registrations that are */
	struct journal_finding *list;
	size_t count; /* the first 1000 are listed */
};
void journal_findings_free(struct journal_findings **findings);

/*
 * A check, or a backup: a copy as of one moment into a new file of mode 0600 (path; without the key
 * file), which is there whole or not at all. In a thread of its own, beside everything else; one of
 * each at a time (ERR_BUSY).
 */
enum journal_task { JOURNAL_CHECK, JOURNAL_BACKUP, JOURNAL_REKEY };
#define JOURNAL_TASKS 3
int journal_begin(
    struct journal *journal, enum journal_task task, const char *path, struct err *err);
struct journal_task_state {
	bool running;
	int64_t done, total; /* registrations, or bytes; total may be a little off */
	int64_t ended_at;    /* of the last one; 0 where there was none */
	const char *fault;   /* why it came to nothing; NULL where it did not */
	const char *path;    /* of the backup; NULL: a check */
};
void journal_look(
    struct journal *journal, enum journal_task task, struct journal_task_state *state_out);
/* Of the last check that came to its end, the journal's until the next look; NULL: none did. */
const struct journal_findings *journal_findings(struct journal *journal, int64_t *checked_at_out);

/*
 * Another key: a new one comes into the key file, in front, and is in use from then on; everything
 * is sealed again with it; then the older keys that no row needs any more go from the file, unless
 * keep_old. Where no key can be made (a credential, a folder that is not ours) the first one stays
 * in use, and what is sealed with others is sealed again. A check comes with it: what does not
 * unseal is set aside, and its key stays. Also a task, and one that was cut short goes on where
 * it was: when it is begun again, or by itself at the next start.
 */
int journal_begin_rekey(struct journal *journal, bool keep_old, struct err *err);
void journal_resume_rekey(struct journal *journal);
struct journal_rekeyed {
	char key[KEYRING_ID_SIZE];   /* now in use */
	char *not_made;              /* why no new key was; NULL where one was */
	int64_t rows;                /* sealed again */
	struct keyring_ids unneeded; /* older keys that no row names any more */
	bool dropped;                /* and they are out of the key file */
	struct keyring_ids needed;   /* older keys that rows name which could not be sealed again */
};
/* Of the last one that came to its end, as above. */
const struct journal_rekeyed *journal_rekeyed(struct journal *journal);

/* The same for a process of its own ('musterd -t', tests), also beside a daemon that runs:
 * blocking, and without keys. The check says the first thing that is damaged; a missing file is
 * good. */
int journal_check(const struct conf_journal *conf, struct err *err);
int journal_backup(const struct conf_journal *conf, const char *path, struct err *err);

#endif
