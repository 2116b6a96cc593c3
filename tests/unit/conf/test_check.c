/*
 * Each kind of fault, with its line and key: a part of the right configuration is replaced, and
 * these are the faults, all of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "conf/conf.h"

#include "fixture.h"

struct fault_case {
	const char *part, *by;
	const char *faults; /* the beginning of each line, "musterd.conf:" left out */
};

/* Whether the lines have these beginnings, line by line. */
static bool
begin_with(const char *lines, const char *beginnings)
{
	while (*beginnings != '\0') {
		size_t size = strcspn(beginnings, "\n"), line = strcspn(lines, "\n");

		if (strncmp(lines, "musterd.conf:", 13) != 0 || line < 13 + size ||
		    strncmp(lines + 13, beginnings, size) != 0)
			return false;
		lines += line + (lines[line] == '\n');
		beginnings += size + (beginnings[size] == '\n');
	}
	return *lines == '\0';
}

static void
try_cases(const struct fault_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct conf_faults faults = {0};
		char *text = fixture_with(cases[i].part, cases[i].by), *lines;
		struct conf *conf = fixture_read(text, &faults);

		lines = fixture_faults(&faults);
		if (conf != NULL || !begin_with(lines, cases[i].faults))
			fail_msg(
			    "%s\nis to be\n%s\nbut is\n%s", cases[i].by, cases[i].faults, lines);
		free(lines);
		free(text);
		conf_faults_fini(&faults);
	}
}
#define TRY(cases) try_cases(cases, sizeof(cases) / sizeof(*(cases)))

static void
test_keys_and_types(void **state)
{
	static const struct fault_case cases[] = {
	    {"delay = 5;", "delay = 5; dealy = 6;", "24: activation.dealy: there is no such key"},
	    {"agreement =", "agrement =",
		"1: agreement.version: is missing\n1: agreement.text: is missing\n"
		"25: agrement: there is no such key"},
	    {"persona = \"civ\";", "person = \"civ\";",
		"20: categories.[0].person: there is no such key"},
	    {"delay = 5;", "delay = \"5\";", "24: activation.delay: must be a whole number"},
	    {"delay = 5;", "delay = 5.0;", "24: activation.delay: must be a whole number"},
	    {"delay = 5;", "delay = .5;", "24: activation.delay: must be a whole number"},
	    {"delay = 5;", "delay = true;", "24: activation.delay: must be a whole number"},
	    {"\"I agree.\"", "5", "25: agreement.text: must be a text"},
	    {"\"I agree.\"", "[ \"a\" ]", "25: agreement.text: must be a text"},
	    {"{ delay = 5; }", "5", "24: activation: must be a group"},
	    {"{ delay = 5; }", "( )", "24: activation: must be a group"},
	    {"[ \"ldaps://accounts.example.mil\" ]", "\"ldaps://accounts.example.mil\"",
		"15: accounts.uris: must be a list of texts"},
	    {"[ \"ldaps://accounts.example.mil\" ]", "[ 5 ]",
		"15: accounts.uris: must be a list of texts"},
	    {"[ \"ldaps://accounts.example.mil\" ]", "[ ]",
		"15: accounts.uris: must hold 1 to 16 texts"},
	    {"( { id = \"car\"; text = \"Which car?\"; } )", "{ id = \"car\"; }",
		"23: security_questions.pool: must be a list of groups"},
	    {"( { id = \"car\"; text = \"Which car?\"; } )", "( 5 )",
		"23: security_questions.pool.[0]: must be a group"},
	    {"\"anonymous\"", "\"gssapi\"",
		"15: accounts.bind: must be one of \"simple\", \"external\", \"anonymous\"\n"
		"14: accounts.bind_dn: is needed\n14: accounts.bind_password_file: is needed"},
	    {"\"status\" ]", "\"status\",\n\"all\" ]",
		"1: portals.[0].rights: must be a list of \"register\","},
	    {"[ \"register\", \"status\" ]", "[ ]", "1: portals.[0].rights: must hold 1 to"},
	    {"activation = {", "password = { may_hold_name = 1; };\nactivation = {",
		"24: password.may_hold_name: must be true or false"},
	    {"activation = {", "password = { scheme = \"md5\"; };\nactivation = {",
		"24: password.scheme: must be one of \"yescrypt\""},
	    {"  mail_domain = \"mail.example.mil\";\n", "", "14: accounts.mail_domain: is missing"},
	    {" precedence = 50;", "", "20: categories.[0].precedence: is missing"},
	    {"delay = 5;", "delay = 5; delay = 6;", "24: duplicate"},
	    {"delay = 5;", "delay = ;", "24: syntax error"},
	    {"\"I agree.\"", "\"I agree.", "25: a string begins here"},
	    {"delay = 5;", "/* delay", "24: a comment begins here"},
	};

	TRY(cases);
}

/* facts.md 25: these wrap in libconfig 1.5, or are read as 0. */
static void
test_ranges(void **state)
{
	static const struct fault_case cases[] = {
	    {"delay = 5;", "delay = 4294967297;",
		"24: activation.delay: must be a whole number from 0 to 31536000"},
	    {"delay = 5;", "delay = 4294967297L;", "24: activation.delay: must be"},
	    {"delay = 5;", "delay = 18446744073709551617;", "24: activation.delay: must be"},
	    {"delay = 5;", "delay = 18446744073709551617L;", "24: activation.delay: must be"},
	    {"delay = 5;", "delay = 0x100000001;", "24: activation.delay: must be"},
	    {"delay = 5;", "delay = 0x10000000000000001LL;", "24: activation.delay: must be"},
	    {"delay = 5;", "delay = -1;", "24: activation.delay: must be"},
	    {"delay = 5;", "delay = -18446744073709551615;", "24: activation.delay: must be"},
	    {"delay = 5;", "delay = 31536001;", "24: activation.delay: must be"},
	    {"activation_delay = 60;", "activation_delay = -2;",
		"21: categories.[1].activation_delay: must be a whole number from -1"},
	    {"activation = {", "listen = { port = 65536; };\nactivation = {",
		"24: listen.port: must be"},
	    {"activation = {", "limits = { body_bytes = 4294967296; };\nactivation = {",
		"24: limits.body_bytes: must be"},
	    {"\"I agree.\"", "\"\"", "25: agreement.text: must be a text of 1 to"},
	    {"\"DA Civilian\"", "\"DA\\tCivilian\"",
		"20: categories.[0].label: holds a control character"},
	    {"\"I agree.\"", "\"I\\x01agree.\"", "25: agreement.text: holds a control"},
	};

	TRY(cases);
}

static void
test_texts(void **state)
{
	static const struct fault_case cases[] = {
	    {"0123456789ABCDEF", "0123456789ABCDEG",
		"2: portals.[0].token_sha256: must be 64 hexadecimal digits: a SHA-256\n"
		"2: portals.[0].token_sha256: is missing: a portal needs"},
	    {"0123456789ABCDEF", "",
		"2: portals.[0].token_sha256: must be 64 hexadecimal digits: a SHA-256\n"
		"2: portals.[0].token_sha256: is missing: a portal needs"},
	    {"\"webmail\"", "\"Web Mail\"", "1: portals.[0].name: must be of"},
	    {"\"webmail\"", "\"admin\"", "1: portals.[0].name: must not be \"admin\""},
	    {"ldap://127.0.0.1:3890", "http://127.0.0.1",
		"5: personnel.[0].uris: must begin with ldap://"},
	    {"ldap://127.0.0.1:3890", "ldap://127.0.0.1:0",
		"5: personnel.[0].uris: must have a port"},
	    {"ldap://127.0.0.1:3890",
		"ldap://127.0.0.1:", "5: personnel.[0].uris: must have a port"},
	    {"ldap://127.0.0.1:3890", "ldap://", "5: personnel.[0].uris: must name a host"},
	    {"ldap://127.0.0.1:3890", "ldap://[::1", "5: personnel.[0].uris: must name a host"},
	    {"ldap://127.0.0.1:3890", "ldap://a ldap://b",
		"5: personnel.[0].uris: must be one URI"},
	    {"ldap://127.0.0.1:3890", "ldap://localhost/dc=x", "5: personnel.[0].uris: must end"},
	    {"%2Frun%2Fldapi", "%2Frun%2", "5: personnel.[0].uris: must be percent-encoded"},
	    {"base = \"ou=personnel,dc=example,dc=mil\"", "base = \"personnel\"",
		"7: personnel.[0].base: must be a distinguished name"},
	    {"base = \"ou=personnel,dc=example,dc=mil\"", "base = \"\"",
		"7: personnel.[0].base: must be a text of 1"},
	    {"category_map = (", "filter = \"(a=b)(c=d)\"; category_map = (",
		"8: personnel.[0].filter: must be one search filter"},
	    {"category_map = (", "filter = \"(a=b\"; category_map = (",
		"8: personnel.[0].filter: must be one search filter"},
	    {"category_map = (", "attributes = { title = \"a b\"; }; category_map = (",
		"8: personnel.[0].attributes.title: must be the name of an attribute"},
	    {"mail_domain =", "uid_template = \"{given}.{family}\"; mail_domain =",
		"17: accounts.uid_template: may hold {given}"},
	    {"mail_domain =", "uid_template = \"{given} {sn}\"; mail_domain =",
		"17: accounts.uid_template: may hold {given}"},
	    {"mail_domain =", "uid_template = \"user\"; mail_domain =",
		"17: accounts.uid_template: must hold a part of the name"},
	    {"\"mail.example.mil\"", "\"mail@example.mil\"", "17: accounts.mail_domain: must be"},
	    {"\"mail.example.mil\"", "\"mail..mil\"", "17: accounts.mail_domain: must be"},
	    {"\"civ\"", "\"c.v\"", "20: categories.[0].persona: must be of"},
	    {"bind_password_file = \"/run/password\"", "bind_password_file = \"password\"",
		"6: personnel.[0].bind_password_file: must be an absolute path\n"
		"6: personnel.[0].bind_password_file: is needed"},
	    {"activation = {", "listen = { address = \"run/a\"; };\nactivation = {",
		"24: listen.address: must be an IP address, or the path"},
	    {"activation = {", "listen = { address = \"localhost\"; };\nactivation = {",
		"24: listen.address: must be an IP address"},
	    {"activation = {", "helpdesk = { url = \"ftp://x\"; };\nactivation = {",
		"24: helpdesk.url: must begin with"},
	};

	TRY(cases);
}

/* Plain HTTP goes no further than this machine. */
static void
test_listen(void **state)
{
	static const struct fault_case cases[] = {
	    {"activation = {", "listen = { address = \"0.0.0.0\"; };\nactivation = {",
		"24: listen.address: must be of the loopback"},
	    {"activation = {", "listen = { address = \"::\"; };\nactivation = {",
		"24: listen.address: must be of the loopback"},
	    {"activation = {", "listen = { address = \"::ffff:127.0.0.1\"; };\nactivation = {",
		"24: listen.address: must be of the loopback"},
	    {"activation = {",
		"listen = { address = \"/run/a\"; certificate_file = \"/c\"; key_file = \"/k\";  "
		"};\nactivation = {",
		"24: listen.certificate_file: is for an IP address"},
	    {"activation = {",
		"listen = { address = \"/run/a\"; admin_socket = \"/run/a\"; };\nactivation = {",
		"24: listen.address: must not be listen.admin_socket"},
	    {"activation = {", "listen = { certificate_file = \"/c\"; };\nactivation = {",
		"24: listen.key_file: is missing: certificate_file and"},
	    {"activation = {", "listen = { key_file = \"/k\"; };\nactivation = {",
		"24: listen.certificate_file: is missing: certificate_file and"},
	    {"activation = {", "listen = { client_ca_file = \"/a\"; };\nactivation = {",
		"24: listen.client_ca_file: is nothing without"},
	    {"token_sha256 = \"0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef\";",
		"", "1: portals.[0].token_sha256: is missing: a portal needs token_sha256 or"},
	    {"token_sha256 =", "key_sha256 =",
		"2: portals.[0].key_sha256: needs listen.client_ca_file"},
	};
	static const char *const right[] = {"address = \"127.1.2.3\";", "address = \"::1\";",
	    "address = \"/run/musterd/api.sock\";",
	    "address = \"0.0.0.0\"; certificate_file = \"/c\"; key_file = \"/k\";",
	    "certificate_file = \"/c\"; key_file = \"/k\"; client_ca_file = \"/a\";"};

	TRY(cases);
	for (size_t i = 0; i < sizeof(right) / sizeof(*right); i++) {
		char *by = mem_format("listen = { %s };\nactivation = {", right[i]);
		char *text = fixture_with("activation = {", by);
		struct conf *conf = fixture_read_right(text);

		conf_free(&conf);
		free(text);
		free(by);
	}
}

static void
test_together(void **state)
{
	static const struct fault_case cases[] = {
	    {"\"GS\"; category = \"da-civilian\"", "\"GS\"; category = \"da\"",
		"9: personnel.[0].category_map.[0].category: there is no category \"da\""},
	    {"where_values = ( \"3\", \"4\" );", "",
		"10: personnel.[0].category_map.[1].where_values: is missing"},
	    {"where_attribute = \"rotcYear\";", "",
		"10: personnel.[0].category_map.[1].where_attribute: is missing"},
	    {"category_map = (", "category_map = ( { value = \"gs\"; category = \"rotc-cadet\"; },",
		"9: personnel.[0].category_map.[1].value: can never count: category_map.[0]"},
	    {"id = \"rotc-cadet\";", "id = \"da-civilian\";",
		"10: personnel.[0].category_map.[1].category: there is no category \"rotc-cadet\"\n"
		"21: categories.[1].id: is the same as that of categories.[0]"},
	    {"label = \"ROTC\";", "label = \"ROTC\"; persona = \"civ\";",
		"21: categories.[1].persona: is the same as that of categories.[0]"},
	    {"precedence = 80;", "precedence = 50;",
		"21: categories.[1].precedence: is the same as that of categories.[0]"},
	    {"( { id = \"car\"; text = \"Which car?\"; } )",
		"(\n{ id = \"car\"; text = \"A?\"; },\n{ id = \"car\"; text = \"B?\"; } )",
		"25: security_questions.pool.[1].id: is the same"},
	    {"pool = (", "own = false; pool = (",
		"23: security_questions.pool: must hold security_questions.count"},
	    {"pool = (", "answer_min = 9; answer_max = 8; pool = (",
		"23: security_questions.answer_min: must not be above"},
	    {" bind_dn = \"cn=reader\";", "", "3: personnel.[0].bind_dn: is needed"},
	    {" bind_password_file = \"/run/password\";", "",
		"3: personnel.[0].bind_password_file: is needed"},
	    {"ldap://127.0.0.1:3890", "ldap://personnel.example.mil",
		"5: personnel.[0].uris: a simple bind would send its password in the clear"},
	    {"ldap://127.0.0.1:3890", "LDAP://10.0.0.1/",
		"5: personnel.[0].uris: a simple bind would send its password in the clear"},
	    {"ldap://127.0.0.1:3890", "ldap://127.0.0.1.example.mil",
		"5: personnel.[0].uris: a simple bind would send its password in the clear"},
	    {"\"anonymous\";", "\"external\";", "15: accounts.bind: \"external\" needs"},
	    {"\"anonymous\";", "\"anonymous\"; start_tls = true;",
		"15: accounts.start_tls: is for"},
	    {"\"anonymous\";", "\"anonymous\"; key_file = \"/k\";",
		"14: accounts.certificate_file: is missing"},
	    {"\"anonymous\";", "\"anonymous\"; retry_min_ms = 500; retry_max_ms = 499;",
		"15: accounts.retry_min_ms: must not be above"},
	    {"claims_base = \"ou=claims,dc=example,dc=mil\"",
		"claims_base = \"ou=People,dc=example,dc=mil\"",
		"16: accounts.claims_base: must not be accounts.base"},
	    {"category_map = (",
		"attributes = { identifier = \"\"; birth_date = \"\"; pay_entry_base_date = \"\"; "
		"status = \"\"; category = \"\"; family_name = \"\"; }; category_map = (",
		"8: personnel.[0].attributes.identifier: must be named\n"
		"8: personnel.[0].attributes.family_name: must be named\n"
		"8: personnel.[0].attributes.category: must be named\n"
		"8: personnel.[0].attributes.birth_date: must be named\n"
		"8: personnel.[0].attributes.status: must be named"},
	    {"activation = {", "password = { min_length = 30; max_length = 20; };\nactivation = {",
		"24: password.min_length: must not be above"},
	    {"activation = {", "password = { scheme = \"sha512crypt\"; };\nactivation = {",
		"24: password.cost: is needed"},
	    {"activation = {",
		"password = { scheme = \"sha512crypt\"; cost = 999; };\nactivation = {",
		"24: password.cost: must be from 1000 to 10000000 for sha512crypt"},
	    {"activation = {", "password = { scheme = \"bcrypt\";\ncost = 32; };\nactivation = {",
		"25: password.cost: must be from 4 to 31 for bcrypt"},
	    {"delay = 5;", "late_after = 61; escalate_after = 60;",
		"24: activation.late_after: must not be above"},
	    {"activation = {", "password = { blocklist_file = \"nowhere\"; };\nactivation = {",
		"24: password.blocklist_file: "},
	    {"activation = {", "password = { blocklist_file = \".\"; };\nactivation = {",
		"24: password.blocklist_file: "},
	};

	TRY(cases);
}

/* Names and tokens of portals, names of sources. */
static void
test_certificates(void **state)
{
	static const struct fault_case cases[] = {
	    {"activation = {", "certificates = { roots_file = \"/r.pem\"; };\nactivation = {",
		"24: certificates.crl_folder: is needed beside certificates.roots_file"},
	    {"activation = {", "certificates = { roots_file = \"r.pem\"; };\nactivation = {",
		"24: certificates.roots_file: must be an absolute path"},
	    {"activation = {", "certificates = { ocsp = \"require\"; };\nactivation = {",
		"24: certificates.ocsp_url: is needed while certificates.ocsp is on"},
	    {"activation = {", "certificates = { ocsp = \"maybe\"; };\nactivation = {",
		"24: certificates.ocsp: must be one of \"off\", \"require\""},
	    {"activation = {",
		"certificates = { ocsp_url = \"https://ocsp.example.mil/\"; };\nactivation = {",
		"24: certificates.ocsp_url: must begin with http:// and a host"},
	    {"activation = {", "certificates = { ocsp_url = \"http://\"; };\nactivation = {",
		"24: certificates.ocsp_url: must begin with http:// and a host"},
	    {"activation = {", "certificates = { policies = [ \"3.1\" ]; };\nactivation = {",
		"24: certificates.policies: must be an OID"},
	    {"activation = {", "certificates = { policies = [ \"2.16.\" ]; };\nactivation = {",
		"24: certificates.policies: must be an OID"},
	    {"activation = {", "certificates = { policies = [ \"anyPolicy\" ]; };\nactivation = {",
		"24: certificates.policies: must be an OID"},
	    {"activation = {", "certificates = { upn_suffix = \"@mil\"; };\nactivation = {",
		"24: certificates.upn_suffix: must be a mail domain"},
	};

	TRY(cases);
}

static void
test_unique(void **state)
{
	static const char second_portal[] =
	    "{ name = \"webmail\"; rights = [ \"status\" ];\n"
	    " token_sha256 = \"0123456789ABCDEF0123456789ABCDEF0123456789abcdef0123456789abcdef\"; "
	    "},";
	static const char second_source[] = "{ name = \"ARMY\"; uris = [ \"ldapi://\" ];\n"
					    "bind = \"external\"; base = \"dc=x\"; },";
	char by[1024];
	struct fault_case cases[2] = {
	    {"portals = ( {", by,
		"2: portals.[1].name: is the same as that of portals.[0]\n"
		"3: portals.[1].token_sha256: is the same as that of portals.[0]"},
	    {"personnel = ( {", by, "5: personnel.[1].name: is the same as that of personnel.[0]"},
	};

	snprintf(by, sizeof(by), "portals = ( %s {", second_portal);
	try_cases(&cases[0], 1);
	snprintf(by, sizeof(by), "personnel = ( %s {", second_source);
	try_cases(&cases[1], 1);
}

/* An empty file: what is required, and nothing else. */
static void
test_empty(void **state)
{
	static const char wanted[] = "1: personnel: must hold 1 to 16 groups\n"
				     "1: accounts.uris: is missing\n"
				     "1: accounts.base: is missing\n"
				     "1: accounts.claims_base: is missing\n"
				     "1: accounts.mail_domain: is missing\n"
				     "1: categories: must hold 1 to 256 groups\n"
				     "1: agreement.version: is missing\n"
				     "1: agreement.text: is missing\n"
				     "1: accounts.bind_dn: is needed\n"
				     "1: accounts.bind_password_file: is needed";
	struct conf_faults faults = {0};
	char *lines;

	assert_null(fixture_read("", &faults));
	lines = fixture_faults(&faults);
	if (!begin_with(lines, wanted))
		fail_msg("%s", lines);
	free(lines);
	conf_faults_fini(&faults);
	assert_null(faults.lines);
}

static void
test_admin_socket(void **state)
{
	char by[256], name[120];
	struct fault_case fault = {
	    "activation = {", by, "24: listen.admin_socket: must be 107 bytes at most"};
	struct conf *conf;
	char *text;

	memset(name, 'x', sizeof(name));
	name[0] = '/';
	name[108] = '\0';
	snprintf(by, sizeof(by), "listen = { admin_socket = \"%s\"; };\nactivation = {", name);
	try_cases(&fault, 1);
	name[107] = '\0';
	snprintf(by, sizeof(by), "listen = { admin_socket = \"%s\"; };\nactivation = {", name);
	text = fixture_with("activation = {", by);
	conf = fixture_read_right(text);
	conf_free(&conf);
	free(text);
}

/* A token's hash is secret: no fault repeats it. */
static void
test_no_secret(void **state)
{
	struct conf_faults faults = {0};
	char *text = fixture_with("0123456789ABCDEF", "feedfacefeedfacX"), *lines;

	assert_null(fixture_read(text, &faults));
	lines = fixture_faults(&faults);
	assert_null(strstr(lines, "feedface"));
	assert_null(strstr(lines, "0123456789abcdef"));
	free(lines);
	free(text);
	conf_faults_fini(&faults);
}

/* What looks like trouble and is none. */
static void
test_right(void **state)
{
	static const char *const cases[][2] = {
	    {"ldap://127.0.0.1:3890", "ldap://[::1]:389/"},
	    {"ldap://127.0.0.1:3890", "ldap://LOCALHOST"},
	    {"ldap://127.0.0.1:3890", "ldaps://personnel.example.mil:6360"},
	    {"ldap://127.0.0.1:3890\" ];", "ldap://personnel.example.mil\" ]; start_tls = true;"},
	    {"\"anonymous\";",
		"\"external\"; certificate_file = \"/certificate\"; key_file = \"/key\";"},
	    {"category_map = (", "filter = \"(&(a=b)(|(c=d)(e=f)))\"; category_map = ("},
	    {"mail_domain =", "uid_template = \"{gi}{middle}-{sn}_0.x\"; mail_domain ="},
	    {"delay = 5;", "delay = 9000;"},
	    {"delay = 5;", "delay : 5,"},
	    {"\"I agree.\"", "\"I\\n\\tagree \\\\ @include \\\"x\\\" # /* 99999999999999999999\""},
	    {"\"I agree.\"", "\"Two\nlines, @include \\\"x\\\"\n@include \" \" beside.\""},
	    {"delay = 5;", "# @include \"nowhere\"\n/*\n@include \"nowhere\" \"\n*/ delay = 5;"},
	    {"delay = 5;", "// \" \ndelay = 5;"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *text = fixture_with(cases[i][0], cases[i][1]);
		struct conf *conf = fixture_read_right(text);

		conf_free(&conf);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_keys_and_types),
	    cmocka_unit_test(test_ranges),
	    cmocka_unit_test(test_texts),
	    cmocka_unit_test(test_listen),
	    cmocka_unit_test(test_together),
	    cmocka_unit_test(test_certificates),
	    cmocka_unit_test(test_unique),
	    cmocka_unit_test(test_empty),
	    cmocka_unit_test(test_admin_socket),
	    cmocka_unit_test(test_no_secret),
	    cmocka_unit_test(test_right),
	};

	return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
