/* What is printed reads back as the same; what a reload may change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"
#include "conf/conf.h"

#include "fixture.h"

/* A text with everything that needs an escape, and long enough for several lines. */
#define HARD_TEXT \
	"\"A \\\"quoted\\\" back\\\\slash, a\\ttab, an end of line:\\nand ünï¢ödé; # no comment, " \
	"/* none */ @include \\\"x\\\"\\n\\nand then some words, and some more words, so that " \
	"the " \
	"text is longer than a line of the file that is printed. 99999999999999999999 \""

static void
try_round_trip(const char *text, unsigned flags)
{
	struct conf *conf = fixture_read_right(text);
	char *first = fixture_print(conf, flags), *second;

	conf_free(&conf);
	conf = fixture_read_right(first);
	second = fixture_print(conf, flags);
	assert_string_equal(first, second);
	conf_free(&conf);
	free(first);
	free(second);
}

static void
test_round_trip(void **state)
{
	char *hard = fixture_with("\"I agree.\"", HARD_TEXT);

	try_round_trip(fixture_base, 0);
	try_round_trip(fixture_base, CONF_PRINT_HELP);
	try_round_trip(hard, 0);
	try_round_trip(hard, CONF_PRINT_HELP);
	free(hard);
}

/* With every key away from its default, what is printed still says so. */
static void
test_print_holds_values(void **state)
{
	static const char *const cases[][3] = {
	    {"delay = 5;", "delay = 61;", "\tdelay = 61;\n"},
	    {"activation_delay = 60;", "activation_delay = -1;",
		"activation_delay = -1; card_waives_pebd = false; }"},
	    {"\"anonymous\";", "\"anonymous\"; retry_min_ms = 1234;", "\tretry_min_ms = 1234;\n"},
	    {"category_map = (", "scope = \"subtree\"; category_map = (", "scope = \"subtree\";"},
	    {"category_map = (", "current_values = []; category_map = (", "current_values = [];"},
	    {"category_map = (", "date_form = \"compact\"; category_map = (",
		"date_form = \"compact\";"},
	    {"activation = {", "log = { level = \"debug\"; }; activation = {",
		"level = \"debug\";"},
	    {"pool = (", "own = false; count = 1; pool = (", "\town = false;\n"},
	    {"\"status\" ]", "\"status\", \"reset\" ]",
		"rights = [ \"register\", \"status\", \"reset\" ]"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *text = fixture_with(cases[i][0], cases[i][1]), *printed;
		struct conf *conf = fixture_read_right(text);

		printed = fixture_print(conf, 0);
		if (strstr(printed, cases[i][2]) == NULL)
			fail_msg("%s\nis not in\n%s", cases[i][2], printed);
		try_round_trip(text, CONF_PRINT_HELP);
		conf_free(&conf);
		free(printed);
		free(text);
	}
}

/* The agreement goes through as it is, whatever it holds. */
static void
test_texts_survive(void **state)
{
	char *text = fixture_with("\"I agree.\"", HARD_TEXT), *printed, *before;
	struct conf *conf = fixture_read_right(text);

	before = mem_text(conf->agreement.text);
	assert_non_null(
	    strstr(before, "\"quoted\" back\\slash, a\ttab, an end of line:\nand ünï¢ödé"));
	printed = fixture_print(conf, CONF_PRINT_HELP);
	conf_free(&conf);
	conf = fixture_read_right(printed);
	assert_string_equal(conf->agreement.text, before);
	conf_free(&conf);
	free(before);
	free(printed);
	free(text);
}

static void
test_mask(void **state)
{
	struct conf *conf = fixture_read_right(fixture_base);
	char *open = fixture_print(conf, 0), *masked = fixture_print(conf, CONF_PRINT_MASK);

	assert_non_null(strstr(open, "token_sha256 = \"0123456789abcdef"));
	assert_null(strstr(masked, "0123456789"));
	assert_non_null(strstr(masked, "token_sha256 = \"***\""));
	conf_free(&conf);
	free(open);
	free(masked);
}

static void
test_manual(void **state)
{
	static const char *const parts[] = {".It Ic listen\n", ".It Ic admin_socket\n",
	    ".It Ic category_map\n", "(number, 0 to 65535; default 8080; restart)\n",
	    "(text; default \"\"; secret)\n"};
	char *text;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	conf_print_manual(file);
	fclose(file);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		assert_non_null(strstr(text, parts[i]));
	free(text);
}

static void
test_reload(void **state)
{
	static const struct {
		const char *part, *by;
		const char *fixed; /* the key that err names; NULL: may be reloaded */
	} cases[] = {
	    {"delay = 5;", "delay = 5;", NULL},
	    {"delay = 5;", "delay = 50;", NULL},
	    {"\"I agree.\"", "\"I do.\"", NULL},
	    {"0123456789ABCDEF", "abcdef0123456789", NULL},
	    {"{ id = \"car\"; text = \"Which car?\"; }", "", NULL},
	    {"\"DA Civilian\"", "\"Civilian\"", NULL},
	    {"category_map = (", "scope = \"subtree\"; category_map = (", NULL},
	    {"activation = {", "listen = { port = 8081; }; activation = {", "listen.port: "},
	    {"activation = {", "listen = { admin_socket = \"/s\"; }; activation = {",
		"listen.admin_socket: "},
	    {"activation = {", "journal = { path = \"/other\"; }; activation = {",
		"journal.path: "},
	    {"activation = {", "identity = { key_file = \"/other\"; }; activation = {",
		"identity.key_file: "},
	    {"activation = {", "limits = { request_timeout = 3; }; activation = {",
		"limits.request_timeout: "},
	    {"\"ldap://127.0.0.1:3890\"", "\"ldap://127.0.0.1:3891\"", "personnel.[0].uris: "},
	    {", \"ldap://127.0.0.1:3890\"", "", "personnel.[0].uris: "},
	    {"\"anonymous\";", "\"anonymous\"; window = 17;", "accounts.window: "},
	    {"base = \"ou=people,dc=example,dc=mil\"", "base = \"ou=p,dc=example,dc=mil\"",
		"accounts.base: "},
	    {"personnel = ( {",
		"personnel = ( { name = \"other\"; uris = [ \"ldapi://\" ]; bind = \"external\"; "
		"base = \"dc=x\"; }, {",
		"personnel: "},
	};
	struct conf *old = fixture_read_right(fixture_base);

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *text = fixture_with(cases[i].part, cases[i].by);
		struct conf *new = fixture_read_right(text);
		struct err err = {0};
		int rc = conf_check_reload(old, new, &err);

		assert_int_equal(rc, cases[i].fixed == NULL ? 0 : -1);
		if (cases[i].fixed != NULL) {
			assert_int_equal(err.kind, ERR_INPUT);
			assert_memory_equal(err.text, cases[i].fixed, strlen(cases[i].fixed));
		}
		conf_free(&new);
		free(text);
	}
	conf_free(&old);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_print_holds_values),
	    cmocka_unit_test(test_texts_survive),
	    cmocka_unit_test(test_mask),
	    cmocka_unit_test(test_manual),
	    cmocka_unit_test(test_reload),
	};

	return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
