#include "base/instant.h"
#include "model/json_text.h"
#include "model/registration.h"
#include "model/registration_json.h"

static json_t *
registration_json_instant(int64_t instant, int64_t lead)
{
	char text[INSTANT_SIZE];

	return instant == 0 ? json_null() : json_string(instant_rfc3339(instant + lead, text));
}

/* A registration that failed still waits for a person, so it grows late too. */
static json_t *
registration_json_is_past(const struct registration *registration, int64_t limit, int64_t now)
{
	return json_boolean(
	    !registration_is_final(registration) && now - registration->created_at >= limit);
}

json_t *
registration_json(
    const struct registration *registration, const struct lateness *lateness, int64_t now)
{
	const struct registration *it = registration;
	const char *primary = it->categories != NULL ? it->categories[0] : NULL;
	const struct {
		const char *name;
		json_t *value;
	} members[] = {
	    {"id", json_text(it->id)},
	    {"state", json_text(registration_state_name(it->state))},
	    {"reason", json_text(it->reason)},
	    {"created_at", registration_json_instant(it->created_at, lateness->lead)},
	    {"activates_at", registration_json_instant(it->activates_at, lateness->lead)},
	    {"activated_at", registration_json_instant(it->activated_at, lateness->lead)},
	    {"uid", json_text(it->uid)},
	    {"mail", json_text(it->mail)},
	    {"categories", json_texts(it->categories)},
	    {"primary_category", json_text(primary)},
	    {"dual", json_boolean(registration_is_dual(it))},
	    {"held", json_boolean(it->held)},
	    {"overdue", registration_json_is_past(it, lateness->late_after, now)},
	    {"escalated", registration_json_is_past(it, lateness->escalate_after, now)},
	};
	json_t *object = json_object();

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		json_object_set_new(object, members[i].name, members[i].value);
	return object;
}
