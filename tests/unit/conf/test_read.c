/* A configuration that is right: values, defaults, the blocklist. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/log.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "model/date.h"

#include "fixture.h"

static void
test_values(void **state)
{
	struct conf *conf = fixture_read_right(fixture_base);
	const struct conf_personnel *source = &conf->personnel[0];

	assert_int_equal(conf->portal_count, 1);
	assert_string_equal(conf->portals[0].name, "webmail");
	assert_int_equal(conf->portals[0].rights, CONF_RIGHT_REGISTER | CONF_RIGHT_STATUS);
	assert_int_equal(conf->personnel_count, 1);
	assert_string_equal(source->directory.uris[1], "ldap://127.0.0.1:3890");
	assert_null(source->directory.uris[2]);
	assert_int_equal(source->rule_count, 2);
	assert_string_equal(source->rules[1].where_values[1], "4");
	assert_int_equal(conf->accounts.directory.bind_method, CONF_BIND_ANONYMOUS);
	assert_int_equal(conf->category_count, 2);
	assert_int_equal(conf->categories[1].activation_delay, 60000);
	assert_int_equal(conf->activation.delay, 5000);
	assert_ptr_equal(conf_category_find(conf, "rotc-cadet"), &conf->categories[1]);
	assert_null(conf_category_find(conf, "rotc"));
	conf_free(&conf);
	assert_null(conf);
}

static void
test_defaults(void **state)
{
	struct conf *conf = fixture_read_right(fixture_base);
	const struct conf_personnel *source = &conf->personnel[0];

	assert_string_equal(conf->listen.address, "127.0.0.1");
	assert_int_equal(conf->listen.port, 8080);
	assert_int_equal(source->directory.bind_method, CONF_BIND_SIMPLE);
	assert_int_equal(source->directory.window, 64);
	assert_int_equal(conf->accounts.directory.window, 16);
	assert_int_equal(source->directory.connect_timeout, 5000);
	assert_int_equal(source->directory.retry_min, 250);
	assert_string_equal(source->directory.ca_file, "");
	assert_false(source->subtree);
	assert_false(source->hyphens);
	assert_int_equal(source->date_form, DATE_ANY);
	assert_string_equal(source->attributes.family_name, "sn");
	assert_string_equal(source->current_values[0], "current");
	assert_string_equal(source->rules[0].where_attribute, "");
	assert_null(source->rules[0].where_values);
	assert_int_equal(conf->categories[0].activation_delay, -1);
	assert_string_equal(conf->categories[1].persona, "");
	assert_true(conf->security_questions.own);
	assert_int_equal(conf->activation.escalate_after, 3600000);
	assert_string_equal(conf->password.scheme, "yescrypt");
	assert_int_equal(conf->log.level, LOG_LEVEL_INFO);
	assert_int_equal(conf->log.format, LOG_FORMAT_AUTO);
	assert_int_equal(conf->limits.request_timeout, 30000);
	assert_int_equal(conf->portals[0].rate, 100);
	assert_int_equal(conf->portals[0].failure_rate, 60);
	assert_int_equal(conf->limits.stranger_rate, 60);
	assert_null(conf->blocklist);
	conf_free(&conf);
}

/* The rows write the numbers of enum date_form out, since conf and model are neighbours. */
static void
test_date_forms(void **state)
{
	static const struct {
		const char *name;
		enum date_form form;
	} cases[] = {{"iso", DATE_ISO}, {"compact", DATE_COMPACT},
	    {"generalized", DATE_GENERALIZED}, {"any", DATE_ANY}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *by = mem_format(
		    "date_form = \"%s\"; scope = \"subtree\"; category_map = (", cases[i].name);
		char *text = fixture_with("category_map = (", by);
		struct conf *conf = fixture_read_right(text);

		assert_int_equal(conf->personnel[0].date_form, cases[i].form);
		assert_true(conf->personnel[0].subtree);
		conf_free(&conf);
		free(text);
		free(by);
	}
}

/* All the ways to write a number, and the largest and least of a row. */
static void
test_numbers(void **state)
{
	static const struct {
		const char *written;
		int64_t delay;
	} cases[] = {{"0", 0}, {"31536000", 31536000}, {"31536000L", 31536000}, {"0x10", 16},
	    {"0x10L", 16}, {"+7", 7}, {"007", 7}, {"7 /* 99999999999 */", 7}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *by = mem_format("delay = %s;", cases[i].written);
		char *text = fixture_with("delay = 5;", by);
		struct conf *conf = fixture_read_right(text);

		assert_int_equal(conf->activation.delay, 1000 * cases[i].delay);
		conf_free(&conf);
		free(text);
		free(by);
	}
}

static void
test_blocklist(void **state)
{
	char *text = fixture_with(
	    "activation = {", "password = { blocklist_file = \"words\"; };\nactivation = {");
	struct conf *conf;

	fixture_write(
	    "words", "# a comment\nZebra\r\n\nhorse\nHORSE\n#1fan\nÄpfel\n correct horse\nlast");
	conf = fixture_read_right(text);
	assert_int_equal(conf->blocklist_count, 6);
	assert_string_equal(conf->blocklist[0], " correct horse");
	assert_string_equal(conf->blocklist[1], "#1fan");
	assert_string_equal(conf->blocklist[2], "horse");
	assert_string_equal(conf->blocklist[3], "last");
	assert_string_equal(conf->blocklist[4], "zebra");
	assert_string_equal(conf->blocklist[5], "Äpfel");
	assert_null(conf->blocklist[6]);
	conf_free(&conf);
	fixture_write("words", "# nothing\n");
	conf = fixture_read_right(text);
	assert_int_equal(conf->blocklist_count, 0);
	conf_free(&conf);
	free(text);
}

/* Both examples that ship. */
static void
test_shipped(void **state)
{
	static const struct {
		const char *name;
		size_t categories;
	} files[] = {{"musterd.conf", 11}, {"sample.conf", 11}, {"university.conf", 2}};
	const char *srcdir = getenv("srcdir");

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		struct conf_faults faults = {0};
		char *path = mem_format("%s/etc/%s", srcdir == NULL ? "." : srcdir, files[i].name);
		struct conf *conf = conf_read(path, &faults);

		if (conf == NULL)
			fail_msg("%s", faults.lines[0]);
		assert_int_equal(conf->category_count, files[i].categories);
		assert_int_equal(conf->portal_count, 0); /* no token that everyone knows */
		assert_true(conf->blocklist_count > 1000);
		conf_free(&conf);
		free(path);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_values),
	    cmocka_unit_test(test_defaults),
	    cmocka_unit_test(test_date_forms),
	    cmocka_unit_test(test_numbers),
	    cmocka_unit_test(test_blocklist),
	    cmocka_unit_test(test_shipped),
	};

	return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
