/*
 * What the daemon does with a journal, by chance, and recorded: a first start, long work with
 * checkpoints and erasures, a file of an older version, a backup, a start after a power cut.
 */
#ifndef TESTS_POWERCUT_WORK_H
#define TESTS_POWERCUT_WORK_H

#include "base/keyring.h"
#include "base/loop.h"
#include "conf/conf.h"
#include "image.h"
#include "ledger.h"

#define KEY_FILE "key"
#define PERSON_KEY_FILE "person-key"
#define JOURNAL_FILE "journal"
#define COPY_FILE "copy"

struct work {
	const char *folder;
	struct loop *loop;
	struct conf_journal conf;
	struct keyring *keys, *person_keys;
	struct journal *journal;
	struct chance chance;
	struct ledger ledger;
	enum plant plant;
	bool erases, has_findings;
	int last_id;
	int64_t last_number; /* so that nothing is ever the same twice */
	size_t acknowledged;
	size_t copy_low, copy_high; /* the copy is as of after so many writes */
};

struct scenario {
	const char *name;
	void (*prepare)(struct work *work); /* what is there before, and durable; may be NULL */
	void (*run)(struct work *work);
	unsigned images; /* of 500 */
};
#define SCENARIOS 6
extern const struct scenario scenarios[SCENARIOS];
extern const struct scenario scenario_planted;

void work_init(struct work *work, const char *folder, uint64_t seed, enum plant plant);
void work_fini(struct work *work);
/* Runs it in the work's folder; what the disk was told is the caller's. */
struct recording *work_record(struct work *work, const struct scenario *scenario);

/* ---- shared with the check of an image ---- */

int keys_open(
    const char *folder, struct keyring **keys, struct keyring **person_keys, struct err *err);
struct registration *registration_made(int number);
void folder_empty(const char *folder);
void journal_settle(struct journal *journal, struct loop *loop);

#endif
