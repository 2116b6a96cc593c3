/* Includes, and files that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "base/mem.h"
#include "conf/conf.h"

#include "fixture.h"

/* Reads, and compares the faults. */
static void
assert_faults(const char *text, const char *wanted)
{
	struct conf_faults faults = {0};
	struct conf *conf = fixture_read(text, &faults);
	char *lines = fixture_faults(&faults);

	assert_string_equal(lines, wanted);
	assert_null(conf);
	free(lines);
	conf_faults_fini(&faults);
}

static void
test_include(void **state)
{
	char *text =
	    fixture_with("activation = { delay = 5; };", " \t@include\t\"part.conf\" # here");
	struct conf *conf;

	fixture_write(
	    "part.conf", "activation = {\n@include \"deep.conf\"\n};"); /* no end of line */
	fixture_write("deep.conf", "\tdelay = 7;\n");
	conf = fixture_read_right(text);
	assert_int_equal(conf->activation.delay, 7000);
	conf_free(&conf);
	free(text);
}

/* Lines are those of the file in which they stand, before, in and after an include. */
static void
test_include_lines(void **state)
{
	char *text = fixture_with(
	    "activation = { delay = 5; };", "x = 1;\n@include \"part.conf\"\n\nx5 = 1;");

	fixture_write("part.conf", "\n\nx2 = 1;\n@include \"deep.conf\"\nx4 = 1;");
	fixture_write("deep.conf", "x3 = \"a\nb\";\nactivation = { delay = \"\"; };\n");
	assert_faults(text,
	    "deep.conf:3: activation.delay: must be a whole number from 0 to 31536000\n"
	    "musterd.conf:24: x: there is no such key\n"
	    "part.conf:3: x2: there is no such key\n"
	    "deep.conf:1: x3: there is no such key\n"
	    "part.conf:5: x4: there is no such key\n"
	    "musterd.conf:27: x5: there is no such key\n");
	fixture_write("deep.conf", "x3 = ;\n");
	assert_faults(text, "deep.conf:1: syntax error\n");
	free(text);
}

static void
test_include_faults(void **state)
{
	char *twice;
	static const struct {
		const char *line, *faults;
	} cases[] = {
	    {"@include part.conf",
		"musterd.conf:1: @include: must be alone on its line, and name a file: @include "
		"\"FILE\"\n"},
	    {"@include \"part.conf\" x = 1;",
		"musterd.conf:1: @include: must be alone on its line, and name a file: @include "
		"\"FILE\"\n"},
	    {"@include \"part.conf\" @include \"part.conf\"",
		"musterd.conf:1: @include: must be alone on its line, and name a file: @include "
		"\"FILE\"\n"},
	    {"x = 1; @include \"part.conf\"",
		"musterd.conf:1: @include: '@' is for a line of its own: @include \"FILE\"\n"},
	    {"@import \"part.conf\"",
		"musterd.conf:1: @include: '@' is for a line of its own: @include \"FILE\"\n"},
	};

	fixture_write("part.conf", "");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_faults(cases[i].line, cases[i].faults);
	fixture_write("self.conf", "@include \"self.conf\"\n");
	assert_faults("@include \"self.conf\"",
	    "self.conf:1: @include: too many files are included, or too deep\n");
	fixture_write("open.conf", "x = \"");
	assert_faults("@include \"open.conf\"\n\"",
	    "open.conf:1: a string begins here and does not end\n"
	    "musterd.conf:2: a string begins here and does not end\n");
	fixture_write("again.conf", "activation = { delay = 5; };\n");
	twice = mem_format("%s@include \"again.conf\"\n", fixture_base);
	assert_faults(twice, "again.conf:1: duplicate setting name\n");
	free(twice);
}

/* libconfig 1.5 would end the process on a directory. */
static void
test_include_no_file(void **state)
{
	static const char *const names[] = {"folder", "fifo", "nowhere", "nul", "latin", "."};
	static const char *const whys[] = {"is no regular file", "is no regular file",
	    "No such file or directory", "holds a NUL byte", "is not UTF-8", "is no regular file"};
	FILE *file;

	mkdir(fixture_path("folder"), 0700);
	mkfifo(fixture_path("fifo"), 0600);
	file = fopen(fixture_path("nul"), "w");
	assert_non_null(file);
	fwrite("a\0b", 1, 3, file);
	fclose(file);
	fixture_write("latin", "a = \"\xe4\";\n");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct conf_faults faults = {0};
		char *text = mem_format("\n@include \"%s\"\n", names[i]);

		assert_null(fixture_read(text, &faults));
		assert_int_equal(faults.count, 1);
		assert_non_null(strstr(faults.lines[0], "musterd.conf:2: @include: "));
		assert_non_null(strstr(faults.lines[0], whys[i]));
		free(text);
		conf_faults_fini(&faults);

		assert_null(conf_read(fixture_path(names[i]), &faults));
		assert_int_equal(faults.count, 1);
		assert_non_null(strstr(faults.lines[0], whys[i]));
		conf_faults_fini(&faults);
	}
}

/* RFC 3629: overlong forms, surrogates, and what is cut off. */
static void
test_utf8(void **state)
{
	static const struct {
		const char *bytes;
		bool right;
	} cases[] = {{"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", true}, {"\xef\xbf\xbf", true},
	    {"\xc0\x80", false}, {"\xe0\x9f\xbf", false}, {"\xed\xa0\x80", false},
	    {"\xf0\x8f\xbf\xbf", false}, {"\xf4\x90\x80\x80", false}, {"\xf8\x88\x80\x80", false},
	    {"\x80", false}, {"\xe2\x82", false}, {"\xff", false}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *by = mem_format("\"%s\"", cases[i].bytes);
		char *text = fixture_with("\"I agree.\"", by);
		struct conf_faults faults = {0};
		struct conf *conf = fixture_read(text, &faults);

		assert_int_equal(conf != NULL, cases[i].right);
		assert_int_equal(faults.count, cases[i].right ? 0 : 1);
		conf_free(&conf);
		conf_faults_fini(&faults);
		free(text);
		free(by);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_include),
	    cmocka_unit_test(test_include_lines),
	    cmocka_unit_test(test_include_faults),
	    cmocka_unit_test(test_include_no_file),
	    cmocka_unit_test(test_utf8),
	};

	return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
