#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "journal/journal_internal.h"

/*
 * The n-th text makes version n of version n-1; PRAGMA user_version says which one a file has.
 * A text that was in a release is never changed again.
 */
static const char *const schema_migrations[] = {
    /* 1 */
    "CREATE TABLE registration ("
    " number INTEGER PRIMARY KEY,"
    " id TEXT NOT NULL UNIQUE,"
    " portal TEXT NOT NULL,"
    " key_mac TEXT NOT NULL,"
    " body_mac TEXT NOT NULL,"
    " person_key TEXT NOT NULL,"
    " state TEXT NOT NULL,"
    " reason TEXT,"
    " step TEXT,"
    " waits_for TEXT,"
    " detail TEXT,"
    " attempts INTEGER NOT NULL,"
    " created_at INTEGER NOT NULL,"
    " activates_at INTEGER NOT NULL,"
    " activated_at INTEGER NOT NULL,"
    " due_at INTEGER NOT NULL,"
    " uid TEXT,"
    " mail TEXT,"
    " categories TEXT,"
    " held INTEGER NOT NULL,"
    " sealed BLOB,"
    " sealed_key TEXT,"
    " set_aside INTEGER NOT NULL DEFAULT 0,"
    " answer_status INTEGER NOT NULL DEFAULT 0,"
    " answer_body TEXT"
    ") STRICT;"
    "CREATE UNIQUE INDEX registration_key ON registration (portal, key_mac)"
    " WHERE key_mac <> '';"
    /* Partial: neither start-up nor the timer ever meets what has ended. */
    "CREATE INDEX registration_due ON registration (due_at, id) WHERE due_at > 0;"
    "CREATE INDEX registration_created ON registration (created_at);"
    "CREATE INDEX registration_state ON registration (state, created_at);"
    "CREATE INDEX registration_open ON registration (created_at)"
    " WHERE state IN ('received', 'verified', 'pending', 'failed');"
    "CREATE INDEX registration_uid ON registration (uid, created_at) WHERE uid IS NOT NULL;"
    "CREATE INDEX registration_waits ON registration (waits_for) WHERE waits_for IS NOT NULL;"
    "CREATE INDEX registration_set_aside ON registration (set_aside) WHERE set_aside = 1;"
    "CREATE TABLE timeline ("
    " registration INTEGER NOT NULL REFERENCES registration (number) ON DELETE CASCADE,"
    " seq INTEGER NOT NULL,"
    " at INTEGER NOT NULL,"
    " step TEXT,"
    " state TEXT NOT NULL,"
    " what TEXT,"
    " PRIMARY KEY (registration, seq)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    /* Kept by triggers: counting a million rows at every look at the status would block. */
    "CREATE TABLE counts (state TEXT PRIMARY KEY, many INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TRIGGER count_insert AFTER INSERT ON registration BEGIN"
    " INSERT INTO counts VALUES (NEW.state, 1)"
    "  ON CONFLICT (state) DO UPDATE SET many = many + 1;"
    "END;"
    "CREATE TRIGGER count_delete AFTER DELETE ON registration BEGIN"
    " UPDATE counts SET many = many - 1 WHERE state = OLD.state;"
    "END;"
    "CREATE TRIGGER count_update AFTER UPDATE OF state ON registration"
    " WHEN OLD.state <> NEW.state BEGIN"
    " UPDATE counts SET many = many - 1 WHERE state = OLD.state;"
    " INSERT INTO counts VALUES (NEW.state, 1)"
    "  ON CONFLICT (state) DO UPDATE SET many = many + 1;"
    "END;",
    /* 2: which records were found, for the helpdesk */
    "ALTER TABLE registration ADD COLUMN findings TEXT;",
    /* 3: the attempt budget; a window's beginning is 0 for an identifier */
    "CREATE TABLE attempts ("
    " key TEXT PRIMARY KEY,"
    " in_row INTEGER NOT NULL,"
    " total INTEGER NOT NULL,"
    " began_at INTEGER NOT NULL,"
    " locked_until INTEGER NOT NULL,"
    " last_at INTEGER NOT NULL,"
    " last_id TEXT NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX attempts_began ON attempts (began_at) WHERE began_at > 0;",
};

#define SCHEMA_VERSION ((int)(sizeof(schema_migrations) / sizeof(schema_migrations[0])))

static int
schema_refuse_newer(int64_t version, int known, struct err *err)
{
	if (version <= known)
		return 0;
	return err_set(err, ERR_BROKEN,
	    "the journal is of version %lld and this musterd knows it up to version %d: "
	    "use the musterd that wrote it, or a newer one",
	    (long long)version, known);
}

int
schema_check_version(sqlite3 *database, bool *is_older_out, struct err *err)
{
	int64_t version;

	if (sql_number(database, "PRAGMA user_version", &version, err) != 0)
		return -1;
	*is_older_out = version < SCHEMA_VERSION;
	return schema_refuse_newer(version, SCHEMA_VERSION, err);
}

/* One migration and its version in one transaction: a crash leaves either version whole. */
static int
schema_step(sqlite3 *database, const char *migration, int version, struct err *err)
{
	char *text =
	    mem_format("BEGIN IMMEDIATE; %s PRAGMA user_version = %d; COMMIT;", migration, version);
	int result = sql_execute(database, text, err);

	free(text);
	if (result != 0 && !sqlite3_get_autocommit(database))
		sql_execute(database, "ROLLBACK", NULL);
	return result;
}

int
schema_migrate_by(sqlite3 *database, const char *const *migrations, int count, struct err *err)
{
	int64_t version, tables;

	if (sql_number(database, "PRAGMA user_version", &version, err) != 0 ||
	    sql_number(database, "SELECT count(*) FROM sqlite_schema", &tables, err) != 0)
		return -1;
	if (schema_refuse_newer(version, count, err) != 0)
		return -1;
	if (version < 0 || (version == 0 && tables != 0))
		return err_set(err, ERR_BROKEN, "it is a database, but no journal of musterd");
	for (int next = (int)version; next < count; next++)
		if (schema_step(database, migrations[next], next + 1, err) != 0)
			return err_prefix(err, "bringing the journal to version %d", next + 1);
	return 0;
}

int
schema_migrate(sqlite3 *database, struct err *err)
{
	return schema_migrate_by(database, schema_migrations, SCHEMA_VERSION, err);
}
