/*
 * The journal: how it does, checks and backups. Both are long: they are begun by a POST, and asked
 * after. Who may use the admin socket may say where a backup goes; the daemon writes it with its
 * own rights, over nothing that is there.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "admin/admin_internal.h"
#include "base/err.h"
#include "base/mem.h"
#include "journal/journal.h"
#include "model/json_text.h"
#include "pipeline/driver.h"

static json_t *
journal_findings_json(const struct journal_findings *findings)
{
	json_t *list = json_array();

	for (size_t i = 0; i < findings->count; i++) {
		const struct journal_finding *finding = &findings->list[i];
		json_t *json = json_object();

		json_object_set_new(
		    json, "id", json_text(finding->id[0] != '\0' ? finding->id : NULL));
		json_object_set_new(json, "what", json_text(finding->words));
		json_array_append_new(list, json);
	}
	return json_pack("{s:b, s:I, s:I, s:I, s:o}", "sound", findings->damage == 0, "rows",
	    (json_int_t)findings->rows, "damage", (json_int_t)findings->damage, "set_aside",
	    (json_int_t)findings->set_aside, "findings", list);
}

json_t *
admin_journal_json(const struct admin *admin, const struct journal_counts *counts)
{
	int64_t checked_at;
	const struct journal_findings *findings =
	    journal_findings(admin->parts.journal, &checked_at);
	const char *trouble = journal_trouble(admin->parts.journal);

	return json_pack("{s:s?, s:o, s:I, s:I}", "trouble", trouble, "checked_at",
	    admin_instant(checked_at), "damage",
	    (json_int_t)(findings != NULL ? findings->damage : 0), "unreadable",
	    (json_int_t)counts->damaged);
}

static void
journal_reply(struct http_request *request, const struct admin *admin, enum journal_task task)
{
	const struct journal_findings *findings;
	struct journal_task_state state;
	int64_t checked_at;
	json_t *json;

	journal_look(admin->parts.journal, task, &state);
	json = json_pack("{s:b, s:I, s:I, s:o, s:s?, s:s?}", "running", state.running, "done",
	    (json_int_t)state.done, "total", (json_int_t)state.total, "ended_at",
	    admin_instant(state.ended_at), "fault", state.fault, "path", state.path);
	findings = task == JOURNAL_CHECK && !state.running && state.fault == NULL
		       ? journal_findings(admin->parts.journal, &checked_at)
		       : NULL;
	/* What could not be read before may have been due. */
	if (findings != NULL)
		driver_wake(admin->parts.driver);
	if (findings != NULL)
		json_object_set_new(json, "result", journal_findings_json(findings));
	http_reply_json(request, 200, json);
}

void
admin_on_journal_check_look(struct http_request *request, void *context)
{
	journal_reply(request, context, JOURNAL_CHECK);
}

void
admin_on_journal_backup_look(struct http_request *request, void *context)
{
	journal_reply(request, context, JOURNAL_BACKUP);
}

/* One that is being made is as good. */
void
admin_on_journal_check(struct http_request *request, void *context)
{
	const struct admin *admin = context;

	admin_audit(admin, request, NULL, "journal-check", "begun");
	journal_begin(admin->parts.journal, JOURNAL_CHECK, NULL, NULL);
	journal_reply(request, admin, JOURNAL_CHECK);
}

static bool
journal_is_path(const char *path)
{
	if (path == NULL || path[0] != '/' || path[strlen(path) - 1] == '/')
		return false;
	for (; *path != '\0'; path++)
		if (iscntrl((unsigned char)*path))
			return false;
	return true;
}

void
admin_on_journal_backup(struct http_request *request, void *context)
{
	const struct admin *admin = context;
	json_t *body = http_json(request);
	struct err err = {0};
	const char *path;

	if (body == NULL)
		return;
	path = json_string_value(json_object_get(body, "path"));
	if (json_object_size(body) != 1 || !journal_is_path(path))
		http_reply_problem(
		    request, "malformed", "the path of a file is needed, from the root on");
	else if (journal_begin(admin->parts.journal, JOURNAL_BACKUP, path, &err) != 0)
		http_reply_problem(request, "conflict", "a backup is being made already");
	else {
		admin_audit(admin, request, NULL, "journal-backup", "begun");
		journal_reply(request, admin, JOURNAL_BACKUP);
	}
	json_decref(body);
}
