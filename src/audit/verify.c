#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "audit/head.h"
#include "audit/line.h"
#include "audit/scan.h"
#include "audit/verify.h"
#include "base/err.h"
#include "base/keyring.h"
#include "base/mem.h"
#include "base/text.h"

#define PINS 4
#define PROGRESS_EVERY 4096 /* lines */
#define TORN_LOOKS 10       /* at a last line that a daemon may be writing just now */

struct pin {
	int64_t seq;
	unsigned char hash[CHAIN_BYTES];
	bool always;
	const char *who;
};

struct verify {
	const struct keyring *keyring;
	const struct head_key *head_key;
	struct chain chain;
	struct pin pins[PINS];
	size_t pin_count;
	bool closed; /* the last line says that the next file goes on */
	struct scan scan;
	struct verify_result result;
};

static const char *const fault_names[] = {
    [VERIFY_GOOD] = "good",
    [VERIFY_FORM] = "form",
    [VERIFY_EDITED] = "edited",
    [VERIFY_MISSING] = "missing",
    [VERIFY_REORDERED] = "reordered",
    [VERIFY_REPEATED] = "repeated",
    [VERIFY_SIGNATURE] = "signature",
    [VERIFY_REWRITTEN] = "rewritten",
    [VERIFY_TRUNCATED] = "truncated",
};

const char *
verify_fault_name(enum verify_fault fault)
{
	return fault_names[fault];
}

struct verify *
verify_new(const struct keyring *keyring, const struct head_key *head_key)
{
	struct verify *verify = mem_new(sizeof(*verify));

	verify->keyring = keyring;
	verify->head_key = head_key;
	chain_begin(&verify->chain, keyring);
	return verify;
}

void
verify_free(struct verify **verify)
{
	if (*verify == NULL)
		return;
	chain_wipe(&(*verify)->chain);
	free(*verify);
	*verify = NULL;
}

void
verify_pin(struct verify *verify, int64_t seq, const unsigned char hash[CHAIN_BYTES], bool always,
    const char *who)
{
	struct pin *pin = &verify->pins[verify->pin_count];

	if (verify->pin_count == PINS || seq == 0)
		return;
	verify->pin_count++;
	pin->seq = seq;
	memcpy(pin->hash, hash, CHAIN_BYTES);
	pin->always = always;
	pin->who = who;
}

int
verify_parse_pin(const char *text, int64_t *seq_out, unsigned char hash_out[CHAIN_BYTES])
{
	const char *colon = strchr(text, ':');
	char *seq;
	int result;

	if (colon == NULL)
		return -1;
	seq = mem_text_n(text, (size_t)(colon - text));
	result = text_number(seq, 1, LINE_SEQ_MOST, seq_out);
	free(seq);
	return result == 0 ? text_unhex(colon + 1, hash_out, CHAIN_BYTES) : -1;
}

static int __attribute__((format(printf, 3, 4)))
verify_fail(struct verify *verify, enum verify_fault fault, const char *format, ...)
{
	va_list args;

	verify->result.fault = fault;
	verify->result.seq = verify->chain.seq + 1;
	va_start(args, format);
	vsnprintf(verify->result.words, sizeof(verify->result.words), format, args);
	va_end(args);
	return -1;
}

/* ---- the number of a line is not the next one ---- */

/* Whether a line of that number comes yet; next_out gets the number of the very next line, or 0. */
static bool
verify_comes_yet(struct verify *verify, int64_t seq, int64_t *next_out)
{
	const char *bytes;
	size_t size;
	bool found = false;

	*next_out = 0;
	for (int64_t i = 0; !found && scan_next(&verify->scan, &bytes, &size) == SCAN_WHOLE; i++) {
		struct line line;

		if (line_read(bytes, size, &line) != 0)
			continue;
		if (i == 0)
			*next_out = line.seq;
		found = line.seq == seq;
	}
	return found;
}

static int
verify_number_is_wrong(struct verify *verify, int64_t seq)
{
	int64_t due = verify->chain.seq + 1, next;
	bool later = verify_comes_yet(verify, due, &next);

	if (next == due + 1)
		return verify_fail(verify, VERIFY_EDITED, "its number was changed: %lld to %lld",
		    (long long)due, (long long)seq);
	if (seq < due)
		return verify_fail(verify, VERIFY_REPEATED,
		    "line %lld stands here again, where %lld should", (long long)seq,
		    (long long)due);
	if (later)
		return verify_fail(verify, VERIFY_REORDERED,
		    "line %lld stands where %lld should: lines were put in another order",
		    (long long)seq, (long long)due);
	return verify_fail(verify, VERIFY_MISSING,
	    "lines %lld to %lld were taken out before this one", (long long)due,
	    (long long)seq - 1);
}

/* ---- a line that is in its place ---- */

static int
verify_head(struct verify *verify, struct line *line)
{
	unsigned char hash[CHAIN_BYTES], signature[HEAD_SIGNATURE_BYTES];

	if (line_take_hex(line, "chain", hash, sizeof(hash)) != 0 ||
	    line_take_hex(line, "signature", signature, sizeof(signature)) != 0)
		return verify_fail(verify, VERIFY_FORM, "a head without hash and signature");
	if (memcmp(hash, verify->chain.hash, sizeof(hash)) != 0)
		return verify_fail(verify, VERIFY_REWRITTEN,
		    "this head is over other lines than those before it: one after line %lld was "
		    "changed",
		    (long long)verify->result.signed_seq);
	if (verify->head_key == NULL)
		return 0;
	if (!head_is_signed(verify->head_key, &verify->chain, signature))
		return verify_fail(
		    verify, VERIFY_SIGNATURE, "this head was not signed with the key of this log");
	verify->result.heads++;
	verify->result.signed_seq = verify->chain.seq;
	return 0;
}

static int
verify_pins(struct verify *verify)
{
	for (size_t i = 0; i < verify->pin_count; i++) {
		const struct pin *pin = &verify->pins[i];

		if (pin->seq != verify->chain.seq ||
		    memcmp(pin->hash, verify->chain.hash, CHAIN_BYTES) == 0)
			continue;
		verify->chain.seq--;
		return verify_fail(verify, VERIFY_REWRITTEN,
		    "up to this line the log is not what %s says: a line before was changed",
		    pin->who);
	}
	return 0;
}

/* A file's first line says from where it goes on. */
static int
verify_opened(struct verify *verify, struct line *line)
{
	unsigned char hash[CHAIN_BYTES];

	if (!line_is(line, LINE_OPENED) || line_take_hex(line, "chain", hash, sizeof(hash)) != 0)
		return verify_fail(verify, VERIFY_MISSING,
		    "the file does not begin with the line that opens it: lines before this one "
		    "were taken out");
	if (verify->result.lines == 0 && line->seq > CHAIN_SKIP_MOST)
		return verify_fail(verify, VERIFY_FORM, "no log gets so far");
	if (verify->result.lines == 0) {
		chain_skip(&verify->chain, verify->keyring != NULL ? line->seq : 0, hash);
		verify->chain.seq = line->seq - 1;
		verify->result.first_seq = line->seq;
		return verify_pins(verify);
	}
	if (line->seq == verify->chain.seq + 1 &&
	    memcmp(hash, verify->chain.hash, sizeof(hash)) != 0)
		return verify_fail(
		    verify, VERIFY_REWRITTEN, "this file does not go on from the one before it");
	return 0;
}

/* The chain with the line in it goes into next. */
static int
verify_mac(struct verify *verify, const char *bytes, const struct line *line, struct chain *next)
{
	char mac[CHAIN_TEXT];

	*next = verify->chain;
	chain_add(next, bytes, line->body, mac);
	if (verify->keyring == NULL || strcmp(mac, line->mac) == 0)
		return 0;
	return verify_fail(verify, VERIFY_EDITED, "its MAC is not that of its bytes%s",
	    verify->result.lines == 0 ? ", or this is not the key of this log" : "");
}

static void
verify_note(struct verify *verify, const struct line *line)
{
	static const char *const told[] = {"torn", "changed", "lost"};

	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		verify->result.noted += line_is(line, told[i]);
	verify->closed = line_is(line, LINE_CLOSED);
	verify->result.lines++;
	verify->result.last_seq = verify->chain.seq;
}

static int
verify_line(struct verify *verify, const char *bytes, size_t size)
{
	struct chain next;
	struct line line;

	if (line_read(bytes, size, &line) != 0)
		return verify_fail(verify, VERIFY_FORM, "it is no line of an audit log");
	if (verify->result.line == 1 && verify_opened(verify, &line) != 0)
		return -1;
	if (line.seq != verify->chain.seq + 1)
		return verify_number_is_wrong(verify, line.seq);
	if (verify_mac(verify, bytes, &line, &next) != 0)
		return -1;
	/* A head is over what came before it. */
	if (line_is(&line, LINE_HEAD) && verify_head(verify, &line) != 0)
		return -1;
	verify->chain = next;
	verify_note(verify, &line);
	return verify_pins(verify);
}

/* ---- files ---- */

/* A daemon that is at work may have written only half of the last line yet. */
static enum scan_kind
verify_next(struct verify *verify, const char **bytes_out, size_t *size_out)
{
	static const struct timespec pause = {.tv_nsec = 20000000};
	enum scan_kind kind = scan_next(&verify->scan, bytes_out, size_out);

	for (int i = 0; kind == SCAN_TORN && i < TORN_LOOKS; i++) {
		nanosleep(&pause, NULL);
		kind = scan_next(&verify->scan, bytes_out, size_out);
	}
	return kind;
}

static int
verify_read(struct verify *verify, verify_progress_fn *progress, void *arg, struct err *err)
{
	struct verify_result *result = &verify->result;
	int64_t told = 0;
	const char *bytes;
	size_t size;

	for (result->line = 1;; result->line++) {
		switch (verify_next(verify, &bytes, &size)) {
		case SCAN_WHOLE:
			if (verify_line(verify, bytes, size) != 0)
				return 0;
			break;
		case SCAN_END:
			result->line--;
			return 0;
		case SCAN_TORN:
			verify_fail(verify, VERIFY_TRUNCATED, "it is cut off in its middle");
			return 0;
		case SCAN_LONG:
			verify_fail(verify, VERIFY_FORM, "it is longer than any line of a log");
			return 0;
		case SCAN_FAULT:
			return err_set(err, ERR_BROKEN, "%s: can't read it: %s", result->file,
			    strerror(errno));
		}
		if (result->line % PROGRESS_EVERY == 0) {
			progress(verify->scan.offset - told, arg);
			told = verify->scan.offset;
		}
	}
}

int
verify_file(struct verify *verify, const char *path, verify_progress_fn *progress, void *arg,
    struct err *err)
{
	int fd, result;

	if (verify->result.fault != VERIFY_GOOD)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(err, ERR_BROKEN, "%s: can't open it: %s", path, strerror(errno));
	snprintf(verify->result.file, sizeof(verify->result.file), "%s", path);
	scan_begin(&verify->scan, fd, 0);
	result = verify_read(verify, progress, arg, err);
	close(fd);
	return result;
}

/* Whether the log goes from where it must to where it must. */
static void
verify_reach(struct verify *verify, const struct pin *pin)
{
	struct verify_result *result = &verify->result;

	if (result->fault != VERIFY_GOOD)
		return;
	if (pin->seq > result->last_seq && (pin->always || !verify->closed)) {
		result->line++;
		verify_fail(verify, VERIFY_TRUNCATED,
		    "the log ends here, but %s has it that there were lines up to %lld", pin->who,
		    (long long)pin->seq);
	} else if (pin->always && pin->seq < result->first_seq - 1) {
		verify_fail(verify, VERIFY_MISSING,
		    "the log begins with line %lld, and %s is of line %lld: name its older files "
		    "too",
		    (long long)result->first_seq, pin->who, (long long)pin->seq);
	}
}

const struct verify_result *
verify_end(struct verify *verify)
{
	struct verify_result *result = &verify->result;

	for (size_t i = 0; i < verify->pin_count; i++)
		verify_reach(verify, &verify->pins[i]);
	if (result->fault == VERIFY_GOOD && result->lines == 0)
		verify_fail(verify, VERIFY_TRUNCATED, "there is no line in it");
	chain_hash(&verify->chain, result->hash);
	return result;
}
