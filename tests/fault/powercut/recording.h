/*
 * What a disk is told, in order: every write, truncate, flush, new and removed name of the files in
 * one folder, with what had been acknowledged by then. recording_vfs.c listens to SQLite and to the
 * journal's own calls; image.h makes disks after a power cut of it. Files are numbered: a name that
 * is removed and made again is another file. One recording at a time; any thread may add to it.
 */
#ifndef TESTS_POWERCUT_RECORDING_H
#define TESTS_POWERCUT_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAME_SIZE 48
#define FILES_MOST 1024

enum op_kind {
	OP_NAME,     /* the name is this file's from now on */
	OP_UNNAME,   /* the name is nobody's */
	OP_WRITE,    /* bytes at offset */
	OP_TRUNCATE, /* to offset bytes */
	OP_SYNC,
	OP_SYNC_FOLDER,
};

/* What the world knows at one moment. */
struct moment {
	size_t submitted;    /* writes given to the journal */
	size_t acknowledged; /* of these, by the last callback */
	bool has_keys;       /* the key files are in use */
	bool has_copy;       /* journal_backup has said that it is done */
};

struct op {
	enum op_kind kind;
	int file;
	char name[NAME_SIZE];
	int64_t offset;
	size_t size;
	unsigned char *bytes;
	struct moment before; /* when the disk was told */
};

struct recording {
	char folder[256];
	struct op *ops;
	size_t count, room;
	size_t first; /* what comes before was there at the start, and durable */
	int files;
	struct moment now;
};

/* A disk that is worse than the journal was told: each of these must be found. */
enum plant {
	PLANT_NONE,
	PLANT_NO_SYNC,        /* every third flush of the WAL file is not carried out */
	PLANT_NO_FOLDER_SYNC, /* no flush of the folder is */
	PLANT_EARLY,          /* writes are acknowledged when they are submitted */
	PLANT_NORMAL,         /* PRAGMA synchronous = NORMAL */
};

/* What is in the folder by now is durable. */
void recording_start(const char *folder, enum plant plant);
struct recording *recording_stop(void); /* the caller's */
void recording_free(struct recording **recording);

void recording_on_submitted(size_t submitted);
void recording_on_acknowledged(size_t acknowledged);
void recording_on_keys(void);
void recording_on_copy(void);

/* ---- for recording_vfs.c. Paths elsewhere than in the folder are file -1, which is no one's. ----
 */

int recording_find(const char *path); /* -1 too where there is no such file */
int recording_make(const char *path); /* finds, or makes a new one */
void recording_link(int file, const char *path);
void recording_unlink(const char *path);
void recording_write(int file, const void *bytes, size_t size, int64_t offset);
void recording_truncate(int file, int64_t size);
void recording_sync(int file);
void recording_sync_folder(const char *path);
bool recording_has_writes(int file);

void recording_vfs_install(void); /* once a process */

#endif
