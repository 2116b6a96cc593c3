/*
 * What is made from the table of verbs: help, the manual page's list, the bash completion.
 */
#ifndef MUSTERCTL_USAGE_H
#define MUSTERCTL_USAGE_H

#include <stdio.h>

struct verb;

void usage_program(FILE *file);
void usage_verb(const struct verb *verb, FILE *file);
void usage_manual(FILE *file);     /* the verbs as an mdoc list */
void usage_completion(FILE *file); /* a script for bash */

#endif
