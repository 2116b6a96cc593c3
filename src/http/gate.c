#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"
#include "http/gate.h"

#define GATE_FIELDS_MOST 100
#define GATE_LENGTH_DIGITS 15

/* Fields whose meaning would depend on which of two is believed. */
enum gate_field {
	GATE_HOST,
	GATE_CONTENT_LENGTH,
	GATE_CONTENT_TYPE,
	GATE_AUTHORIZATION,
	GATE_EXPECT,
	GATE_IDEMPOTENCY_KEY,
	GATE_SINGLE_COUNT
};
static const char *const gate_single[GATE_SINGLE_COUNT] = {
    [GATE_HOST] = "Host",
    [GATE_CONTENT_LENGTH] = "Content-Length",
    [GATE_CONTENT_TYPE] = "Content-Type",
    [GATE_AUTHORIZATION] = "Authorization",
    [GATE_EXPECT] = "Expect",
    [GATE_IDEMPOTENCY_KEY] = "Idempotency-Key",
};

/* A stretch of the head. */
struct span {
	const char *bytes;
	size_t size;
};

enum gate_scan
gate_scan(const char *bytes, size_t size, size_t *at)
{
	for (size_t i = *at; i < size; i++) {
		unsigned char byte = (unsigned char)bytes[i];
		bool after_cr = i > 0 && bytes[i - 1] == '\r';

		if (after_cr != (byte == '\n'))
			return GATE_BAD;
		if ((byte < ' ' && strchr("\t\r\n", byte) == NULL) || byte == 0 || byte == 0x7f)
			return GATE_BAD;
		if (byte == '\n' && i >= 3 && bytes[i - 2] == '\n') {
			*at = i + 1;
			return GATE_WHOLE;
		}
	}
	*at = size;
	return GATE_MORE;
}

static bool
gate_is_token(struct span span)
{
	for (size_t i = 0; i < span.size; i++) {
		char c = span.bytes[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			(c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL)))
			return false;
	}
	return span.size > 0;
}

static bool
gate_is(struct span span, const char *text)
{
	return span.size == strlen(text) && strncasecmp(span.bytes, text, span.size) == 0;
}

/* Whether jansson takes it for UTF-8: no surrogates, nothing overlong. */
static bool
gate_is_utf8(struct span span)
{
	json_t *text = json_stringn(span.bytes, span.size);

	json_decref(text);
	return text != NULL;
}

/* The next byte of a target, decoded; -1 where it may not be there. */
static int
gate_take_target_byte(struct span *rest, char *out)
{
	unsigned char c = (unsigned char)rest->bytes[0];
	size_t size = c == '%' ? 3 : 1;

	if (c <= ' ' || c > '~' || strchr("#\"<>\\^`{|}", c) != NULL || size > rest->size)
		return -1;
	if (c == '%') {
		char digits[3] = {rest->bytes[1], rest->bytes[2], '\0'};

		if (text_unhex(digits, &c, 1) != 0 || c < ' ' || c == 0x7f)
			return -1;
	}
	*out = (char)c;
	*rest = (struct span){rest->bytes + size, rest->size - size};
	return 0;
}

/* Origin form alone, no fragment; what it decodes to is UTF-8 without control characters. */
static bool
gate_is_target(struct span target)
{
	struct span rest = target;
	size_t size = 0;
	char *decoded;
	bool good;

	if (target.size == 0 || target.bytes[0] != '/')
		return false;
	decoded = mem_new(target.size);
	while (rest.size > 0 && gate_take_target_byte(&rest, decoded + size) == 0)
		size++;
	good = rest.size == 0 && gate_is_utf8((struct span){decoded, size});
	free(decoded);
	return good;
}

static int
gate_read_request_line(struct span line, struct gate_head *head)
{
	const char *end = line.bytes + line.size;
	const char *first = memchr(line.bytes, ' ', line.size);
	const char *last = memrchr(line.bytes, ' ', line.size);
	struct span method, target, query = {NULL, 0};
	const char *mark;

	if (first == NULL || first == last || end - last != 9 || memcmp(last, " HTTP/1.", 8) != 0 ||
	    (end[-1] != '0' && end[-1] != '1'))
		return -1;
	method = (struct span){line.bytes, (size_t)(first - line.bytes)};
	target = (struct span){first + 1, (size_t)(last - first - 1)};
	if (!gate_is_token(method) || !gate_is_target(target))
		return -1;
	mark = memchr(target.bytes, '?', target.size);
	if (mark != NULL) {
		query = (struct span){mark + 1, (size_t)(target.bytes + target.size - mark - 1)};
		target.size = (size_t)(mark - target.bytes);
		head->query = mem_text_n(query.bytes, query.size);
	}
	head->method = mem_text_n(method.bytes, method.size);
	head->path = mem_text_n(target.bytes, target.size);
	head->minor = end[-1] - '0';
	return 0;
}

static int
gate_read_length(struct span value, size_t *length_out)
{
	size_t length = 0;

	if (value.size == 0 || value.size > GATE_LENGTH_DIGITS)
		return -1;
	for (size_t i = 0; i < value.size; i++) {
		if (value.bytes[i] < '0' || value.bytes[i] > '9')
			return -1;
		length = length * 10 + (size_t)(value.bytes[i] - '0');
	}
	*length_out = length;
	return 0;
}

static bool
gate_is_host(struct span value)
{
	for (size_t i = 0; i < value.size; i++)
		if (value.bytes[i] <= ' ' || value.bytes[i] > '~' ||
		    strchr("/@?#,\\\"", value.bytes[i]) != NULL)
			return false;
	return value.size > 0;
}

/* A field that may come once; *keep says whether it is of use later. */
static int
gate_read_single(enum gate_field field, struct span value, struct gate_head *head, bool *keep)
{
	switch (field) {
	case GATE_HOST:
		return gate_is_host(value) ? 0 : -1;
	case GATE_CONTENT_LENGTH:
		*keep = false;
		return gate_read_length(value, &head->body_size);
	case GATE_EXPECT:
		*keep = false;
		head->expects_continue = gate_is(value, "100-continue");
		return head->expects_continue ? 0 : -1;
	default:
		return 0;
	}
}

static struct span
gate_trim(struct span span)
{
	while (span.size > 0 && (span.bytes[0] == ' ' || span.bytes[0] == '\t')) {
		span.bytes++;
		span.size--;
	}
	while (span.size > 0 &&
	       (span.bytes[span.size - 1] == ' ' || span.bytes[span.size - 1] == '\t'))
		span.size--;
	return span;
}

/* RFC 9110 section 7.6.1: a list of words. */
static void
gate_read_connection(struct span value, struct gate_head *head)
{
	while (value.size > 0) {
		const char *comma = memchr(value.bytes, ',', value.size);
		size_t size = comma != NULL ? (size_t)(comma - value.bytes) : value.size;
		struct span word = gate_trim((struct span){value.bytes, size});

		head->says_close |= gate_is(word, "close");
		head->says_keep_alive |= gate_is(word, "keep-alive");
		size += comma != NULL;
		value = (struct span){value.bytes + size, value.size - size};
	}
}

static void
gate_keep(struct gate_fields *fields, struct span span)
{
	memcpy(fields->bytes + fields->size, span.bytes, span.size);
	fields->size += span.size + 1;
}

/* A line that begins with white space (obs-fold) has no token before its colon. */
static int
gate_read_field(struct span line, bool seen[GATE_SINGLE_COUNT], struct gate_head *head)
{
	const char *colon = memchr(line.bytes, ':', line.size);
	struct span name, value;
	bool keep = true;

	if (colon == NULL)
		return -1;
	name = (struct span){line.bytes, (size_t)(colon - line.bytes)};
	value = gate_trim((struct span){colon + 1, (size_t)(line.bytes + line.size - colon - 1)});
	if (!gate_is_token(name) || gate_is(name, "Transfer-Encoding"))
		return -1;
	for (int i = 0; i < GATE_SINGLE_COUNT; i++) {
		if (!gate_is(name, gate_single[i]))
			continue;
		if (seen[i] || gate_read_single((enum gate_field)i, value, head, &keep) != 0)
			return -1;
		seen[i] = true;
	}
	if (gate_is(name, "Connection"))
		gate_read_connection(value, head);
	if (keep) {
		gate_keep(&head->fields, name);
		gate_keep(&head->fields, value);
	}
	return 0;
}

/* Takes the next line off the head, without its CRLF. */
static struct span
gate_take_line(struct span *rest)
{
	const char *end = memchr(rest->bytes, '\r', rest->size);
	struct span line = {rest->bytes, (size_t)(end - rest->bytes)};

	rest->size -= line.size + 2;
	rest->bytes += line.size + 2;
	return line;
}

const char *
gate_read(const char *bytes, size_t size, struct gate_head *head)
{
	struct span rest = {bytes, size - 2};
	bool seen[GATE_SINGLE_COUNT] = {false};

	memset(head, 0, sizeof(*head));
	if (gate_read_request_line(gate_take_line(&rest), head) != 0)
		return "malformed";
	/* All at once, for a buffer that grew would leave copies behind; each line is longer than
	 * what is kept of it. */
	head->fields.bytes = mem_new(size);
	for (int count = 0; rest.size > 0; count++) {
		if (count == GATE_FIELDS_MOST)
			return "header-too-large";
		if (gate_read_field(gate_take_line(&rest), seen, head) != 0)
			return "malformed";
	}
	return seen[GATE_HOST] ? NULL : "malformed";
}

void
gate_head_fini(struct gate_head *head)
{
	mem_free_text(&head->method);
	mem_free_text(&head->path);
	mem_free_text(&head->query);
	gate_fields_fini(&head->fields);
	memset(head, 0, sizeof(*head));
}

const char *
gate_fields_find(const struct gate_fields *fields, const char *name)
{
	size_t at = 0;

	while (at < fields->size) {
		const char *it = fields->bytes + at, *value = it + strlen(it) + 1;

		if (strcasecmp(it, name) == 0)
			return value;
		at = (size_t)(value - fields->bytes) + strlen(value) + 1;
	}
	return NULL;
}

void
gate_fields_fini(struct gate_fields *fields)
{
	if (fields->bytes != NULL)
		secret_wipe(fields->bytes, fields->size);
	free(fields->bytes);
	*fields = (struct gate_fields){NULL, 0};
}
