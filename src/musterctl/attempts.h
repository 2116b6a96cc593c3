/*
 * Failed attempts at an identity in words, as 'show' and 'unlock' say them.
 */
#ifndef MUSTERCTL_ATTEMPTS_H
#define MUSTERCTL_ATTEMPTS_H

#include <jansson.h>

/* "3 in a row, 7 in all; locked until …"; the caller frees. */
char *attempts_words(const json_t *attempts);

#endif
