/* The files of the log: where a start goes on, and how one is changed for the next. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/audit_internal.h"
#include "audit/scan.h"
#include "base/err.h"
#include "base/keyring.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/secret.h"

#define REOPEN_AGAIN 60000 /* milliseconds, where a new file can't be made */

static int
file_open(const char *path, struct stat *status)
{
	int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);

	if (fd >= 0 && (fstat(fd, status) != 0 || !S_ISREG(status->st_mode))) {
		close(fd);
		errno = EINVAL;
		return -1;
	}
	return fd;
}

void
file_look(struct audit *audit)
{
	struct stat status;

	if (fstat(audit->fd, &status) == 0)
		audit->size = status.st_size;
}

/* A new file's first line links it to the one before. */
static void
file_begin(struct audit *audit)
{
	char *body = decision_opened(&audit->chain);

	audit->first = audit->chain.seq + 1;
	audit->size = 0;
	audit->is_new = true;
	audit_write_body(audit, body);
	free(body);
}

/* ---- recovery ---- */

/* Whether the line is the next one of the chain, which then has it. */
static bool
file_takes(struct audit *audit, const char *bytes, size_t size)
{
	struct chain next = audit->chain;
	unsigned char hash[CHAIN_BYTES];
	char mac[CHAIN_TEXT];
	struct line line;
	bool good = line_read(bytes, size, &line) == 0;

	if (good && line_is(&line, LINE_OPENED)) {
		good = line_take_hex(&line, "chain", hash, sizeof(hash)) == 0 &&
		       (next.seq == 0 || memcmp(hash, next.hash, sizeof(hash)) == 0);
		if (good && next.seq == 0 && line.seq <= CHAIN_SKIP_MOST)
			chain_skip(&next, line.seq, hash);
	}
	if (good && line.seq == next.seq + 1) {
		chain_add(&next, bytes, line.body, mac);
		good = strcmp(mac, line.mac) == 0;
	} else {
		good = false;
	}
	if (good)
		audit->chain = next;
	chain_wipe(&next);
	return good;
}

/* What a killed daemon wrote after the state that it saved last; returns where that ends. */
static int64_t
file_follow(struct audit *audit, int64_t offset)
{
	struct scan *scan = mem_new(sizeof(*scan));
	const char *bytes;
	size_t size;

	scan_begin(scan, audit->fd, offset);
	while (scan_next(scan, &bytes, &size) == SCAN_WHOLE && file_takes(audit, bytes, size))
		offset = scan->offset;
	free(scan);
	return offset;
}

/* What stands behind the last good line goes into another file, to be looked at. */
static int
file_set_aside(struct audit *audit, int64_t good, int64_t size, struct err *err)
{
	char *path = mem_format("%s.torn", audit->path), *bytes = mem_new(LINE_MOST);
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	int64_t at = good;
	int result = 0;

	while (fd >= 0 && at < size) {
		ssize_t got = pread(audit->fd, bytes, LINE_MOST, at);

		if (got <= 0 || write(fd, bytes, (size_t)got) != got)
			break;
		at += got;
	}
	if (fd < 0 || at < size || fsync(fd) != 0 || ftruncate(audit->fd, good) != 0)
		result = err_set(err, ERR_BROKEN, "%s: can't set aside what is torn in it: %s",
		    audit->path, strerror(errno));
	else
		audit_say(audit, true, "%s ended in %lld bytes that are no lines of it: see %s",
		    audit->path, (long long)(size - good), path);
	if (fd >= 0)
		close(fd);
	free(bytes);
	free(path);
	return result;
}

/* The seq of its first line; 0 where it has none. */
static int64_t
file_first(const struct audit *audit)
{
	struct scan *scan = mem_new(sizeof(*scan));
	const char *bytes;
	size_t size;
	struct line line = {0};

	scan_begin(scan, audit->fd, 0);
	if (scan_next(scan, &bytes, &size) != SCAN_WHOLE || line_read(bytes, size, &line) != 0)
		line.seq = 0;
	free(scan);
	return line.seq;
}

/* Goes on at the end of a file with lines in it. */
static int
file_recover(struct audit *audit, int64_t size, struct err *err)
{
	bool changed =
	    size < audit->size || (audit->first != 0 && file_first(audit) != audit->first);
	int64_t good = changed ? size : file_follow(audit, audit->size);

	audit->first = file_first(audit);
	audit->size = good;
	if (changed) {
		audit_say(audit, true,
		    "%s is not as it was left: 'musterctl audit verify' says "
		    "what is missing",
		    audit->path);
		audit_event(audit, "changed", "not-as-left", 0);
	} else if (good < size) {
		if (file_set_aside(audit, good, size, err) != 0)
			return -1;
		audit_event(audit, "torn", "set-aside", size - good);
	}
	return 0;
}

/* The state is lost, or there was none yet: the first key tells where the chain stands. */
static int
file_begin_chain(struct audit *audit, const char *key_file, bool is_new, struct err *err)
{
	struct keyring *keyring = keyring_open(key_file, is_new, err);

	if (keyring == NULL)
		return is_new ? -1
			      : err_prefix(err,
				    "%s says nothing, though %s has lines: restore it or the key "
				    "file, or move the log away and begin a new one",
				    audit->state_path, audit->path);
	chain_begin(&audit->chain, keyring);
	keyring_free(&keyring);
	return 0;
}

int
file_start(struct audit *audit, const char *key_file, struct err *err)
{
	struct stat status;
	struct state state = {0};

	audit->state_fd = state_open(audit->state_path, err);
	if (audit->state_fd < 0)
		return -1;
	audit->fd = file_open(audit->path, &status);
	if (audit->fd < 0)
		return err_set(err, ERR_BROKEN, "%s: can't open it: %s", audit->path,
		    errno == EINVAL ? "it is no file" : strerror(errno));
	if (state_read(audit->state_fd, &state)) {
		audit->chain = state.chain;
		audit->first = state.first;
		audit->size = state.size;
		secret_wipe(&state, sizeof(state));
	} else if (file_begin_chain(audit, key_file, status.st_size == 0, err) != 0) {
		return -1;
	}
	if (status.st_size > 0)
		return file_recover(audit, status.st_size, err);
	file_begin(audit);
	return 0;
}

/* ---- rotation ---- */

static int
file_close(struct audit *audit)
{
	struct audit_decision closed = {.event = LINE_CLOSED, .actor = "musterd"};
	char *body;
	int result;

	audit_sign(audit);
	body = decision_text(&closed);
	result = audit_append(audit, body);
	free(body);
	return result;
}

/* Both are flushed later, in a thread; the state is for a daemon that is killed before that. */
static void
file_swap(struct audit *audit, int fd)
{
	struct state state;

	if (audit->old_fd >= 0) {
		fdatasync(audit->old_fd);
		close(audit->old_fd);
	}
	audit->old_fd = audit->fd;
	audit->fd = fd;
	file_begin(audit);
	sync_state(audit, &state);
	if (state_write(audit->state_fd, &state, false) != 0)
		audit_say(
		    audit, true, "%s can't be written: %s", audit->state_path, strerror(errno));
	secret_wipe(&state, sizeof(state));
}

void
file_change(struct audit *audit)
{
	struct stat ours, named;
	int fd;

	audit->reopens = false;
	if (fstat(audit->fd, &ours) == 0 && stat(audit->path, &named) == 0 &&
	    ours.st_dev == named.st_dev && ours.st_ino == named.st_ino)
		return;
	fd = file_open(audit->path, &named);
	if (fd >= 0 && named.st_size == 0 && file_close(audit) == 0) {
		file_swap(audit, fd);
		audit_say(audit, false, "%s goes on in a new file", audit->path);
		return;
	}
	audit_say(audit, true, "%s: no new file can be begun: %s", audit->path,
	    fd < 0 ? strerror(errno) : "it holds something else, or the disk is full");
	if (fd >= 0)
		close(fd);
	audit->reopens = true;
	loop_timer_set(audit->retry_timer, REOPEN_AGAIN);
}
