/*
 * Disks after a power cut, made of a recording: what was flushed is there, of the rest anything may
 * be. What is taken for granted of a disk is what SQLite takes for granted ("Atomic Commit in
 * SQLite" sections 2 and 9, "Powersafe Overwrite"):
 *
 *   - after fsync of a file its bytes and its length are there; after fsync of a folder its names;
 *   - a write changes no byte outside its own range (powersafe overwrite);
 *   - giving or taking one name is there or not, never half.
 *
 * And not taken for granted, so varied here: that what waits for a flush arrives in any order,
 * whole or at all; that a sector of it arrives whole (it may be old, new, half new, zeros or
 * garbage); that a file's length changes together with its bytes; that a truncation arrives before
 * what comes after.
 */
#ifndef TESTS_POWERCUT_IMAGE_H
#define TESTS_POWERCUT_IMAGE_H

#include "recording.h"

enum image_kind {
	IMAGE_PREFIX, /* all that the disk was told before the cut, in order */
	IMAGE_SUBSET, /* of what waits for a flush, chance decides by sector, name and length */
	IMAGE_TORN,   /* all, but the last write is cut within */
};
#define IMAGE_KINDS 3

struct chance {
	uint64_t state;
};
uint64_t chance_next(struct chance *chance);
size_t chance_below(struct chance *chance, size_t bound);
bool chance_is(struct chance *chance, unsigned percent);

/* Goes through one recording, forwards only. */
struct player;

struct player *player_new(const struct recording *recording);
void player_free(struct player **player);
/* The disk when power goes right before operation 'cut' (count: after the last), into an empty
 * folder. Cuts never go back. */
void player_make_image(struct player *player, size_t cut, enum image_kind kind,
    struct chance *chance, const char *folder);
/* The last moment before that cut. */
struct moment player_moment(const struct recording *recording, size_t cut);

#endif
