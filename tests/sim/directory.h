/*
 * The directories: three servers (accounts, two personnel sources), and behind dir/dir.h each
 * machine's way to them. A question is carried out some time after it was put, and answered some
 * time after that, or the reply is lost, or the question, or a write is carried out after it was
 * given up.
 */
#ifndef SIM_DIRECTORY_H
#define SIM_DIRECTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "dir/question.h"
#include "sim.h"

struct tree;

extern const char *const server_names[SERVERS];

void directory_begin(void);
void directory_end(void);
struct tree *directory_tree(int server);
/* The server, or one machine's way to it. */
void directory_set_up(int server, bool up);
void directory_set_link(int machine, int server, bool up);
bool directory_is_up(int machine, int server);
/* The machine dies: what it had put is carried out or not, and nobody is told. Then dir_close. */
void directory_crash(int machine);

#endif
