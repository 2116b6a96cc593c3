/* What portals are told of the rules, and how the daemon is. */
#include "audit/audit.h"
#include "base/hash.h"
#include "base/mem.h"
#include "dir/dir.h"
#include "intake/intake_internal.h"
#include "journal/journal.h"
#include "pipeline/driver.h"

static json_t *
policy_questions(const struct conf_questions *conf)
{
	json_t *pool = json_array();

	for (size_t i = 0; i < conf->pool_count; i++)
		json_array_append_new(pool,
		    json_pack("{s:s, s:s}", "id", conf->pool[i].id, "text", conf->pool[i].text));
	return json_pack("{s:i, s:b, s:i, s:i, s:o}", "count", conf->count, "own_allowed",
	    conf->own, "answer_min_length", conf->answer_min, "answer_max_length", conf->answer_max,
	    "pool", pool);
}

static json_t *
policy_categories(const struct conf *conf)
{
	json_t *list = json_array();

	for (size_t i = 0; i < conf->category_count; i++) {
		const struct conf_category *category = &conf->categories[i];
		int64_t delay = category->activation_delay >= 0 ? category->activation_delay
								: conf->activation.delay;

		json_array_append_new(
		    list, json_pack("{s:s, s:s, s:I}", "id", category->id, "label", category->label,
			      "activation_delay_seconds", (json_int_t)(delay / 1000)));
	}
	return list;
}

void
intake_on_policy(struct http_request *request, void *context)
{
	const struct conf *conf = intake_conf(context);

	http_reply_json(request, 200,
	    json_pack("{s:{s:s, s:s}, s:{s:i, s:i, s:b}, s:o, s:I, s:{s:s, s:s}, s:o}", "agreement",
		"version", conf->agreement.version, "text", conf->agreement.text, "password",
		"min_length", conf->password.min_length, "max_length", conf->password.max_length,
		"may_contain_name", conf->password.may_hold_name, "security_questions",
		policy_questions(&conf->security_questions), "activation_delay_seconds",
		(json_int_t)(conf->activation.delay / 1000), "helpdesk", "phone",
		conf->helpdesk.phone, "url", conf->helpdesk.url, "categories",
		policy_categories(conf)));
}

void
intake_on_health(struct http_request *request, void *context)
{
	http_reply_json(request, 200, json_pack("{s:s}", "status", "alive"));
}

/* Able to accept: a directory that is down, or left alone for what it says, is named, and does not
 * stop registrations; a journal or an audit log that can't be written does. */
void
intake_on_ready(struct http_request *request, void *context)
{
	const struct intake *intake = context;
	bool writes = journal_trouble(intake->parts.journal) == NULL;
	bool audits = audit_trouble(intake->parts.site->audit) == NULL;
	bool ready = writes && audits && !intake->draining;
	json_t *down = json_array(), *stopped = json_object();

	if (!writes)
		json_array_append_new(down, json_string("journal"));
	if (!audits)
		json_array_append_new(down, json_string("audit"));
	for (size_t i = 0; i <= intake_conf(intake)->personnel_count; i++) {
		const struct dir *dir = intake->parts.directories[i];
		char *why = driver_trouble(intake->parts.driver, dir_name(dir));

		if (!dir_is_up(dir))
			json_array_append_new(down, json_string(dir_name(dir)));
		if (why != NULL)
			json_object_set_new(stopped, dir_name(dir), json_string(why));
		mem_free_text(&why);
	}
	http_reply_json(request, ready ? 200 : 503,
	    json_pack("{s:b, s:o, s:o}", "ready", ready, "down", down, "stopped", stopped));
}
