#include <stdlib.h>

#include "base/err.h"
#include "base/instant.h"
#include "model/json_text.h"
#include "model/registration.h"
#include "model/registration_json.h"

static json_t *
record_parts_json(unsigned parts)
{
	static const struct {
		enum record_part part;
		const char *name;
	} names[] = {
	    {PART_BIRTH_DATE, "birth_date"},
	    {PART_PAY_ENTRY_BASE_DATE, "pay_entry_base_date"},
	    {PART_NAME, "legal_name"},
	    {PART_CARD, "certificate"},
	};
	json_t *list = json_array();

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((parts & names[i].part) != 0)
			json_array_append_new(list, json_string(names[i].name));
	return list;
}

static json_t *
records_json(const struct records *records)
{
	json_t *list = json_array();

	for (size_t i = 0; i < records->count; i++) {
		const struct record *record = &records->items[i];

		json_array_append_new(
		    list, json_pack("{s:s, s:o, s:o, s:o, s:b, s:o, s:o}", "source", record->source,
			      "dn", json_text(record->dn), "category", json_text(record->category),
			      "rule", json_text(record->rule), "current", record->current, "asked",
			      record_parts_json(record->asked), "differs",
			      record_parts_json(record->differs)));
	}
	return list;
}

void
registration_set_findings(struct registration *registration, int64_t now)
{
	char at[INSTANT_SIZE];
	json_t *json = json_pack("{s:s, s:o}", "at", instant_rfc3339(now, at), "records",
	    records_json(&registration->records));

	free(registration->findings);
	registration->findings = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	if (registration->findings == NULL)
		err_end("out of memory");
}
