/* Brings the log to the disk, and then the state of its chain, in a thread. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/audit_internal.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/secret.h"

/* Milliseconds from a line to its flush, and between two flushes at least. */
#define SYNC_SOON 50
#define SYNC_EVERY 1000

struct sync {
	struct work work;
	struct audit *audit;
	int fd, old_fd, state_fd;
	const char *new_name; /* the file's, where it is not on the disk yet */
	struct state state;
	int fault;     /* errno of what failed, or 0 */
	bool changed;  /* the file is shorter than what was written to it */
	bool unlinked; /* the file has no name any more */
};

void
sync_state(const struct audit *audit, struct state *state_out)
{
	*state_out = (struct state){audit->chain, audit->first, audit->size};
}

/* The state comes last: it may never be ahead of the log. */
static void
sync_carry_out(struct work *work)
{
	struct sync *sync = (struct sync *)work;
	struct stat status;

	if ((sync->old_fd >= 0 && fdatasync(sync->old_fd) != 0) || fdatasync(sync->fd) != 0 ||
	    (sync->new_name != NULL && file_flush_folder(sync->new_name) != 0 && errno == EIO) ||
	    fstat(sync->fd, &status) != 0 || state_write(sync->state_fd, &sync->state, true) != 0) {
		sync->fault = errno;
		return;
	}
	sync->changed = status.st_size < sync->state.size;
	sync->unlinked = status.st_nlink == 0;
}

static void
sync_free(struct work *work)
{
	struct sync *sync = (struct sync *)work;

	if (sync->old_fd >= 0)
		close(sync->old_fd);
	secret_wipe(sync, sizeof(*sync));
	free(sync);
}

static void
sync_set_timer(struct audit *audit)
{
	int64_t wait = audit->synced_at + SYNC_EVERY - clock_boot();

	loop_timer_set(audit->sync_timer, wait > SYNC_SOON ? wait : SYNC_SOON);
}

/* Somebody's hands were on the file. */
static void
sync_look(struct audit *audit, const struct sync *sync)
{
	if (sync->changed) {
		audit_say(audit, true, "%s was cut short by somebody", audit->path);
		file_look(audit);
		audit_event(audit, "changed", "cut-short", 0);
	}
	if (sync->unlinked && !audit->reopens) {
		audit_say(audit, true, "%s was removed: a new one is begun", audit->path);
		file_change(audit);
		audit_event(audit, "changed", "removed", 0);
	}
}

/* What a flush that failed was for may be lost, whatever the next one says: the
 * log says so itself. */
static void
sync_judge(struct audit *audit, int fault)
{
	if (fault != 0 && !audit->not_synced)
		audit_say(audit, true,
		    "%s can't be flushed: %s; no registration is taken until it can", audit->path,
		    strerror(fault));
	if (fault == 0 && audit->not_synced) {
		audit_say(audit, false, "%s can be flushed again", audit->path);
		audit_event(audit, "changed", "not-flushed", 0);
	}
	audit->not_synced = fault != 0;
	audit->dirty = audit->dirty || fault != 0;
}

static void
sync_done(struct work *work)
{
	struct sync *sync = (struct sync *)work;
	struct audit *audit = sync->audit;

	audit->syncing = false;
	sync_judge(audit, sync->fault);
	sync_look(audit, sync);
	if (audit->reopens && audit->waiting == NULL)
		file_change(audit);
	if (audit->dirty)
		sync_set_timer(audit);
	sync_free(work);
}

void
sync_on_time(void *arg)
{
	struct audit *audit = arg;
	struct sync *sync = mem_new(sizeof(*sync));

	sync->audit = audit;
	sync->fd = audit->fd;
	sync->old_fd = audit->old_fd;
	sync->state_fd = audit->state_fd;
	sync->new_name = audit->is_new ? audit->path : NULL;
	sync_state(audit, &sync->state);
	audit->old_fd = -1;
	audit->is_new = audit->dirty = false;
	audit->syncing = true;
	audit->synced_at = clock_boot();
	workers_submit(audit->workers, &sync->work);
}

void
sync_soon(struct audit *audit)
{
	if (!audit->dirty && !audit->syncing)
		sync_set_timer(audit);
	audit->dirty = true;
}

int
sync_start(struct audit *audit, struct err *err)
{
	static const struct work_kind kind = {
	    .what = "audit",
	    .threads = 1,
	    .carry_out = sync_carry_out,
	    .done = sync_done,
	    .free = sync_free,
	};

	audit->workers = workers_new(audit->loop, &kind, err);
	return audit->workers == NULL ? -1 : 0;
}

/* The loop has ended: nothing is called back any more. */
void
sync_stop(struct audit *audit)
{
	struct state state;

	workers_free(&audit->workers);
	sync_state(audit, &state);
	if ((audit->old_fd >= 0 && fdatasync(audit->old_fd) != 0) || fdatasync(audit->fd) != 0 ||
	    state_write(audit->state_fd, &state, true) != 0)
		audit_say(audit, true, "%s can't be flushed: %s", audit->path, strerror(errno));
	secret_wipe(&state, sizeof(state));
}
