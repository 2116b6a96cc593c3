/*
 * People: their personnel records, what they send, and what the oracle must know of them.
 */
#ifndef SIM_PEOPLE_H
#define SIM_PEOPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/keyring.h"

struct keyring;
struct registration;

/* What was done to a person's records or entries by other hands, for ever. */
enum hand {
	HAND_ENTRY_GONE = 1,
	HAND_ENTRY_CHANGED = 2,
	HAND_CLAIM_GONE = 4,
	HAND_PASSWORD = 8,
	HAND_RECORD_GONE = 16,
	HAND_CONFLICT = 32,
	HAND_INVALID = 64, /* a write was refused for good */
	HAND_ACTIVATED = 128,
	HAND_TIME_GONE = 256,
	HAND_STRAY = 512, /* a write that was given up was carried out too late */
};

struct human {
	unsigned number;
	char digits[10], key[KEYRING_HMAC_SIZE];
	bool recorded[2];
	unsigned hands;
	int64_t lapsed_at; /* since when no record is current; -1: they are */
	bool has_lapsed;
	int64_t seen_current_at; /* when a personnel directory last showed a current record */
	int64_t troubled_at;     /* when something last went wrong with a question about them */
	unsigned registrations, wrong;
	int accounts;   /* entries with their key */
	unsigned asked; /* questions about them in the last minute */
};

void people_begin(const struct keyring *keys);
void people_end(void);
struct human *human_new(void); /* with records in the directories */
struct human *human_at(size_t index);
size_t human_count(void);
struct human *human_by_key(const char *key);       /* or NULL */
struct human *human_by_digits(const char *digits); /* or NULL */
void human_lapse(struct human *human, bool lapse);
void human_vanish(struct human *human);

/* Their application; wrong: with another birth date. */
struct registration *human_application(
    const struct human *human, bool wrong, const char *hash, const char *first_step);

#endif
