/* A message stays one line, and a terminal does not obey it, whoever's words are in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#include <jansson.h>

#include "base/log.h"

/* What is written of one message. */
static void
logged(enum log_format format, const char *message, char *out, size_t size)
{
	int file = memfd_create("log", MFD_CLOEXEC), before = dup(STDERR_FILENO);
	ssize_t length;

	assert_true(file >= 0 && before >= 0);
	dup2(file, STDERR_FILENO);
	log_setup(LOG_LEVEL_INFO, format);
	log_line(LOG_LEVEL_INFO, "id", "%s", message);
	dup2(before, STDERR_FILENO);
	close(before);
	length = pread(file, out, size - 1, 0);
	assert_true(length > 0);
	out[length] = '\0';
	close(file);
}

static void
test_stays_a_line(void **state)
{
	static const struct {
		const char *message, *shown;
	} rows[] = {
	    {"as it is: \"Käthe\" %s %n \\n", "as it is: \"Käthe\" %s %n \\n"},
	    {"a\nb\r\nc\td", "a?b??c?d"},
	    {"\033[31mred\007\b\x7f", "?[31mred???"},
	    {"\xc2\x9b"
	     "31m",
		"?31m"},
	    {"x\xe2\x80\xae"
	     "gpj.exe",
		"x?gpj.exe"},
	    {"Latin-1: M\xfcller", "Latin-1: M?ller"},
	    {"\xc0\x80\xed\xa0\x80", "?????"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[512];
		json_t *line;

		logged(LOG_FORMAT_TEXT, rows[i].message, text, sizeof(text));
		assert_string_equal(strchr(text, '\n'), "\n");
		*strchr(text, '\n') = '\0';
		assert_string_equal(strstr(text, " id ") + strlen(" id "), rows[i].shown);
		logged(LOG_FORMAT_JSON, rows[i].message, text, sizeof(text));
		assert_string_equal(strchr(text, '\n'), "\n");
		line = json_loads(text, 0, NULL);
		assert_non_null(line);
		assert_string_equal(
		    json_string_value(json_object_get(line, "message")), rows[i].shown);
		json_decref(line);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_stays_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
