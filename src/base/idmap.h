/*
 * A map from ids (UUID texts) to the owner's things: how work in flight is found again. The map
 * owns nothing that it points to.
 */
#ifndef BASE_IDMAP_H
#define BASE_IDMAP_H

#include <stddef.h>

struct idmap {
	void *root;
	size_t count;
};

void *idmap_find(const struct idmap *map, const char *id);      /* NULL where it has gone */
void idmap_add(struct idmap *map, const char *id, void *thing); /* the id must not be in it */
void idmap_remove(struct idmap *map, const char *id);
/* Empties the map, handing each thing to 'each'. */
void idmap_drain(struct idmap *map, void (*each)(void *thing));

#endif
