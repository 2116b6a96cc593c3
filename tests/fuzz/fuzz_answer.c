/*
 * What a personnel directory answers: the bytes of its messages, the entries in them, the records
 * that these make, and what they prove. The first byte says how the claim is made.
 */
#include <fcntl.h>
#include <jansson.h>
#include <ldap.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "dir/connect.h"
#include "dir/question.h"
#include "dir/wire.h"
#include "fuzz.h"
#include "model/application.h"
#include "model/registration.h"
#include "model/registration_json.h"
#include "roll/roll.h"

#define DIGITS "900123456"

/* Of libldap, not in its header. */
int ldap_init_fd(ber_socket_t fd, int protocol, const char *url, LDAP **handle);
#define PROTOCOL_IPC 3

static char *
one(const char *value)
{
	return (char *)(uintptr_t)value;
}

static const struct conf *
conf_of(unsigned choice)
{
	static char *third_year[] = {(char *)"3", NULL}, *current[] = {(char *)"current", NULL};
	static struct conf_category_rule rules[2];
	static struct conf_category categories[2];
	static struct conf_personnel source;
	static struct conf conf;

	rules[0] = (struct conf_category_rule){one("rotc"), one("rotc"), one("year"), third_year};
	rules[1] = (struct conf_category_rule){one("ret"), one("ret"), one(""), NULL};
	categories[0] = (struct conf_category){.id = one("rotc"), .proof = (int)(choice >> 1 & 1)};
	categories[1] = (struct conf_category){
	    .id = one("ret"), .precedence = 1, .card_waives_pebd = (choice & 4) != 0};
	source = (struct conf_personnel){.name = one("army"),
	    .base = one("ou=p"),
	    .filter = one(""),
	    .date_form = DATE_ANY,
	    .attributes = {one("id"), one("born"), one("pebd"), one("gn"), one("mn"), one("sn"),
		one("sfx"), one("edipi"), one("kind"), one("st"), one("o"), one("ou"), one("t")},
	    .current_values = choice & 8 ? current : NULL,
	    .rules = rules,
	    .rule_count = choice & 16 ? 2 : 0};
	conf = (struct conf){.personnel = &source,
	    .personnel_count = 1,
	    .categories = categories,
	    .category_count = 2};
	return &conf;
}

/* A handle on which the bytes are what the server says, and then no more. */
static LDAP *
handle_of(const void *bytes, size_t size, const struct question *question)
{
	LDAP *handle = NULL;
	int pair[2], msgid, room = 1 << 20;

	FUZZ_MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	FUZZ_MUST(fcntl(pair[0], F_SETFL, O_NONBLOCK) == 0);
	FUZZ_MUST(ldap_init_fd(pair[1], PROTOCOL_IPC, NULL, &handle) == LDAP_SUCCESS);
	connect_set_bounds(handle);
	ldap_set_option(handle, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
	ldap_set_option(handle, LDAP_OPT_PROTOCOL_VERSION, &(int){LDAP_VERSION3});
	/* libldap 2.5.13 loses a request where its connection ends with bytes that are no message.
	 */
	fuzz_may_leak();
	FUZZ_MUST(wire_send(handle, question, 1000, &msgid) == LDAP_SUCCESS && msgid == 1);
	fuzz_may_not_leak();
	(void)!write(pair[0], bytes, size);
	close(pair[0]);
	return handle;
}

/* libldap 2.5.13 loses what it has read of a message that it can't read to its end. */
static int
take_message(LDAP *handle, LDAPMessage **message)
{
	struct timeval now = {0, 0};
	int type;

	fuzz_may_leak();
	type = ldap_result(handle, LDAP_RES_ANY, LDAP_MSG_ONE, &now, message);
	fuzz_may_not_leak();
	return type;
}

/* As connection.c takes them. */
static void
read_messages(LDAP *handle, struct reply *reply)
{
	LDAPMessage *message;
	size_t matched;
	int type;

	while ((type = take_message(handle, &message)) > 0) {
		if (type == LDAP_RES_SEARCH_ENTRY)
			wire_add_entry(handle, message, reply);
		else if (type == LDAP_RES_SEARCH_RESULT)
			wire_result(handle, message, &matched);
		ldap_msgfree(message);
	}
}

static void
claim(struct application *application, unsigned choice)
{
	static const char edipi[EDIPI_SIZE] = "1000000001";

	memcpy(application->identifier.digits, DIGITS, sizeof(DIGITS));
	date_parse(DATE_ISO, "1980-02-29", &application->birth_date);
	if (choice & 32)
		date_parse(DATE_ISO, "2001-06-15", &application->pay_entry_base_date);
	application->legal_name.given = mem_text("John");
	application->legal_name.family = mem_text("Doe");
	application->card.shown = (choice & 64) != 0;
	memcpy(application->card.edipi, edipi, EDIPI_SIZE);
}

static void
judge(const struct conf *conf, const struct application *application, struct registration *holder,
    bool names)
{
	struct person person;
	char *why;
	enum roll_verdict verdict =
	    roll_judge(conf, application, names, &holder->records, &person, &why);
	json_t *findings;

	FUZZ_MUST((verdict == ROLL_PROVED) == (why == NULL));
	FUZZ_MUST(verdict != ROLL_PROVED || person.categories != NULL);
	FUZZ_MUST(verdict != ROLL_PROVED || person.name.family != NULL);
	FUZZ_MUST(why == NULL || strstr(why, DIGITS) == NULL);
	person_fini(&person);
	free(why);
	registration_set_findings(holder, 1);
	findings = json_loads(holder->findings, 0, NULL);
	FUZZ_MUST(json_array_size(json_object_get(findings, "records")) == holder->records.count);
	json_decref(findings);
}

static void
read_records(const struct conf *conf, const struct reply *reply, unsigned choice)
{
	struct registration *holder = registration_new();
	struct application *application = application_new();
	struct err err = {0};

	claim(application, choice);
	if (roll_read(conf, &application->identifier, reply, &holder->records, &err) == 0) {
		for (size_t i = 0; i < holder->records.count; i++)
			FUZZ_MUST(strstr(holder->records.items[i].dn, DIGITS) == NULL);
		judge(conf, application, holder, (choice & 1) != 0);
	}
	FUZZ_MUST(strstr(err.text, DIGITS) == NULL);
	application_free(&application);
	registration_free(&holder);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static char *born[] = {(char *)"19800229", NULL}, *value[] = {(char *)"x", NULL};
	static struct entry_attribute shown[] = {
	    {(char *)"id", value}, {(char *)"born", born}, {(char *)"sn", value}};
	static struct entry anybody = {(char *)"cn=x", shown, 3};
	struct fuzz fuzz = {bytes, size};
	unsigned choice = fuzz_byte(&fuzz);
	const struct conf *conf = conf_of(choice);
	struct identifier identifier = {IDENTIFIER_SSN, DIGITS};
	struct reply any = {.kind = REPLY_DONE, .entries = &anybody, .entry_count = 1};
	struct reply reply = {.kind = REPLY_DONE, .also = &any};
	struct question question = {0};
	LDAP *handle;

	setenv("LDAPNOINIT", "1", 1);
	signal(SIGPIPE, SIG_IGN);
	roll_question(conf, &identifier, &question);
	handle = handle_of(fuzz.bytes, fuzz.size, &question);
	question_fini(&question);
	read_messages(handle, &reply);
	ldap_unbind_ext(handle, NULL, NULL);
	read_records(conf, &reply, choice);
	reply_fini(&reply);
	return 0;
}
