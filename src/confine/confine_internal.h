/* What the files of this folder share: what is left open, and the two ways to close the rest. */
#ifndef CONFINE_CONFINE_INTERNAL_H
#define CONFINE_CONFINE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

struct conf;
struct err;

/* What may be done beneath a folder, or with a file. */
enum place_use {
	PLACE_READ,
	PLACE_WRITE,  /* read, write, make and remove files */
	PLACE_SOCKET, /* make and remove files, a socket among them */
};
struct place {
	char *path;
	enum place_use use;
};
struct places {
	struct place *list;
	size_t count;
};

/* place.c: everything that stays open, symbolic links followed. */
void places_collect(const struct conf *conf, struct places *places_out);
void places_fini(struct places *places);

/* -1: this kernel or build has it not, or a fault. */
int landlock_begin(const struct places *places, struct err *err);
/* With log_only nothing is refused: the kernel's log tells what would have been. */
int seccomp_begin(bool log_only, struct err *err);

#endif
