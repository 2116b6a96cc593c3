#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "rig.h"

#define CLOSE "Connection: close\r\n"
#define JSON "Content-Type: application/json\r\n"
#define OTHER "Authorization: Bearer other-token\r\n"

/* A request, and what its answer begins with and holds. */
struct ask_case {
	const char *request, *status, *holds;
};

static const struct ask_case asks[] = {
    /* who comes in */
    {"GET /open HTTP/1.1\r\n" RIG_HOST "\r\n", "200 OK", "open to all"},
    {"GET /open HTTP/1.1\r\n" RIG_HOST RIG_AUTH CLOSE "\r\n", "200 OK", "open to all"},
    {"GET /things/1 HTTP/1.1\r\n" RIG_HOST "\r\n", "401 Unauthorized",
	"\"type\":\"urn:musterd:problem:unauthenticated\""},
    {"GET /things/1 HTTP/1.1\r\n" RIG_HOST "\r\n", "401", "\r\nWWW-Authenticate: Bearer\r\n"},
    {"GET /things/1 HTTP/1.1\r\n" RIG_HOST "Authorization: Bearer wrong\r\n\r\n", "401",
	"problem:unauthenticated"},
    {"GET /things/1 HTTP/1.1\r\n" RIG_HOST "Authorization: Bearer \r\n\r\n", "401",
	"problem:unauthenticated"},
    {"GET /things/1 HTTP/1.1\r\n" RIG_HOST "Authorization: Basic " RIG_TOKEN "\r\n\r\n", "401",
	"problem:unauthenticated"},
    {"GET /things/1 HTTP/1.1\r\n" RIG_HOST "Authorization: Bearer " RIG_TOKEN "x\r\n\r\n", "401",
	"problem:unauthenticated"},
    {"GET /things/1/parts/2 HTTP/1.1\r\n" RIG_HOST OTHER CLOSE "\r\n", "403 Forbidden",
	"\"status\":403"},
    {"GET /things/1 HTTP/1.1\r\n" RIG_HOST OTHER CLOSE "\r\n", "200", "\"portal\":\"other\""},
    {"GET /things/1 HTTP/1.1\r\n" RIG_HOST "authorization:  bearer  " RIG_TOKEN "\r\n" CLOSE "\r\n",
	"200", "\"portal\":\"main\",\"may_cancel\":false"},
    /* where to */
    {"GET /things/a%2Fb%20c/parts/%C3%A4?q=1+2%26&x=y HTTP/1.1\r\n" RIG_HOST RIG_AUTH CLOSE "\r\n",
	"200", "{\"id\":\"a/b c\",\"part\":\"\xc3\xa4\",\"q\":\"1 2&\",\"portal\""},
    {"GET /things/1?broken HTTP/1.1\r\n" RIG_HOST RIG_AUTH CLOSE "\r\n", "400",
	"problem:malformed"},
    {"GET /nothing HTTP/1.1\r\n" RIG_HOST "\r\n", "404 Not Found", "problem:not-found"},
    {"GET /things/ HTTP/1.1\r\n" RIG_HOST "\r\n", "404", "problem:not-found"},
    {"GET /things/1/ HTTP/1.1\r\n" RIG_HOST "\r\n", "404", "problem:not-found"},
    {"GET /things/1/parts HTTP/1.1\r\n" RIG_HOST "\r\n", "404", "problem:not-found"},
    {"PUT /things/1 HTTP/1.1\r\n" RIG_HOST "\r\n", "405 Method Not Allowed",
	"\r\nAllow: DELETE, GET\r\n"},
    {"BREW /things HTTP/1.1\r\n" RIG_HOST "\r\n", "405", "\r\nAllow: POST\r\n"},
    {"TRACE /things HTTP/1.1\r\n" RIG_HOST "\r\n", "405", "problem:method-not-allowed"},
    {"CONNECT /things HTTP/1.1\r\n" RIG_HOST "\r\n", "405", "problem:method-not-allowed"},
    {"get /things/1 HTTP/1.1\r\n" RIG_HOST "\r\n", "405", "problem:method-not-allowed"},
    /* what is in it */
    {"POST /things HTTP/1.1\r\n" RIG_HOST RIG_AUTH CLOSE JSON "Content-Length: 7\r\n\r\n{\"a\":1}",
	"201 Created", "\r\n\r\n{\"a\":1}"},
    {"POST /things HTTP/1.1\r\n" RIG_HOST RIG_AUTH CLOSE
     "Content-Type: Application/JSON; charset=utf-8\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
	"201 Created", "\r\n\r\n{\"a\":1}"},
    {"POST /things HTTP/1.0\r\n" RIG_HOST RIG_AUTH JSON "Content-Length: 7\r\n\r\n{\"a\":1}", "201",
	"\r\n\r\n{\"a\":1}"},
    {"POST /things HTTP/1.1\r\n" RIG_HOST RIG_AUTH CLOSE
     "Content-Type: text/plain\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
	"415", "problem:unsupported-media-type"},
    {"POST /things HTTP/1.1\r\n" RIG_HOST RIG_AUTH CLOSE "Content-Length: 7\r\n\r\n{\"a\":1}",
	"415", "problem:unsupported-media-type"},
    {"POST /things HTTP/1.1\r\n" RIG_HOST RIG_AUTH CLOSE "\r\n", "400", "problem:malformed"},
    {"POST /things HTTP/1.1\r\n" RIG_HOST RIG_AUTH CLOSE JSON
     "Content-Length: 13\r\n\r\n{\"a\":1,\"a\":2}",
	"400", "problem:malformed"},
    {"POST /things HTTP/1.1\r\n" RIG_HOST RIG_AUTH CLOSE JSON
     "Content-Length: 36\r\n\r\n[[[[[[[[[[[[[[[[[[\"\"]]]]]]]]]]]]]]]]]]",
	"400", "problem:malformed"},
    {"POST /things HTTP/1.1\r\n" RIG_HOST RIG_AUTH CLOSE JSON
     "Content-Length: 26\r\n\r\n[\"[[[[[[[[[[[\\\"[[[[[[[[[\"]",
	"201", "[[[[[[[[[[[\\\"[[[[[[[[["},
    {"POST /faults HTTP/1.1\r\n" RIG_HOST RIG_AUTH CLOSE "\r\n", "422 Unprocessable Content",
	"\"errors\":[{\"pointer\":\"/identity/birth_date\",\"code\":\"format\",\"detail\":\"no "
	"date\"},{\"pointer\""},
    {"POST /things HTTP/1.1\r\n" RIG_HOST RIG_AUTH "Content-Length: 5000000\r\n\r\n", "413",
	"problem:too-large"},
    /* what is no HTTP; test_gate has them all */
    {"GET /open HTTP/1.1\r\n" RIG_HOST RIG_HOST "\r\n", "400 Bad Request", "problem:malformed"},
    {"POST /things HTTP/1.1\r\n" RIG_HOST RIG_AUTH JSON
     "Content-Length: 7\r\nContent-Length: 2\r\n\r\n{\"a\":1}",
	"400", "problem:malformed"},
    {"POST /things HTTP/1.1\r\n" RIG_HOST RIG_AUTH JSON
     "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
	"400", "problem:malformed"},
    {"GET /open HTTP/2.0\r\n" RIG_HOST "\r\n", "400", "problem:malformed"},
    {"GET /open HTTP/4294967297.1\r\n" RIG_HOST "\r\n", "400", "problem:malformed"},
    {"GET http://localhost/open HTTP/1.1\r\n" RIG_HOST "\r\n", "400", "problem:malformed"},
    {"GET /open%00 HTTP/1.1\r\n" RIG_HOST "\r\n", "400", "problem:malformed"},
    {"GET /open HTTP/1.1\n", "400", "problem:malformed"},
    {"\x16\x03\x01", "400", "problem:malformed"},
    {"\r\nGET /open HTTP/1.1\r\n" RIG_HOST "\r\n", "200", "open to all"},
};

/* What holds for every answer. */
static void
check_answer(const char *request, const char *answer)
{
	static const char *const always[] = {"\r\nX-Request-Id: ",
	    "\r\nCache-Control: no-store\r\n", "\r\nX-Content-Type-Options: nosniff\r\n"};

	for (size_t i = 0; i < sizeof(always) / sizeof(*always); i++)
		if (strstr(answer, always[i]) == NULL)
			fail_msg("no '%s' in the answer to %s: %s", always[i], request, answer);
	if (strstr(answer, "<") != NULL || strstr(answer, "text/html") != NULL)
		fail_msg("HTML for %s: %s", request, answer);
	if (strstr(answer, "\r\nContent-Type: application/problem+json\r\n") == NULL &&
	    (answer[9] == '4' || answer[9] == '5'))
		fail_msg("no problem for %s: %s", request, answer);
}

static void
test_asks(void **state)
{
	for (size_t i = 0; i < sizeof(asks) / sizeof(*asks); i++) {
		const struct ask_case *it = &asks[i];
		char *answer = rig_ask(*state, it->request);

		if (strlen(answer) < 9 ||
		    strncmp(answer + 9, it->status, strlen(it->status)) != 0 ||
		    strstr(answer, it->holds) == NULL)
			fail_msg("not %s with %s for %s: %s", it->status, it->holds, it->request,
			    answer);
		check_answer(it->request, answer);
		free(answer);
	}
}

static void
test_nul_in_path(void **state)
{
	static const char request[] = "GET /op\0en HTTP/1.1\r\n" RIG_HOST "\r\n";
	struct rig_client client;

	rig_connect(*state, &client);
	rig_send_bytes(&client, request, sizeof(request) - 1);
	rig_wait_end(&client);
	assert_int_equal(rig_count(&client, "HTTP/1.1 400 "), 1);
	rig_hang_up(&client);
}

/* evhttp leaves the body of an answer to HEAD to us. */
static void
test_head(void **state)
{
	char *answer = rig_ask(*state, "HEAD /open HTTP/1.1\r\n" RIG_HOST "\r\n");
	const char *end = strstr(answer, "\r\n\r\n");

	assert_non_null(strstr(answer, " 405 "));
	assert_non_null(strstr(answer, "\r\nAllow: GET\r\n"));
	assert_string_equal(end, "\r\n\r\n");
	free(answer);
}

static void
test_request_id_is_ours(void **state)
{
	char *answer =
	    rig_ask(*state, "GET /open HTTP/1.1\r\n" RIG_HOST "X-Request-Id: theirs\r\n\r\n");
	const char *id = strstr(answer, "\r\nX-Request-Id: ");
	char uuid[UUID_SIZE] = "";

	assert_null(strstr(answer, "theirs"));
	assert_non_null(id);
	memcpy(uuid, id + 16, UUID_SIZE - 1);
	assert_true(text_is_uuid(uuid));
	free(answer);
}

/* Sends a header and a body of those sizes, and returns the answer; the caller frees. */
static char *
ask_large(struct rig *rig, size_t header, size_t body)
{
	struct text text = {NULL, 0};
	char *fill = mem_new(header + body);
	char *answer;

	memset(fill, 'x', header + body);
	text_add(&text,
	    "POST /things HTTP/1.1\r\n" RIG_HOST RIG_AUTH CLOSE JSON "Content-Length: %zu\r\nX: ",
	    body);
	text_add_bytes(&text, fill, header - 4 - text.size);
	text_add(&text, "\r\n\r\n");
	memset(fill, ' ', body);
	fill[0] = '[';
	fill[body - 1] = ']';
	text_add_bytes(&text, fill, body);
	answer = rig_ask(rig, text.bytes);
	text_fini(&text);
	free(fill);
	return answer;
}

static void
test_sizes(void **state)
{
	static const struct {
		size_t header, body;
		const char *status;
	} sizes[] = {{2048, 4096, " 201 "}, {2049, 4096, " 431 "}, {2048, 4097, " 413 "},
	    {200000, 2, " 431 "}, {300, 1000000, " 413 "}, {300, 2, " 201 "}};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		char *answer = ask_large(*state, sizes[i].header, sizes[i].body);

		if (strstr(answer, sizes[i].status) == NULL)
			fail_msg("%zu and %zu bytes: %s", sizes[i].header, sizes[i].body, answer);
		check_answer("a large one", answer);
		free(answer);
	}
}

static void
test_keep_alive(void **state)
{
	struct rig *rig = *state;
	struct rig_client client;

	rig_connect(rig, &client);
	for (int i = 0; i < 3; i++) {
		rig_send(&client, "GET /things/7 HTTP/1.1\r\n" RIG_HOST RIG_AUTH "\r\n");
		rig_wait_text(&client, "}");
		assert_int_equal(rig_count(&client, "HTTP/1.1 200 "), 1);
		assert_int_equal(rig_count(&client, "Connection: close"), 0);
		assert_int_equal(rig_count(&client, "X-Own: yes\r\n"), 1);
		rig_forget(&client);
	}
	/* A problem told to a known portal leaves the connection open. */
	rig_send(&client, "GET /nothing HTTP/1.1\r\n" RIG_HOST RIG_AUTH "\r\n");
	rig_wait_text(&client, "}");
	rig_forget(&client);
	rig_send(&client, "GET /things/7 HTTP/1.1\r\n" RIG_HOST "\r\n");
	rig_wait_end(&client);
	assert_int_equal(rig_count(&client, "Connection: close"), 1);
	rig_hang_up(&client);
	assert_int_equal(rig->calls, 3);
}

/* Three in one piece, then one in single bytes behind them. */
static void
test_pipelined(void **state)
{
	static const char one[] =
	    "POST /things HTTP/1.1\r\n" RIG_HOST RIG_AUTH JSON "Content-Length: 3\r\n\r\n[1]";
	static const char last[] = "DELETE /things/1 HTTP/1.1\r\n" RIG_HOST RIG_AUTH CLOSE "\r\n";
	struct rig *rig = *state;
	struct rig_client client;
	char *three = mem_format("%s%s%s", one, one, one);

	rig->portals[1].rights |= CONF_RIGHT_CANCEL;
	rig_connect(rig, &client);
	rig_send(&client, three);
	for (size_t i = 0; i < sizeof(last) - 1; i++) {
		rig_send_bytes(&client, last + i, 1);
		if (i % 8 == 0)
			rig_turn(rig);
	}
	rig_wait_end(&client);
	assert_int_equal(rig_count(&client, "HTTP/1.1 201 "), 3);
	assert_int_equal(rig_count(&client, "\r\n\r\n[1]"), 3);
	assert_int_equal(rig_count(&client, "HTTP/1.1 204 "), 1);
	rig_hang_up(&client);
	free(three);
}

/* What follows a request that a stranger sent, or a broken one, is never carried out. */
static void
test_nothing_after_close(void **state)
{
	static const char good[] =
	    "POST /things HTTP/1.1\r\n" RIG_HOST RIG_AUTH JSON "Content-Length: 2\r\n\r\n[]";
	static const char *const first[] = {"GET /things/1 HTTP/1.1\r\n" RIG_HOST "\r\n",
	    "GET /open HTTP/1.1\r\n\r\n",
	    "POST /things HTTP/1.1\r\n" RIG_HOST RIG_AUTH JSON
	    "Content-Length: 2\r\nContent-Length: 0\r\n\r\n"};
	struct rig *rig = *state;

	for (size_t i = 0; i < sizeof(first) / sizeof(*first); i++) {
		char *both = mem_format("%s%s", first[i], good);
		char *answer = rig_ask(rig, both);

		assert_non_null(strstr(answer, "HTTP/1.1 40"));
		assert_null(strstr(answer, "HTTP/1.1 201"));
		free(answer);
		free(both);
	}
	assert_int_equal(rig->calls, 0);
}

static void
test_expect_continue(void **state)
{
	struct rig_client client;

	rig_connect(*state, &client);
	rig_send(&client, "POST /things HTTP/1.1\r\n" RIG_HOST RIG_AUTH CLOSE JSON
			  "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
	rig_wait_text(&client, "HTTP/1.1 100 Continue\r\n\r\n");
	rig_send(&client, "[]");
	rig_wait_end(&client);
	assert_int_equal(rig_count(&client, "HTTP/1.1 201 "), 1);
	rig_hang_up(&client);
	/* One that is too large is told so before it is sent. */
	rig_connect(*state, &client);
	rig_send(&client, "POST /things HTTP/1.1\r\n" RIG_HOST RIG_AUTH JSON
			  "Expect: 100-continue\r\nContent-Length: 5000\r\n\r\n");
	rig_wait_end(&client);
	assert_int_equal(rig_count(&client, "HTTP/1.1 413 "), 1);
	assert_int_equal(rig_count(&client, "100 Continue"), 0);
	rig_hang_up(&client);
}

static void
test_in_flight(void **state)
{
	struct rig *rig = *state;
	struct rig_client client;
	char *answer;

	rig->limits.in_flight = 1;
	http_close(&rig->http);
	rig_listen(rig);
	rig_connect(rig, &client);
	rig_send(&client, "POST /later HTTP/1.1\r\n" RIG_HOST RIG_AUTH "\r\n");
	rig_wait_int(rig, &rig->calls, 1);
	answer = rig_ask(rig, "POST /later HTTP/1.1\r\n" RIG_HOST RIG_AUTH CLOSE "\r\n");
	assert_non_null(strstr(answer, "HTTP/1.1 503 "));
	assert_non_null(strstr(answer, "\r\nRetry-After: 2\r\n"));
	free(answer);
	answer = rig_ask(rig, "GET /open HTTP/1.1\r\n" RIG_HOST "\r\n");
	assert_non_null(strstr(answer, "HTTP/1.1 200 "));
	free(answer);
	http_reply_problem(rig->waits, "rate-limited", "Too often");
	rig_wait_text(&client, "\"detail\":\"Too often\"");
	rig_hang_up(&client);
	answer = rig_ask(rig, "GET /things/1 HTTP/1.1\r\n" RIG_HOST RIG_AUTH CLOSE "\r\n");
	assert_non_null(strstr(answer, "HTTP/1.1 200 "));
	free(answer);
}

static void
test_problem_table(void **state)
{
	char *text = http_problem_text("identity-not-verified", NULL);

	assert_string_equal(text, "{\"type\":\"urn:musterd:problem:identity-not-verified\","
				  "\"title\":\"The identity could "
				  "not be verified\",\"status\":422}");
	free(text);
	assert_int_equal(http_problem_status("idempotency-mismatch"), 422);
	assert_int_equal(http_problem_status("header-too-large"), 431);
	assert_int_equal(http_problem_status("nobody knows"), 500);
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    SERVED(test_asks),
	    SERVED(test_nul_in_path),
	    SERVED(test_head),
	    SERVED(test_request_id_is_ours),
	    SERVED(test_sizes),
	    SERVED(test_keep_alive),
	    SERVED(test_pipelined),
	    SERVED(test_nothing_after_close),
	    SERVED(test_expect_continue),
	    SERVED(test_in_flight),
	    cmocka_unit_test(test_problem_table),
	};

	return cmocka_run_group_tests_name("plain", tests, NULL, NULL) +
	       cmocka_run_group_tests_name("tls", tests, rig_begin_tls, rig_end_tls);
}
