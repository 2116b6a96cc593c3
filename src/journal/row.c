#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/secret.h"
#include "journal/journal_internal.h"
#include "model/application.h"
#include "model/registration_json.h"

/* What the sealed bytes belong to: moved to another row they do not open. */
#define ABOUT_SIZE (UUID_SIZE + 32)

#define NO_STATE "the state that stands there is none"

static const char *
row_about(const char *id, char out[ABOUT_SIZE])
{
	snprintf(out, ABOUT_SIZE, "registration/%s/application", id);
	return out;
}

static char *
row_join(char *const *texts)
{
	struct text joined = {0};

	if (texts == NULL)
		return NULL;
	for (size_t i = 0; texts[i] != NULL; i++)
		text_add(&joined, "%s%s", i > 0 ? " " : "", texts[i]);
	return text_take(&joined);
}

static char **
row_split(const char *joined)
{
	char **texts = NULL;

	while (joined != NULL && *joined != '\0') {
		size_t length = strcspn(joined, " ");
		char *text = mem_text_n(joined, length);

		mem_texts_add(&texts, text);
		free(text);
		joined += length;
		joined += *joined == ' ';
	}
	return texts;
}

static void
row_seal_text(
    struct row *row, struct keyring *keys, const char *about, const char *plain, size_t size)
{
	keyring_seal(keys, about, plain, size, &row->sealed, &row->sealed_size);
	snprintf(row->sealed_key, sizeof(row->sealed_key), "%s", keyring_current(keys));
}

static void
row_seal(struct row *row, struct keyring *keys, const struct registration *registration)
{
	char about[ABOUT_SIZE];
	char *plain = application_encode(registration->application);

	row_seal_text(row, keys, row_about(registration->id, about), plain, strlen(plain));
	secret_wipe_text(&plain);
}

void
row_fill(struct row *row, struct keyring *keys, const struct registration *registration)
{
	struct registration *copy = registration_new();

	memcpy(copy->id, registration->id, sizeof(copy->id));
	memcpy(copy->key_mac, registration->key_mac, sizeof(copy->key_mac));
	memcpy(copy->body_mac, registration->body_mac, sizeof(copy->body_mac));
	memcpy(copy->person_key, registration->person_key, sizeof(copy->person_key));
	mem_set_text(&copy->portal, registration->portal != NULL ? registration->portal : "");
	copy->state = registration->state;
	mem_set_text(&copy->reason, registration->reason);
	mem_set_text(&copy->step, registration->step);
	mem_set_text(&copy->waits_for, registration->waits_for);
	mem_set_text(&copy->detail, registration->detail);
	mem_set_text(&copy->findings, registration->findings);
	copy->attempts = registration->attempts;
	copy->created_at = registration->created_at;
	copy->activates_at = registration->activates_at;
	copy->activated_at = registration->activated_at;
	copy->due_at = registration->due_at;
	mem_set_text(&copy->uid, registration->uid);
	mem_set_text(&copy->mail, registration->mail);
	copy->held = registration->held;
	row->registration = copy;
	row->categories = row_join(registration->categories);
	if (registration->application != NULL)
		row_seal(row, keys, registration);
}

void
row_fini(struct row *row)
{
	registration_free(&row->registration);
	free(row->categories);
	free(row->sealed);
}

static void
row_bind_plain(const struct registration *from, sqlite3_stmt *statement)
{
	const struct {
		enum row_column column;
		const char *text;
	} texts[] = {
	    {ROW_ID, from->id},
	    {ROW_PORTAL, from->portal},
	    {ROW_KEY_MAC, from->key_mac},
	    {ROW_BODY_MAC, from->body_mac},
	    {ROW_PERSON_KEY, from->person_key},
	    {ROW_STATE, registration_state_name(from->state)},
	    {ROW_REASON, from->reason},
	    {ROW_STEP, from->step},
	    {ROW_WAITS_FOR, from->waits_for},
	    {ROW_DETAIL, from->detail},
	    {ROW_UID, from->uid},
	    {ROW_MAIL, from->mail},
	};
	const struct {
		enum row_column column;
		int64_t number;
	} numbers[] = {
	    {ROW_ATTEMPTS, from->attempts},
	    {ROW_CREATED_AT, from->created_at},
	    {ROW_ACTIVATES_AT, from->activates_at},
	    {ROW_ACTIVATED_AT, from->activated_at},
	    {ROW_DUE_AT, from->due_at},
	    {ROW_HELD, from->held},
	    {ROW_SET_ASIDE, from->set_aside},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		sql_bind_text(statement, (int)texts[i].column + 1, texts[i].text);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sqlite3_bind_int64(statement, (int)numbers[i].column + 1, numbers[i].number);
}

void
row_bind(const struct row *row, sqlite3_stmt *statement)
{
	row_bind_plain(row->registration, statement);
	sql_bind_text(statement, ROW_CATEGORIES + 1, row->categories);
	sql_bind_text(statement, ROW_FINDINGS + 1, row->registration->findings);
	if (row->sealed == NULL) {
		sqlite3_bind_null(statement, ROW_SEALED_BYTES + 1);
		sqlite3_bind_null(statement, ROW_SEALED_KEY + 1);
		return;
	}
	sql_bind_blob(statement, ROW_SEALED_BYTES + 1, row->sealed, row->sealed_size);
	sql_bind_text(statement, ROW_SEALED_KEY + 1, row->sealed_key);
}

static void
row_copy_text(sqlite3_stmt *statement, enum row_column column, char *out, size_t size)
{
	const char *text = sql_column_text(statement, (int)column);

	snprintf(out, size, "%s", text != NULL ? text : "");
}

/* What must be there: "" where a damaged file has it no more. */
static char *
row_text(sqlite3_stmt *statement, enum row_column column)
{
	char *text = sql_text(statement, (int)column);

	return text != NULL ? text : mem_text("");
}

static int
row_state(sqlite3_stmt *statement, enum registration_state *state_out)
{
	char name[16];

	row_copy_text(statement, ROW_STATE, name, sizeof(name));
	return registration_state_parse(name, state_out);
}

static void
row_read_state(sqlite3_stmt *statement, struct registration *to)
{
	to->set_aside = sqlite3_column_int(statement, ROW_SET_ASIDE) != 0;
	if (row_state(statement, &to->state) == 0)
		return;
	to->state = STATE_FAILED;
	to->set_aside = true;
	mem_set_text(&to->detail, "set aside: " NO_STATE);
}

struct registration *
row_read(sqlite3_stmt *statement)
{
	struct registration *to = registration_new();

	row_copy_text(statement, ROW_ID, to->id, sizeof(to->id));
	row_copy_text(statement, ROW_KEY_MAC, to->key_mac, sizeof(to->key_mac));
	row_copy_text(statement, ROW_BODY_MAC, to->body_mac, sizeof(to->body_mac));
	row_copy_text(statement, ROW_PERSON_KEY, to->person_key, sizeof(to->person_key));
	to->portal = row_text(statement, ROW_PORTAL);
	to->reason = sql_text(statement, ROW_REASON);
	to->step = row_text(statement, ROW_STEP);
	to->waits_for = sql_text(statement, ROW_WAITS_FOR);
	to->detail = sql_text(statement, ROW_DETAIL);
	to->attempts = sqlite3_column_int(statement, ROW_ATTEMPTS);
	to->created_at = sqlite3_column_int64(statement, ROW_CREATED_AT);
	to->activates_at = sqlite3_column_int64(statement, ROW_ACTIVATES_AT);
	to->activated_at = sqlite3_column_int64(statement, ROW_ACTIVATED_AT);
	to->due_at = sqlite3_column_int64(statement, ROW_DUE_AT);
	to->uid = sql_text(statement, ROW_UID);
	to->mail = sql_text(statement, ROW_MAIL);
	to->categories = row_split(sql_column_text(statement, ROW_CATEGORIES));
	to->held = sqlite3_column_int(statement, ROW_HELD) != 0;
	row_read_state(statement, to);
	return to;
}

struct write *
row_reseal(struct keyring *keys, sqlite3_stmt *statement)
{
	const char *key = sql_column_text(statement, ROW_SEALED_KEY);
	char id[UUID_SIZE], about[ABOUT_SIZE], *plain;
	size_t old_size, size;
	const void *old = sql_column_blob(statement, ROW_SEALED_BYTES, &old_size);
	struct write *write;

	row_copy_text(statement, ROW_ID, id, sizeof(id));
	if (old == NULL || key == NULL || strcmp(key, keyring_current(keys)) == 0 ||
	    keyring_unseal(keys, key, row_about(id, about), old, old_size, &plain, &size, NULL) !=
		0)
		return NULL;
	write = write_new(WRITE_RESEAL, id);
	write->sealed = mem_new(old_size);
	write->sealed_size = old_size;
	memcpy(write->sealed, old, old_size);
	row_seal_text(&write->row, keys, about, plain, size);
	secret_wipe(plain, size);
	free(plain);
	return write;
}

int
row_unseal(struct keyring *keys, sqlite3_stmt *statement, struct registration *registration,
    struct err *err)
{
	const char *key = sql_column_text(statement, ROW_SEALED_KEY);
	char about[ABOUT_SIZE], *plain;
	enum registration_state state;
	size_t sealed_size, size;
	const void *sealed = sql_column_blob(statement, ROW_SEALED_BYTES, &sealed_size);

	if (row_state(statement, &state) != 0)
		return err_set(err, ERR_BROKEN, NO_STATE);
	if (sqlite3_column_type(statement, ROW_SEALED_BYTES) == SQLITE_NULL)
		return 0;
	if (sealed == NULL || key == NULL)
		return err_set(err, ERR_BROKEN, "the sealed bytes are gone");
	if (keyring_unseal(keys, key, row_about(registration->id, about), sealed, sealed_size,
		&plain, &size, err) != 0)
		return -1;
	/* No words of the parser: they may quote what was sealed. */
	registration->application = application_decode(plain, size, NULL);
	secret_wipe(plain, size);
	free(plain);
	if (registration->application == NULL)
		return err_set(err, ERR_BROKEN, "what was sealed is no application");
	return 0;
}
