#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/secret.h"
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

/* Origin form alone, no fragment, nothing that decodes to a control character. */
static bool
gate_is_target(struct span target)
{
	if (target.size == 0 || target.bytes[0] != '/')
		return false;
	for (size_t i = 0; i < target.size; i++) {
		unsigned char c = (unsigned char)target.bytes[i], decoded;
		char digits[3] = "";

		if (c <= ' ' || c > '~' || strchr("#\"<>\\^`{|}", c) != NULL)
			return false;
		if (c != '%')
			continue;
		if (i + 2 >= target.size)
			return false;
		memcpy(digits, target.bytes + i + 1, 2);
		if (text_unhex(digits, &decoded, 1) != 0 || decoded < ' ' || decoded == 0x7f)
			return false;
	}
	return true;
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

/* A field that may come once; *hand_on says whether evhttp shall see it. */
static int
gate_read_single(enum gate_field field, struct span value, struct gate_head *head, bool *hand_on)
{
	switch (field) {
	case GATE_HOST:
		return gate_is_host(value) ? 0 : -1;
	case GATE_CONTENT_LENGTH:
		*hand_on = false;
		return gate_read_length(value, &head->body_size);
	case GATE_EXPECT:
		*hand_on = false;
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

/* A line that begins with white space (obs-fold) has no token before its colon. */
static int
gate_read_field(struct span line, bool seen[GATE_SINGLE_COUNT], struct gate_head *head)
{
	const char *colon = memchr(line.bytes, ':', line.size);
	struct span name, value;
	bool hand_on = true;

	if (colon == NULL)
		return -1;
	name = (struct span){line.bytes, (size_t)(colon - line.bytes)};
	value = gate_trim((struct span){colon + 1, (size_t)(line.bytes + line.size - colon - 1)});
	if (!gate_is_token(name) || gate_is(name, "Transfer-Encoding"))
		return -1;
	for (int i = 0; i < GATE_SINGLE_COUNT; i++) {
		if (!gate_is(name, gate_single[i]))
			continue;
		if (seen[i] || gate_read_single((enum gate_field)i, value, head, &hand_on) != 0)
			return -1;
		seen[i] = true;
	}
	if (hand_on) {
		text_add_bytes(&head->fields, name.bytes, name.size);
		text_add_bytes(&head->fields, ": ", 2);
		text_add_bytes(&head->fields, value.bytes, value.size);
		text_add_bytes(&head->fields, "\r\n", 2);
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
	if (head->fields.bytes != NULL)
		secret_wipe(head->fields.bytes, head->fields.size);
	text_fini(&head->fields);
	memset(head, 0, sizeof(*head));
}
