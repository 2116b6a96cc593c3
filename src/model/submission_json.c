#include <string.h>

#include "base/mem.h"
#include "base/secret.h"
#include "model/application.h"
#include "model/submission_internal.h"
#include "model/submission_json.h"

/* A text of the body that goes to the application as it is, once it is good. */
struct row {
	const char *member;
	size_t offset;
	bool needed;
	bool (*is_good)(const char *text);
	const char *detail;
};

/* given: see submission_read_legal_name. */
#define LEGAL_NAME_ROWS 4
static const struct row legal_name_rows[LEGAL_NAME_ROWS] = {
    {"given", offsetof(struct application, legal_name.given), false, name_is_part,
	"a name of 1 to 128 characters is needed"},
    {"middle", offsetof(struct application, legal_name.middle), false, name_is_part,
	"a name of 1 to 128 characters is needed"},
    {"family", offsetof(struct application, legal_name.family), true, name_is_part,
	"a name of 1 to 128 characters is needed"},
    {"suffix", offsetof(struct application, legal_name.suffix), false, name_is_part,
	"a suffix such as Jr is needed, or none"},
};

#define CONTACT_ROWS 3
static const struct row contact_rows[CONTACT_ROWS] = {
    {"external_mail", offsetof(struct application, external_mail), true, contact_is_mail,
	"a mail address such as name@example.org is needed"},
    {"phone", offsetof(struct application, phone), false, contact_is_phone,
	"a telephone number of at most 64 characters is needed"},
    {"postal_address", offsetof(struct application, postal_address), false, contact_is_address,
	"an address of at most 500 characters is needed"},
};

#define ORGANIZATION_ROWS 2
static const struct row organization_rows[ORGANIZATION_ROWS] = {
    {"unit", offsetof(struct application, unit), false, contact_is_line,
	"one line of at most 128 characters is needed"},
    {"title", offsetof(struct application, title), false, contact_is_line,
	"one line of at most 128 characters is needed"},
};

static void
submission_read_rows(const struct place *place, const struct row *rows, size_t count,
    struct application *application)
{
	for (size_t i = 0; i < count; i++) {
		const char *text = place_text(place, rows[i].member, rows[i].needed);
		char **kept = (void *)((char *)application + rows[i].offset);

		if (text != NULL && rows[i].is_good(text))
			*kept = mem_text(text);
		else if (text != NULL)
			place_fault(place, rows[i].member, "format", rows[i].detail);
	}
}

/* An object that has the members of these rows and no others. */
static int
submission_read_object(const struct place *body, const char *member, bool needed,
    const struct row *rows, size_t count, struct application *application, struct place *place)
{
	const char *members[LEGAL_NAME_ROWS + 1] = {NULL};

	if (place_enter(body, member, needed, place) != 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		members[i] = rows[i].member;
	place_check_members(place, members);
	submission_read_rows(place, rows, count, application);
	return 0;
}

static void
submission_read_agreement(const struct place *body, const struct submission_rules *rules)
{
	static const char *const members[] = {"version", "accepted", NULL};
	struct place place;
	const char *version;
	const json_t *accepted;

	if (place_enter(body, "agreement", true, &place) != 0)
		return;
	place_check_members(&place, members);
	version = place_text(&place, "version", true);
	if (version != NULL && strcmp(version, rules->agreement_version) != 0)
		place_fault(&place, "version", "policy", "this is not the agreement in force");
	accepted = place_member(&place, "accepted", JSON_TRUE, true);
	if (json_is_false(accepted))
		place_fault(&place, "accepted", "policy", "the agreement must be accepted");
}

/* Who has no given name has the family name alone: more parts mean that it was forgotten. */
static void
submission_read_legal_name(const struct place *body, struct application *application)
{
	struct place place;

	if (submission_read_object(body, "legal_name", true, legal_name_rows, LEGAL_NAME_ROWS,
		application, &place) != 0)
		return;
	if (json_object_get(place.object, "given") == NULL &&
	    (json_object_get(place.object, "middle") != NULL ||
		json_object_get(place.object, "suffix") != NULL))
		place_fault(&place, "given", "missing",
		    "this is required, except for a person whose only name is the family name");
}

/* Its size alone: whether it is a card, and whose, is for the proof, which tells nobody why not. */
static void
submission_read_certificate(const struct place *body, struct submission *submission)
{
	const char *text = place_text(body, "certificate", false);

	if (text != NULL && contact_is_certificate(text))
		submission->certificate = mem_text(text);
	else if (text != NULL)
		place_fault(body, "certificate", "format",
		    "a certificate in PEM of at most 8192 bytes is needed");
}

static void
submission_read(
    const struct place *body, const struct submission_rules *rules, struct submission *submission)
{
	static const char *const members[] = {"agreement", "identity", "certificate", "legal_name",
	    "contact", "organization", "password", "security_questions", NULL};
	struct application *application = submission->application;
	struct place place;

	place_check_members(body, members);
	submission_read_agreement(body, rules);
	submission_read_identity(body, application);
	submission_read_certificate(body, submission);
	submission_read_legal_name(body, application);
	submission_read_object(
	    body, "contact", true, contact_rows, CONTACT_ROWS, application, &place);
	submission_read_object(
	    body, "organization", false, organization_rows, ORGANIZATION_ROWS, application, &place);
	submission_read_password(body, rules, submission);
	submission_read_questions(body, rules, submission);
}

void
submission_parse(const json_t *body, const struct submission_rules *rules,
    struct submission *submission_out, struct faults *faults)
{
	struct place place;

	*submission_out = (struct submission){.application = application_new()};
	if (place_open(body, faults, &place) == 0)
		submission_read(&place, rules, submission_out);
}

void
submission_fini(struct submission *submission)
{
	application_free(&submission->application);
	secret_wipe_text(&submission->certificate);
	secret_free(&submission->password);
	secret_free(&submission->answers);
}
