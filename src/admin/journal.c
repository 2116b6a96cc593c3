/*
 * The journal: how it does, checks, backups and new keys. All are long: they are begun by a POST,
 * and asked after.
 */
#include <stdlib.h>
#include <unistd.h>

#include "admin/admin_internal.h"
#include "base/err.h"
#include "base/mem.h"
#include "conf/conf.h"
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

static json_t *
journal_ids_json(const struct keyring_ids *ids)
{
	json_t *list = json_array();

	for (size_t i = 0; i < ids->count; i++)
		json_array_append_new(list, json_text(ids->list[i]));
	return list;
}

static json_t *
journal_rekeyed_json(const struct journal_rekeyed *rekeyed, const struct journal_findings *findings)
{
	json_t *json = journal_findings_json(findings), *more;

	more = json_pack("{s:s, s:o, s:I, s:b, s:o, s:o}", "key", rekeyed->key, "not_made",
	    json_text(rekeyed->not_made), "sealed_again", (json_int_t)rekeyed->rows, "dropped",
	    rekeyed->dropped, "unneeded", journal_ids_json(&rekeyed->unneeded), "needed",
	    journal_ids_json(&rekeyed->needed));
	json_object_update_missing(json, more);
	json_decref(more);
	return json;
}

/* NULL where there is none: it runs, or came to nothing. */
static json_t *
journal_result_json(const struct admin *admin, enum journal_task task)
{
	int64_t checked_at;
	const struct journal_findings *findings =
	    journal_findings(admin->parts.journal, &checked_at);
	const struct journal_rekeyed *rekeyed = journal_rekeyed(admin->parts.journal);

	if (task == JOURNAL_BACKUP || findings == NULL)
		return NULL;
	/* What could not be read before may have been due. */
	driver_wake(admin->parts.driver);
	if (task == JOURNAL_CHECK)
		return journal_findings_json(findings);
	return rekeyed != NULL ? journal_rekeyed_json(rekeyed, findings) : NULL;
}

static void
journal_reply(struct http_request *request, const struct admin *admin, enum journal_task task)
{
	struct journal_task_state state;
	json_t *json, *result = NULL;

	journal_look(admin->parts.journal, task, &state);
	json = json_pack("{s:b, s:I, s:I, s:o, s:s?, s:s?}", "running", state.running, "done",
	    (json_int_t)state.done, "total", (json_int_t)state.total, "ended_at",
	    admin_instant(state.ended_at), "fault", state.fault, "path", state.path);
	if (!state.running && state.fault == NULL)
		result = journal_result_json(admin, task);
	if (result != NULL)
		json_object_set_new(json, "result", result);
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

void
admin_on_journal_rekey_look(struct http_request *request, void *context)
{
	journal_reply(request, context, JOURNAL_REKEY);
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

/* Here too: one that was cut short goes on by itself at the start. */
void
admin_on_journal_rekey(struct http_request *request, void *context)
{
	const struct admin *admin = context;
	json_t *body = http_json(request);
	const json_t *keep_old = json_object_get(body, "keep_old");

	if (body == NULL)
		return;
	if (json_object_size(body) != 1 || !json_is_boolean(keep_old)) {
		http_reply_problem(request, "malformed", "keep_old is needed: true or false");
	} else {
		journal_begin_rekey(admin->parts.journal, json_is_true(keep_old), NULL);
		admin_audit(admin, request, NULL, "journal-rekey", "begun");
		journal_reply(request, admin, JOURNAL_REKEY);
	}
	json_decref(body);
}

/* Right beside the journal, where the daemon may write whatever else is closed to it. Whoever asked
 * for it takes it from there: musterctl, with its user's rights. */
static char *
journal_backup_path(const struct admin *admin)
{
	return mem_format("%s.backup", admin->parts.site->conf->journal.path);
}

/* Whether there is one to remove: none is being made. */
static bool
journal_drop_backup(const struct admin *admin, const char *path)
{
	struct journal_task_state state;

	journal_look(admin->parts.journal, JOURNAL_BACKUP, &state);
	if (!state.running)
		unlink(path);
	return !state.running;
}

/* One that nobody took is older, and makes room. */
void
admin_on_journal_backup(struct http_request *request, void *context)
{
	const struct admin *admin = context;
	char *path = journal_backup_path(admin);
	struct err err = {0};

	if (!journal_drop_backup(admin, path) ||
	    journal_begin(admin->parts.journal, JOURNAL_BACKUP, path, &err) != 0)
		http_reply_problem(request, "conflict", "a backup is being made already");
	else {
		admin_audit(admin, request, NULL, "journal-backup", "begun");
		journal_reply(request, admin, JOURNAL_BACKUP);
	}
	free(path);
}

void
admin_on_journal_backup_taken(struct http_request *request, void *context)
{
	const struct admin *admin = context;
	char *path = journal_backup_path(admin);

	journal_drop_backup(admin, path);
	journal_reply(request, admin, JOURNAL_BACKUP);
	free(path);
}
