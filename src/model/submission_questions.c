#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"
#include "model/application.h"
#include "model/submission_internal.h"
#include "model/submission_json.h"

#define OWN_LEAST 4
#define OWN_MOST 200

/* What was read of one item; NULL where a part had a fault. */
struct item {
	char *question, *answer;               /* NFC */
	char *question_folded, *answer_folded; /* for comparing */
};

static char *
questions_detail(const char *what, int least, int most)
{
	return mem_format("the %s must have %d to %d characters", what, least, most);
}

static bool
questions_check_text(const struct place *place, const char *member, const char *text,
    const char *what, int least, int most)
{
	size_t length = typed_length(text);
	char *detail;

	if (length < (size_t)least || length > (size_t)most) {
		detail = questions_detail(what, least, most);
		place_fault(place, member, "length", detail);
		mem_free_text(&detail);
		return false;
	}
	if (!typed_is_plain(text, false) || typed_is_blank(text)) {
		place_fault(
		    place, member, "format", "this must be one line of letters, digits or signs");
		return false;
	}
	return true;
}

static void
questions_read_question(
    const struct place *place, const struct submission_rules *rules, struct item *item)
{
	const char *text = place_text(place, "question", true);
	char *question;

	if (text == NULL)
		return;
	question = typed_nfc(text);
	if (text_is_one_of(question, rules->pool) ||
	    (rules->own_questions && questions_check_text(place, "question", question, "question",
					 OWN_LEAST, OWN_MOST))) {
		item->question_folded = submission_fold(question);
		item->question = question;
		return;
	}
	if (!rules->own_questions)
		place_fault(place, "question", "policy", "the question is not one of the pool");
	secret_wipe_text(&question);
}

static void
questions_read_answer(
    const struct place *place, const struct submission_rules *rules, struct item *item)
{
	const char *text = place_text(place, "answer", true);
	char *answer;

	if (text == NULL)
		return;
	answer = typed_nfc(text);
	if (questions_check_text(
		place, "answer", answer, "answer", rules->answer_min, rules->answer_max)) {
		item->answer_folded = submission_fold(answer);
		item->answer = answer;
		return;
	}
	secret_wipe_text(&answer);
}

static bool
questions_are_same(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* Against the items before it, so that a repeated one is told once, where it is repeated. */
static void
questions_compare(const struct place *place, const struct item *items, size_t i)
{
	bool question = false, answer = false;

	for (size_t j = 0; j < i; j++) {
		question |= questions_are_same(items[j].question_folded, items[i].question_folded);
		answer |= questions_are_same(items[j].answer_folded, items[i].answer_folded);
	}
	if (question)
		place_fault(place, "question", "repeated", "the questions must differ");
	if (answer)
		place_fault(place, "answer", "repeated", "the answers must differ");
	if (questions_are_same(items[i].question_folded, items[i].answer_folded))
		place_fault(place, "answer", "policy", "the answer must differ from its question");
}

static void
questions_read_item(
    const struct place *place, const struct submission_rules *rules, struct item *items, size_t i)
{
	static const char *const members[] = {"question", "answer", NULL};

	place_check_members(place, members);
	questions_read_question(place, rules, &items[i]);
	questions_read_answer(place, rules, &items[i]);
	questions_compare(place, items, i);
}

/* All answers as one secret, each after its length: no two lists of answers give the same bytes. */
static struct secret *
questions_join(const struct item *items, size_t count)
{
	size_t size = 0, at = 0;
	unsigned char *bytes;
	struct secret *joined;

	for (size_t i = 0; i < count; i++)
		size += 4 + strlen(items[i].answer);
	bytes = mem_new(size);
	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(items[i].answer);

		for (int shift = 24; shift >= 0; shift -= 8)
			bytes[at++] = (unsigned char)(length >> shift);
		memcpy(bytes + at, items[i].answer, length);
		at += length;
	}
	joined = secret_new(bytes, size);
	secret_wipe(bytes, size);
	free(bytes);
	return joined;
}

static void
questions_keep(struct item *items, size_t count, struct submission *submission)
{
	for (size_t i = 0; i < count; i++)
		if (items[i].question == NULL || items[i].answer == NULL)
			return;
	submission->answers = questions_join(items, count);
	for (size_t i = 0; i < count; i++) {
		submission->application->questions[i] = items[i].question;
		items[i].question = NULL;
	}
}

static void
questions_wipe(struct item *items, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		secret_wipe_text(&items[i].question);
		secret_wipe_text(&items[i].answer);
		secret_wipe_text(&items[i].question_folded);
		secret_wipe_text(&items[i].answer_folded);
	}
}

static void
questions_read_items(const struct place *body, const struct submission_rules *rules,
    const json_t *array, struct submission *submission)
{
	struct item items[QUESTIONS_MOST] = {0};
	size_t count = json_array_size(array);

	for (size_t i = 0; i < count; i++) {
		struct place place;

		if (place_enter_item(body, "security_questions", array, i, &place) == 0)
			questions_read_item(&place, rules, items, i);
	}
	questions_keep(items, count, submission);
	questions_wipe(items, count);
}

void
submission_read_questions(
    const struct place *body, const struct submission_rules *rules, struct submission *submission)
{
	const json_t *array =
	    place_member(body, "security_questions", JSON_ARRAY, rules->question_count > 0);
	size_t count = json_array_size(array);
	char *detail;

	if (array == NULL || (count == 0 && rules->question_count == 0))
		return;
	if (rules->question_count == 0) {
		place_fault(body, "security_questions", "policy",
		    "security questions are not asked for here");
		return;
	}
	if (count != (size_t)rules->question_count) {
		detail = mem_format("%d security questions are needed", rules->question_count);
		place_fault(body, "security_questions", "length", detail);
		mem_free_text(&detail);
	}
	if (count > 0 && count <= QUESTIONS_MOST)
		questions_read_items(body, rules, array, submission);
}
