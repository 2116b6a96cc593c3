/*
 * An in-memory directory behind the whole of dir/dir.h, linked in front of libmuster. One struct
 * dir a name ("accounts", "personnel/army"): it and its entries survive dir_close and a crash, so
 * that a test can start a daemon again on what the last one left. A question is carried out when
 * it is submitted, its reply comes later through loop_post, exactly once. Every directory is up
 * until a test says otherwise. Containers need not be put (see fake_tree.h).
 */
#ifndef FAKE_DIR_H
#define FAKE_DIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dir/dir.h"
#include "dir/question.h"

struct dir *fake_dir_named(const char *name); /* made when first named; never NULL */
/* At the end of a test, when its loop is freed: every directory with all its entries. */
void fake_dir_forget_all(void);

/* Down: what is in flight and what comes is answered AWAY. The listener is told later. */
void fake_dir_set_up(struct dir *dir, bool up);
/* The next n questions are carried out, but their replies are AWAY. */
void fake_dir_lose_next_reply(struct dir *dir, int n);
/* The next question is not carried out, and gets this reply; calls queue up. */
void fake_dir_fail_next(struct dir *dir, enum reply_kind kind);
/* Replies from now on take that long; 0 is the next turn of the loop. */
void fake_dir_delay(struct dir *dir, int64_t milliseconds);
/* From now on questions are carried out but their replies kept back, as still in flight, until they
 * are let go: all of them with hold false, or the one at that place in the order of asking. */
void fake_dir_hold(struct dir *dir, bool hold);
size_t fake_dir_held(const struct dir *dir);
void fake_dir_let_go(struct dir *dir, size_t place);
/* Replies that are on their way together come in an order of chance; 0: as they were asked. */
void fake_dir_shuffle(struct dir *dir, unsigned seed);
/* As if the daemon had died: closed, and nobody is called back. Then let go of the old daemon. */
void fake_dir_crash(struct dir *dir);
/* Called for each question before it is carried out; question may be read. NULL: none. */
void fake_dir_on_ask(
    struct dir *dir, void (*seen)(const struct question *question, void *arg), void *arg);
int fake_dir_asked(const struct dir *dir); /* questions so far, those that failed too */

/* Entries, past all questions. put makes the entry, or adds to it: pairs of attribute and value,
 * then NULL. value: the first one, or NULL. */
void fake_dir_put(struct dir *dir, const char *dn, ...) __attribute__((sentinel));
void fake_dir_set(struct dir *dir, const char *dn, const char *attribute, const char *value);
void fake_dir_remove(struct dir *dir, const char *dn);
const struct entry *fake_dir_entry(struct dir *dir, const char *dn); /* or NULL */
const char *fake_dir_value(struct dir *dir, const char *dn, const char *attribute);
size_t fake_dir_count(struct dir *dir, const char *base, const char *filter); /* subtree */

#endif
