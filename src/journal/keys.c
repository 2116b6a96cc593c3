#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/secret.h"
#include "journal/journal_internal.h"

/*
 * A fact 'key ID' holds a known text sealed with that key. Without it a daemon that is started
 * with the wrong key file would set aside every registration that it meets.
 */
#define FACT_PREFIX "key "
#define FACT_ABOUT "facts/key"
#define FACT_TEXT "musterd"

static bool
keys_opens(struct keyring *keys, const char *id, const char *hex)
{
	size_t size = strlen(hex) / 2, plain_size;
	unsigned char *sealed = mem_new(size + 1);
	char *plain = NULL;
	bool opens =
	    text_unhex(hex, sealed, size) == 0 &&
	    keyring_unseal(keys, id, FACT_ABOUT, sealed, size, &plain, &plain_size, NULL) == 0;

	free(plain);
	free(sealed);
	return opens;
}

/* How many rows a key seals: a scan, but only where the key is not there any more. */
static int
keys_count_rows(sqlite3 *database, const char *id, int64_t *out, struct err *err)
{
	char *text = sqlite3_mprintf("SELECT count(*) FROM registration WHERE sealed_key = %Q", id);
	int result = sql_number(database, text, out, err);

	sqlite3_free(text);
	return result;
}

static int
keys_check_one(
    sqlite3 *database, struct keyring *keys, const char *id, const char *hex, struct err *err)
{
	int64_t rows;

	if (keys_opens(keys, id, hex))
		return 0;
	if (keys_count_rows(database, id, &rows, err) != 0)
		return -1;
	if (rows == 0)
		return 0;
	return err_set(err, ERR_BROKEN,
	    "the key file does not hold the key %.16s that seals %lld registrations: "
	    "it is another journal's, or a key was taken out too early",
	    id, (long long)rows);
}

char *
keys_fact_name(const char *id)
{
	return mem_format("%s%s", FACT_PREFIX, id);
}

char *
keys_fact_value(struct keyring *keys)
{
	unsigned char *sealed;
	size_t size;
	char *hex;

	keyring_seal(keys, FACT_ABOUT, FACT_TEXT, strlen(FACT_TEXT), &sealed, &size);
	hex = mem_new(2 * size + 1);
	text_hex(sealed, size, hex);
	free(sealed);
	return hex;
}

static int
keys_note_current(sqlite3 *database, struct keyring *keys, struct err *err)
{
	sqlite3_stmt *statement = NULL;
	char *name = keys_fact_name(keyring_current(keys)), *hex = keys_fact_value(keys);
	int code;

	code = sqlite3_prepare_v2(database, write_sql[SQL_FACT], -1, &statement, NULL);
	if (code == SQLITE_OK) {
		sql_bind_text(statement, 1, name);
		sql_bind_text(statement, 2, hex);
		code = sql_run(statement);
	}
	if (code != SQLITE_OK)
		sql_err(database, err, "the journal can't be written");
	sqlite3_finalize(statement);
	free(name);
	free(hex);
	return code == SQLITE_OK ? 0 : -1;
}

int
keys_check(sqlite3 *database, struct keyring *keys, struct err *err)
{
	sqlite3_stmt *statement = NULL;
	bool noted = false, bad = false;

	if (sqlite3_prepare_v2(database,
		"SELECT name, value FROM facts WHERE name >= 'key ' AND name < 'key!'", -1,
		&statement, NULL) != SQLITE_OK)
		return sql_err(database, err, "the journal can't be read");
	while (!bad && sqlite3_step(statement) == SQLITE_ROW) {
		const char *name = sql_column_text(statement, 0);
		const char *hex = sql_column_text(statement, 1);
		const char *id = name + strlen(FACT_PREFIX);

		if (hex == NULL)
			hex = ""; /* of a damaged file */
		bad = keys_check_one(database, keys, id, hex, err) != 0;
		noted = noted || (strcmp(id, keyring_current(keys)) == 0 && !bad &&
				     keys_opens(keys, id, hex));
	}
	sqlite3_finalize(statement);
	if (bad || noted)
		return bad ? -1 : 0;
	return keys_note_current(database, keys, err);
}
