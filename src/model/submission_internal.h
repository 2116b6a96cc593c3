/*
 * What the readers of a submission share: a place in the body, where members are read and faults
 * are noted, and small questions about texts. Every text here is UTF-8, as jansson gives it.
 */
#ifndef MODEL_SUBMISSION_INTERNAL_H
#define MODEL_SUBMISSION_INTERNAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct application;
struct faults;
struct submission;
struct submission_rules;

/* An object within the body. */
struct place {
	const json_t *object;
	struct faults *faults;
	char pointer[64]; /* RFC 6901 */
};

/* The body itself, or a fault and -1. */
int place_open(const json_t *body, struct faults *faults, struct place *place_out);
/* The object of that name; -1 where there is none. */
int place_enter(
    const struct place *parent, const char *member, bool needed, struct place *place_out);
/* The object at that index of an array. */
int place_enter_item(const struct place *parent, const char *member, const json_t *array, size_t i,
    struct place *place_out);
/* A fault at a member, or at the place itself where member is NULL. */
void place_fault(
    const struct place *place, const char *member, const char *code, const char *detail);
/* Every member that is not in the list (which ends with NULL) is a fault. */
void place_check_members(const struct place *place, const char *const *members);
/* The member of that JSON type; NULL where there is none. The body's. */
const json_t *place_member(
    const struct place *place, const char *member, json_type type, bool needed);
const char *place_text(const struct place *place, const char *member, bool needed);

/* No control, bidi control or noncharacter; lines: line feed and tab may be there. */
bool typed_is_plain(const char *text, bool lines);
bool typed_is_blank(const char *text); /* no letter, digit, punctuation or symbol */
size_t typed_letters(const char *text);
size_t typed_length(const char *text); /* code points */
char *typed_nfc(const char *text);     /* wipe and free */

bool contact_is_mail(const char *text);
bool contact_is_phone(const char *text);
bool contact_is_address(const char *text);
bool contact_is_line(const char *text);
bool contact_is_certificate(const char *text);

void submission_read_identity(const struct place *body, struct application *application);
void submission_read_password(
    const struct place *body, const struct submission_rules *rules, struct submission *submission);
void submission_read_questions(
    const struct place *body, const struct submission_rules *rules, struct submission *submission);

#endif
