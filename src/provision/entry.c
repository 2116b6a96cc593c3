/*
 * Choosing a uid and adding the entry. The first question looks for an entry that this
 * registration made before (its reply may have been lost), for any other of the person (whose claim
 * somebody has taken away), and for the stem's numbers 1, 2, 4, 8 … at once: as uids, and as the
 * addresses that they would have; the gap between the last one taken and the first one free is then
 * cut by sixteen with each question, so that the thousandth of a name costs four questions.
 */
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/instant.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"
#include "conf/conf.h"
#include "dir/question.h"
#include "model/application.h"
#include "model/naming.h"
#include "provision/account.h"
#include "provision/steps.h"

enum entry_phase { ENTRY_LOOK, ENTRY_NARROW, ENTRY_ADD };

#define POWERS 20 /* numbers up to 2^19 */
#define CUTS 16
#define COLLISIONS_MOST 25 /* of at most 7 questions each: the driver takes 200 for a loop */

/* The numbers that are asked for: powers of two first, then points between low and high. */
static size_t
entry_numbers(const struct registration *registration, int64_t numbers[POWERS])
{
	int64_t gap = registration->high - registration->low;
	size_t count = 0;

	if (registration->phase == ENTRY_LOOK) {
		for (; count < POWERS; count++)
			numbers[count] = (int64_t)1 << count;
		return count;
	}
	for (int64_t i = 1; i <= CUTS; i++) {
		int64_t number = registration->low + gap * i / (CUTS + 1);

		if (number > registration->low && number < registration->high &&
		    (count == 0 || number != numbers[count - 1]))
			numbers[count++] = number;
	}
	return count;
}

static void
entry_ask_for(struct text *filter, const char *attribute, const char *value)
{
	char *part = filter_equals(attribute, value);

	text_add(filter, "%s", part);
	mem_free_text(&part);
}

static void
entry_ask_numbers(
    const struct site *site, const struct registration *registration, struct question *question)
{
	static const char *const wanted[] = {"uid", "mail", "mailLocalAddress",
	    "musterRegistrationId", "musterPersonKey", "musterAccountStatus",
	    "musterActivationTime", NULL};
	int64_t numbers[POWERS];
	size_t count = entry_numbers(registration, numbers);
	struct text filter = {0};

	text_add(&filter, "(|");
	entry_ask_for(&filter, "musterRegistrationId", registration->id);
	entry_ask_for(&filter, "musterPersonKey", registration->person_key);
	for (size_t i = 0; i < count; i++) {
		char uid[NAMING_UID_SIZE], *mail;

		naming_uid(registration->stem, numbers[i], uid);
		mail = account_mail(site->conf, uid);
		entry_ask_for(&filter, "uid", uid);
		entry_ask_for(&filter, "mail", mail);
		entry_ask_for(&filter, "mailLocalAddress", mail);
		mem_free_text(&mail);
	}
	text_add(&filter, ")");
	question_search(
	    question, TO_ACCOUNTS, site->conf->accounts.base, SCOPE_ONE, filter.bytes, wanted, 0);
	text_fini(&filter);
}

int
entry_ask(const struct site *site, struct registration *registration, struct question *question,
    struct err *err)
{
	const struct application *application = registration->application;

	if (application == NULL)
		return err_set(err, ERR_BROKEN, "the sealed application can't be read");
	if (registration->phase == ENTRY_ADD) {
		account_question(site->conf, registration, question);
		return 0;
	}
	if (registration->phase == ENTRY_LOOK &&
	    naming_stem(site->conf->accounts.uid_template, &application->person.name,
		registration->stem, err) != 0)
		return -1;
	entry_ask_numbers(site, registration, question);
	return 0;
}

static int64_t
entry_due(const struct site *site, const struct registration *registration, int64_t now)
{
	const struct conf_category *category =
	    conf_category_find(site->conf, registration->application->person.categories[0]);
	int64_t delay = category != NULL && category->activation_delay >= 0
			    ? category->activation_delay
			    : site->conf->activation.delay;

	return instant_ceil_second(now + delay);
}

/*
 * An entry of this registration is there already: it is as if the add had just succeeded. One that
 * lost its time while pending waits anew, for nobody knows what it was.
 */
static enum verdict
entry_take_over(const struct site *site, struct registration *registration,
    const struct entry *entry, int64_t now)
{
	const char *time = entry_value(entry, "musterActivationTime");

	mem_set_text(&registration->uid, entry_named(entry, "uid"));
	mem_set_text(&registration->mail, entry_value(entry, "mail"));
	if (time == NULL || instant_read_generalized(time, &registration->activates_at) != 0)
		registration->activates_at = entry_has(entry, "musterAccountStatus", "active")
						 ? registration->created_at
						 : entry_due(site, registration, now);
	application_reduce(registration->application);
	return NEXT;
}

static bool
entry_is_taken(const struct site *site, const struct reply *reply, const char *uid)
{
	char *mail = account_mail(site->conf, uid);
	bool taken = false;

	for (size_t i = 0; i < reply->entry_count; i++)
		taken |= entry_has(&reply->entries[i], "uid", uid) ||
			 entry_has(&reply->entries[i], "mail", mail) ||
			 entry_has(&reply->entries[i], "mailLocalAddress", mail);
	mem_free_text(&mail);
	return taken;
}

/*
 * However the configuration writes it: uids compare without case. A uid that ends like a persona
 * address (john.ng, where "ng" is a persona) would have the address that the other John's account
 * holds, or will hold: nobody gets it, so that none need be looked for.
 */
static bool
entry_is_reserved(const struct site *site, const char *uid)
{
	const struct conf *conf = site->conf;
	char *const *reserved = conf->accounts.reserved_uids;
	const char *dot = strrchr(uid, '.');

	for (size_t i = 0; dot != NULL && i < conf->category_count; i++)
		if (strcmp(dot + 1, conf->categories[i].persona) == 0)
			return true;
	for (; reserved != NULL && *reserved != NULL; reserved++)
		if (strcasecmp(*reserved, uid) == 0)
			return true;
	return false;
}

/* Narrows low (taken) and high (free) by what the reply shows. */
static void
entry_narrow(const struct site *site, struct registration *registration, const struct reply *reply)
{
	int64_t numbers[POWERS];
	size_t count = entry_numbers(registration, numbers);

	if (registration->phase == ENTRY_LOOK) {
		registration->low = 0;
		registration->high = (int64_t)1 << POWERS;
	}
	for (size_t i = 0; i < count; i++) {
		char uid[NAMING_UID_SIZE];

		naming_uid(registration->stem, numbers[i], uid);
		if (!entry_is_taken(site, reply, uid) && !entry_is_reserved(site, uid)) {
			registration->high = numbers[i];
			return;
		}
		registration->low = numbers[i];
	}
}

/* A step to the side by chance after collisions, so that a hundred of one name do not meet again
 * and again; not onto a reserved uid. */
static int64_t
entry_step_aside(const struct site *site, const struct registration *registration)
{
	int64_t number = registration->high;
	char uid[NAMING_UID_SIZE];
	uint32_t chance;

	secret_random(&chance, sizeof(chance));
	number += chance % (2 * (uint32_t)registration->collisions + 1);
	naming_uid(registration->stem, number, uid);
	while (entry_is_reserved(site, uid))
		naming_uid(registration->stem, ++number, uid);
	return number;
}

/* The number is found, unless somebody who chose at the same moment adds it first. */
static enum verdict
entry_choose(const struct site *site, struct registration *registration, int64_t now)
{
	if (registration->collisions > 0)
		registration->high = entry_step_aside(site, registration);
	registration->activates_at = entry_due(site, registration, now);
	registration->phase = ENTRY_ADD;
	return AGAIN;
}

static enum verdict
entry_judge_add(const struct site *site, struct registration *registration,
    const struct reply *reply, struct err *err)
{
	if (reply->kind == REPLY_DONE) {
		char uid[NAMING_UID_SIZE];

		naming_uid(registration->stem, registration->high, uid);
		mem_set_text(&registration->uid, uid);
		mem_free_text(&registration->mail);
		registration->mail = account_mail(site->conf, uid);
		application_reduce(registration->application);
		return NEXT;
	}
	if (reply->kind == REPLY_EXISTS && ++registration->collisions < COLLISIONS_MOST) {
		registration->phase = ENTRY_LOOK;
		return AGAIN;
	}
	if (reply->kind == REPLY_EXISTS)
		err_set(err, ERR_BUSY, "every uid that was free has been taken meanwhile");
	else
		err_set(err, ERR_BROKEN, "adding the entry: %s", reply->text);
	return RETRY;
}

enum verdict
entry_judge(const struct site *site, struct registration *registration, const struct reply *reply,
    int64_t now, struct err *err)
{
	if (registration->phase == ENTRY_ADD)
		return entry_judge_add(site, registration, reply, err);
	if (reply->kind != REPLY_DONE) {
		err_set(err, ERR_BUSY, "looking for a free uid: %s", reply->text);
		return RETRY;
	}
	for (size_t i = 0; i < reply->entry_count; i++)
		if (entry_has(&reply->entries[i], "musterRegistrationId", registration->id))
			return entry_take_over(site, registration, &reply->entries[i], now);
	for (size_t i = 0; i < reply->entry_count; i++)
		if (entry_has(&reply->entries[i], "musterPersonKey", registration->person_key)) {
			err_set(err, ERR_REFUSED, "account-exists");
			return REFUSE;
		}
	entry_narrow(site, registration, reply);
	if (registration->high - registration->low == 1)
		return entry_choose(site, registration, now);
	registration->phase = ENTRY_NARROW;
	return AGAIN;
}
