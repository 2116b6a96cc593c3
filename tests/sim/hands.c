#include <stdio.h>
#include <string.h>

#include "directory.h"
#include "fake_tree.h"
#include "hands.h"
#include "journal.h"
#include "oracle.h"
#include "people.h"
#include "queue.h"
#include "sim.h"

static void
set(struct entry *entry, const char *attribute, const char *value)
{
	tree_entry_delete(entry, attribute, NULL);
	if (value != NULL)
		tree_entry_add(entry, attribute, value);
	trace("an administrator sets %s of %s to %s", attribute, entry->dn,
	    value != NULL ? value : "nothing");
}

static struct entry *
entry_of(const struct subject *subject)
{
	const struct registration *row = store_row(subject->machine, subject->id);
	char dn[160];
	struct entry *entry;

	if (row == NULL || row->uid == NULL)
		return NULL;
	snprintf(dn, sizeof(dn), "uid=%s,%s", row->uid, PEOPLE);
	entry = tree_find(directory_tree(TO_ACCOUNTS), dn);
	return entry != NULL && entry_has(entry, "musterRegistrationId", subject->id) ? entry
										      : NULL;
}

static void
hand_remove_claim(struct subject *subject)
{
	struct tree *tree = directory_tree(TO_ACCOUNTS);
	char dn[160];

	snprintf(dn, sizeof(dn), "musterPersonKey=%s,%s", subject->human->key, CLAIMS);
	if (tree_find(tree, dn) == NULL)
		return;
	trace("an administrator removes the claim of person %u", subject->human->number);
	subject->human->hands |= HAND_CLAIM_GONE;
	tree_remove(tree, dn);
}

static void
hand_remove_entry(struct subject *subject, const struct entry *entry)
{
	trace("an administrator deletes %s", entry->dn);
	subject->human->hands |= HAND_ENTRY_GONE;
	subject->human->accounts--;
	subject->entries--;
	tree_remove(directory_tree(TO_ACCOUNTS), entry->dn);
}

static void
hand_activate(struct subject *subject, struct entry *entry)
{
	const char *hash = entry_value(entry, "musterPendingPassword");

	if (hash == NULL || !entry_has(entry, "musterAccountStatus", "pending"))
		return;
	subject->human->hands |= HAND_ACTIVATED;
	set(entry, "userPassword", hash);
	set(entry, "musterAccountStatus", "active");
	set(entry, "musterPendingPassword", NULL);
	set(entry, "musterActivationTime", NULL);
	set(entry, "musterActivatedAt", "20261125000000Z");
}

/* An entry that is nobody's registration, under the uid that the next of that name would get. */
static void
hand_take_uid(const struct entry *entry)
{
	struct tree *tree = directory_tree(TO_ACCOUNTS);
	const char *uid = entry_value(entry, "uid");
	char other[80], dn[160];
	struct entry *made;

	snprintf(other, sizeof(other), "%.*s%d", (int)strcspn(uid, "0123456789"), uid,
	    (int)chance_between(2, 40));
	snprintf(dn, sizeof(dn), "uid=%s,%s", other, PEOPLE);
	if (tree_find(tree, dn) != NULL)
		return;
	made = tree_put(tree, dn);
	set(made, "objectClass", "inetOrgPerson");
	set(made, "uid", other);
	tree_index(tree, made);
}

void
hand_on_account(struct subject *subject)
{
	struct entry *entry = entry_of(subject);
	struct human *human = subject->human;
	unsigned kind = (unsigned)chance_below(10);

	if (entry == NULL)
		return;
	sim.hands++;
	if (kind == 0) {
		hand_remove_entry(subject, entry);
	} else if (kind == 1) {
		hand_remove_claim(subject);
	} else if (kind == 2 || kind == 3) {
		human->hands |= HAND_ENTRY_CHANGED;
		set(entry, "musterAccountStatus", kind == 2 ? "disabled" : "suspended");
	} else if (kind == 4) {
		human->hands |= HAND_PASSWORD;
		set(entry, "userPassword", "{CRYPT}an-administrators");
	} else if (kind == 5) {
		human->hands |= HAND_ENTRY_CHANGED;
		set(entry, "musterPendingPassword", NULL);
	} else if (kind == 6) {
		human->hands |= HAND_TIME_GONE;
		set(entry, "musterActivationTime", NULL);
	} else if (kind == 7) {
		set(entry, "telephoneNumber", "+1 555 0199");
	} else if (kind == 8) {
		hand_activate(subject, entry);
	} else {
		hand_take_uid(entry);
	}
}

void
hand_on_records(struct subject *subject)
{
	struct human *human = subject->human;

	sim.hands++;
	if (chance_of(2000))
		human_vanish(human);
	else
		human_lapse(human, human->lapsed_at < 0);
}
