#include "base/instant.h"
#include "base/mem.h"
#include "base/secret.h"
#include "conf/conf.h"
#include "dir/question.h"
#include "model/application.h"
#include "model/naming.h"
#include "model/person.h"
#include "model/registration.h"
#include "provision/account.h"

char *
account_mail(const struct conf *conf, const char *uid)
{
	return mem_format("%s@%s", uid, conf->accounts.mail_domain);
}

static void
account_add(struct question *question, const char *attribute, const char *value)
{
	question_change(question, CHANGE_ADD, attribute, value);
}

static void
account_add_owned(struct question *question, const char *attribute, char *value)
{
	account_add(question, attribute, value);
	secret_wipe_text(&value);
}

static const char *
account_first(const char *a, const char *b)
{
	return a != NULL && a[0] != '\0' ? a : b;
}

static void
account_add_person(
    const struct conf *conf, const struct application *application, struct question *question)
{
	const struct person *person = &application->person;

	account_add_owned(question, "cn", name_full(&person->name));
	account_add(question, "sn", person->name.family);
	account_add(question, "givenName", person->name.given);
	account_add_owned(question, "initials", name_initials(&person->name));
	account_add_owned(question, "displayName", name_display(&person->name));
	account_add(question, "o", account_first(person->o, conf->accounts.organization));
	account_add(question, "ou", account_first(person->ou, application->unit));
	account_add(question, "title", account_first(person->title, application->title));
	account_add(question, "telephoneNumber", application->phone);
	account_add(question, "employeeNumber", person->edipi);
}

static void
account_add_addresses(const struct conf *conf, const struct person *person, const char *uid,
    struct question *question)
{
	account_add_owned(question, "mail", account_mail(conf, uid));
	account_add_owned(question, "mailLocalAddress", account_mail(conf, uid));
	for (size_t i = 0; person->categories[i] != NULL; i++) {
		const struct conf_category *category =
		    conf_category_find(conf, person->categories[i]);

		if (category == NULL || category->persona[0] == '\0')
			continue;
		account_add_owned(question, "mailLocalAddress",
		    mem_format("%s.%s@%s", uid, category->persona, conf->accounts.mail_domain));
	}
}

static void
account_add_categories(
    const struct conf *conf, const struct person *person, struct question *question)
{
	for (size_t i = 0; person->categories[i] != NULL; i++)
		account_add(question, "musterCategory", person->categories[i]);
	for (size_t i = 0; person->categories[i] != NULL; i++) {
		const struct conf_category *category =
		    conf_category_find(conf, person->categories[i]);

		account_add(question, "employeeType", category != NULL ? category->label : NULL);
	}
	account_add(question, "musterPrimaryCategory", person->categories[0]);
	account_add(question, "musterDualAccount", person_is_dual(person) ? "TRUE" : "FALSE");
}

/* 'INDEX HASH QUESTION': the hash is one over all answers, and holds no space. */
static void
account_add_answers(const struct application *application, struct question *question)
{
	for (size_t i = 0; i < QUESTIONS_MOST && application->questions[i] != NULL; i++)
		account_add_owned(question, "musterSecurityAnswer",
		    mem_format(
			"%zu %s %s", i + 1, application->answers_hash, application->questions[i]));
}

void
account_question(
    const struct conf *conf, const struct registration *registration, struct question *question)
{
	const struct application *application = registration->application;
	char uid[NAMING_UID_SIZE], when[INSTANT_SIZE];
	char *dn;

	naming_uid(registration->stem, registration->high, uid);
	dn = dn_make("uid", uid, conf->accounts.base);
	question_add(question, TO_ACCOUNTS, dn);
	mem_free_text(&dn);
	account_add(question, "objectClass", "inetOrgPerson");
	account_add(question, "objectClass", "inetLocalMailRecipient");
	account_add(question, "objectClass", "musterAccount");
	account_add(question, "uid", uid);
	account_add_person(conf, application, question);
	account_add_addresses(conf, &application->person, uid, question);
	account_add(question, "musterAccountStatus", "pending");
	account_add_categories(conf, &application->person, question);
	account_add(question, "musterActivationTime",
	    instant_generalized(registration->activates_at, when));
	account_add(question, "musterRegistrationId", registration->id);
	account_add(question, "musterPersonKey", registration->person_key);
	account_add(question, "musterPendingPassword", application->password_hash);
	account_add(question, "musterExternalMail", application->external_mail);
	account_add_answers(application, question);
}
