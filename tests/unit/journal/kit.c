#include <dirent.h>
#include <unistd.h>

#include "kit.h"

int
kit_setup(void **state)
{
	struct kit *kit = mem_new(sizeof(*kit));
	struct err err;

	snprintf(kit->folder, sizeof(kit->folder), "/tmp/test-journal-XXXXXX");
	if (mkdtemp(kit->folder) == NULL)
		return -1;
	snprintf(kit->path, sizeof(kit->path), "%s/journal", kit->folder);
	snprintf(kit->wal, sizeof(kit->wal), "%s/journal-wal", kit->folder);
	snprintf(kit->key_file, sizeof(kit->key_file), "%s/key", kit->folder);
	kit->conf.path = kit->path;
	kit->conf.key_file = kit->key_file;
	kit->conf.batch = 64;
	kit->keys = keyring_open(kit->key_file, true, &err);
	if (kit->keys == NULL)
		return -1;
	*state = kit;
	kit_open(kit);
	return 0;
}

int
kit_teardown(void **state)
{
	struct kit *kit = *state;
	DIR *folder;
	struct dirent *entry;

	kit_close(kit);
	keyring_free(&kit->keys);
	folder = opendir(kit->folder);
	while (folder != NULL && (entry = readdir(folder)) != NULL)
		unlinkat(dirfd(folder), entry->d_name, 0);
	closedir(folder);
	rmdir(kit->folder);
	free(kit);
	return 0;
}

void
kit_open(struct kit *kit)
{
	struct err err = {0};

	kit->loop = loop_new(&err);
	assert_non_null(kit->loop);
	kit->journal = journal_open(kit->loop, &kit->conf, kit->keys, &err);
	if (kit->journal == NULL)
		fail_msg("journal_open: %s", err.text);
}

void
kit_close(struct kit *kit)
{
	journal_close(&kit->journal);
	loop_free(&kit->loop);
}

void
kit_open_refused(struct kit *kit, struct err *err)
{
	struct loop *loop = loop_new(err);
	struct journal *journal;

	err_clear(err);
	journal = journal_open(loop, &kit->conf, kit->keys, err);
	assert_null(journal);
	assert_int_equal(err->kind, ERR_BROKEN);
	loop_free(&loop);
}

const char *
kit_id(int n, char out[UUID_SIZE])
{
	snprintf(out, UUID_SIZE, "01900000-0000-7000-8000-%012d", n);
	return out;
}

struct registration *
kit_registration(int n)
{
	struct registration *it = registration_new();

	kit_id(n, it->id);
	mem_set_text(&it->portal, "web");
	mem_set_text(&it->step, "prove-identity");
	it->state = STATE_RECEIVED;
	it->created_at = KIT_NOW + n;
	it->application = application_new();
	it->application->identifier.kind = IDENTIFIER_SSN;
	snprintf(it->application->identifier.digits, IDENTIFIER_DIGITS + 1, "900%06d", n);
	it->application->birth_date = (struct date){1980, 2, 29};
	it->application->legal_name.given = mem_text("John");
	it->application->legal_name.family = mem_text("Doe");
	it->application->postal_address = mem_text(KIT_CANARY);
	it->application->password_hash = mem_text("{CRYPT}$y$j9T$" KIT_CANARY);
	return it;
}

void
kit_on_done(enum journal_result result, const char *id, void *arg)
{
	struct kit *kit = arg;

	kit->done++;
	kit->results[result]++;
	snprintf(kit->last_id, sizeof(kit->last_id), "%s", id);
}

void
kit_wait(struct kit *kit, size_t done)
{
	for (int turn = 0; kit->done < done; turn++) {
		if (turn == 3000)
			fail_msg("%zu of %zu callbacks", kit->done, done);
		loop_turn(kit->loop, 10);
	}
}

static enum journal_result
kit_result(struct kit *kit, size_t before[JOURNAL_BROKEN + 1])
{
	kit_wait(kit, kit->done + 1);
	for (int i = JOURNAL_DONE; i <= JOURNAL_BROKEN; i++)
		if (kit->results[i] != before[i])
			return (enum journal_result)i;
	fail_msg("no result");
	return JOURNAL_BROKEN;
}

enum journal_result
kit_append(struct kit *kit, struct registration *registration)
{
	struct journal_note note = {"receive", "on disk"};
	size_t before[JOURNAL_BROKEN + 1];

	memcpy(before, kit->results, sizeof(before));
	journal_append(kit->journal, registration, &note, kit_on_done, kit);
	registration_free(&registration);
	return kit_result(kit, before);
}

enum journal_result
kit_save(struct kit *kit, struct registration *registration)
{
	size_t before[JOURNAL_BROKEN + 1];

	memcpy(before, kit->results, sizeof(before));
	journal_save(kit->journal, registration, NULL, kit_on_done, kit);
	registration_free(&registration);
	return kit_result(kit, before);
}

void
kit_settle(struct kit *kit)
{
	for (int turn = 0; journal_depth(kit->journal) > 0; turn++) {
		if (turn == 3000)
			fail_msg("%zu writes still wait", journal_depth(kit->journal));
		loop_turn(kit->loop, 10);
	}
}

char *
kit_sql(struct kit *kit, const char *text)
{
	sqlite3 *database = NULL;
	sqlite3_stmt *statement = NULL;
	char *result = NULL;

	assert_int_equal(sqlite3_open(kit->path, &database), SQLITE_OK);
	sqlite3_busy_timeout(database, 5000);
	assert_int_equal(sqlite3_prepare_v2(database, text, -1, &statement, NULL), SQLITE_OK);
	while (sqlite3_step(statement) == SQLITE_ROW)
		if (result == NULL)
			result = mem_text((const char *)sqlite3_column_text(statement, 0));
	assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
	sqlite3_close(database);
	return result;
}

bool
kit_file_has(const char *path, const void *bytes, size_t size)
{
	FILE *file = fopen(path, "re");
	char *content = NULL;
	size_t used = 0, got;
	bool has;

	if (file == NULL)
		return false;
	do {
		content = mem_grow(content, used + 65536, 1);
		got = fread(content + used, 1, 65536, file);
		used += got;
	} while (got > 0);
	fclose(file);
	has = memmem(content, used, bytes, size) != NULL;
	free(content);
	return has;
}
