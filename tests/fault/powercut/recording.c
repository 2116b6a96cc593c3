#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "recording.h"

#define WAL_SUFFIX "-wal"

static struct {
	pthread_mutex_t lock;
	struct recording *recording; /* NULL while nothing is recorded */
	enum plant plant;
	unsigned wal_syncs;
	char names[FILES_MOST][NAME_SIZE]; /* of each file; "" once it has none */
	bool has_writes[FILES_MOST];
} disk = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* The name within the folder, or NULL. */
static const char *
disk_name(const char *path)
{
	size_t length;

	if (disk.recording == NULL || path == NULL)
		return NULL;
	length = strlen(disk.recording->folder);
	if (strncmp(path, disk.recording->folder, length) != 0 || path[length] != '/')
		return NULL;
	return path + length + 1;
}

static int
disk_find(const char *name)
{
	for (int i = 0; name != NULL && i < disk.recording->files; i++)
		if (strcmp(disk.names[i], name) == 0)
			return i;
	return -1;
}

static struct op *
disk_add(enum op_kind kind, int file)
{
	struct recording *it = disk.recording;
	struct op *op;

	if (it->count == it->room) {
		it->room = it->room * 2 + 1024;
		it->ops = mem_grow(it->ops, it->room, sizeof(*it->ops));
	}
	op = &it->ops[it->count++];
	*op = (struct op){.kind = kind, .file = file, .before = it->now};
	return op;
}

static void
disk_set_name(int file, const char *name)
{
	snprintf(disk.names[file], NAME_SIZE, "%s", name);
	snprintf(disk_add(OP_NAME, file)->name, NAME_SIZE, "%s", name);
}

static int
disk_make(const char *name)
{
	if (strlen(name) >= NAME_SIZE || disk.recording->files == FILES_MOST)
		abort();
	disk.has_writes[disk.recording->files] = false;
	disk_set_name(disk.recording->files, name);
	return disk.recording->files++;
}

static void
disk_write(int file, const void *bytes, size_t size, int64_t offset)
{
	struct op *op = disk_add(OP_WRITE, file);

	op->bytes = mem_new(size + 1);
	memcpy(op->bytes, bytes, size);
	op->size = size;
	op->offset = offset;
	disk.has_writes[file] = true;
}

static void
disk_take_in(const char *name)
{
	char *path = mem_format("%s/%s", disk.recording->folder, name), bytes[65536];
	FILE *stream = fopen(path, "re");
	int file = disk_make(name);
	size_t got;

	if (stream == NULL)
		abort();
	for (int64_t at = 0; (got = fread(bytes, 1, sizeof(bytes), stream)) > 0; at += (int64_t)got)
		disk_write(file, bytes, got, at);
	disk_add(OP_SYNC, file);
	fclose(stream);
	free(path);
}

void
recording_start(const char *folder, enum plant plant)
{
	DIR *listing = opendir(folder);
	struct dirent *entry;

	if (listing == NULL)
		abort();
	pthread_mutex_lock(&disk.lock);
	disk.plant = plant;
	disk.wal_syncs = 0;
	disk.recording = mem_new(sizeof(*disk.recording));
	snprintf(disk.recording->folder, sizeof(disk.recording->folder), "%s", folder);
	while ((entry = readdir(listing)) != NULL)
		if (entry->d_name[0] != '.')
			disk_take_in(entry->d_name);
	disk_add(OP_SYNC_FOLDER, -1);
	disk.recording->first = disk.recording->count;
	pthread_mutex_unlock(&disk.lock);
	closedir(listing);
}

struct recording *
recording_stop(void)
{
	struct recording *recording;

	pthread_mutex_lock(&disk.lock);
	recording = disk.recording;
	disk.recording = NULL;
	pthread_mutex_unlock(&disk.lock);
	return recording;
}

void
recording_free(struct recording **recording)
{
	struct recording *it = *recording;

	if (it == NULL)
		return;
	*recording = NULL;
	for (size_t i = 0; i < it->count; i++)
		free(it->ops[i].bytes);
	free(it->ops);
	free(it);
}

/* What happens while nothing is recorded goes nowhere. */
static struct moment
disk_lock_now(void)
{
	pthread_mutex_lock(&disk.lock);
	return disk.recording != NULL ? disk.recording->now : (struct moment){0};
}

static void
disk_unlock_now(struct moment now)
{
	if (disk.recording != NULL)
		disk.recording->now = now;
	pthread_mutex_unlock(&disk.lock);
}

void
recording_on_submitted(size_t submitted)
{
	struct moment now = disk_lock_now();

	now.submitted = submitted;
	if (disk.plant == PLANT_EARLY)
		now.acknowledged = submitted;
	disk_unlock_now(now);
}

void
recording_on_acknowledged(size_t acknowledged)
{
	struct moment now = disk_lock_now();

	if (now.acknowledged < acknowledged)
		now.acknowledged = acknowledged;
	disk_unlock_now(now);
}

void
recording_on_keys(void)
{
	struct moment now = disk_lock_now();

	now.has_keys = true;
	disk_unlock_now(now);
}

void
recording_on_copy(void)
{
	struct moment now = disk_lock_now();

	now.has_copy = true;
	disk_unlock_now(now);
}

int
recording_find(const char *path)
{
	int file;

	pthread_mutex_lock(&disk.lock);
	file = disk_find(disk_name(path));
	pthread_mutex_unlock(&disk.lock);
	return file;
}

int
recording_make(const char *path)
{
	const char *name;
	int file;

	pthread_mutex_lock(&disk.lock);
	name = disk_name(path);
	file = disk_find(name);
	if (file < 0 && name != NULL)
		file = disk_make(name);
	pthread_mutex_unlock(&disk.lock);
	return file;
}

void
recording_link(int file, const char *path)
{
	pthread_mutex_lock(&disk.lock);
	if (file >= 0 && disk_name(path) != NULL)
		disk_set_name(file, disk_name(path));
	pthread_mutex_unlock(&disk.lock);
}

/* A file of two names is known by the last; taking the other away leaves it that. */
void
recording_unlink(const char *path)
{
	const char *name;
	int file;

	pthread_mutex_lock(&disk.lock);
	name = disk_name(path);
	file = disk_find(name);
	if (name != NULL)
		snprintf(disk_add(OP_UNNAME, -1)->name, NAME_SIZE, "%s", name);
	if (file >= 0)
		disk.names[file][0] = '\0';
	pthread_mutex_unlock(&disk.lock);
}

void
recording_write(int file, const void *bytes, size_t size, int64_t offset)
{
	pthread_mutex_lock(&disk.lock);
	if (disk.recording != NULL && file >= 0)
		disk_write(file, bytes, size, offset);
	pthread_mutex_unlock(&disk.lock);
}

void
recording_truncate(int file, int64_t size)
{
	pthread_mutex_lock(&disk.lock);
	if (disk.recording != NULL && file >= 0)
		disk_add(OP_TRUNCATE, file)->offset = size;
	pthread_mutex_unlock(&disk.lock);
}

static bool
disk_drops_sync(int file)
{
	const char *name = disk.names[file];
	size_t length = strlen(name);

	if (disk.plant != PLANT_NO_SYNC || length < strlen(WAL_SUFFIX) ||
	    strcmp(name + length - strlen(WAL_SUFFIX), WAL_SUFFIX) != 0)
		return false;
	return ++disk.wal_syncs % 3 == 0;
}

void
recording_sync(int file)
{
	pthread_mutex_lock(&disk.lock);
	if (disk.recording != NULL && file >= 0 && !disk_drops_sync(file))
		disk_add(OP_SYNC, file);
	pthread_mutex_unlock(&disk.lock);
}

void
recording_sync_folder(const char *path)
{
	pthread_mutex_lock(&disk.lock);
	if (disk.recording != NULL && strcmp(path, disk.recording->folder) == 0 &&
	    disk.plant != PLANT_NO_FOLDER_SYNC)
		disk_add(OP_SYNC_FOLDER, -1);
	pthread_mutex_unlock(&disk.lock);
}

bool
recording_has_writes(int file)
{
	bool has;

	pthread_mutex_lock(&disk.lock);
	has = disk.recording == NULL || file < 0 || disk.has_writes[file];
	pthread_mutex_unlock(&disk.lock);
	return has;
}
