/*
 * The event loop: one thread does HTTP, LDAP and timers and is never blocked. Only loop_post and
 * loop_ring may be called from another thread. A callback may free the very timer or watch that
 * called it. loop_free comes last, after everything that was made on the loop is freed.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <stdint.h>

struct err;
struct loop;
struct loop_timer;
struct loop_watch;
struct event_base;

#define LOOP_READ 1
#define LOOP_WRITE 2

struct loop *loop_new(struct err *err);
void loop_free(struct loop **loop);
void loop_run(struct loop *loop); /* until loop_stop */
void loop_stop(struct loop *loop);
/* Runs what is ready, waiting at most that many milliseconds: for tests. */
void loop_turn(struct loop *loop, int64_t milliseconds);
struct event_base *loop_base(struct loop *loop); /* for evhttp */

/* Wakes whoever watches that eventfd; from any thread. */
void loop_ring(int event_fd);

/* Calls back on the loop's thread, later, in the order of posting; from any thread. */
void loop_post(struct loop *loop, void (*call)(void *arg), void *arg);

struct loop_timer *loop_timer_new(struct loop *loop, void (*call)(void *arg), void *arg);
void loop_timer_set(struct loop_timer *timer, int64_t milliseconds); /* from now, once */
void loop_timer_stop(struct loop_timer *timer);
void loop_timer_free(struct loop_timer **timer);

/* Watches a descriptor that stays the caller's; events is LOOP_READ, LOOP_WRITE or both. */
struct loop_watch *loop_watch_new(
    struct loop *loop, int fd, void (*call)(int events, void *arg), void *arg);
void loop_watch_set(struct loop_watch *watch, int events); /* 0 pauses */
void loop_watch_free(struct loop_watch **watch);

struct loop_watch *loop_signal_new(
    struct loop *loop, int number, void (*call)(int number, void *arg), void *arg);

#endif
