#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "image.h"

struct content {
	unsigned char *bytes;
	size_t size, room;
};

/* A name of the folder, and the file that it is of; -1: nobody's. */
struct name {
	char text[NAME_SIZE];
	int file;
};
#define NAMES_MOST 64

struct names {
	struct name list[NAMES_MOST];
	size_t count;
};

struct player {
	const struct recording *recording;
	size_t cut;
	struct content files[FILES_MOST]; /* durable */
	size_t pending[FILES_MOST];       /* the first operation that may wait for a flush */
	struct names names;               /* durable */
	size_t pending_names;
};

/* What befalls what waits, in one image. */
struct weather {
	struct chance *chance;
	unsigned keep; /* percent of the sectors, truncations and names that arrive */
	unsigned torn; /* percent of the lost sectors that arrive in half */
	size_t sector;
	bool grows;       /* the length changes also where bytes are lost */
	bool has_garbage; /* in what is lost within a new length or a torn sector; else zeros */
};

uint64_t
chance_next(struct chance *chance)
{
	/* splitmix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators) */
	uint64_t z = chance->state += 0x9e3779b97f4a7c15U;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
	return z ^ (z >> 31);
}

size_t
chance_below(struct chance *chance, size_t bound)
{
	return (size_t)(chance_next(chance) % bound);
}

bool
chance_is(struct chance *chance, unsigned percent)
{
	return chance_below(chance, 100) < percent;
}

static void
content_resize(struct content *content, size_t size)
{
	if (size > content->room) {
		content->room = size + size / 2 + 65536;
		content->bytes = mem_grow(content->bytes, content->room, 1);
	}
	if (size > content->size)
		memset(content->bytes + content->size, 0, size - content->size);
	content->size = size;
}

static void
content_write(struct content *content, size_t at, const unsigned char *bytes, size_t size)
{
	if (size == 0)
		return;
	if (content->size < at + size)
		content_resize(content, at + size);
	memcpy(content->bytes + at, bytes, size);
}

static void
content_apply(struct content *content, const struct op *op)
{
	if (op->kind == OP_WRITE)
		content_write(content, (size_t)op->offset, op->bytes, op->size);
	else if (op->kind == OP_TRUNCATE)
		content_resize(content, (size_t)op->offset);
}

static void
names_apply(struct names *names, const struct op *op)
{
	size_t i = 0;

	if (op->kind != OP_NAME && op->kind != OP_UNNAME)
		return;
	while (i < names->count && strcmp(names->list[i].text, op->name) != 0)
		i++;
	if (i == NAMES_MOST)
		abort();
	if (i == names->count)
		memcpy(names->list[names->count++].text, op->name, NAME_SIZE);
	names->list[i].file = op->kind == OP_NAME ? op->file : -1;
}

struct player *
player_new(const struct recording *recording)
{
	struct player *player = mem_new(sizeof(*player));

	player->recording = recording;
	return player;
}

void
player_free(struct player **player)
{
	for (int i = 0; i < FILES_MOST; i++)
		free((*player)->files[i].bytes);
	free(*player);
	*player = NULL;
}

struct moment
player_moment(const struct recording *recording, size_t cut)
{
	return cut < recording->count ? recording->ops[cut].before : recording->now;
}

static void
player_advance(struct player *player, size_t cut)
{
	const struct op *ops = player->recording->ops;

	for (; player->cut < cut; player->cut++) {
		const struct op *op = &ops[player->cut];

		if (op->kind == OP_SYNC) {
			for (size_t i = player->pending[op->file]; i < player->cut; i++)
				if (ops[i].file == op->file)
					content_apply(&player->files[op->file], &ops[i]);
			player->pending[op->file] = player->cut;
		} else if (op->kind == OP_SYNC_FOLDER) {
			for (size_t i = player->pending_names; i < player->cut; i++)
				names_apply(&player->names, &ops[i]);
			player->pending_names = player->cut;
		}
	}
}

static void
weather_fill(const struct weather *weather, unsigned char *bytes, size_t size)
{
	memset(bytes, 0, size);
	for (size_t i = 0; weather->has_garbage && i < size; i++)
		bytes[i] = (unsigned char)chance_next(weather->chance);
}

/* One sector that does not arrive whole. */
static void
weather_lose(const struct weather *weather, struct content *content, size_t at,
    const unsigned char *bytes, size_t size)
{
	size_t old = content->size, half = 0;

	if (chance_is(weather->chance, weather->torn)) {
		half = chance_below(weather->chance, size + 1);
		content_write(content, at, bytes, half);
		if (chance_is(weather->chance, 50) && at + size <= old)
			weather_fill(weather, content->bytes + at + half, size - half);
	}
	if (weather->grows && at + size > old) {
		content_resize(content, content->size > at + size ? content->size : at + size);
		weather_fill(weather, content->bytes + at + half, size - half);
	}
}

static void
weather_write(const struct weather *weather, struct content *content, const struct op *op)
{
	size_t at = (size_t)op->offset, end = at + op->size, next;

	for (const unsigned char *bytes = op->bytes; at < end; bytes += next - at, at = next) {
		next = (at / weather->sector + 1) * weather->sector;
		next = next < end ? next : end;
		if (chance_is(weather->chance, weather->keep))
			content_write(content, at, bytes, next - at);
		else
			weather_lose(weather, content, at, bytes, next - at);
	}
}

static void
weather_tear(const struct weather *weather, struct content *content, const struct op *op)
{
	size_t at = (size_t)op->offset, sector = weather->sector;
	size_t sectors = (at + op->size - 1) / sector - at / sector + 1;
	size_t from = (at / sector + chance_below(weather->chance, sectors)) * sector, size;

	from = from > at ? from : at;
	content_write(content, at, op->bytes, from - at);
	size = at + op->size - from < sector ? at + op->size - from : sector;
	weather_lose(weather, content, from, op->bytes + (from - at), size);
}

static struct weather
weather_draw(struct chance *chance, enum image_kind kind)
{
	static const unsigned keeps[] = {0, 10, 50, 90, 99};

	return (struct weather){
	    .chance = chance,
	    .keep = kind == IMAGE_SUBSET ? keeps[chance_below(chance, 5)] : 100,
	    .torn = chance_is(chance, 50) || kind == IMAGE_TORN ? 50 : 0,
	    .sector = chance_is(chance, 50) ? 512 : 4096,
	    .grows = chance_is(chance, 50),
	    .has_garbage = chance_is(chance, 50),
	};
}

/* The write that is cut within: the last one, unless it was flushed already. */
static const struct op *
player_torn_op(const struct player *player)
{
	const struct op *ops = player->recording->ops;

	for (size_t i = player->cut; i-- > 0;)
		if (ops[i].kind == OP_WRITE)
			return i >= player->pending[ops[i].file] ? &ops[i] : NULL;
	return NULL;
}

static void
player_write_file(const struct player *player, int file, const struct weather *weather,
    const struct op *torn, const char *path)
{
	const struct op *ops = player->recording->ops;
	const struct content *durable = &player->files[file];
	struct content content = {0};
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	content_write(&content, 0, durable->bytes, durable->size);
	for (size_t i = player->pending[file]; i < player->cut; i++) {
		if (ops[i].file != file)
			continue;
		if (&ops[i] == torn)
			weather_tear(weather, &content, &ops[i]);
		else if (ops[i].kind == OP_WRITE && weather->keep < 100)
			weather_write(weather, &content, &ops[i]);
		else if (chance_is(weather->chance, weather->keep))
			content_apply(&content, &ops[i]);
	}
	if (fd < 0 || write(fd, content.bytes, content.size) != (ssize_t)content.size)
		abort();
	close(fd);
	free(content.bytes);
}

void
player_make_image(struct player *player, size_t cut, enum image_kind kind, struct chance *chance,
    const char *folder)
{
	struct weather weather = weather_draw(chance, kind);
	struct names names;
	const struct op *torn;

	player_advance(player, cut);
	torn = kind == IMAGE_TORN ? player_torn_op(player) : NULL;
	names = player->names;
	for (size_t i = player->pending_names; i < cut; i++)
		if (chance_is(chance, weather.keep))
			names_apply(&names, &player->recording->ops[i]);
	for (size_t i = 0; i < names.count; i++) {
		char *path = mem_format("%s/%s", folder, names.list[i].text);

		if (names.list[i].file >= 0)
			player_write_file(player, names.list[i].file, &weather, torn, path);
		free(path);
	}
}
