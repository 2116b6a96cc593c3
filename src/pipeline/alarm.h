/*
 * The one timer: a timerfd on CLOCK_BOOTTIME, armed for the earliest due time. Setting the wall
 * clock does not touch it, and time spent suspended counts.
 */
#ifndef PIPELINE_ALARM_H
#define PIPELINE_ALARM_H

#include <stdint.h>

struct alarm;
struct err;
struct loop;

struct alarm *alarm_new(struct loop *loop, void (*call)(void *arg), void *arg);
void alarm_free(struct alarm **alarm);
/* at: on clock_now's line; 0 disarms; the past rings at once. */
void alarm_set(struct alarm *alarm, int64_t at);
/* Only where it would ring earlier than it does now; 0 changes nothing. */
void alarm_set_earlier(struct alarm *alarm, int64_t at);

#endif
