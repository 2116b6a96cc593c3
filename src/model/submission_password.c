#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/secret.h"
#include "model/application.h"
#include "model/submission_internal.h"
#include "model/submission_json.h"

#define NAME_LETTERS_LEAST 3 /* a shorter name is in too many passwords by chance */

static int
password_compare(const void *key, const void *item)
{
	return strcmp(key, *(char *const *)item);
}

static bool
password_is_blocked(const char *folded, const struct submission_rules *rules)
{
	return rules->blocklist_count > 0 &&
	       bsearch(folded, rules->blocklist, rules->blocklist_count, sizeof(*rules->blocklist),
		   password_compare) != NULL;
}

static bool
password_holds(const char *folded, const char *name)
{
	char *part;
	bool holds;

	if (name == NULL || typed_letters(name) < NAME_LETTERS_LEAST)
		return false;
	part = submission_fold(name);
	holds = strstr(folded, part) != NULL;
	secret_wipe_text(&part);
	return holds;
}

static void
password_check_length(
    const struct place *body, const struct submission_rules *rules, const char *password)
{
	size_t length = typed_length(password);
	char *detail = NULL;

	if (length < (size_t)rules->password_min)
		detail =
		    mem_format("the password is shorter than %d characters", rules->password_min);
	else if (length > (size_t)rules->password_max)
		detail =
		    mem_format("the password is longer than %d characters", rules->password_max);
	if (detail != NULL)
		place_fault(body, "password", "policy", detail);
	mem_free_text(&detail);
}

static void
password_check(const struct place *body, const struct submission_rules *rules,
    const struct name *name, const char *password)
{
	char *folded = submission_fold(password);

	password_check_length(body, rules, password);
	if (!typed_is_plain(password, false))
		place_fault(body, "password", "policy",
		    "the password holds a control character or one that can't be typed");
	if (password_is_blocked(folded, rules))
		place_fault(body, "password", "policy",
		    "the password is one of the most guessed, choose another");
	if (!rules->password_may_hold_name &&
	    (password_holds(folded, name->given) || password_holds(folded, name->family)))
		place_fault(body, "password", "policy", "the password holds the person's name");
	secret_wipe_text(&folded);
}

void
submission_read_password(
    const struct place *body, const struct submission_rules *rules, struct submission *submission)
{
	const char *typed = place_text(body, "password", true);
	char *password;

	if (typed == NULL)
		return;
	password = typed_nfc(typed);
	password_check(body, rules, &submission->application->legal_name, password);
	submission->password = secret_new(password, strlen(password));
	secret_wipe_text(&password);
}
