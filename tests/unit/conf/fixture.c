#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/text.h"

#include "fixture.h"

static char folder[64];

const char fixture_base[] = /* a line here is a line there */
    "portals = ( { name = \"webmail\"; rights = [ \"register\", \"status\" ];\n"
    "  token_sha256 = \"0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef\"; } );\n"
    "personnel = ( {\n"
    "  name = \"army\";\n"
    "  uris = [ \"ldapi://%2Frun%2Fldapi\", \"ldap://127.0.0.1:3890\" ];\n"
    "  bind_dn = \"cn=reader\"; bind_password_file = \"/run/password\";\n"
    "  base = \"ou=personnel,dc=example,dc=mil\";\n"
    "  category_map = (\n"
    "    { value = \"GS\"; category = \"da-civilian\"; },\n"
    "    { value = \"ROTC\"; category = \"rotc-cadet\";\n"
    "      where_attribute = \"rotcYear\"; where_values = ( \"3\", \"4\" ); }\n"
    "  );\n"
    "} );\n"
    "accounts = {\n"
    "  uris = [ \"ldaps://accounts.example.mil\" ]; bind = \"anonymous\";\n"
    "  base = \"ou=people,dc=example,dc=mil\"; claims_base = \"ou=claims,dc=example,dc=mil\";\n"
    "  mail_domain = \"mail.example.mil\";\n"
    "};\n"
    "categories = (\n"
    "  { id = \"da-civilian\"; label = \"DA Civilian\"; persona = \"civ\"; precedence = 50; },\n"
    "  { id = \"rotc-cadet\"; label = \"ROTC\"; precedence = 80; activation_delay = 60; }\n"
    ");\n"
    "security_questions = { pool = ( { id = \"car\"; text = \"Which car?\"; } ); };\n"
    "activation = { delay = 5; };\n"
    "agreement = { version = \"1\"; text = \"I agree.\"; };\n";

int
fixture_begin(void **state)
{
	snprintf(folder, sizeof(folder), "/tmp/test_conf.XXXXXX");
	return mkdtemp(folder) == NULL ? -1 : 0;
}

int
fixture_end(void **state)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			if (unlink(fixture_path(entry->d_name)) != 0)
				rmdir(fixture_path(entry->d_name));
	if (dir != NULL)
		closedir(dir);
	return rmdir(folder);
}

const char *
fixture_path(const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

void
fixture_write(const char *name, const char *text)
{
	FILE *file = fopen(fixture_path(name), "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

char *
fixture_with(const char *part, const char *by)
{
	const char *at = strstr(fixture_base, part);

	assert_non_null(at);
	assert_null(strstr(at + 1, part));
	return mem_format(
	    "%.*s%s%s", (int)(at - fixture_base), fixture_base, by, at + strlen(part));
}

struct conf *
fixture_read(const char *text, struct conf_faults *faults)
{
	fixture_write("musterd.conf", text);
	return conf_read(fixture_path("musterd.conf"), faults);
}

struct conf *
fixture_read_right(const char *text)
{
	struct conf_faults faults = {0};
	struct conf *conf = fixture_read(text, &faults);
	char *lines = fixture_faults(&faults);

	assert_string_equal(lines, "");
	assert_non_null(conf);
	free(lines);
	conf_faults_fini(&faults);
	return conf;
}

char *
fixture_faults(const struct conf_faults *faults)
{
	struct text text = {0};
	size_t size = strlen(folder);

	for (size_t i = 0; i < faults->count; i++) {
		assert_int_equal(strncmp(faults->lines[i], folder, size), 0);
		text_add(&text, "%s\n", faults->lines[i] + size + 1);
	}
	return text_take(&text);
}

char *
fixture_print(const struct conf *conf, unsigned flags)
{
	char *text;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	conf_print(conf, file, flags);
	fclose(file);
	return text;
}
