#include <ldap.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/text.h"
#include "dir/question.h"

static void
check_text(char *got, const char *wanted)
{
	assert_string_equal(got, wanted);
	free(got);
}

/* The value of "(a=…)" as a server reads it (RFC 4515 section 3): what stands between the signs
 * holds no bare special, and each pair of digits is a byte. */
static char *
read_filter(const char *filter)
{
	char *value = mem_new(strlen(filter)), *out = value;
	const char *end = filter + strlen(filter) - 1;

	assert_memory_equal(filter, "(a=", 3);
	assert_int_equal(*end, ')');
	for (filter += 3; filter < end; filter++) {
		unsigned char byte = (unsigned char)*filter;

		assert_null(strchr("()*", *filter));
		if (byte == '\\') {
			assert_int_equal(
			    text_unhex((char[]){filter[1], filter[2], '\0'}, &byte, 1), 0);
			filter += 2;
		}
		*out++ = (char)byte;
	}
	return value;
}

static void
check_filter(const char *value)
{
	char *filter = filter_equals("a", value), *got = read_filter(filter);

	assert_string_equal(got, value);
	free(got);
	free(filter);
}

static void
test_filter_equals(void **state)
{
	static const char *const values[] = {"900000001", "*", "(", ")", "\\", "*)(uid=*", "\\2a",
	    "a&|!=~<>b", "", " a ", "Zo\xc3\xab", "\xff\xfe", "))))", "a\nb"};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		check_filter(values[i]);
	for (int byte = 1; byte < 256; byte++)
		check_filter((char[]){'x', (char)byte, 'y', '\0'});
	check_text(filter_equals("personnelId", "900000001"), "(personnelId=900000001)");
	check_text(filter_equals("cn", ""), "(cn=)");
}

static void
test_filter_join(void **state)
{
	check_text(filter_join('&', mem_text("(a=1)"), mem_text("(b=2)"), NULL), "(&(a=1)(b=2))");
	check_text(filter_join('|', mem_text("(a=1)"), NULL), "(|(a=1))");
}

/* What the library reads back from the name is the very value that went in. */
static void
check_dn(const char *value)
{
	char *dn = dn_make("cn", value, "ou=people,dc=example,dc=mil");
	LDAPDN parts = NULL;

	assert_int_equal(ldap_str2dn(dn, &parts, LDAP_DN_FORMAT_LDAPV3), LDAP_SUCCESS);
	assert_non_null(parts[0]);
	assert_null(parts[0][1]);
	assert_int_equal(parts[0][0]->la_value.bv_len, strlen(value));
	assert_memory_equal(parts[0][0]->la_value.bv_val, value, strlen(value));
	assert_memory_equal(parts[1][0]->la_value.bv_val, "people", 6);
	assert_non_null(parts[3]);
	assert_null(parts[4]);
	ldap_dnfree(parts);
	free(dn);
}

static void
test_dn_make(void **state)
{
	static const char *const values[] = {"john.q.doe", "a,b", "a+b", "a\"b", "a\\b", "a<b",
	    "a>b", "a;b", "a=b", "#a", " a", "a ", " ", "a  b", ",ou=admins", "\\2C", "Zo\xc3\xab",
	    "a\nb", "#04024869"};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		check_dn(values[i]);
	for (int byte = 1; byte < 128; byte++)
		check_dn((char[]){(char)byte, 'x', (char)byte, '\0'});
	check_text(dn_make("uid", "a", ""), "uid=a");
	check_text(dn_make("uid", "john.q.doe", "dc=mil"), "uid=john.q.doe,dc=mil");
	/* No UTF-8 at all: still one value, and no way out of it. */
	check_text(dn_make("uid", "\xff,b", "dc=mil"), "uid=\\FF\\2C\\62,dc=mil");
}

static void
test_changes(void **state)
{
	struct question question;

	question_modify(&question, TO_ACCOUNTS, "uid=a,dc=mil");
	question_change(&question, CHANGE_DELETE, "status", "pending");
	question_change(&question, CHANGE_ADD, "status", "active");
	question_change(&question, CHANGE_ADD, "mail", "a@example.mil");
	question_change(&question, CHANGE_ADD, "MAIL", "b@example.mil");
	question_change(&question, CHANGE_ADD, "title", NULL);
	question_change(&question, CHANGE_ADD, "title", "");
	question_change(&question, CHANGE_DELETE, "hash", NULL);
	question_change(&question, CHANGE_DELETE, "hash", "x");
	question_change(&question, CHANGE_REPLACE, "o", "");
	assert_int_equal(question.change_count, 6);
	assert_int_equal(question.changes[0].kind, CHANGE_DELETE);
	assert_string_equal(question.changes[0].values[0], "pending");
	assert_string_equal(question.changes[1].values[0], "active");
	assert_string_equal(question.changes[2].values[0], "a@example.mil");
	assert_string_equal(question.changes[2].values[1], "b@example.mil");
	assert_null(question.changes[2].values[2]);
	assert_null(question.changes[3].values);
	assert_string_equal(question.changes[4].values[0], "x");
	assert_int_equal(question.changes[5].kind, CHANGE_REPLACE);
	assert_null(question.changes[5].values);
	question_fini(&question);
	assert_null(question.dn);
	assert_int_equal(question.change_count, 0);
	question_fini(&question);
}

static void
test_search(void **state)
{
	static const char *const wanted[] = {"uid", "cn", NULL};
	struct question question;

	question_search(&question, TO_PERSONNEL(2), "dc=mil", SCOPE_ONE, "(uid=a)", wanted, 5);
	assert_int_equal(question.directory, 3);
	assert_string_equal(question.attributes[1], "cn");
	assert_null(question.attributes[2]);
	assert_int_equal(question.limit, 5);
	question_fini(&question);
	question_search(&question, TO_ACCOUNTS, "dc=mil", SCOPE_BASE, "(uid=a)", NULL, 0);
	assert_null(question.attributes);
	question_fini(&question);
}

static void
add_attribute(struct entry *entry, const char *name, const char *value)
{
	struct entry_attribute *attribute;

	entry->attributes =
	    mem_grow(entry->attributes, entry->attribute_count + 1, sizeof(*entry->attributes));
	attribute = &entry->attributes[entry->attribute_count++];
	*attribute = (struct entry_attribute){.name = mem_text(name)};
	if (value != NULL)
		mem_texts_add(&attribute->values, value);
}

static void
test_entry(void **state)
{
	struct reply reply = {0};
	struct entry *entry = reply.entries = mem_new(sizeof(*entry));

	reply.entry_count = 1;
	entry->dn = mem_text("uid=a,dc=mil");
	add_attribute(entry, "givenName;lang-de", "Johann");
	add_attribute(entry, "GivenName", "John");
	add_attribute(entry, "userCertificate;binary", "x");
	add_attribute(entry, "empty", NULL);
	assert_string_equal(entry_value(entry, "givenname"), "John");
	assert_string_equal(entry_value(entry, "usercertificate"), "x");
	assert_null(entry_value(entry, "given"));
	assert_null(entry_value(entry, "givenNames"));
	assert_null(entry_value(entry, "empty"));
	assert_null(entry_values(entry, "empty"));
	assert_true(entry_has(entry, "givenName", "JOHN"));
	assert_false(entry_has(entry, "givenName", "Joh"));
	assert_false(entry_has(entry, "sn", "Joh"));
	reply_fini(&reply);
	assert_int_equal(reply.entry_count, 0);
	reply_fini(&reply);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_filter_equals),
	    cmocka_unit_test(test_filter_join),
	    cmocka_unit_test(test_dn_make),
	    cmocka_unit_test(test_changes),
	    cmocka_unit_test(test_search),
	    cmocka_unit_test(test_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
