/*
 * What is sealed in the journal, and the rows around it. The first byte says what the rest is:
 * bytes to unseal, an application in JSON, a row, or a key file.
 */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/keyring.h"
#include "base/mem.h"
#include "base/secret.h"
#include "fuzz.h"
#include "journal/journal_internal.h"
#include "model/application.h"
#include "model/registration.h"
#include "model/registration_json.h"

#define ID "01900000-0000-7000-8000-000000000001"
#define ABOUT "registration/" ID "/application"
#define KEYS \
	"new 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n" \
	"old 202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f\n"

enum subject { SUBJECT_SEALED, SUBJECT_APPLICATION, SUBJECT_ROW, SUBJECT_KEYS, SUBJECT_COUNT };

static struct keyring *
keyring_of(const void *bytes, size_t size)
{
	char path[FUZZ_PATH_SIZE];
	int fd = fuzz_file(bytes, size, path);
	struct err err = {0};
	struct keyring *keyring = keyring_open(path, false, &err);

	close(fd);
	FUZZ_MUST((keyring == NULL) == (err.kind != ERR_NONE));
	return keyring;
}

static struct keyring *
keys(void)
{
	static struct keyring *keyring;

	if (keyring == NULL)
		keyring = keyring_of(KEYS, strlen(KEYS));
	return keyring;
}

static bool
opens(const char *key, const char *about, const unsigned char *sealed, size_t size)
{
	char *plain = NULL;
	size_t plain_size;

	if (keyring_unseal(keys(), key, about, sealed, size, &plain, &plain_size, NULL) != 0)
		return false;
	free(plain);
	return true;
}

/* Nobody makes sealed bytes without the key. */
static void
read_sealed(struct fuzz *fuzz)
{
	char *key = fuzz_line(fuzz), *about = fuzz_line(fuzz);

	FUZZ_MUST(!opens(key, about, fuzz->bytes, fuzz->size));
	FUZZ_MUST(!opens("old", ABOUT, fuzz->bytes, fuzz->size));
	free(key);
	free(about);
}

/* What was sealed opens as what it belongs to, whole, and as nothing else. */
static void
check_seal(const struct fuzz *plain)
{
	unsigned char *sealed;
	size_t size, back_size;
	char *back;

	keyring_seal(keys(), ABOUT, plain->bytes, plain->size, &sealed, &size);
	FUZZ_MUST(keyring_unseal(keys(), keyring_current(keys()), ABOUT, sealed, size, &back,
		      &back_size, NULL) == 0);
	FUZZ_MUST(back_size == plain->size && memcmp(back, plain->bytes, back_size) == 0);
	free(back);
	FUZZ_MUST(!opens("old", ABOUT, sealed, size));
	FUZZ_MUST(!opens("new", ABOUT "x", sealed, size));
	FUZZ_MUST(!opens("new", ABOUT, sealed, size - 1));
	sealed[plain->size % size] ^= 1;
	FUZZ_MUST(!opens("new", ABOUT, sealed, size));
	free(sealed);
}

static void
check_application(const struct application *application)
{
	char *text = application_encode(application), *again;
	struct application *back = application_decode(text, strlen(text), NULL);

	FUZZ_MUST(back != NULL);
	again = application_encode(back);
	FUZZ_MUST(strcmp(text, again) == 0);
	application_free(&back);
	secret_wipe_text(&text);
	secret_wipe_text(&again);
}

static void
read_application(struct fuzz *fuzz)
{
	struct err err = {0};
	struct application *application =
	    application_decode((const char *)fuzz->bytes, fuzz->size, &err);

	FUZZ_MUST((application == NULL) == (err.kind != ERR_NONE));
	check_seal(fuzz);
	if (application != NULL)
		check_application(application);
	application_free(&application);
}

static sqlite3_stmt *
statement_of_test(void)
{
	static sqlite3_stmt *statement;
	static sqlite3 *database;
	struct text sql = {0};

	if (statement != NULL)
		return statement;
	text_add(&sql, "SELECT ?1");
	for (int i = 2; i <= ROW_COUNT; i++)
		text_add(&sql, ", ?%d", i);
	FUZZ_MUST(sqlite3_open(":memory:", &database) == SQLITE_OK);
	FUZZ_MUST(sqlite3_prepare_v2(database, sql.bytes, -1, &statement, NULL) == SQLITE_OK);
	text_fini(&sql);
	return statement;
}

/* A value of any type in any column: a damaged file has that. */
static void
bind_line(sqlite3_stmt *statement, int number, struct fuzz *fuzz)
{
	char *line = fuzz_line(fuzz);
	size_t size = strlen(line);

	switch (line[0]) {
	case 'i':
		sqlite3_bind_int64(statement, number, strtoll(line + 1, NULL, 10));
		break;
	case 't':
		sqlite3_bind_text(statement, number, line + 1, (int)size - 1, SQLITE_TRANSIENT);
		break;
	case 'b':
		sqlite3_bind_blob(statement, number, line + 1, (int)size - 1, SQLITE_TRANSIENT);
		break;
	case 'f':
		sqlite3_bind_double(statement, number, strtod(line + 1, NULL));
		break;
	default:
		sqlite3_bind_null(statement, number);
	}
	free(line);
}

static void
check_row(sqlite3_stmt *statement)
{
	static const struct lateness lateness = {1, 2, 0};
	struct registration *registration = row_read(statement);
	struct err err = {0};
	json_t *json;

	FUZZ_MUST(strlen(registration->id) < UUID_SIZE);
	FUZZ_MUST(registration->portal != NULL && registration->step != NULL);
	FUZZ_MUST(registration_state_name(registration->state) != NULL);
	if (row_unseal(keys(), statement, registration, &err) != 0)
		FUZZ_MUST(err.kind != ERR_NONE && registration->application == NULL);
	json = registration_json(registration, &lateness, 3);
	FUZZ_MUST(json != NULL);
	json_decref(json);
	registration_free(&registration);
}

/* The sealed column holds what is left, sealed by us, where the row says so. */
static void
read_row(struct fuzz *fuzz)
{
	sqlite3_stmt *statement = statement_of_test();
	bool seal = (fuzz_byte(fuzz) & 1) != 0;
	unsigned char *sealed = NULL;
	size_t size;

	for (int i = 1; i <= ROW_COUNT; i++)
		bind_line(statement, i, fuzz);
	if (seal) {
		keyring_seal(keys(), ABOUT, fuzz->bytes, fuzz->size, &sealed, &size);
		sql_bind_text(statement, ROW_ID + 1, ID);
		sql_bind_text(statement, ROW_SEALED_KEY + 1, "new");
		sql_bind_blob(statement, ROW_SEALED_BYTES + 1, sealed, size);
	}
	FUZZ_MUST(sqlite3_step(statement) == SQLITE_ROW);
	check_row(statement);
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	free(sealed);
}

static void
read_keys(struct fuzz *fuzz)
{
	struct keyring *keyring = keyring_of(fuzz->bytes, fuzz->size);
	unsigned char *sealed;
	size_t size, back_size;
	char *back;

	if (keyring == NULL)
		return;
	FUZZ_MUST(strlen(keyring_current(keyring)) < KEYRING_ID_SIZE);
	keyring_seal(keyring, ABOUT, "x", 1, &sealed, &size);
	FUZZ_MUST(keyring_unseal(keyring, keyring_current(keyring), ABOUT, sealed, size, &back,
		      &back_size, NULL) == 0);
	free(back);
	free(sealed);
	keyring_free(&keyring);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static void (*const readers[SUBJECT_COUNT])(struct fuzz * fuzz) = {
	    [SUBJECT_SEALED] = read_sealed,
	    [SUBJECT_APPLICATION] = read_application,
	    [SUBJECT_ROW] = read_row,
	    [SUBJECT_KEYS] = read_keys,
	};
	struct fuzz fuzz = {bytes, size};

	readers[fuzz_byte(&fuzz) % SUBJECT_COUNT](&fuzz);
	return 0;
}
