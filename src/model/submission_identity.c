#include "model/application.h"
#include "model/submission_internal.h"
#include "model/submission_json.h"

static void
identity_read_identifier(const struct place *place, struct application *application)
{
	bool has_ssn = json_object_get(place->object, "ssn") != NULL;
	bool has_fin = json_object_get(place->object, "fin") != NULL;
	enum identifier_kind kind = has_ssn ? IDENTIFIER_SSN : IDENTIFIER_FIN;
	const char *member = identifier_kind_name(kind), *text;

	if (!has_ssn && !has_fin) {
		place_fault(place, NULL, "missing", "one of ssn and fin is required");
		return;
	}
	if (has_ssn && has_fin) {
		place_fault(place, NULL, "conflict", "give ssn or fin, not both");
		return;
	}
	text = place_text(place, member, true);
	if (text != NULL && identifier_parse(kind, text, &application->identifier) != 0)
		place_fault(
		    place, member, "format", "nine digits are needed, as 123456789 or 123-45-6789");
}

static void
identity_read_date(
    const struct place *place, const char *member, bool needed, struct date *date_out)
{
	const char *text = place_text(place, member, needed);

	if (text != NULL && date_parse(DATE_ISO, text, date_out) != 0)
		place_fault(
		    place, member, "format", "a date of the calendar is needed, as YYYY-MM-DD");
}

void
submission_read_identity(const struct place *body, struct application *application)
{
	static const char *const members[] = {
	    "ssn", "fin", "birth_date", "pay_entry_base_date", NULL};
	struct place place;

	if (place_enter(body, "identity", true, &place) != 0)
		return;
	place_check_members(&place, members);
	identity_read_identifier(&place, application);
	identity_read_date(&place, "birth_date", true, &application->birth_date);
	identity_read_date(&place, "pay_entry_base_date", false, &application->pay_entry_base_date);
}

void
submission_parse_identity(
    const json_t *body, struct application *application, struct faults *faults)
{
	struct place place;

	if (place_open(body, faults, &place) == 0)
		submission_read_identity(&place, application);
}

void
submission_parse_check(const json_t *body, struct application *application, struct faults *faults)
{
	static const char *const members[] = {"identity", NULL};
	struct place place;

	if (place_open(body, faults, &place) != 0)
		return;
	place_check_members(&place, members);
	submission_read_identity(&place, application);
}
