/* The account entry, attribute by attribute (contract section 3). */
#include "kit.h"
#include "model/naming.h"
#include "provision/account.h"
#include "provision/steps.h"

#define ENTRY_ADD 2
#define ANSWER(number, question) \
	"\n+ musterSecurityAnswer: " number " {CRYPT}$y$j9T$an-answer-hash " question

static const char *
ask_entry(struct kit *kit)
{
	kit->registration->phase = ENTRY_ADD;
	kit->registration->high = 1;
	snprintf(kit->registration->stem, sizeof(kit->registration->stem), "john.q.doe");
	return kit_ask(kit, entry_ask);
}

static void
test_whole(void **state)
{
	struct kit *kit = *state;
	struct person *person = &kit->registration->application->person;

	person->edipi = mem_text("1000000001");
	person->o = mem_text("Army");
	person->ou = mem_text("G-6");
	person->title = mem_text("Clerk");
	person->name.suffix = mem_text("Jr");
	assert_string_equal(ask_entry(kit),
	    "add accounts uid=john.q.doe," KIT_PEOPLE "\n"
	    "+ objectClass: inetOrgPerson\n"
	    "+ objectClass: inetLocalMailRecipient\n"
	    "+ objectClass: musterAccount\n"
	    "+ uid: john.q.doe\n"
	    "+ cn: John Quincy Doe Jr\n"
	    "+ sn: Doe\n"
	    "+ givenName: John\n"
	    "+ initials: Q\n"
	    "+ displayName: John Q. Doe\n"
	    "+ o: Army\n"
	    "+ ou: G-6\n"
	    "+ title: Clerk\n"
	    "+ telephoneNumber: +1 555 0100\n"
	    "+ employeeNumber: 1000000001\n"
	    "+ mail: john.q.doe@mail.example.mil\n"
	    "+ mailLocalAddress: john.q.doe@mail.example.mil\n"
	    "+ mailLocalAddress: john.q.doe.civ@mail.example.mil\n"
	    "+ mailLocalAddress: john.q.doe.ret@mail.example.mil\n"
	    "+ musterAccountStatus: pending\n"
	    "+ musterCategory: da-civilian\n"
	    "+ musterCategory: army-retired\n"
	    "+ employeeType: DA Civilian\n"
	    "+ employeeType: Army Retired\n"
	    "+ musterPrimaryCategory: da-civilian\n"
	    "+ musterDualAccount: TRUE\n"
	    "+ musterActivationTime: " KIT_DUE_TEXT "\n"
	    "+ musterRegistrationId: " KIT_ID "\n"
	    "+ musterPersonKey: " KIT_KEY "\n"
	    "+ musterPendingPassword: " KIT_HASH "\n"
	    "+ musterExternalMail: jd@example.org" ANSWER("1", "first-car")
		ANSWER("2", "My own, with words?") ANSWER("3", "first-pet"));
}

/* Never: a password that can log in, the identifier, a date, an answer. */
static void
test_what_is_never_there(void **state)
{
	static const char *const never[] = {"userPassword", "musterActivatedAt", "900000001",
	    "900-00-0001", "1980", "2001", "Main Street"};
	const char *asked = ask_entry(*state);

	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		assert_null(strstr(asked, never[i]));
}

/* A person with one name, one category without a persona, and nothing that may be missing. */
static void
test_least(void **state)
{
	struct kit *kit = *state;
	struct application *application = kit->registration->application;
	struct person *person = &application->person;

	person_fini(person);
	memset(person, 0, sizeof(*person));
	person->name.family = mem_text("Suharto");
	mem_texts_add(&person->categories, "rotc-cadet");
	application_reduce(application);
	application->password_hash = mem_text(KIT_HASH);
	application->external_mail = mem_text("s@example.org");
	kit->conf.accounts.organization = "";
	assert_string_equal(ask_entry(kit), "add accounts uid=john.q.doe," KIT_PEOPLE "\n"
					    "+ objectClass: inetOrgPerson\n"
					    "+ objectClass: inetLocalMailRecipient\n"
					    "+ objectClass: musterAccount\n"
					    "+ uid: john.q.doe\n"
					    "+ cn: Suharto\n"
					    "+ sn: Suharto\n"
					    "+ displayName: Suharto\n"
					    "+ mail: john.q.doe@mail.example.mil\n"
					    "+ mailLocalAddress: john.q.doe@mail.example.mil\n"
					    "+ musterAccountStatus: pending\n"
					    "+ musterCategory: rotc-cadet\n"
					    "+ employeeType: ROTC\n"
					    "+ musterPrimaryCategory: rotc-cadet\n"
					    "+ musterDualAccount: FALSE\n"
					    "+ musterActivationTime: " KIT_DUE_TEXT "\n"
					    "+ musterRegistrationId: " KIT_ID "\n"
					    "+ musterPersonKey: " KIT_KEY "\n"
					    "+ musterPendingPassword: " KIT_HASH "\n"
					    "+ musterExternalMail: s@example.org");
}

/* Who says o, ou and title: the record, else the request, else (o) the configuration. */
static void
test_organization(void **state)
{
	static const struct {
		const char *o, *ou, *title, *unit, *sent_title, *configured;
		const char *o_is, *ou_is, *title_is;
	} rows[] = {
	    {"Army", "G-6", "Clerk", "mine", "Boss", "DA", "+ o: Army\n", "+ ou: G-6\n",
		"+ title: Clerk\n"},
	    {NULL, NULL, NULL, "mine", "Boss", "DA", "+ o: DA\n", "+ ou: mine\n",
		"+ title: Boss\n"},
	    {"", "", "", "mine", "Boss", "DA", "+ o: DA\n", "+ ou: mine\n", "+ title: Boss\n"},
	    {NULL, NULL, NULL, NULL, NULL, "", NULL, NULL, NULL},
	};
	static const char *const names[] = {"+ o: ", "+ ou: ", "+ title: "};
	struct kit *kit = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct application *application = kit->registration->application;
		const char *const expected[] = {rows[i].o_is, rows[i].ou_is, rows[i].title_is};
		const char *asked;

		mem_set_text(&application->person.o, rows[i].o);
		mem_set_text(&application->person.ou, rows[i].ou);
		mem_set_text(&application->person.title, rows[i].title);
		mem_set_text(&application->unit, rows[i].unit);
		mem_set_text(&application->title, rows[i].sent_title);
		kit->conf.accounts.organization = (char *)(uintptr_t)rows[i].configured;
		asked = ask_entry(kit);
		for (size_t k = 0; k < 3; k++) {
			if (expected[k] != NULL)
				assert_non_null(strstr(asked, expected[k]));
			else
				assert_null(strstr(asked, names[k]));
		}
	}
}

/* The number goes into the uid and every address. */
static void
test_numbered(void **state)
{
	struct kit *kit = *state;
	const char *asked;

	ask_entry(kit);
	kit->registration->high = 1000;
	asked = kit_ask(kit, entry_ask);
	assert_memory_equal(
	    asked, "add accounts uid=john.q.doe1000,", strlen("add accounts uid=john.q.doe1000,"));
	assert_non_null(strstr(asked, "\n+ uid: john.q.doe1000\n"));
	assert_non_null(strstr(asked, "\n+ mail: john.q.doe1000@mail.example.mil\n"));
	assert_non_null(
	    strstr(asked, "\n+ mailLocalAddress: john.q.doe1000.civ@mail.example.mil\n"));
	assert_null(strstr(asked, "john.q.doe@"));
}

/* A category that a reload took away makes no address; the directory still shows it. */
static void
test_unknown_category(void **state)
{
	struct kit *kit = *state;
	const char *asked;

	mem_texts_add(&kit->registration->application->person.categories, "gone");
	asked = ask_entry(kit);
	assert_non_null(strstr(asked, "\n+ musterCategory: gone\n"));
	assert_null(strstr(asked, "gone@"));
}

static void
test_needs_the_application(void **state)
{
	struct kit *kit = *state;

	application_free(&kit->registration->application);
	assert_string_equal(ask_entry(kit), "-1: the sealed application can't be read");
	assert_int_equal(kit->err.kind, ERR_BROKEN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_whole, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_what_is_never_there, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_least, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_organization, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_numbered, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_unknown_category, kit_setup, kit_teardown),
	    cmocka_unit_test_setup_teardown(test_needs_the_application, kit_setup, kit_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
