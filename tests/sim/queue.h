/*
 * Simulated time: what is to happen, in the order of its time. An event belongs to one life of one
 * machine, and is dropped with it, or to the world.
 */
#ifndef SIM_QUEUE_H
#define SIM_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#define WORLD (-1)

struct event;

void queue_begin(void);
void queue_end(void);
int64_t queue_now(void); /* true milliseconds since the world began */
/* The event is gone once it was called. */
struct event *queue_add(int machine, int64_t delay, void (*call)(void *arg), void *arg);
void queue_cancel(struct event **event);
bool queue_next(void); /* false where nothing is left */
/* Whose clock is read and whose loop is made from now on. */
void queue_enter(int machine);
int queue_here(void);
void queue_end_life(int machine);

#endif
