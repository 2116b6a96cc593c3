#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dir/gather.h"
#include "dir/question.h"

/* One question's place. */
struct gather_part {
	struct gather *gather;
	struct reply reply;
};

struct gather {
	size_t count, open;
	dir_reply_fn *reply;
	void *arg;
	struct gather_part parts[];
};

static void
gather_end(struct gather *gather)
{
	for (size_t i = 0; i + 1 < gather->count; i++)
		gather->parts[i].reply.also = &gather->parts[i + 1].reply;
	gather->reply(&gather->parts[0].reply, gather->arg);
	for (size_t i = 0; i < gather->count; i++)
		reply_fini(&gather->parts[i].reply);
	free(gather);
}

static void
gather_on_reply(struct reply *reply, void *arg)
{
	struct gather_part *part = arg;
	int directory = part->reply.directory;

	part->reply = *reply;
	part->reply.directory = directory;
	memset(reply, 0, sizeof(*reply));
	if (--part->gather->open == 0)
		gather_end(part->gather);
}

void
dir_gather(
    struct dir *const *directories, struct question *question, dir_reply_fn *reply, void *arg)
{
	struct question *it, *next;
	struct gather *gather;
	size_t count = 0;

	for (it = question; it != NULL; it = it->also)
		count++;
	gather = mem_new(sizeof(*gather) + count * sizeof(gather->parts[0]));
	gather->count = gather->open = count;
	gather->reply = reply;
	gather->arg = arg;
	it = question;
	for (size_t i = 0; i < count; i++, it = next) {
		struct gather_part *part = &gather->parts[i];

		next = it->also;
		it->also = NULL;
		part->gather = gather;
		part->reply.directory = it->directory;
		dir_submit(directories[it->directory], it, gather_on_reply, part);
		if (it != question)
			free(it);
	}
}
