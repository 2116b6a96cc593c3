/*
 * Fills the journal of a configuration with pending registrations, as the daemon would have left
 * them: sealed identity, waiting for a time a day ahead. The daemon must not run. Mixed, of ten
 * one's time has come, and two have no entry yet, for the account directory was away.
 *   fill CONFIG COUNT [mixed]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/keyring.h"
#include "base/loop.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "journal/journal.h"
#include "model/application.h"

#define DAY ((int64_t)86400 * 1000)
#define IN_QUEUE 4096

static long answered;

static void
on_appended(enum journal_result result, const char *id, void *arg)
{
	if (result != JOURNAL_DONE) {
		fprintf(stderr, "the journal refused a row\n");
		exit(EXIT_FAILURE);
	}
	answered++;
}

static struct registration *
pending(long number)
{
	struct registration *registration = registration_new();
	char digits[10];

	text_uuid(clock_now(), registration->id);
	registration->portal = mem_text("bench");
	registration->state = STATE_PENDING;
	registration->step = mem_text("wait");
	registration->created_at = clock_now();
	registration->activates_at = registration->due_at = clock_now() + DAY + number;
	registration->uid = mem_format("john.q.doe%ld", number);
	registration->mail = mem_format("john.q.doe%ld@mail.example.mil", number);
	mem_texts_add(&registration->categories, "da-civilian");
	registration->application = application_new();
	snprintf(digits, sizeof(digits), "9%08u", (unsigned)number % 100000000U);
	identifier_parse(IDENTIFIER_SSN, digits, &registration->application->identifier);
	registration->application->legal_name.family = mem_text("Doe");
	registration->application->person.name.family = mem_text("Doe");
	mem_texts_add(&registration->application->person.categories, "da-civilian");
	return registration;
}

static void
mix(struct registration *registration, long number)
{
	if (number % 10 == 0) {
		registration->activates_at = registration->due_at = clock_now() - number;
	} else if (number % 10 < 3) {
		registration->state = STATE_VERIFIED;
		mem_set_text(&registration->step, "add-entry");
		mem_set_text(&registration->waits_for, "accounts");
		mem_free_text(&registration->uid);
		mem_free_text(&registration->mail);
		registration->attempts = 5;
		registration->activates_at = 0;
	}
}

static int
fill(const struct conf *conf, long count, bool mixed)
{
	struct err err = {0};
	struct loop *loop = loop_new(&err);
	struct keyring *keys = keyring_open(conf->journal.key_file, true, &err);
	struct journal *journal =
	    loop == NULL || keys == NULL ? NULL : journal_open(loop, &conf->journal, keys, &err);

	for (long i = 0; journal != NULL && i < count; i++) {
		struct registration *registration = pending(i);
		struct journal_note note = {"add-entry", "done; wait: waits"};

		if (mixed)
			mix(registration, i);
		journal_append(journal, registration, &note, on_appended, NULL);
		registration_free(&registration);
		while (i - answered >= IN_QUEUE)
			loop_turn(loop, 10);
	}
	while (journal != NULL && answered < count)
		loop_turn(loop, 10);
	if (journal == NULL)
		fprintf(stderr, "%s\n", err.text);
	count = journal == NULL ? -1 : 0;
	journal_close(&journal);
	keyring_free(&keys);
	loop_free(&loop);
	return (int)count;
}

int
main(int argc, char **argv)
{
	struct conf_faults faults = {0};
	struct conf *conf;
	int result;

	if (argc < 3 || argc > 4 || (conf = conf_read(argv[1], &faults)) == NULL) {
		fprintf(stderr, "usage: fill CONFIG COUNT [mixed]\n");
		return EXIT_FAILURE;
	}
	result = fill(conf, atol(argv[2]), argc == 4);
	conf_free(&conf);
	conf_faults_fini(&faults);
	return result == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
