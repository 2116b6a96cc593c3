#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/secret.h"
#include "model/application.h"
#include "model/json_text.h"
#include "model/registration_json.h"

/* Where a text lies in a struct, and what it is called in JSON. A text of NULL is left out. */
struct member {
	const char *name;
	size_t offset;
};

#define APPLICATION_TEXTS 7
static const struct member application_texts[APPLICATION_TEXTS] = {
    {"external_mail", offsetof(struct application, external_mail)},
    {"phone", offsetof(struct application, phone)},
    {"postal_address", offsetof(struct application, postal_address)},
    {"unit", offsetof(struct application, unit)},
    {"title", offsetof(struct application, title)},
    {"password_hash", offsetof(struct application, password_hash)},
    {"answers_hash", offsetof(struct application, answers_hash)},
};

#define PERSON_TEXTS 4
static const struct member person_texts[PERSON_TEXTS] = {
    {"edipi", offsetof(struct person, edipi)},
    {"o", offsetof(struct person, o)},
    {"ou", offsetof(struct person, ou)},
    {"title", offsetof(struct person, title)},
};

#define NAME_TEXTS 4
static const struct member name_texts[NAME_TEXTS] = {
    {"given", offsetof(struct name, given)},
    {"middle", offsetof(struct name, middle)},
    {"family", offsetof(struct name, family)},
    {"suffix", offsetof(struct name, suffix)},
};

static json_t *
encode_texts(const void *whole, const struct member *members, size_t count)
{
	json_t *object = json_object();

	for (size_t i = 0; i < count; i++) {
		char *const *text = (const void *)((const char *)whole + members[i].offset);

		if (*text != NULL)
			json_object_set_new(object, members[i].name, json_text(*text));
	}
	return object;
}

static void
encode_date(json_t *object, const char *name, const struct date *date)
{
	char text[DATE_SIZE];

	if (date_is_set(date))
		json_object_set_new(object, name, json_text(date_text(date, text)));
	secret_wipe(text, sizeof(text));
}

static json_t *
encode_questions(const struct application *application)
{
	json_t *array = json_array();

	for (size_t i = 0; i < QUESTIONS_MOST && application->questions[i] != NULL; i++)
		json_array_append_new(array, json_text(application->questions[i]));
	return array;
}

static json_t *
encode_person(const struct person *person)
{
	json_t *object = encode_texts(person, person_texts, PERSON_TEXTS);

	json_object_set_new(object, "name", encode_texts(&person->name, name_texts, NAME_TEXTS));
	if (person->categories != NULL)
		json_object_set_new(object, "categories", json_texts(person->categories));
	return object;
}

/* {"edipi": …} of a good card, {"refusal": …} of any other. */
static json_t *
encode_card(const struct shown_card *card)
{
	json_t *object = json_object();

	if (card->refusal != NULL)
		json_object_set_new(object, "refusal", json_text(card->refusal));
	else
		json_object_set_new(object, "edipi", json_text(card->edipi));
	return object;
}

/* Into one buffer of the right size: json_dumps leaves copies behind while its buffer grows. */
static char *
encode_document(const json_t *document)
{
	size_t size = json_dumpb(document, NULL, 0, JSON_COMPACT);
	char *text = mem_new(size + 1);

	json_dumpb(document, text, size, JSON_COMPACT);
	return text;
}

char *
application_encode(const struct application *application)
{
	const struct identifier *identifier = &application->identifier;
	json_t *object = encode_texts(application, application_texts, APPLICATION_TEXTS);
	char *text;

	if (identifier->digits[0] != '\0')
		json_object_set_new(
		    object, identifier_kind_name(identifier->kind), json_text(identifier->digits));
	encode_date(object, "birth_date", &application->birth_date);
	encode_date(object, "pay_entry_base_date", &application->pay_entry_base_date);
	json_object_set_new(
	    object, "legal_name", encode_texts(&application->legal_name, name_texts, NAME_TEXTS));
	json_object_set_new(object, "questions", encode_questions(application));
	json_object_set_new(object, "person", encode_person(&application->person));
	if (application->card.shown)
		json_object_set_new(object, "card", encode_card(&application->card));
	text = encode_document(object);
	json_text_wipe_free(&object);
	return text;
}

static int
decode_wrong(const char *name, struct err *err)
{
	return err_set(err, ERR_BROKEN, "the sealed application is damaged at '%s'", name);
}

static int
decode_texts(
    const json_t *object, void *whole, const struct member *members, size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		const json_t *value = json_object_get(object, members[i].name);
		char **text = (void *)((char *)whole + members[i].offset);

		if (value != NULL && !json_is_string(value))
			return decode_wrong(members[i].name, err);
		*text = mem_text(json_string_value(value));
	}
	return 0;
}

/* A member that is missing gives NULL, and is right; one of another type is damage. */
static int
decode_member(const json_t *object, const char *name, json_type type, const json_t **value_out,
    struct err *err)
{
	*value_out = json_object_get(object, name);
	if (*value_out != NULL && json_typeof(*value_out) != type)
		return decode_wrong(name, err);
	return 0;
}

static int
decode_name(const json_t *object, const char *member, struct name *name, struct err *err)
{
	const json_t *value;

	if (decode_member(object, member, JSON_OBJECT, &value, err) != 0)
		return -1;
	return decode_texts(value, name, name_texts, NAME_TEXTS, err);
}

static int
decode_date(const json_t *object, const char *name, struct date *date, struct err *err)
{
	const json_t *value;

	if (decode_member(object, name, JSON_STRING, &value, err) != 0)
		return -1;
	if (value != NULL && date_parse(DATE_ISO, json_string_value(value), date) != 0)
		return decode_wrong(name, err);
	return 0;
}

static int
decode_identifier(
    const json_t *object, enum identifier_kind kind, struct identifier *identifier, struct err *err)
{
	const char *name = identifier_kind_name(kind);
	const json_t *value;

	if (decode_member(object, name, JSON_STRING, &value, err) != 0)
		return -1;
	if (value != NULL && identifier_parse(kind, json_string_value(value), identifier) != 0)
		return decode_wrong(name, err);
	return 0;
}

static int
decode_questions(const json_t *object, struct application *application, struct err *err)
{
	const json_t *array, *value;
	size_t i;

	if (decode_member(object, "questions", JSON_ARRAY, &array, err) != 0)
		return -1;
	if (json_array_size(array) > QUESTIONS_MOST)
		return decode_wrong("questions", err);
	json_array_foreach(array, i, value)
	{
		if (!json_is_string(value))
			return decode_wrong("questions", err);
		application->questions[i] = mem_text(json_string_value(value));
	}
	return 0;
}

/* A card that is damaged in any way must not become one that is good. */
static int
decode_card(const json_t *object, struct shown_card *card, struct err *err)
{
	const json_t *value, *edipi, *refusal;

	if (decode_member(object, "card", JSON_OBJECT, &value, err) != 0 ||
	    decode_member(value, "edipi", JSON_STRING, &edipi, err) != 0 ||
	    decode_member(value, "refusal", JSON_STRING, &refusal, err) != 0)
		return -1;
	if (value == NULL)
		return 0;
	if ((edipi == NULL) == (refusal == NULL) ||
	    (edipi != NULL && json_string_length(edipi) != EDIPI_SIZE - 1))
		return decode_wrong("card", err);
	card->shown = true;
	card->refusal = mem_text(json_string_value(refusal));
	if (edipi != NULL)
		memcpy(card->edipi, json_string_value(edipi), EDIPI_SIZE);
	return 0;
}

static int
decode_person(const json_t *object, struct person *person, struct err *err)
{
	const json_t *value, *array, *category;
	size_t i;

	if (decode_member(object, "person", JSON_OBJECT, &value, err) != 0 ||
	    decode_texts(value, person, person_texts, PERSON_TEXTS, err) != 0 ||
	    decode_name(value, "name", &person->name, err) != 0 ||
	    decode_member(value, "categories", JSON_ARRAY, &array, err) != 0)
		return -1;
	json_array_foreach(array, i, category)
	{
		if (!json_is_string(category))
			return decode_wrong("categories", err);
		mem_texts_add(&person->categories, json_string_value(category));
	}
	return 0;
}

static int
decode_application(const json_t *object, struct application *application, struct err *err)
{
	if (!json_is_object(object))
		return err_set(err, ERR_BROKEN, "the sealed application is no JSON object");
	if (decode_texts(object, application, application_texts, APPLICATION_TEXTS, err) != 0 ||
	    decode_identifier(object, IDENTIFIER_SSN, &application->identifier, err) != 0 ||
	    decode_identifier(object, IDENTIFIER_FIN, &application->identifier, err) != 0 ||
	    decode_date(object, "birth_date", &application->birth_date, err) != 0 ||
	    decode_date(object, "pay_entry_base_date", &application->pay_entry_base_date, err) !=
		0 ||
	    decode_name(object, "legal_name", &application->legal_name, err) != 0 ||
	    decode_card(object, &application->card, err) != 0 ||
	    decode_questions(object, application, err) != 0)
		return -1;
	return decode_person(object, &application->person, err);
}

struct application *
application_decode(const char *text, size_t size, struct err *err)
{
	struct application *application = application_new();
	json_t *object = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);

	if (decode_application(object, application, err) != 0)
		application_free(&application);
	if (object != NULL)
		json_text_wipe_free(&object);
	return application;
}
