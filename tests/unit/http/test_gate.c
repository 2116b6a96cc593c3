#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "http/gate.h"

#define HOST "Host: a\r\n"

/* A head, given whole; scan says whether it ends, verdict what gate_read makes of it. */
struct head_case {
	const char *bytes;
	enum gate_scan scan;
	const char *verdict; /* NULL: good; only where the scan is GATE_WHOLE */
};

static const struct head_case heads[] = {
    {"GET / HTTP/1.1\r\n" HOST "\r\n", GATE_WHOLE, NULL},
    {"GET / HTTP/1.0\r\n" HOST "\r\n", GATE_WHOLE, NULL},
    {"GET /%41?a=%20 HTTP/1.1\r\n" HOST "\r\n", GATE_WHOLE, NULL},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 0012\r\n\r\n", GATE_WHOLE, NULL},
    {"GET / HTTP/1.1\r\n" HOST "X:\r\nY: \t z \t\r\nX: again\r\n\r\n", GATE_WHOLE, NULL},
    {"GET / HTTP/1.1\r\n" HOST "X: \xc3\xa4\r\n\r\n", GATE_WHOLE, NULL},
    {"GET / HTTP/1.1\r\n" HOST, GATE_MORE, NULL},
    {"GET / HTTP/1.1\r\n" HOST "\r", GATE_MORE, NULL},
    {"GET / HTTP/1.1\n" HOST "\r\n", GATE_BAD, NULL},
    {"GET / HTTP/1.1\r\n" HOST "X: a\rb\r\n\r\n", GATE_BAD, NULL},
    {"GET / HTTP/1.1\r\n" HOST "X: a\x01\r\n\r\n", GATE_BAD, NULL},
    {"GET / HTTP/1.1\r\n" HOST "X: a\x7f\r\n\r\n", GATE_BAD, NULL},
    {"\x16\x03\x01\x02", GATE_BAD, NULL},
    {"\r\n\r\n", GATE_WHOLE, "malformed"},
    {"GET /\r\n\r\n", GATE_WHOLE, "malformed"},
    {"GET / HTTP/2.0\r\n" HOST "\r\n", GATE_WHOLE, "malformed"},
    {"PRI * HTTP/2.0\r\n\r\n", GATE_WHOLE, "malformed"},
    {"GET / HTTP/1.2\r\n" HOST "\r\n", GATE_WHOLE, "malformed"},
    {"GET / HTTP/1.1 \r\n" HOST "\r\n", GATE_WHOLE, "malformed"},
    {"GET / http/1.1\r\n" HOST "\r\n", GATE_WHOLE, "malformed"},
    {"GET / HTTP/4294967297.1\r\n" HOST "\r\n", GATE_WHOLE, "malformed"},
    {"GET http://a/ HTTP/1.1\r\n" HOST "\r\n", GATE_WHOLE, "malformed"},
    {"GET * HTTP/1.1\r\n" HOST "\r\n", GATE_WHOLE, "malformed"},
    {"GET  / HTTP/1.1\r\n" HOST "\r\n", GATE_WHOLE, "malformed"},
    {"GET /a b HTTP/1.1\r\n" HOST "\r\n", GATE_WHOLE, "malformed"},
    {"GET /a#b HTTP/1.1\r\n" HOST "\r\n", GATE_WHOLE, "malformed"},
    {"GET /a%00b HTTP/1.1\r\n" HOST "\r\n", GATE_WHOLE, "malformed"},
    {"GET /?q=%0d%0a HTTP/1.1\r\n" HOST "\r\n", GATE_WHOLE, "malformed"},
    {"GET /a%4 HTTP/1.1\r\n" HOST "\r\n", GATE_WHOLE, "malformed"},
    {"GET /a%zz HTTP/1.1\r\n" HOST "\r\n", GATE_WHOLE, "malformed"},
    {"GET /%c3%a4 HTTP/1.1\r\n" HOST "\r\n", GATE_WHOLE, NULL},
    {"GET /%c3 HTTP/1.1\r\n" HOST "\r\n", GATE_WHOLE, "malformed"},
    {"GET /%c0%af HTTP/1.1\r\n" HOST "\r\n", GATE_WHOLE, "malformed"},
    {"GET /%e0%80%af HTTP/1.1\r\n" HOST "\r\n", GATE_WHOLE, "malformed"},
    {"GET /?a=%ed%a0%80 HTTP/1.1\r\n" HOST "\r\n", GATE_WHOLE, "malformed"},
    {"GET /%7f HTTP/1.1\r\n" HOST "\r\n", GATE_WHOLE, "malformed"},
    {"GET /% HTTP/1.1\r\n" HOST "\r\n", GATE_WHOLE, "malformed"},
    {"G(T / HTTP/1.1\r\n" HOST "\r\n", GATE_WHOLE, "malformed"},
    {" GET / HTTP/1.1\r\n" HOST "\r\n", GATE_WHOLE, "malformed"},
    {"GET / HTTP/1.1\r\n\r\n", GATE_WHOLE, "malformed"},
    {"GET / HTTP/1.1\r\n" HOST HOST "\r\n", GATE_WHOLE, "malformed"},
    {"GET / HTTP/1.1\r\nHost:\r\n\r\n", GATE_WHOLE, "malformed"},
    {"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", GATE_WHOLE, "malformed"},
    {"GET / HTTP/1.1\r\n" HOST " folded\r\n\r\n", GATE_WHOLE, "malformed"},
    {"GET / HTTP/1.1\r\n" HOST "\tfolded: x\r\n\r\n", GATE_WHOLE, "malformed"},
    {"GET / HTTP/1.1\r\n" HOST "no colon\r\n\r\n", GATE_WHOLE, "malformed"},
    {"GET / HTTP/1.1\r\n" HOST ": none\r\n\r\n", GATE_WHOLE, "malformed"},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length : 5\r\n\r\n", GATE_WHOLE, "malformed"},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: +5\r\n\r\n", GATE_WHOLE, "malformed"},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n", GATE_WHOLE, "malformed"},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 5, 5\r\n\r\n", GATE_WHOLE, "malformed"},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 0x5\r\n\r\n", GATE_WHOLE, "malformed"},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n", GATE_WHOLE, "malformed"},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 18446744073709551617\r\n\r\n", GATE_WHOLE,
	"malformed"},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", GATE_WHOLE,
	"malformed"},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\ncontent-length: 6\r\n\r\n", GATE_WHOLE,
	"malformed"},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", GATE_WHOLE, "malformed"},
    {"POST / HTTP/1.1\r\n" HOST "transfer-encoding: identity\r\n\r\n", GATE_WHOLE, "malformed"},
    {"GET / HTTP/1.1\r\n" HOST "Authorization: a\r\nAuthorization: b\r\n\r\n", GATE_WHOLE,
	"malformed"},
    {"POST / HTTP/1.1\r\n" HOST "Expect: the worst\r\n\r\n", GATE_WHOLE, "malformed"},
};

static void
test_heads(void **state)
{
	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		const struct head_case *it = &heads[i];
		size_t size = strlen(it->bytes), at = 0;
		struct gate_head head;
		const char *verdict;

		if (gate_scan(it->bytes, size, &at) != it->scan)
			fail_msg("scan of head %zu: %s", i, it->bytes);
		if (it->scan != GATE_WHOLE)
			continue;
		assert_int_equal(at, size);
		verdict = gate_read(it->bytes, at, &head);
		if ((verdict == NULL) != (it->verdict == NULL) ||
		    (verdict != NULL && strcmp(verdict, it->verdict) != 0))
			fail_msg(
			    "head %zu is %s: %s", i, verdict != NULL ? verdict : "good", it->bytes);
		gate_head_fini(&head);
	}
}

/* The scan may be called again wherever it stopped. */
static void
test_scan_in_pieces(void **state)
{
	static const char bytes[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\nbody";
	size_t whole = sizeof(bytes) - 1 - 4, at = 0;

	for (size_t size = 0; size < whole; size++)
		assert_int_equal(gate_scan(bytes, size, &at), GATE_MORE);
	assert_int_equal(gate_scan(bytes, sizeof(bytes) - 1, &at), GATE_WHOLE);
	assert_int_equal(at, whole);
}

static void
test_nul_is_bad(void **state)
{
	static const char bytes[] = "GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n";
	size_t at = 0;

	assert_int_equal(gate_scan(bytes, sizeof(bytes) - 1, &at), GATE_BAD);
}

static void
test_parts(void **state)
{
	static const char bytes[] = "PUT /a/%62?c=d HTTP/1.1\r\nhost: a:80\r\nX-Y:  z \r\n"
				    "Expect: 100-Continue\r\ncontent-length: 7\r\n\r\n";
	struct gate_head head;

	assert_null(gate_read(bytes, sizeof(bytes) - 1, &head));
	assert_string_equal(head.method, "PUT");
	assert_string_equal(head.path, "/a/%62");
	assert_string_equal(head.query, "c=d");
	assert_int_equal(head.minor, 1);
	assert_int_equal(head.body_size, 7);
	assert_true(head.expects_continue);
	assert_string_equal(gate_fields_find(&head.fields, "HOST"), "a:80");
	assert_string_equal(gate_fields_find(&head.fields, "x-y"), "z");
	assert_null(gate_fields_find(&head.fields, "z"));
	assert_null(gate_fields_find(&head.fields, "Content-Length"));
	gate_head_fini(&head);
}

static void
test_too_many_fields(void **state)
{
	struct text text = {NULL, 0};
	struct gate_head head;

	text_add(&text, "GET / HTTP/1.1\r\n" HOST);
	for (int i = 0; i < 100; i++)
		text_add(&text, "X: %d\r\n", i);
	text_add(&text, "\r\n");
	assert_string_equal(gate_read(text.bytes, text.size, &head), "header-too-large");
	gate_head_fini(&head);
	text_fini(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_heads),
	    cmocka_unit_test(test_scan_in_pieces),
	    cmocka_unit_test(test_nul_is_bad),
	    cmocka_unit_test(test_parts),
	    cmocka_unit_test(test_too_many_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
