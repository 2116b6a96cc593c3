#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/idmap.h"
#include "base/mem.h"
#include "base/text.h"

struct node {
	char id[UUID_SIZE];
	void *thing;
};

static int
idmap_compare(const void *a, const void *b)
{
	const struct node *one = a, *other = b;

	return strcmp(one->id, other->id);
}

static void
idmap_key(const char *id, struct node *key)
{
	memset(key, 0, sizeof(*key));
	strncpy(key->id, id, UUID_SIZE - 1);
}

void *
idmap_find(const struct idmap *map, const char *id)
{
	struct node key;
	struct node **found;

	idmap_key(id, &key);
	found = tfind(&key, &map->root, idmap_compare);
	return found == NULL ? NULL : (*found)->thing;
}

void
idmap_add(struct idmap *map, const char *id, void *thing)
{
	struct node *node = mem_new(sizeof(*node));

	idmap_key(id, node);
	node->thing = thing;
	if (tsearch(node, &map->root, idmap_compare) == NULL)
		err_end("out of memory");
	map->count++;
}

void
idmap_remove(struct idmap *map, const char *id)
{
	struct node key;
	struct node **found, *node;

	idmap_key(id, &key);
	found = tfind(&key, &map->root, idmap_compare);
	if (found == NULL)
		return;
	node = *found;
	tdelete(&key, &map->root, idmap_compare);
	free(node);
	map->count--;
}

void
idmap_drain(struct idmap *map, void (*each)(void *thing))
{
	while (map->root != NULL) {
		struct node *node = *(struct node **)map->root;
		void *thing = node->thing;

		tdelete(node, &map->root, idmap_compare);
		free(node);
		map->count--;
		each(thing);
	}
}
