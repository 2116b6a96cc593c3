#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/idmap.h"
#include "base/mem.h"
#include "base/text.h"
#include "budget/budget.h"
#include "directory.h"
#include "fake_tree.h"
#include "model/application.h"
#include "model/registration.h"
#include "people.h"
#include "queue.h"
#include "sim.h"

static const char *const given[] = {"John", "Mary", "José", "Anna", "Wei"};
static const char *const family[] = {"Doe", "O'Hara", "Nguyễn", "Smith-Jones"};
static const char *const army[] = {"army-retired", "active-army", "usma-cadet", "rotc-cadet"};

static const struct keyring *keys;
static struct human **people;
static size_t count;
static struct idmap by_key;

void
people_begin(const struct keyring *person_keys)
{
	keys = person_keys;
}

static void
people_forget(void *thing)
{
}

void
people_end(void)
{
	idmap_drain(&by_key, people_forget);
	while (count > 0)
		free(people[--count]);
	free(people);
	people = NULL;
}

struct human *
human_at(size_t index)
{
	return people[index];
}

size_t
human_count(void)
{
	return count;
}

struct human *
human_by_key(const char *key)
{
	return idmap_find(&by_key, key);
}

struct human *
human_by_digits(const char *digits)
{
	unsigned long number = strtoul(digits, NULL, 10) - 900000000;

	return number < count ? people[number] : NULL;
}

/* No two have the same dates: what one guesses does not lock another. */
static struct date
human_birth(const struct human *human)
{
	unsigned n = human->number;

	return (struct date){(int)(1940 + n / 336 % 60), (int)(1 + n / 28 % 12), (int)(1 + n % 28)};
}

static const char *
human_given(const struct human *human)
{
	return given[human->number * 7 % (sizeof(given) / sizeof(given[0]))];
}

static const char *
human_family(const struct human *human)
{
	return family[human->number * 3 % (sizeof(family) / sizeof(family[0]))];
}

static void
entry_set(struct entry *entry, const char *attribute, const char *value)
{
	tree_entry_delete(entry, attribute, NULL);
	if (value != NULL)
		tree_entry_add(entry, attribute, value);
}

static void
human_put_record(const struct human *human, int source, bool conflict)
{
	struct date birth = human_birth(human);
	struct tree *tree = directory_tree(1 + source);
	char dn[128], cn[32], date[16];
	struct entry *entry;

	snprintf(cn, sizeof(cn), "record %u", human->number);
	snprintf(dn, sizeof(dn), "cn=%s,%s", cn, PERSONNEL);
	snprintf(
	    date, sizeof(date), "%04d-%02d-%02d", birth.year + conflict, birth.month, birth.day);
	entry = tree_put(tree, dn);
	entry_set(entry, "objectClass", "musterPersonnelRecord");
	entry_set(entry, "cn", cn);
	entry_set(entry, "personnelId", human->digits);
	entry_set(entry, "birthDate", date);
	entry_set(entry, "givenName", human_given(human));
	entry_set(entry, "sn", human_family(human));
	entry_set(entry, "personnelCategory",
	    source == 1 ? "da-civilian" : army[human->number % (sizeof(army) / sizeof(army[0]))]);
	entry_set(entry, "personnelStatus", "current");
	tree_index(tree, entry);
}

static void
human_find_key(struct human *human)
{
	struct application *application = application_new();
	struct budget_keys found;

	memcpy(application->identifier.digits, human->digits, sizeof(human->digits));
	budget_keys(keys, application, false, &found);
	memcpy(human->key, found.person, sizeof(human->key));
	application_free(&application);
}

struct human *
human_new(void)
{
	struct human *human = mem_new(sizeof(*human));
	uint64_t kind = chance_below(100);

	human->number = (unsigned)count;
	human->lapsed_at = -1;
	human->seen_current_at = -1;
	human->troubled_at = -1;
	snprintf(human->digits, sizeof(human->digits), "%09u", 900000000 + human->number);
	human_find_key(human);
	if (count % 64 == 0)
		people = mem_grow(people, count + 64, sizeof(*people));
	people[count++] = human;
	idmap_add(&by_key, human->key, human);
	human->recorded[0] = kind < 75 && kind != 0;
	human->recorded[1] = kind >= 50 || kind == 1;
	if (kind == 1)
		human->hands |= HAND_CONFLICT;
	for (int i = 0; i < SOURCES; i++)
		if (human->recorded[i])
			human_put_record(human, i, kind == 1 && i == 1);
	if (kind == 2)
		human_lapse(human, true);
	return human;
}

static struct entry *
human_record(const struct human *human, int source)
{
	char dn[128];

	snprintf(dn, sizeof(dn), "cn=record %u,%s", human->number, PERSONNEL);
	return tree_find(directory_tree(1 + source), dn);
}

void
human_lapse(struct human *human, bool lapse)
{
	for (int i = 0; i < SOURCES; i++) {
		struct entry *entry = human_record(human, i);

		if (entry != NULL)
			entry_set(entry, "personnelStatus", lapse ? "lapsed" : "current");
	}
	trace("person %u %s", human->number, lapse ? "lapses" : "is current again");
	human->lapsed_at = lapse ? queue_now() : -1;
	human->has_lapsed |= lapse;
}

void
human_vanish(struct human *human)
{
	char dn[128];

	snprintf(dn, sizeof(dn), "cn=record %u,%s", human->number, PERSONNEL);
	for (int i = 0; i < SOURCES; i++)
		tree_remove(directory_tree(1 + i), dn);
	human->hands |= HAND_RECORD_GONE;
	trace("person %u vanishes from the records", human->number);
}

struct registration *
human_application(const struct human *human, bool wrong, const char *hash, const char *first_step)
{
	struct registration *registration = registration_new();
	struct application *application = application_new();

	if (identifier_parse(IDENTIFIER_SSN, human->digits, &application->identifier) != 0)
		abort();
	application->birth_date = human_birth(human);
	application->birth_date.year -= wrong;
	application->legal_name.given = mem_text(human_given(human));
	application->legal_name.family = mem_text(human_family(human));
	application->external_mail = mem_text("someone@example.org");
	application->password_hash = mem_text(hash);
	application->answers_hash = mem_text("{CRYPT}$y$j9T$answers");
	application->questions[0] = mem_text("first-car");
	text_uuid(clock_now(), registration->id);
	registration->portal = mem_text("webmail");
	registration->state = STATE_RECEIVED;
	registration->step = mem_text(first_step);
	registration->created_at = registration->due_at = clock_now();
	registration->application = application;
	return registration;
}
