/*
 * Threads for what takes long: work is put in on the loop's thread, done by one of the threads, and
 * called back on the loop. Hides the queue and the locks. A piece of work is a struct whose first
 * member is a struct work; the workers own it from workers_submit until its 'done' is called, or
 * workers_free frees it. They set no bound: who submits looks at workers_depth first.
 */
#ifndef BASE_WORKERS_H
#define BASE_WORKERS_H

struct err;
struct loop;
struct workers;

struct work {
	struct workers *workers;
	struct work *next;           /* in the queue */
	struct work *before, *after; /* among all that is open */
};

struct work_kind {
	const char *what;                     /* "hash": for the log; stays the caller's */
	int threads;                          /* 0: as many as cores; 64 at most */
	int nice;                             /* added to the threads' niceness, 0 for none */
	void (*carry_out)(struct work *work); /* in a thread */
	void (*done)(struct work *work);      /* on the loop; the work is the callee's to free */
	void (*free)(struct work *work);      /* of what was not done */
};

/* NULL with err where no thread can be started. The kind stays the caller's. */
struct workers *workers_new(struct loop *loop, const struct work_kind *kind, struct err *err);
/* Once the loop has ended: waits for the threads; open work is never done. */
void workers_free(struct workers **workers);
void workers_submit(struct workers *workers, struct work *work);
int workers_depth(const struct workers *workers); /* what waits or is carried out */

#endif
