/*
 * The audit log's lines. Where the first byte is even the rest is a file, checked without keys.
 * Where it is odd, the lines of the rest make a log, and one change to it, which must be found, and
 * where it is: KIND and two bytes of place stand before them.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "audit/audit_internal.h"
#include "audit/verify.h"
#include "base/keyring.h"
#include "base/mem.h"
#include "base/text.h"
#include "fuzz.h"

#define KEY "test 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
#define LINES_MOST 8

enum edit { EDIT_NONE, EDIT_BYTE, EDIT_CUT, EDIT_DROP, EDIT_SWAP, EDIT_REPEAT, EDIT_COUNT };

struct log {
	struct text lines[LINES_MOST + 1]; /* each with its end */
	size_t count;
	struct chain chain;
};

/* A half line at the end is looked at again after a while. */
int __wrap_nanosleep(const struct timespec *time, struct timespec *left);
int
__wrap_nanosleep(const struct timespec *time, struct timespec *left)
{
	return 0;
}

static const struct keyring *
keys(void)
{
	static struct keyring *keyring;
	char path[FUZZ_PATH_SIZE];

	if (keyring == NULL) {
		fuzz_file(KEY, strlen(KEY), path);
		keyring = keyring_open(path, false, NULL);
		FUZZ_MUST(keyring != NULL);
	}
	return keyring;
}

static void
on_progress(int64_t bytes, void *arg)
{
	FUZZ_MUST(bytes >= 0);
}

static enum verify_fault
verify(struct verify *verifier, const void *bytes, size_t size, int64_t *line_out)
{
	char path[FUZZ_PATH_SIZE];
	int fd = fuzz_file(bytes, size, path);
	const struct verify_result *result;
	enum verify_fault fault;

	FUZZ_MUST(verify_file(verifier, path, on_progress, NULL, NULL) == 0);
	close(fd);
	result = verify_end(verifier);
	fault = result->fault;
	FUZZ_MUST(verify_fault_name(fault) != NULL && result->line >= 0);
	FUZZ_MUST((fault == VERIFY_GOOD) == (result->words[0] == '\0'));
	FUZZ_MUST(fault != VERIFY_GOOD || result->lines > 0);
	*line_out = result->line;
	verify_free(&verifier);
	return fault;
}

/* ---- a file of any bytes ---- */

static void
read_line(const char *text)
{
	unsigned char bytes[LINE_HEX_MOST];
	size_t size = strlen(text);
	struct line line;

	if (line_read(text, size, &line) != 0)
		return;
	FUZZ_MUST(line.seq > 0 && line.seq <= LINE_SEQ_MOST && line.body < size);
	FUZZ_MUST(line.event >= text && line.event + line.event_size < line.end);
	FUZZ_MUST(line.rest <= line.end && line.end < text + size);
	FUZZ_MUST(strlen(line.mac) == CHAIN_TEXT - 1);
	line_take_hex(&line, "chain", bytes, CHAIN_BYTES);
	line_take_hex(&line, "signature", bytes, LINE_HEX_MOST);
	FUZZ_MUST(line.rest <= line.end);
}

static void
read_file(struct fuzz *fuzz)
{
	struct verify *verifier = verify_new(NULL, NULL);
	struct fuzz lines = *fuzz;
	unsigned char hash[CHAIN_BYTES];
	int64_t seq, line;

	while (lines.size > 0) {
		char *text = fuzz_line(&lines);

		read_line(text);
		if (verify_parse_pin(text, &seq, hash) == 0)
			verify_pin(verifier, seq, hash, true, "the pin");
		free(text);
	}
	verify(verifier, fuzz->bytes, fuzz->size, &line);
}

/* ---- a log of ours, changed ---- */

/* As audit_append makes a line of a body. */
static void
append(struct log *log, char *body)
{
	struct text *line = &log->lines[log->count++];
	char mac[CHAIN_TEXT];

	text_add(line, "{\"seq\":%lld,%s", (long long)log->chain.seq + 1, body + 1);
	line->bytes[--line->size] = '\0';
	chain_add(&log->chain, line->bytes, line->size, mac);
	text_add(line, ",\"mac\":\"%s\"}\n", mac);
	FUZZ_MUST(
	    line->size <= LINE_MOST && strchr(line->bytes, '\n') == line->bytes + line->size - 1);
	free(body);
}

static void
make_log(struct log *log, struct fuzz *fuzz)
{
	memset(log, 0, sizeof(*log));
	chain_begin(&log->chain, keys());
	append(log, decision_opened(&log->chain));
	while (fuzz->size > 0 && log->count < LINES_MOST) {
		char *text = fuzz_line(fuzz);
		struct audit_decision decision = {
		    .event = "test", .actor = text, .what = text, .reason = text, .count = 1};

		append(log, decision_text(&decision));
		free(text);
	}
}

/* Changes the log; the number of the first line that is no longer right, from 1. */
static size_t
change(struct log *log, enum edit edit, unsigned place)
{
	size_t i = place % log->count;
	struct text *line = &log->lines[i], spare = {0};

	switch (edit) {
	case EDIT_BYTE:
		line->bytes[place % line->size] ^= (char)(1 + place % 255);
		break;
	case EDIT_CUT:
		line->size = place % line->size;
		log->count = i + 1;
		break;
	case EDIT_DROP:
		text_fini(line);
		break;
	case EDIT_SWAP:
		i = i + 1 == log->count ? 0 : i;
		spare = log->lines[i];
		log->lines[i] = log->lines[i + 1];
		log->lines[i + 1] = spare;
		break;
	case EDIT_REPEAT:
		text_add_bytes(&spare, line->bytes, line->size);
		text_add_bytes(line, spare.bytes, spare.size);
		text_fini(&spare);
		return i + 2;
	default:
		break;
	}
	return i + 1;
}

static void
read_log(struct fuzz *fuzz)
{
	enum edit edit = (enum edit)(fuzz_byte(fuzz) % EDIT_COUNT);
	unsigned place = fuzz_byte(fuzz);
	struct verify *verifier = verify_new(keys(), NULL);
	struct text whole = {0};
	enum verify_fault fault;
	struct log log;
	int64_t line;
	size_t bad;

	place = place << 8 | fuzz_byte(fuzz);
	make_log(&log, fuzz);
	if (edit == EDIT_SWAP && log.count == 1)
		edit = EDIT_NONE;
	verify_pin(verifier, log.chain.seq, log.chain.hash, true, "the pin");
	bad = change(&log, edit, place);
	for (size_t i = 0; i < LINES_MOST; i++) {
		if (i < log.count && log.lines[i].size > 0)
			text_add_bytes(&whole, log.lines[i].bytes, log.lines[i].size);
		text_fini(&log.lines[i]);
	}
	fault = verify(verifier, whole.bytes, whole.size, &line);
	FUZZ_MUST((fault == VERIFY_GOOD) == (edit == EDIT_NONE));
	FUZZ_MUST(edit == EDIT_NONE || (size_t)line == bad);
	chain_wipe(&log.chain);
	text_fini(&whole);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz fuzz = {bytes, size};

	if (fuzz_byte(&fuzz) % 2 == 0)
		read_file(&fuzz);
	else
		read_log(&fuzz);
	return 0;
}
