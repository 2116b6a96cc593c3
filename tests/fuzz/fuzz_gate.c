/*
 * The head of a request: gate_scan over pieces of any size, gate_read, and what it lets through:
 * the path against the routes of both APIs, the query. The first byte is the size of the pieces.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#include "admin/admin.h"
#include "base/mem.h"
#include "fuzz.h"
#include "http/http_internal.h"
#include "intake/intake.h"

static enum gate_scan
scan_pieces(const char *bytes, size_t size, size_t step, size_t *end_out)
{
	enum gate_scan scan = GATE_MORE;
	size_t there = 0;

	*end_out = 0;
	while (scan == GATE_MORE && there < size) {
		there = size - there > step ? there + step : size;
		scan = gate_scan(bytes, there, end_out);
	}
	return scan;
}

/* Exactly one Host, and nothing about a body. */
static void
check_fields(const struct gate_fields *fields)
{
	int hosts = 0, count = 0;
	size_t at = 0;

	for (; at < fields->size; count++) {
		const char *name = fields->bytes + at, *value = name + strlen(name) + 1;

		at = (size_t)(value - fields->bytes) + strlen(value) + 1;
		FUZZ_MUST(*name != '\0' && strpbrk(name, " \t\r\n:") == NULL);
		FUZZ_MUST(strpbrk(value, "\r\n") == NULL && gate_fields_find(fields, name) != NULL);
		hosts += strcasecmp(name, "Host") == 0;
	}
	FUZZ_MUST(at == fields->size && hosts == 1 && count <= 100);
	FUZZ_MUST(gate_fields_find(fields, "Content-Length") == NULL);
	FUZZ_MUST(gate_fields_find(fields, "Transfer-Encoding") == NULL);
	FUZZ_MUST(gate_fields_find(fields, "Expect") == NULL);
}

static void
write_fields(const struct gate_fields *fields, struct text *text)
{
	for (size_t at = 0; at < fields->size;) {
		const char *name = fields->bytes + at, *value = name + strlen(name) + 1;

		at = (size_t)(value - fields->bytes) + strlen(value) + 1;
		text_add(text, "%s: %s\r\n", name, value);
	}
}

/* How many lines of the head, as it came, begin with that name, whatever stands behind it. */
static int
count_lines(const char *bytes, size_t size, const char *name)
{
	const char *at = bytes, *end = bytes + size;
	int count = 0;

	while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		at++;
		if ((size_t)(end - at) >= strlen(name))
			count += strncasecmp(at, name, strlen(name)) == 0;
	}
	return count;
}

static bool
is_same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Written anew, with one Content-Length, it is the same head. */
static void
check_again(const struct gate_head *head)
{
	struct gate_head again;
	struct text text = {0};
	size_t end = 0;

	text_add(&text, "%s %s%s%s HTTP/1.%d\r\n", head->method, head->path,
	    head->query != NULL ? "?" : "", head->query != NULL ? head->query : "", head->minor);
	write_fields(&head->fields, &text);
	text_add(&text, "Content-Length: %zu\r\n%s\r\n", head->body_size,
	    head->expects_continue ? "Expect: 100-continue\r\n" : "");
	FUZZ_MUST(gate_scan(text.bytes, text.size, &end) == GATE_WHOLE && end == text.size);
	/* One field more than there were may be one too many. */
	if (gate_read(text.bytes, text.size, &again) == NULL) {
		FUZZ_MUST(is_same_text(head->method, again.method));
		FUZZ_MUST(is_same_text(head->path, again.path));
		FUZZ_MUST(is_same_text(head->query, again.query));
		FUZZ_MUST(head->fields.size == again.fields.size);
		FUZZ_MUST(memcmp(head->fields.bytes, again.fields.bytes, again.fields.size) == 0);
		FUZZ_MUST(head->says_close == again.says_close);
		FUZZ_MUST(head->minor == again.minor && head->body_size == again.body_size);
		FUZZ_MUST(head->expects_continue == again.expects_continue);
	} else {
		size_t lines = 0;

		for (const char *at = text.bytes; (at = strchr(at, '\n')) != NULL; at++)
			lines++;
		FUZZ_MUST(lines > 100);
	}
	gate_head_fini(&again);
	text_fini(&text);
}

static void
check_routes(const struct gate_head *head, const struct http_route *routes, size_t count)
{
	struct http http = {.routes = routes, .route_count = count};
	struct http_request request = {
	    .http = &http, .method = head->method, .path = head->path, .param_count = 0};
	char *allow = NULL;
	const struct http_route *route = route_find(&request, &allow);

	FUZZ_MUST(route == NULL || (allow == NULL && strcmp(route->method, head->method) == 0));
	FUZZ_MUST(route != NULL || request.param_count == 0);
	for (size_t i = 0; i < request.param_count; i++) {
		const char *value = http_param(&request, request.params[i].name);

		FUZZ_MUST(value == request.params[i].value && !fuzz_has_control(value));
	}
	for (size_t i = 0; i < request.param_count; i++) {
		free(request.params[i].name);
		free(request.params[i].value);
	}
	free(allow);
}

static void
check_query(const struct gate_head *head)
{
	struct http_request request = {0};
	struct evkeyval *pair;

	TAILQ_INIT(&request.query);
	if (head->query != NULL && *head->query != '\0' &&
	    evhttp_parse_query_str(head->query, &request.query) == 0) {
		const char *limit = http_query(&request, "limit");
		int64_t number;

		if (limit != NULL && text_number(limit, 1, 10000, &number) == 0)
			FUZZ_MUST(number >= 1 && number <= 10000);
	}
	TAILQ_FOREACH(pair, &request.query, next)
	FUZZ_MUST(!fuzz_has_control(pair->value));
	evhttp_clear_headers(&request.query);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz fuzz = {bytes, size};
	size_t step = fuzz_byte(&fuzz), end = 0, end_in_pieces = 0;
	const char *text = (const char *)fuzz.bytes;
	enum gate_scan scan = gate_scan(text, fuzz.size, &end);
	struct gate_head head;

	FUZZ_MUST(scan_pieces(text, fuzz.size, step + 1, &end_in_pieces) == scan);
	FUZZ_MUST(scan == GATE_BAD || end == end_in_pieces);
	FUZZ_MUST(scan == GATE_BAD || end <= fuzz.size);
	if (scan != GATE_WHOLE)
		return 0;
	if (gate_read(text, end, &head) == NULL) {
		FUZZ_MUST(head.path[0] == '/' && !fuzz_has_control(head.path));
		FUZZ_MUST(head.minor == 0 || head.minor == 1);
		FUZZ_MUST(count_lines(text, end, "Host:") == 1);
		FUZZ_MUST(count_lines(text, end, "Content-Length:") <= 1);
		FUZZ_MUST(count_lines(text, end, "Content-Length:") == 1 || head.body_size == 0);
		FUZZ_MUST(count_lines(text, end, "Transfer-Encoding:") == 0);
		FUZZ_MUST(count_lines(text, end, " ") == 0 && count_lines(text, end, "\t") == 0);
		check_fields(&head.fields);
		check_again(&head);
		check_routes(&head, intake_routes, intake_route_count);
		check_routes(&head, admin_routes, admin_route_count);
		check_query(&head);
	}
	gate_head_fini(&head);
	return 0;
}
