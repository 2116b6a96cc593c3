/*
 * Keeps the line that due times are on (base/clock.h). Within one boot it is CLOCK_BOOTTIME,
 * whoever sets the wall clock, and a daemon that is started again goes on with it. Across a reboot
 * nothing but the wall clock knows how long it took: that is believed where the kernel called it
 * synchronised both before and after. Else the line goes on from where it was last seen, so that
 * time switched off counts as nothing: never early, and late by no more than that time. Once the
 * clock is synchronised after all, what was pending before the reboot gets that time back.
 *
 * timekeeper_open anchors the line, before anything asks for the time; timekeeper_start, before
 * anything is put into the journal, looks at the clocks: again each minute, and when the wall clock
 * is set. A look that a full disk does not keep may make something late, never early.
 */
#ifndef PIPELINE_TIMEKEEPER_H
#define PIPELINE_TIMEKEEPER_H

struct conf;
struct driver;
struct err;
struct journal;
struct loop;
struct timekeeper;

/* activation.trust_clock: the wall clock is right, whatever the kernel says. */
struct timekeeper *timekeeper_open(
    struct loop *loop, struct journal *journal, const struct conf *conf, struct err *err);
void timekeeper_start(struct timekeeper *timekeeper, struct driver *driver);
void timekeeper_look(struct timekeeper *timekeeper); /* notes how far the line has come */
void timekeeper_reload(struct timekeeper *timekeeper, const struct conf *conf); /* delays changed */
/* After the journal, which may still call it back. */
void timekeeper_close(struct timekeeper **timekeeper);

#endif
