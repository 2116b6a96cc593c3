/*
 * An exchange: one question, its reply, and whom to tell. It is in exactly one list at a time
 * (waiting, in flight on a connection, answered), and is answered once and freed by dir.c.
 */
#ifndef DIR_EXCHANGE_H
#define DIR_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "dir/dir.h"
#include "dir/question.h"

struct exchange {
	TAILQ_ENTRY(exchange) link;
	struct question question; /* emptied as soon as it is sent */
	struct reply reply;
	dir_reply_fn *call;
	void *arg;
	int64_t deadline; /* by clock_boot, from dir_submit on: the wait in the queue counts */
	int msgid;
	size_t limit;  /* most entries; 0 is no limit */
	size_t above;  /* how many names the DN has above the entry's own; 0: it is a base itself */
	bool referred; /* a part of the answer is said to be on another server */
};
TAILQ_HEAD(exchanges, exchange);

#endif
