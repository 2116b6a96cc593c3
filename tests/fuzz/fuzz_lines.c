/*
 * The lines that 'musterctl submit' reads, against the plainest reading of the same bytes. A byte
 * above ASCII stands for that many kilobytes, so that lines are too long, or almost.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "fuzz.h"
#include "musterctl/submit_lines.h"

#define KILO 1024
#define WHOLE_MOST ((size_t)6 * LINE_MOST)

/* The next line that counts, from *at on; LINE_END where there is none. */
static enum line_kind
plain_next(const struct text *text, size_t *at, struct line *line)
{
	while (*at < text->size) {
		const char *begin = text->bytes + *at;
		const char *end = memchr(begin, '\n', text->size - *at);
		size_t size = end == NULL ? text->size - *at : (size_t)(end - begin), i = 0;

		*at += size + (end != NULL);
		line->number++;
		if (size > 0 && begin[size - 1] == '\r')
			size--;
		if (size > LINE_MOST)
			return LINE_LONG;
		while (i < size && memchr(" \t\r", begin[i], 3) != NULL)
			i++;
		if (i == size)
			continue;
		line->bytes = begin;
		line->size = size;
		return LINE_GOOD;
	}
	return LINE_END;
}

static void
compare(struct lines *lines, const struct text *text)
{
	struct line line, plain = {NULL, 0, 0};
	enum line_kind kind, plain_kind;
	size_t at = 0;

	do {
		while ((kind = lines_next(lines, &line)) == LINE_NONE)
			FUZZ_MUST(lines_read(lines, NULL) == 0);
		plain_kind = plain_next(text, &at, &plain);
		FUZZ_MUST(kind == plain_kind);
		if (kind == LINE_END)
			break;
		FUZZ_MUST(line.number == plain.number);
		FUZZ_MUST(lines_permille(lines) >= 0 && lines_permille(lines) <= 1000);
		if (kind == LINE_GOOD)
			FUZZ_MUST(line.size == plain.size &&
				  memcmp(line.bytes, plain.bytes, line.size) == 0);
	} while (kind != LINE_END);
}

static void
spread(struct fuzz *fuzz, struct text *text)
{
	char many[KILO];

	memset(many, 'x', sizeof(many));
	text_add_bytes(text, "", 0);
	while (fuzz->size > 0 && text->size < WHOLE_MOST) {
		uint8_t byte = fuzz_byte(fuzz);

		if (byte < 0x80)
			text_add_bytes(text, &byte, 1);
		for (; byte > 0x80; byte--)
			text_add_bytes(text, many, sizeof(many));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz fuzz = {bytes, size};
	char path[FUZZ_PATH_SIZE];
	struct text text = {0};
	struct lines *lines;
	int fd;

	spread(&fuzz, &text);
	fd = fuzz_file(text.bytes, text.size, path);
	lines = lines_open(path, NULL);
	FUZZ_MUST(lines != NULL);
	compare(lines, &text);
	lines_close(&lines);
	close(fd);
	text_fini(&text);
	return 0;
}
