#include <stdio.h>
#include <string.h>

#include "audit/line.h"
#include "base/text.h"

#define MAC_OPENS ",\"mac\":\""
#define MAC_SIZE (sizeof(MAC_OPENS) - 1 + 64 + 2) /* ,"mac":"…"} */
#define TIME_OPENS ",\"time\":\""
#define TIME_SIZE 24 /* 2026-01-31T08:00:00.123Z */
#define EVENT_OPENS "\",\"event\":\""

/* Whether the text stands at *at, which moves behind it. */
static bool
line_takes(const char **at, const char *end, const char *text)
{
	size_t size = strlen(text);

	if ((size_t)(end - *at) < size || memcmp(*at, text, size) != 0)
		return false;
	*at += size;
	return true;
}

static int
line_read_seq(const char **at, const char *end, int64_t *seq_out)
{
	int64_t seq = 0;

	if (*at < end && **at == '0')
		return -1;
	for (; *at < end && **at >= '0' && **at <= '9'; (*at)++) {
		seq = seq * 10 + (**at - '0');
		if (seq > LINE_SEQ_MOST)
			return -1;
	}
	*seq_out = seq;
	return seq > 0 ? 0 : -1;
}

static int
line_read_mac(const char *at, const char *end, char mac[CHAIN_TEXT])
{
	unsigned char bytes[CHAIN_BYTES];

	if (!line_takes(&at, end, MAC_OPENS))
		return -1;
	memcpy(mac, at, CHAIN_TEXT - 1);
	mac[CHAIN_TEXT - 1] = '\0';
	at += CHAIN_TEXT - 1;
	return line_takes(&at, end, "\"}") ? text_unhex(mac, bytes, CHAIN_BYTES) : -1;
}

int
line_read(const char *bytes, size_t size, struct line *line_out)
{
	const char *at = bytes, *end = bytes + size, *quote;

	if (size < MAC_SIZE || size >= LINE_MOST || memchr(bytes, '\0', size) != NULL ||
	    line_read_mac(end - MAC_SIZE, end, line_out->mac) != 0)
		return -1;
	line_out->body = size - MAC_SIZE;
	end -= MAC_SIZE;
	if (!line_takes(&at, end, "{\"seq\":") || line_read_seq(&at, end, &line_out->seq) != 0 ||
	    !line_takes(&at, end, TIME_OPENS) || end - at < TIME_SIZE)
		return -1;
	at += TIME_SIZE;
	if (!line_takes(&at, end, EVENT_OPENS))
		return -1;
	quote = memchr(at, '"', (size_t)(end - at));
	if (quote == NULL)
		return -1;
	line_out->event = at;
	line_out->event_size = (size_t)(quote - at);
	line_out->rest = quote + 1;
	line_out->end = end;
	return line_out->body <= CHAIN_BODY_MOST ? 0 : -1;
}

bool
line_is(const struct line *line, const char *event)
{
	return strlen(event) == line->event_size &&
	       memcmp(line->event, event, line->event_size) == 0;
}

int
line_take_hex(struct line *line, const char *name, void *bytes, size_t size)
{
	char opens[32], hex[2 * LINE_HEX_MOST + 1];
	const char *at = line->rest;

	snprintf(opens, sizeof(opens), ",\"%s\":\"", name);
	if (!line_takes(&at, line->end, opens) || (size_t)(line->end - at) < 2 * size)
		return -1;
	memcpy(hex, at, 2 * size);
	hex[2 * size] = '\0';
	at += 2 * size;
	if (!line_takes(&at, line->end, "\"") || text_unhex(hex, bytes, size) != 0)
		return -1;
	line->rest = at;
	return 0;
}
