#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/idmap.h"
#include "base/instant.h"
#include "base/mem.h"
#include "base/text.h"
#include "directory.h"
#include "fake_tree.h"
#include "journal.h"
#include "oracle.h"
#include "people.h"
#include "queue.h"
#include "sim.h"
#include "world.h"

#define PATIENCE 130000 /* two of the longest back-offs, and some */
#define ASKED_MOST 1000 /* questions about one person in one minute */
#define SAVES_MOST 150  /* of one registration in one minute: two a second, and some */

static struct subject **subjects;
static size_t count;
static struct idmap by_id;

static void
oracle_forget(void *thing)
{
}

void
oracle_end(void)
{
	idmap_drain(&by_id, oracle_forget);
	while (count > 0) {
		free(subjects[--count]->reason);
		free(subjects[count]);
	}
	free(subjects);
	subjects = NULL;
}

const char *
oracle_next_hash(void)
{
	static char hash[64];

	snprintf(hash, sizeof(hash), "{CRYPT}$y$j9T$salt$%zu", count);
	return hash;
}

struct subject *
oracle_subject_new(const char *id, struct human *human, int machine, bool wrong)
{
	struct subject *subject = mem_new(sizeof(*subject));

	snprintf(subject->hash, sizeof(subject->hash), "%s", oracle_next_hash());
	memcpy(subject->id, id, UUID_SIZE);
	subject->human = human;
	subject->machine = machine;
	subject->wrong = wrong;
	subject->submitted_at = queue_now();
	subject->earliest = subject->held_since = -1;
	subject->told = -1;
	human->registrations++;
	human->wrong += wrong;
	if (count % 64 == 0)
		subjects = mem_grow(subjects, count + 64, sizeof(*subjects));
	subjects[count++] = subject;
	idmap_add(&by_id, id, subject);
	return subject;
}

struct subject *
oracle_find(const char *id)
{
	return idmap_find(&by_id, id);
}

struct subject *
oracle_at(size_t index)
{
	return subjects[index];
}

size_t
oracle_count(void)
{
	return count;
}

/* ---- what a question is about ---- */

/* What stands between the first 'from' in the text and the next of 'until'. */
static bool
cut_out(const char *text, const char *from, const char *until, char *out, size_t size)
{
	const char *found = text == NULL ? NULL : strstr(text, from);
	size_t length;

	if (found == NULL)
		return false;
	found += strlen(from);
	length = strcspn(found, until);
	if (length >= size)
		return false;
	memcpy(out, found, length);
	out[length] = '\0';
	return true;
}

static const char *
change_value(const struct question *question, enum change_kind kind, const char *attribute)
{
	for (size_t i = 0; i < question->change_count; i++) {
		const struct change *change = &question->changes[i];

		if (change->kind == kind && strcmp(change->attribute, attribute) == 0)
			return change->values != NULL ? change->values[0] : "";
	}
	return NULL;
}

static const struct entry *
account_entry(const char *dn)
{
	return dn == NULL ? NULL : tree_find(directory_tree(TO_ACCOUNTS), dn);
}

static struct human *
question_person(const struct question *question, int server)
{
	char word[80];
	const char *key;
	const struct entry *entry;
	struct subject *subject;

	if (server != TO_ACCOUNTS)
		return cut_out(question->filter, "(personnelId=", ")", word, sizeof(word))
			   ? human_by_digits(word)
			   : NULL;
	if (cut_out(question->filter, "(musterRegistrationId=", ")", word, sizeof(word))) {
		subject = oracle_find(word);
		return subject == NULL ? NULL : subject->human;
	}
	if (cut_out(question->dn, "musterPersonKey=", ",", word, sizeof(word)))
		return human_by_key(word);
	key = change_value(question, CHANGE_ADD, "musterPersonKey");
	entry = account_entry(question->dn);
	if (key == NULL && entry != NULL)
		key = entry_value(entry, "musterPersonKey");
	return key == NULL ? NULL : human_by_key(key);
}

bool
oracle_is_activation(const struct question *question)
{
	const char *status = question->kind != QUESTION_MODIFY
				 ? NULL
				 : change_value(question, CHANGE_ADD, "musterAccountStatus");

	return status != NULL && strcmp(status, "active") == 0;
}

/* Whose entry it is by its registration's id. */
static struct subject *
entry_subject(const struct entry *entry)
{
	const char *id = entry == NULL ? NULL : entry_value(entry, "musterRegistrationId");

	return id == NULL ? NULL : oracle_find(id);
}

void
oracle_asked(int machine, const struct question *question, int server)
{
	struct human *human = question_person(question, server);
	struct subject *subject;

	if (human != NULL && ++human->asked > ASKED_MOST)
		fail("person %u is asked about without end", human->number);
	if (server == TO_ACCOUNTS && oracle_is_activation(question)) {
		subject = entry_subject(account_entry(question->dn));
		if (subject != NULL && subject->held_since >= 0)
			fail("%s: it is to be made active though it is held", subject->id);
		if (subject != NULL && subject->cancel_granted)
			fail("%s: it is to be made active though it is cancelled", subject->id);
	}
}

void
oracle_troubled(const struct question *question, int server, enum reply_kind kind)
{
	struct human *human = question_person(question, server);

	if (human == NULL)
		return;
	human->troubled_at = queue_now();
	if (kind == REPLY_INVALID)
		human->hands |= HAND_INVALID;
}

/* ---- changes of the directory ---- */

void
oracle_look(const struct question *question, int server, struct oracle_before *before)
{
	const struct entry *entry = account_entry(question->dn);
	const char *status, *id, *key;

	memset(before, 0, sizeof(*before));
	if (server != TO_ACCOUNTS || question->kind == QUESTION_SEARCH || entry == NULL)
		return;
	status = entry_value(entry, "musterAccountStatus");
	id = entry_value(entry, "musterRegistrationId");
	key = entry_value(entry, "musterPersonKey");
	before->there = true;
	before->activates = oracle_is_activation(question);
	before->was_active = entry_value(entry, "musterActivatedAt") != NULL;
	snprintf(before->status, sizeof(before->status), "%s", status != NULL ? status : "");
	snprintf(before->id, sizeof(before->id), "%s", id != NULL ? id : "");
	snprintf(before->key, sizeof(before->key), "%s", key != NULL ? key : "");
}

static int64_t
delay_of(const struct entry *entry)
{
	const char *category = entry_value(entry, "musterPrimaryCategory");

	return category != NULL && strcmp(category, "rotc-cadet") == 0   ? 0
	       : category != NULL && strcmp(category, "usma-cadet") == 0 ? 60000
									 : 900000;
}

static bool
subject_is_withdrawn(const struct subject *subject)
{
	return subject->ended &&
	       (subject->state == STATE_CANCELLED || subject->state == STATE_REJECTED);
}

/* A write that was given up long ago does what can't be helped: it is told of, and counted. */
static void
subject_strays(struct subject *subject, unsigned hand)
{
	trace("%s: a stray write", subject->id);
	subject->human->hands |= hand;
	sim.strays++;
}

static void
account_added(struct subject *subject, const struct entry *entry, int64_t put_at, bool stray)
{
	struct human *human = subject->human;
	const char *status = entry_value(entry, "musterAccountStatus");
	const char *hash = entry_value(entry, "musterPendingPassword");

	if (subject_is_withdrawn(subject))
		fail("%s: its entry is added though it has ended as %s", subject->id,
		    registration_state_name(subject->state));
	subject->entries++;
	subject->stray_entry = subject->stray_entry || stray;
	subject->earliest = put_at + delay_of(entry);
	if (subject->entries > 1 && subject->stray_entry) {
		/* The first add was given up, and comes between the look and the second add, or
		 * after it: for a person. */
		subject_strays(subject, HAND_STRAY);
	} else if (subject->entries > 1) {
		fail("%s: it has a second entry", subject->id);
	}
	if (++human->accounts > 1 && !(human->hands & (HAND_CLAIM_GONE | HAND_STRAY)))
		fail("%s: person %u has a second account", subject->id, human->number);
	if (strcmp(status, "pending") != 0 || entry_value(entry, "userPassword") != NULL)
		fail("%s: its entry begins as %s", subject->id, status);
	if (hash == NULL || strcmp(hash, subject->hash) != 0)
		fail("%s: its entry begins with another hash", subject->id);
	if (subject->wrong || (human->hands & HAND_CONFLICT))
		fail("%s: an identity that was not proved has an entry", subject->id);
}

static void
account_activated(
    struct subject *subject, const struct entry *entry, const struct oracle_before *before)
{
	char *const *passwords = entry_values(entry, "userPassword");

	if (strcmp(before->status, "pending") != 0)
		fail("%s: it is made active from '%s'", subject->id, before->status);
	if (++subject->activations > 1)
		fail("%s: it is made active twice", subject->id);
	if (subject->activate_wished == 0 && queue_now() < subject->earliest)
		fail("%s: it is active %lld ms early", subject->id,
		    (long long)(subject->earliest - queue_now()));
	if (subject_is_withdrawn(subject))
		fail("%s: it is made active though it has ended as %s", subject->id,
		    registration_state_name(subject->state));
	/* One that an administrator adds right before the modify stays. */
	if (!text_is_one_of(subject->hash, passwords) ||
	    (mem_texts_count(passwords) != 1 && !(subject->human->hands & HAND_PASSWORD)))
		fail("%s: it is active with another password", subject->id);
	if (entry_value(entry, "musterPendingPassword") != NULL ||
	    entry_value(entry, "musterActivationTime") != NULL)
		fail("%s: it is active with what is for pending ones", subject->id);
	if (entry_value(entry, "musterActivatedAt") == NULL)
		fail("%s: it is active without a time", subject->id);
}

/* Nobody has begun to take out what is in the directory. */
static bool
subject_is_kept(const struct subject *subject)
{
	return subject->state != STATE_CANCELLED && subject->state != STATE_REJECTED;
}

static void
account_removed(const struct oracle_before *before, bool stray)
{
	struct subject *subject = oracle_find(before->id);
	struct human *human = human_by_key(before->key);

	if (human != NULL)
		human->accounts--;
	if (subject == NULL) {
		fail("somebody else's entry was deleted");
		return;
	}
	subject->entries--;
	if (strcmp(before->status, "active") == 0 || before->was_active)
		fail("%s: its entry was deleted though it was active", subject->id);
	if (subject_is_kept(subject) && stray)
		subject_strays(subject, HAND_ENTRY_GONE);
	else if (subject_is_kept(subject))
		fail("%s: its entry was deleted though it is %s", subject->id,
		    registration_state_name(subject->state));
}

static void
claim_removed(const struct oracle_before *before, bool stray)
{
	struct subject *subject = oracle_find(before->id);

	if (subject == NULL)
		fail("a claim of nobody was deleted");
	else if (subject_is_kept(subject) && stray)
		subject_strays(subject, HAND_CLAIM_GONE);
	else if (subject_is_kept(subject))
		fail("%s: its claim was deleted though it is %s", subject->id,
		    registration_state_name(subject->state));
}

static void
claim_added(const struct subject *subject)
{
	if (subject_is_withdrawn(subject))
		fail("%s: its claim is added though it has ended", subject->id);
}

static void
oracle_saw_records(const struct question *question, int server)
{
	struct human *human = question_person(question, server);

	if (human != NULL && human->lapsed_at < 0)
		human->seen_current_at = queue_now();
}

void
oracle_changed(const struct question *question, int server, int64_t put_at,
    const struct oracle_before *before, bool stray)
{
	const struct entry *entry;
	struct subject *subject;
	bool claim;

	if (server != TO_ACCOUNTS) {
		oracle_saw_records(question, server);
		return;
	}
	if (question->kind == QUESTION_SEARCH)
		return;
	claim = strstr(question->dn, "," CLAIMS) != NULL;
	entry = account_entry(question->dn);
	subject = entry_subject(entry);
	if (question->kind == QUESTION_DELETE && before->there && entry == NULL) {
		if (claim)
			claim_removed(before, stray);
		else
			account_removed(before, stray);
	} else if (question->kind == QUESTION_ADD && subject != NULL) {
		if (claim)
			claim_added(subject);
		else
			account_added(subject, entry, put_at, stray);
	} else if (before->activates && subject != NULL) {
		account_activated(subject, entry, before);
	}
}

/* ---- commits ---- */

/* Whether nothing of it is in the directory; of a claim that somebody else took over too. */
static void
check_gone(const struct subject *subject)
{
	char dn[160];
	const struct entry *claim;

	if (subject->entries != 0 &&
	    !(subject->human->hands & (HAND_ACTIVATED | HAND_ENTRY_CHANGED)))
		fail("%s: it has ended as %s, and its entry is there", subject->id,
		    registration_state_name(subject->state));
	snprintf(dn, sizeof(dn), "musterPersonKey=%s,%s", subject->human->key, CLAIMS);
	claim = account_entry(dn);
	if (claim != NULL && entry_has(claim, "musterRegistrationId", subject->id))
		fail("%s: it has ended as %s, and its claim is there", subject->id,
		    registration_state_name(subject->state));
}

static const struct entry *
subject_entry(const struct subject *subject, const struct registration *row)
{
	char dn[160];
	const struct entry *entry;

	if (row->uid == NULL)
		return NULL;
	snprintf(dn, sizeof(dn), "uid=%s,%s", row->uid, PEOPLE);
	entry = account_entry(dn);
	return entry != NULL && entry_has(entry, "musterRegistrationId", subject->id) ? entry
										      : NULL;
}

static void
check_active(const struct subject *subject, const struct registration *row)
{
	const struct entry *entry = subject_entry(subject, row);
	unsigned hands = subject->human->hands;

	if (subject->wrong)
		fail("%s: it is active, though its identity is wrong", subject->id);
	if (subject->activations != 1 && !(hands & HAND_ACTIVATED))
		fail("%s: it has ended as active, and was made so %d times", subject->id,
		    subject->activations);
	if (entry == NULL && !(hands & (HAND_ENTRY_GONE)))
		fail("%s: it has ended as active, and has no entry", subject->id);
	if (entry != NULL && !entry_has(entry, "musterAccountStatus", "active") &&
	    !(hands & HAND_ENTRY_CHANGED))
		fail("%s: it has ended as active, and its entry is not", subject->id);
}

static bool
starts(const char *text, const char *with)
{
	return text != NULL && strncmp(text, with, strlen(with)) == 0;
}

/* Whether what is said as the reason has a cause. */
static bool
reason_is_right(const struct subject *subject, const struct registration *row)
{
	static const struct {
		enum registration_state state;
		const char *reason;
		unsigned hands;
	} causes[] = {
	    {STATE_FAILED, "the account's entry is gone", HAND_ENTRY_GONE},
	    {STATE_FAILED, "somebody has disabled the entry", HAND_ENTRY_CHANGED},
	    {STATE_FAILED, "somebody has suspended the entry", HAND_ENTRY_CHANGED},
	    {STATE_FAILED, "the entry has lost its musterPendingPassword", HAND_ENTRY_CHANGED},
	    {STATE_FAILED, "the entry has a userPassword already", HAND_PASSWORD},
	    {STATE_FAILED, "two entries carry this registration", HAND_STRAY},
	    {STATE_FAILED, "the personnel record can't be found any more", HAND_RECORD_GONE},
	    {STATE_FAILED, "the helpdesk must look at the personnel records", HAND_CONFLICT},
	    {STATE_FAILED, "adding the entry: a value is against a constraint", HAND_INVALID},
	    {STATE_FAILED, "activating: a value is against a constraint", HAND_INVALID},
	    {STATE_FAILED, "keeping the person's claim: a value is against a constraint",
		HAND_INVALID},
	    {STATE_FAILED, "claiming the person: a value is against a constraint", HAND_INVALID},
	    {STATE_FAILED, "removing the entry: a value is against a constraint", HAND_INVALID},
	    {STATE_FAILED, "removing the claim: a value is against a constraint", HAND_INVALID},
	    {STATE_REJECTED, "identity-not-verified", HAND_RECORD_GONE},
	};
	const struct human *human = subject->human;

	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
		if (causes[i].state == row->state && starts(row->reason, causes[i].reason) &&
		    (human->hands & causes[i].hands) != 0)
			return true;
	if (row->state != STATE_REJECTED || row->reason == NULL)
		return false;
	if (strcmp(row->reason, "identity-not-verified") == 0)
		return human->wrong > 0 || !(human->recorded[0] || human->recorded[1]);
	if (strcmp(row->reason, "not-eligible") == 0)
		return human->has_lapsed;
	return strcmp(row->reason, "account-exists") == 0 && human->registrations > 1;
}

static void
check_state(struct subject *subject, const struct registration *row)
{
	if (row->state == STATE_CANCELLED && !subject->cancel_wished)
		fail("%s: nobody wished it to be cancelled", row->id);
	if (row->state == STATE_FAILED && (row->reason == NULL || row->due_at != 0))
		fail("%s: failed without a reason, or still at work", row->id);
	if ((row->state == STATE_FAILED || row->state == STATE_REJECTED) &&
	    !reason_is_right(subject, row))
		fail("%s: it is %s: '%s', and nothing was done to cause it", row->id,
		    registration_state_name(row->state), row->reason != NULL ? row->reason : "");
}

static void
check_end(struct subject *subject, const struct registration *row, bool sealed)
{
	subject->ended = true;
	sim.ended[row->state]++;
	if (sealed)
		fail("%s: it has ended, and the application is kept", row->id);
	if (row->due_at != 0)
		fail("%s: it has ended, and is due", row->id);
	if (row->state == STATE_ACTIVE)
		check_active(subject, row);
	else if (row->state == STATE_CANCELLED || row->state == STATE_REJECTED)
		check_gone(subject);
	else
		fail("%s: it has ended as %s", row->id, registration_state_name(row->state));
}

/* The record was looked at since the row was committed last, and was current then. */
static void
check_recheck(const struct subject *subject, const struct registration *row)
{
	if (strcmp(subject->step, "recheck-record") == 0 && row->state == STATE_PENDING &&
	    strcmp(row->step, subject->step) != 0 &&
	    subject->human->seen_current_at < subject->committed_at)
		fail("%s: it goes on to be activated, and no current record was seen", row->id);
}

void
oracle_committed(
    int machine, const struct registration *old, const struct registration *row, bool sealed)
{
	struct subject *subject = oracle_find(row->id);

	/* Whoever wishes a cancelled one to be cancelled is told that it is, after a save. */
	if (subject->ended && (subject->state != row->state || strcmp(row->step, "done") != 0))
		fail("%s: it has ended, and goes on as %s at %s", row->id,
		    registration_state_name(row->state), row->step);
	if (subject->ended)
		return;
	if (old != NULL)
		check_recheck(subject, row);
	subject->committed = true;
	if (old == NULL || subject->state != row->state)
		check_state(subject, row);
	trace("m%d commits %s: %s at %s, due %lld%s%s", machine, row->id,
	    registration_state_name(row->state), row->step,
	    row->due_at == 0 ? 0LL : (long long)(row->due_at - INT64_C(1790000000123)),
	    row->reason != NULL ? ", " : "", row->reason != NULL ? row->reason : "");
	subject->state = row->state;
	subject->held = row->held;
	subject->committed_at = queue_now();
	mem_set_text(&subject->reason, row->reason);
	snprintf(subject->step, sizeof(subject->step), "%s", row->step);
	if (strcmp(row->step, "done") == 0)
		check_end(subject, row, sealed);
}

void
oracle_saves(const char *id)
{
	if (++oracle_find(id)->saves > SAVES_MOST)
		fail("%s: it is saved again and again", id);
}

void
oracle_refused(const char *id)
{
	struct subject *subject = oracle_find(id);

	if (subject != NULL)
		subject->touched_at = queue_now();
}

/* ---- news ---- */

void
oracle_told(int machine, unsigned life, const struct registration *registration, bool is_new)
{
	struct subject *subject = oracle_find(registration->id);
	const struct registration *row = store_row(machine, registration->id);

	if (row == NULL || row->state != registration->state ||
	    strcmp(row->step, registration->step) != 0) {
		fail("%s: what is told is not what is committed", registration->id);
		return;
	}
	if (subject->told_life != life)
		subject->told = -1;
	if (is_new && subject->told == (int)registration->state)
		fail("%s: it is told twice that it is %s", registration->id,
		    registration_state_name(registration->state));
	if (!is_new && subject->told != -1 && subject->told != (int)registration->state)
		fail("%s: it is not told that it is %s", registration->id,
		    registration_state_name(registration->state));
	subject->told = (int)registration->state;
	subject->told_life = life;
}

/* ---- from time to time, and at the end ---- */

static int64_t
latest(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void
check_moves(const struct subject *subject)
{
	int64_t since = world_healthy_since();

	if (since == INT64_MAX || subject->state == STATE_FAILED || subject->held)
		return;
	since = latest(since, latest(subject->submitted_at, subject->committed_at));
	since = latest(since, latest(subject->human->troubled_at, subject->touched_at));
	if (subject->state == STATE_PENDING)
		since = latest(since, subject->earliest);
	since += world_may_be_late(subject->machine);
	if (queue_now() > since + PATIENCE)
		fail("%s: it stands still as %s at %s, and nothing is wrong since %lld s",
		    subject->id, registration_state_name(subject->state), subject->step,
		    (long long)(queue_now() - since) / 1000);
}

void
oracle_sweep(void)
{
	for (size_t i = 0; i < human_count(); i++)
		human_at(i)->asked = 0;
	for (size_t i = 0; i < count; i++) {
		struct subject *subject = subjects[i];

		subject->saves = 0;
		if (subject->acknowledged && !subject->committed)
			fail("%s: it was acknowledged, and is not in the journal", subject->id);
		else if (subject->committed && !subject->ended)
			check_moves(subject);
	}
}

void
oracle_judge(void)
{
	for (size_t i = 0; i < count; i++) {
		struct subject *subject = subjects[i];
		const struct registration *row = store_row(subject->machine, subject->id);

		if (subject->acknowledged)
			sim.registrations++;
		if (subject->acknowledged && row == NULL)
			fail("%s: it was acknowledged, and is lost", subject->id);
		if (row == NULL)
			continue;
		if (!subject->ended && row->state != STATE_FAILED)
			fail("%s: at the end it is %s at %s", subject->id,
			    registration_state_name(row->state), row->step);
		if (row->state == STATE_FAILED)
			sim.ended[STATE_FAILED]++;
		if (subject_is_withdrawn(subject))
			check_gone(subject);
	}
}
