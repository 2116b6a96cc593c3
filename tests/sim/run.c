/* The simulation's seeds, one after the other: see sim.h. */
#include <openssl/crypto.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/keyring.h"
#include "base/log.h"
#include "base/secret.h"
#include "life.h"
#include "people.h"
#include "queue.h"
#include "sim.h"

#define SHORT_SEEDS 25
#define SHORT_REGISTRATIONS 2000
#define LONG_SEEDS 500
#define PLANT_REGISTRATIONS 500

struct sim sim;

static const char *const plants[PLANT_COUNT] = {
    [PLANT_NONE] = "none",
    [PLANT_REPLACE] = "replace",
    [PLANT_EARLY] = "early",
    [PLANT_LOSE_COMMIT] = "lose-commit",
    [PLANT_TWICE] = "twice",
    [PLANT_DEAF] = "deaf",
    [PLANT_BLIND] = "blind",
    [PLANT_KEEP] = "keep",
    [PLANT_FORGET] = "forget",
};

/* ---- chance: SplitMix64 (Steele, Lea, Flood 2014) ---- */

static uint64_t state;

static uint64_t
chance_next(void)
{
	uint64_t z = (state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

void
chance_seed(uint64_t seed)
{
	state = seed * UINT64_C(0x2545f4914f6cdd1d) + 1;
}

uint64_t
chance_below(uint64_t limit)
{
	return limit == 0 ? 0 : chance_next() % limit;
}

int64_t
chance_between(int64_t low, int64_t high)
{
	return low + (int64_t)chance_below((uint64_t)(high - low + 1));
}

bool
chance_of(unsigned many)
{
	return many > 0 && chance_below(10000) < many;
}

/* Linked in the place of secret_random (ld --wrap): what is chance there comes of the seed here. */
void __wrap_secret_random(void *bytes, size_t size);
void
__wrap_secret_random(void *bytes, size_t size)
{
	unsigned char *to = bytes;

	while (size-- > 0)
		*to++ = (unsigned char)chance_next();
}

/* ---- what is said ---- */

/* The daemon's own lines (ld --wrap) are part of the trace. */
void __wrap_log_line(enum log_level level, const char *id, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void
__wrap_log_line(enum log_level level, const char *id, const char *format, ...)
{
	char line[1000];
	va_list args;

	if (!sim.trace)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	trace("m%d logs %s: %s", queue_here(), id != NULL ? id : "-", line);
}

void
trace(const char *format, ...)
{
	va_list args;

	if (!sim.trace)
		return;
	printf("%10.3f ", (double)queue_now() / 1000);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

void
fail(const char *format, ...)
{
	va_list args;

	if (sim.failed)
		return;
	sim.failed = true;
	va_start(args, format);
	vsnprintf(sim.why, sizeof(sim.why), format, args);
	va_end(args);
	trace("FAILED: %s", sim.why);
}

static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- runs ---- */

/* Returns the number of seeds that failed. */
static unsigned
run_seeds(uint64_t first, unsigned seeds, unsigned registrations, bool progress)
{
	unsigned failed = 0;
	double begun = seconds();

	for (unsigned i = 0; i < seeds; i++) {
		sim.seed = first + i;
		world_run(sim.seed, registrations);
		if (sim.failed) {
			failed++;
			printf("seed %" PRIu64 ": %s\n  again: tests/sim/run --seed %" PRIu64
			       " --registrations %u --trace\n",
			    sim.seed, sim.why, sim.seed, registrations);
		}
		if (progress && (i + 1) % 10 == 0)
			printf("%u seeds, %" PRIu64 " registrations, %u failed (%.0f s)\n", i + 1,
			    sim.registrations, failed, seconds() - begun);
		fflush(stdout);
	}
	return failed;
}

/* Each bug that is put in must be found by one of the seeds. Returns how many were not. */
static unsigned
run_plants(void)
{
	unsigned missed = 0;

	for (int i = 1; i < PLANT_COUNT; i++) {
		struct sim kept = sim;
		unsigned tries = 0;

		sim.plant = (enum plant)i;
		do
			world_run(++tries, PLANT_REGISTRATIONS);
		while (!sim.failed && tries < SHORT_SEEDS);
		printf("plant %s: %s%s (seed %u)\n", plants[i], sim.failed ? "found: " : "MISSED",
		    sim.failed ? sim.why : "", tries);
		missed += !sim.failed;
		sim = kept;
	}
	return missed;
}

static struct keyring *
run_keys(void)
{
	char folder[] = "/tmp/test_sim.XXXXXX", path[64];
	struct keyring *keys;
	struct err err = {0};

	if (mkdtemp(folder) == NULL)
		abort();
	snprintf(path, sizeof(path), "%s/key", folder);
	chance_seed(0);
	keys = keyring_open(path, true, &err);
	unlink(path);
	rmdir(folder);
	return keys;
}

static int
run_usage(void)
{
	fprintf(stderr, "usage: run [--long] [--seed N [--registrations N] [--trace]] [--seeds N]"
			" [--plant NAME]\n");
	return 2;
}

struct choice {
	uint64_t seed;
	unsigned seeds, registrations;
	bool progress, plants;
};

static int
run_read(int argc, char **argv, struct choice *choice)
{
	static const struct option options[] = {
	    {"long", no_argument, NULL, 'l'},
	    {"seed", required_argument, NULL, 's'},
	    {"seeds", required_argument, NULL, 'n'},
	    {"registrations", required_argument, NULL, 'r'},
	    {"trace", no_argument, NULL, 't'},
	    {"plant", required_argument, NULL, 'p'},
	    {NULL, 0, NULL, 0},
	};
	int letter;

	while ((letter = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (letter == 'l') {
			choice->seeds = LONG_SEEDS;
			choice->progress = true;
		} else if (letter == 's') {
			choice->seed = strtoull(optarg, NULL, 10);
			choice->seeds = 1;
			choice->plants = false;
		} else if (letter == 'n') {
			choice->seeds = (unsigned)strtoul(optarg, NULL, 10);
		} else if (letter == 'r') {
			choice->registrations = (unsigned)strtoul(optarg, NULL, 10);
		} else if (letter == 't') {
			sim.trace = true;
		} else if (letter == 'p') {
			choice->plants = false;
			while (sim.plant < PLANT_COUNT && strcmp(optarg, plants[sim.plant]) != 0)
				sim.plant++;
			if (sim.plant == PLANT_COUNT)
				return -1;
		} else {
			return -1;
		}
	}
	return optind == argc ? 0 : -1;
}

int
main(int argc, char **argv)
{
	struct choice choice = {1, SHORT_SEEDS, SHORT_REGISTRATIONS, false, true};
	struct keyring *keys;
	double begun = seconds();
	unsigned failed, missed = 0;

	if (run_read(argc, argv, &choice) != 0)
		return run_usage();
	keys = run_keys();
	life_setup(keys);
	people_begin(keys);
	if (choice.plants)
		missed = run_plants();
	failed = run_seeds(choice.seed, choice.seeds, choice.registrations, choice.progress);
	keyring_free(&keys);
	printf("%" PRIu64 " active, %" PRIu64 " rejected, %" PRIu64 " cancelled, %" PRIu64
	       " failed; %" PRIu64 " questions, %" PRIu64 " wishes, %" PRIu64
	       " of an administrator, %" PRIu64 " reboots, %" PRIu64 " strays, %" PRIu64
	       " events\n",
	    sim.ended[3], sim.ended[4], sim.ended[5], sim.ended[6], sim.questions, sim.wishes,
	    sim.hands, sim.reboots, sim.strays, sim.events);
	printf("sim: %u seeds, %" PRIu64 " registrations, %" PRIu64 " crashes, %" PRIu64
	       " faults, ",
	    choice.seeds, sim.registrations, sim.crashes, sim.faults);
	if (failed > 0 || missed > 0)
		printf("%u seeds failed, %u plants missed (%.1f s)\n", failed, missed,
		    seconds() - begun);
	else
		printf("0 lost, 0 early, 0 twice (%.1f s)\n", seconds() - begun);
	return failed > 0 || missed > 0;
}
