/*
 * A machine, and the daemon on it from one start to its end: what musterd/daemon.c puts together.
 */
#ifndef SIM_LIFE_H
#define SIM_LIFE_H

#include <stdbool.h>

#include "pipeline/driver.h"

struct keyring;
struct registration;
struct subject;

void life_setup(struct keyring *person_keys); /* once */
void life_start(int machine);
/* crash: what is not committed is lost, nobody is told; else as by SIGTERM. */
void life_end(int machine, bool crash);
bool life_is_on(int machine);
void life_look_at_clock(int machine); /* as when the wall clock is set */
size_t life_in_flight(int machine);
/* As the intake does it: in the journal, then to the driver; takes the registration. */
void life_append(int machine, struct registration *registration, struct subject *subject);
void life_wish(int machine, struct subject *subject, enum wish wish);
/* Once no machine is on: each wish was answered once. */
void life_end_wishes(void);
const char *life_first_step(void);

#endif
