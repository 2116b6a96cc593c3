/*
 * Power cuts: the real journal works on a disk that is recorded (work.h, recording.h), disks after
 * a power cut are made of the recording (image.h), and each is opened by the real journal again. It
 * must hold what it held after some number of the writes that were submitted, and all that were
 * acknowledged (ledger.h); be sound; and go on working. At the end disks that are worse than they
 * may be show that a loss would be found.
 *   run [--long] [--seed N] [--plant NAME]
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "journal/journal.h"
#include "work.h"

#define IMAGES_LONG 10000
#define PLANT_IMAGES 400 /* in as many a planted fault must have been found */
#define WORDS_SIZE 600
#define WHY_SIZE 800
#define AFTERWARDS 999999 /* the number of the registration that is appended to an image */

struct tally {
	size_t recordings, operations, acknowledged, images, lost, mixed, damaged;
};

struct bench {
	char folder[64], work_folder[80], image_folder[80], copy_folder[80];
	struct loop *loop;
	struct chance chance;
	struct tally tally;
};

static const char *const plant_names[] = {
    [PLANT_NO_SYNC] = "no-sync",
    [PLANT_NO_FOLDER_SYNC] = "no-folder-sync",
    [PLANT_EARLY] = "early",
    [PLANT_NORMAL] = "normal",
};
#define PLANTS (sizeof(plant_names) / sizeof(plant_names[0]))

static const char *const kind_names[IMAGE_KINDS] = {"prefix", "subset", "torn"};

/* What an image holds must be what it was after so many writes. */
struct bounds {
	size_t least, most;
};

enum verdict { GOOD, LOST, MIXED, DAMAGED };

static void
on_appended(enum journal_result result, const char *id, void *arg)
{
	*(enum journal_result *)arg = result;
}

static bool
journal_goes_on(struct journal *journal, struct loop *loop)
{
	enum journal_result result = JOURNAL_BROKEN;
	struct journal_note note = {"receive", "on disk"};
	struct registration *it = registration_made(AFTERWARDS), *found;
	bool good;

	journal_append(journal, it, &note, on_appended, &result);
	journal_settle(journal, loop);
	found = journal_find(journal, it->id);
	good = result == JOURNAL_DONE && found != NULL && found->application != NULL;
	registration_free(&found);
	registration_free(&it);
	return good;
}

static enum verdict
check_sum(struct journal *journal, const struct ledger *ledger, struct bounds bounds, char *why)
{
	uint64_t sum;
	const char *words;
	int64_t writes;

	if (ledger_sum_of(journal, &sum, &words) != 0) {
		snprintf(why, WORDS_SIZE, "%s", words);
		return DAMAGED;
	}
	writes = ledger_find(ledger, sum, bounds.least);
	if (writes >= (int64_t)bounds.least && writes <= (int64_t)bounds.most)
		return GOOD;
	if (writes < 0)
		snprintf(why, WORDS_SIZE, "it holds what it never held");
	else
		snprintf(why, WORDS_SIZE, "it is as after %lld writes, not %zu to %zu",
		    (long long)writes, bounds.least, bounds.most);
	return writes < 0 || writes > (int64_t)bounds.most ? MIXED : LOST;
}

static enum verdict
check_journal(struct bench *bench, const char *path, struct keyring *keys,
    const struct ledger *ledger, struct bounds bounds, char *why)
{
	struct conf_journal conf = {.path = (char *)(uintptr_t)path, .batch = 64};
	struct journal *journal = NULL;
	struct err err = {0};
	enum verdict verdict;

	/* 'musterd -t' may be the first to look, or the daemon itself. */
	if (chance_is(&bench->chance, 30) && journal_check(&conf, &err) != 0)
		goto damaged;
	journal = journal_open(bench->loop, &conf, keys, &err);
	if (journal == NULL || journal_check(&conf, &err) != 0)
		goto damaged;
	verdict = check_sum(journal, ledger, bounds, why);
	if (verdict == GOOD && !journal_goes_on(journal, bench->loop)) {
		snprintf(why, WORDS_SIZE, "it does not go on");
		verdict = DAMAGED;
	}
	journal_close(&journal);
	return verdict;
damaged:
	snprintf(why, WORDS_SIZE, "%s", err.text);
	journal_close(&journal);
	return DAMAGED;
}

/* A backup has its name once it is whole; from the moment that it is said to be done it is there.
 */
static enum verdict
check_copy(struct bench *bench, struct keyring *keys, const struct work *work,
    const struct moment *moment, char *why)
{
	char *path = mem_format("%s/" COPY_FILE, bench->image_folder);
	char *moved = mem_format("%s/" JOURNAL_FILE, bench->copy_folder);
	struct bounds bounds = {work->copy_low, work->copy_high};
	enum verdict verdict = GOOD;

	folder_empty(bench->copy_folder);
	if (rename(path, moved) == 0) {
		verdict = check_journal(bench, moved, keys, &work->ledger, bounds, why);
	} else if (moment->has_copy) {
		verdict = LOST;
		snprintf(why, WORDS_SIZE, "it is not there");
	}
	if (verdict != GOOD)
		printf("of the backup:\n");
	free(path);
	free(moved);
	return verdict;
}

static bool
is_same_key(const struct keyring *a, const struct keyring *b)
{
	return strcmp(keyring_current(a), keyring_current(b)) == 0;
}

static enum verdict
check_image(struct bench *bench, const struct work *work, const struct moment *moment, char *why)
{
	struct bounds bounds = {moment->acknowledged, moment->submitted};
	struct keyring *keys, *person_keys;
	struct err err = {0};
	enum verdict verdict = DAMAGED;
	char *path = mem_format("%s/" JOURNAL_FILE, bench->image_folder);

	if (keys_open(bench->image_folder, &keys, &person_keys, &err) != 0) {
		snprintf(why, WORDS_SIZE, "%s", err.text);
	} else if (moment->has_keys && (!is_same_key(keys, work->keys) ||
					   !is_same_key(person_keys, work->person_keys))) {
		snprintf(why, WORDS_SIZE, "a key that was in use is lost");
	} else {
		verdict = check_copy(bench, keys, work, moment, why);
		if (verdict == GOOD)
			verdict = check_journal(bench, path, keys, &work->ledger, bounds, why);
	}
	keyring_free(&keys);
	keyring_free(&person_keys);
	free(path);
	return verdict;
}

/* ---- which images ---- */

struct cut {
	size_t at;
	enum image_kind kind;
};

static int
cut_compare(const void *a, const void *b)
{
	const struct cut *one = a, *other = b;

	return one->at < other->at ? -1 : one->at > other->at;
}

/* Where it matters: around flushes, truncations and names rather than between two of many writes.
 */
static size_t
cut_draw(const struct recording *recording, struct chance *chance)
{
	size_t span = recording->count - recording->first + 1, at;

	at = recording->first + chance_below(chance, span);
	if (chance_is(chance, 50))
		return at;
	while (at < recording->count && recording->ops[at].kind == OP_WRITE)
		at++;
	at += chance_below(chance, 3);
	return at < recording->count ? at : recording->count;
}

struct cuts {
	struct cut *list;
	size_t count;
};

/* A third are prefixes, evenly spread; or besides the others every prefix. */
static struct cuts
cuts_draw(const struct recording *recording, size_t count, bool every, struct chance *chance)
{
	size_t span = recording->count - recording->first + 1;
	size_t prefixes = every || count / 3 > span ? span : count / 3;
	size_t offset = chance_below(chance, span);
	struct cuts cuts = {.count = count - count / 3 + prefixes};

	cuts.list = mem_grow(NULL, cuts.count, sizeof(*cuts.list));
	for (size_t i = 0; i < cuts.count; i++) {
		struct cut *cut = &cuts.list[i];

		if (i < prefixes) {
			cut->kind = IMAGE_PREFIX;
			cut->at = recording->first + (offset + i * span / prefixes) % span;
		} else {
			cut->kind = chance_is(chance, 65) ? IMAGE_SUBSET : IMAGE_TORN;
			cut->at = cut_draw(recording, chance);
		}
	}
	qsort(cuts.list, cuts.count, sizeof(*cuts.list), cut_compare);
	return cuts;
}

static void
tally_add(struct tally *tally, enum verdict verdict)
{
	tally->images++;
	tally->lost += verdict == LOST;
	tally->mixed += verdict == MIXED;
	tally->damaged += verdict == DAMAGED;
}

static bool
tally_is_bad(const struct tally *tally)
{
	return tally->lost + tally->mixed + tally->damaged > 0;
}

/* Until all were good, or the first was not: why says how, and the image is made once more. */
static enum verdict
bench_images(struct bench *bench, const struct work *work, const struct recording *recording,
    const struct cuts *cuts, struct tally *tally, char *why)
{
	struct player *player = player_new(recording);
	enum verdict verdict = GOOD;
	char words[WORDS_SIZE] = "";

	for (size_t i = 0; verdict == GOOD && i < cuts->count; i++) {
		const struct cut *cut = &cuts->list[i];
		struct moment moment = player_moment(recording, cut->at);
		struct chance same = bench->chance;

		folder_empty(bench->image_folder);
		player_make_image(player, cut->at, cut->kind, &bench->chance, bench->image_folder);
		verdict = check_image(bench, work, &moment, words);
		tally_add(tally, verdict);
		if (verdict == GOOD)
			continue;
		snprintf(why, WHY_SIZE, "%s image before operation %zu of %zu to %zu: %s",
		    kind_names[cut->kind], cut->at, recording->first, recording->count, words);
		folder_empty(bench->image_folder);
		player_make_image(player, cut->at, cut->kind, &same, bench->image_folder);
	}
	player_free(&player);
	return verdict;
}

static enum verdict
bench_scenario(struct bench *bench, const struct scenario *scenario, enum plant plant,
    size_t images, bool every, struct tally *tally, char *why)
{
	struct work work;
	struct cuts cuts;
	struct recording *recording;
	enum verdict verdict;

	work_init(&work, bench->work_folder, chance_next(&bench->chance), plant);
	recording = work_record(&work, scenario);
	tally->recordings++;
	tally->operations += recording->count - recording->first;
	tally->acknowledged += recording->now.acknowledged;
	cuts = cuts_draw(recording, images, every, &bench->chance);
	verdict = bench_images(bench, &work, recording, &cuts, tally, why);
	free(cuts.list);
	recording_free(&recording);
	work_fini(&work);
	return verdict;
}

static void
bench_round(struct bench *bench, bool every)
{
	char why[WHY_SIZE];

	for (size_t i = 0; i < SCENARIOS && !tally_is_bad(&bench->tally); i++)
		if (bench_scenario(bench, &scenarios[i], PLANT_NONE, scenarios[i].images, every,
			&bench->tally, why) != GOOD)
			printf("FAULT: %s: %s (kept: %s)\n", scenarios[i].name, why,
			    bench->image_folder);
}

/* A test that can't fail is worse than none. */
static bool
bench_plant(struct bench *bench, enum plant plant)
{
	struct tally tally = {0};
	enum verdict verdict = GOOD;
	char why[WHY_SIZE];

	while (verdict == GOOD && tally.images < PLANT_IMAGES)
		verdict = bench_scenario(bench, &scenario_planted, plant, 40, false, &tally, why);
	if (verdict == GOOD)
		printf("FAULT: planted %s: not found in %zu images\n", plant_names[plant],
		    tally.images);
	else
		printf(
		    "planted %s: found at image %zu: %s\n", plant_names[plant], tally.images, why);
	return verdict != GOOD;
}

static void
bench_init(struct bench *bench, uint64_t seed)
{
	const char *where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	struct err err;

	memset(bench, 0, sizeof(*bench));
	bench->chance.state = seed;
	snprintf(bench->folder, sizeof(bench->folder), "%s/powercut-XXXXXX", where);
	if (mkdtemp(bench->folder) == NULL)
		abort();
	snprintf(bench->work_folder, sizeof(bench->work_folder), "%s/work", bench->folder);
	snprintf(bench->image_folder, sizeof(bench->image_folder), "%s/image", bench->folder);
	snprintf(bench->copy_folder, sizeof(bench->copy_folder), "%s/copy", bench->folder);
	bench->loop = loop_new(&err);
	if (bench->loop == NULL || mkdir(bench->work_folder, 0700) != 0 ||
	    mkdir(bench->image_folder, 0700) != 0 || mkdir(bench->copy_folder, 0700) != 0)
		abort();
}

static void
bench_fini(struct bench *bench)
{
	bool keep = tally_is_bad(&bench->tally);

	loop_free(&bench->loop);
	folder_empty(bench->work_folder);
	folder_empty(bench->copy_folder);
	rmdir(bench->work_folder);
	rmdir(bench->copy_folder);
	if (keep)
		return;
	folder_empty(bench->image_folder);
	rmdir(bench->image_folder);
	rmdir(bench->folder);
}

static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool
bench_run(struct bench *bench, size_t images)
{
	const struct tally *tally = &bench->tally;
	double began = seconds(), took;
	bool good = true;

	do {
		bench_round(bench, tally->images == 0 && images == IMAGES_LONG);
	} while (tally->images < images && !tally_is_bad(tally));
	took = seconds() - began;
	for (enum plant plant = PLANT_NO_SYNC; plant < PLANTS; plant++)
		good = bench_plant(bench, plant) && good;
	printf("power cuts: %zu images of %zu recordings (%zu operations, %zu writes"
	       " acknowledged), %zu lost, %zu mixed, %zu damaged; %.0f images a second",
	    tally->images, tally->recordings, tally->operations, tally->acknowledged, tally->lost,
	    tally->mixed, tally->damaged, (double)tally->images / took);
	return good && !tally_is_bad(tally);
}

static int
usage(void)
{
	fprintf(stderr, "usage: run [--long] [--seed N] [--plant");
	for (enum plant plant = PLANT_NO_SYNC; plant < PLANTS; plant++)
		fprintf(stderr, "%s%s", plant == PLANT_NO_SYNC ? " " : "|", plant_names[plant]);
	fprintf(stderr, "]\n");
	return 2;
}

static enum plant
plant_parse(const char *name)
{
	for (enum plant plant = PLANT_NO_SYNC; plant < PLANTS; plant++)
		if (strcmp(plant_names[plant], name) == 0)
			return plant;
	return PLANT_NONE;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {{"long", no_argument, NULL, 'l'},
	    {"seed", required_argument, NULL, 's'}, {"plant", required_argument, NULL, 'p'}, {0}};
	unsigned long long seed = (unsigned long long)time(NULL) % 100000;
	enum plant plant = PLANT_NONE;
	size_t images = 1; /* a round at least */
	int option;
	struct bench bench;
	double began = seconds();
	bool good;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'l')
			images = IMAGES_LONG;
		else if (option == 's')
			seed = strtoull(optarg, NULL, 10);
		else if (option != 'p' || (plant = plant_parse(optarg)) == PLANT_NONE)
			return usage();
	}
	recording_vfs_install();
	bench_init(&bench, seed);
	good = plant == PLANT_NONE ? bench_run(&bench, images) : bench_plant(&bench, plant);
	printf(" (seed %llu, %.0f s)\n", seed, seconds() - began);
	bench_fini(&bench);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
