#include <unistd.h>

#include "base/keyring.h"
#include "base/text.h"
#include "kit.h"

static struct conf_category categories[] = {
    {"da-civilian", "DA Civilian", "civ", 50, CONF_PROOF_ALL_RECORDED, -1, false},
    {"army-retired", "Army Retired", "ret", 60, CONF_PROOF_ALL_RECORDED, -1, false},
    {"rotc-cadet", "ROTC", "", 80, CONF_PROOF_ALL_RECORDED, 60000, false},
};
static char *current_values[] = {"current", NULL};
static char *reserved_uids[] = {"root", "Postmaster", NULL};

static void
kit_configure(struct kit *kit)
{
	static char *const names[KIT_SOURCES] = {"army", "civilians"};
	struct conf *conf = &kit->conf;

	for (size_t i = 0; i < KIT_SOURCES; i++)
		kit->personnel[i] = (struct conf_personnel){
		    .name = names[i],
		    .base = KIT_PERSONNEL,
		    .filter = "(objectClass=musterPersonnelRecord)",
		    .date_form = DATE_ANY,
		    .attributes = {.identifier = "personnelId",
			.birth_date = "birthDate",
			.pay_entry_base_date = "payEntryBaseDate",
			.given_name = "givenName",
			.middle_name = "middleName",
			.family_name = "sn",
			.suffix = "",
			.edipi = "edipi",
			.category = "personnelCategory",
			.status = "personnelStatus",
			.o = "o",
			.ou = "ou",
			.title = "title"},
		    .current_values = current_values,
		};
	conf->personnel = kit->personnel;
	conf->personnel_count = KIT_SOURCES;
	conf->categories = categories;
	conf->category_count = sizeof(categories) / sizeof(categories[0]);
	conf->accounts.base = KIT_PEOPLE;
	conf->accounts.claims_base = KIT_CLAIMS;
	conf->accounts.uid_template = "{given}.{mi}.{sn}";
	conf->accounts.mail_domain = "mail.example.mil";
	conf->accounts.organization = "Department of the Army";
	conf->accounts.reserved_uids = reserved_uids;
	conf->activation.delay = 900000;
	kit->site.conf = conf;
}

int
kit_setup(void **state)
{
	struct kit *kit = mem_new(sizeof(*kit));

	snprintf(kit->folder, sizeof(kit->folder), "/tmp/test_steps.XXXXXX");
	assert_non_null(mkdtemp(kit->folder));
	kit->key_file = mem_format("%s/person.key", kit->folder);
	kit->person_keys = keyring_open(kit->key_file, true, &kit->err);
	assert_non_null(kit->person_keys);
	kit_configure(kit);
	kit->site.person_keys = kit->person_keys;
	kit_renew(kit);
	*state = kit;
	return 0;
}

int
kit_teardown(void **state)
{
	struct kit *kit = *state;

	registration_free(&kit->registration);
	keyring_free(&kit->person_keys);
	unlink(kit->key_file);
	rmdir(kit->folder);
	free(kit->key_file);
	free(kit->asked);
	free(kit);
	return 0;
}

static struct application *
kit_application(void)
{
	struct application *application = application_new();
	struct person *person = &application->person;

	assert_int_equal(
	    identifier_parse(IDENTIFIER_SSN, "900-00-0001", &application->identifier), 0);
	application->birth_date = (struct date){1980, 2, 29};
	application->pay_entry_base_date = (struct date){2001, 6, 15};
	application->legal_name = (struct name){
	    .given = mem_text("john"), .middle = mem_text("q"), .family = mem_text("DOE")};
	application->external_mail = mem_text("jd@example.org");
	application->phone = mem_text("+1 555 0100");
	application->postal_address = mem_text("1 Main Street");
	application->unit = mem_text("the applicant's unit");
	application->title = mem_text("the applicant's title");
	application->password_hash = mem_text(KIT_HASH);
	application->answers_hash = mem_text("{CRYPT}$y$j9T$an-answer-hash");
	application->questions[0] = mem_text("first-car");
	application->questions[1] = mem_text("My own, with words?");
	application->questions[2] = mem_text("first-pet");
	person->name = (struct name){
	    .given = mem_text("John"), .middle = mem_text("Quincy"), .family = mem_text("Doe")};
	mem_texts_add(&person->categories, "da-civilian");
	mem_texts_add(&person->categories, "army-retired");
	return application;
}

void
kit_renew(struct kit *kit)
{
	struct registration *registration = registration_new();

	memcpy(registration->id, KIT_ID, sizeof(KIT_ID));
	memcpy(registration->person_key, KIT_KEY, sizeof(KIT_KEY));
	kit->roll = false;
	registration->state = STATE_PENDING;
	registration->step = mem_text("a-step");
	registration->created_at = KIT_NOW - 1000;
	registration->activates_at = KIT_DUE;
	registration->due_at = KIT_NOW;
	registration->uid = mem_text("john.q.doe");
	registration->mail = mem_text("john.q.doe@mail.example.mil");
	registration->application = kit_application();
	registration_free(&kit->registration);
	kit->registration = registration;
}

/* ---- questions as text ---- */

static void
kit_write_changes(const struct question *question, struct text *text)
{
	static const char signs[] = {
	    [CHANGE_ADD] = '+', [CHANGE_DELETE] = '-', [CHANGE_REPLACE] = '='};

	for (size_t i = 0; i < question->change_count; i++) {
		const struct change *change = &question->changes[i];

		if (change->values == NULL)
			text_add(text, "\n%c %s", signs[change->kind], change->attribute);
		for (char **value = change->values; value != NULL && *value != NULL; value++)
			text_add(
			    text, "\n%c %s: %s", signs[change->kind], change->attribute, *value);
	}
}

static void
kit_write_search(const struct question *question, struct text *text)
{
	static const char *const scopes[] = {
	    [SCOPE_BASE] = "base", [SCOPE_ONE] = "one", [SCOPE_SUBTREE] = "subtree"};

	text_add(text, " %s %s [", scopes[question->scope], question->filter);
	for (char **it = question->attributes; it != NULL && *it != NULL; it++)
		text_add(text, "%s%s", it == question->attributes ? "" : " ", *it);
	text_add(text, "] %d", question->limit);
}

static void
kit_write_question(const struct question *question, struct text *text)
{
	static const char *const kinds[] = {[QUESTION_SEARCH] = "search",
	    [QUESTION_ADD] = "add",
	    [QUESTION_MODIFY] = "modify",
	    [QUESTION_DELETE] = "delete"};

	if (question->kind == QUESTION_NONE) {
		text_add(text, "nothing");
		return;
	}
	text_add(text, "%s ", kinds[question->kind]);
	if (question->directory == TO_ACCOUNTS)
		text_add(text, "accounts %s", question->dn);
	else
		text_add(text, "personnel %d %s", question->directory - 1, question->dn);
	if (question->kind == QUESTION_SEARCH)
		kit_write_search(question, text);
	kit_write_changes(question, text);
}

const char *
kit_ask(struct kit *kit, kit_ask_fn *ask)
{
	struct question question = {0};
	struct text text = {0};

	err_clear(&kit->err);
	if (ask(&kit->site, kit->registration, &question, &kit->err) != 0) {
		text_add(&text, "-1: %s", kit->err.text);
	} else {
		kit_write_question(&question, &text);
		for (const struct question *it = question.also; it != NULL; it = it->also) {
			text_add(&text, "\n\n");
			kit_write_question(it, &text);
		}
	}
	question_fini(&question);
	free(kit->asked);
	kit->asked = text_take(&text);
	return kit->asked;
}

/* ---- replies from text ---- */

static void
kit_add_value(struct entry *entry, const char *name, const char *value)
{
	struct entry_attribute *attribute = NULL;

	for (size_t i = 0; i < entry->attribute_count; i++)
		if (strcmp(entry->attributes[i].name, name) == 0)
			attribute = &entry->attributes[i];
	if (attribute == NULL) {
		entry->attributes = mem_grow(
		    entry->attributes, entry->attribute_count + 1, sizeof(*entry->attributes));
		attribute = &entry->attributes[entry->attribute_count++];
		*attribute = (struct entry_attribute){.name = mem_text(name)};
	}
	mem_texts_add(&attribute->values, value);
}

static void
kit_read_entry(struct reply *reply, const char *text)
{
	char *copy = mem_text(text), *rest = copy, *line;
	struct entry *entry;

	reply->entries = mem_grow(reply->entries, reply->entry_count + 1, sizeof(*reply->entries));
	entry = &reply->entries[reply->entry_count++];
	memset(entry, 0, sizeof(*entry));
	while ((line = strsep(&rest, "\n")) != NULL) {
		char *value = strstr(line, ": ");

		assert_non_null(value);
		*value = '\0';
		value += 2;
		if (strcmp(line, "dn") == 0)
			entry->dn = mem_text(value);
		else
			kit_add_value(entry, line, value);
	}
	free(copy);
}

/* The replies of the sources: each to the question for records, and to the one for any at all. */
#define KIT_REPLIES (2 * KIT_SOURCES)

static enum verdict
kit_judge_replies(struct kit *kit, kit_judge_fn *judge, struct reply replies[KIT_REPLIES])
{
	enum verdict verdict;

	for (int i = 0; i < KIT_REPLIES; i++) {
		if (i % 2 == 1) {
			replies[i].kind = REPLY_LIMIT;
			kit_read_entry(&replies[i], "dn: cn=any\npersonnelId: 900999999\nsn: Any"
						    "\nbirthDate: 19700101");
		}
		replies[i].also = i + 1 < KIT_REPLIES ? &replies[i + 1] : NULL;
	}
	err_clear(&kit->err);
	verdict = judge(&kit->site, kit->registration, &replies[0], KIT_NOW, &kit->err);
	for (int i = 0; i < KIT_REPLIES; i++)
		reply_fini(&replies[i]);
	return verdict;
}

enum verdict
kit_judge(struct kit *kit, kit_judge_fn *judge, enum reply_kind kind, const char *const *entries)
{
	struct reply replies[KIT_REPLIES] = {0};
	struct reply *reply = &replies[kit->roll ? 2 * kit->registration->phase : 0];

	reply->kind = kind;
	if (kind != REPLY_DONE)
		snprintf(reply->text, sizeof(reply->text), "%s", KIT_REPLY_TEXT);
	for (; entries != NULL && *entries != NULL; entries++)
		kit_read_entry(reply, *entries);
	return kit_judge_replies(kit, judge, replies);
}

enum verdict
kit_judge_both(struct kit *kit, kit_judge_fn *judge, const char *army, const char *civilians)
{
	struct reply replies[KIT_REPLIES] = {0};

	if (army != NULL)
		kit_read_entry(&replies[0], army);
	if (civilians != NULL)
		kit_read_entry(&replies[2], civilians);
	return kit_judge_replies(kit, judge, replies);
}

/* ---- tables ---- */

static const enum reply_kind judged_kinds[] = {REPLY_DONE, REPLY_EXISTS, REPLY_NO_ENTRY,
    REPLY_NO_VALUE, REPLY_HAS_VALUE, REPLY_LIMIT, REPLY_INVALID};

static void
kit_check_complete(int phases, const struct kit_case *cases, size_t count)
{
	for (int phase = 0; phase < phases; phase++)
		for (size_t k = 0; k < sizeof(judged_kinds) / sizeof(judged_kinds[0]); k++) {
			bool there = false;

			for (size_t i = 0; i < count; i++)
				there |=
				    cases[i].phase == phase && cases[i].kind == judged_kinds[k];
			if (!there)
				fail_msg("phase %d does not meet %s", phase,
				    reply_kind_name(judged_kinds[k]));
		}
}

static void
kit_run_case(struct kit *kit, kit_judge_fn *judge, const struct kit_case *it)
{
	enum verdict verdict = kit_judge(kit, judge, it->kind, it->entries);

	if (verdict != it->verdict)
		fail_msg("%s: verdict %d: %s", it->what, verdict, kit->err.text);
	if (verdict == AGAIN && kit->registration->phase != it->phase_after)
		fail_msg("%s: goes on in phase %d", it->what, kit->registration->phase);
	if (kit->err.kind != it->err_kind)
		fail_msg("%s: %s: %s", it->what, err_kind_name(kit->err.kind), kit->err.text);
	if (strcmp(kit->err.text, it->says != NULL ? it->says : "") != 0)
		fail_msg("%s: says '%s'", it->what, kit->err.text);
}

void
kit_run(struct kit *kit, kit_judge_fn *judge, void (*prepare)(struct kit *kit), int phases,
    const struct kit_case *cases, size_t count)
{
	kit_check_complete(phases, cases, count);
	for (size_t i = 0; i < count; i++) {
		kit_renew(kit);
		kit->registration->phase = cases[i].phase;
		if (prepare != NULL)
			prepare(kit);
		kit_run_case(kit, judge, &cases[i]);
	}
}
