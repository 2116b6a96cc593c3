#include <stdlib.h>
#include <unicase.h>
#include <unictype.h>
#include <unigbrk.h>
#include <uninorm.h>
#include <unistr.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/name.h"

static void
name_add_word(struct text *text, const char *word)
{
	if (word != NULL && *word != '\0')
		text_add(text, "%s%s", text->size == 0 ? "" : " ", word);
}

char *
name_full(const struct name *name)
{
	struct text text = {0};

	name_add_word(&text, name->given);
	name_add_word(&text, name->middle);
	name_add_word(&text, name->family);
	name_add_word(&text, name->suffix);
	return text_take(&text);
}

/* The letter that starts here, with its marks, as a title's first letter; then after. */
static void
name_add_initial(struct text *text, const uint8_t *start, const uint8_t *end, const char *after)
{
	const uint8_t *next = u8_grapheme_next(start, end);
	size_t size;
	uint8_t *letter = u8_totitle(start, (size_t)(next - start), NULL, UNINORM_NFC, NULL, &size);

	if (letter == NULL)
		err_end("out of memory");
	text_add_bytes(text, letter, size);
	text_add_bytes(text, after, u8_strlen((const uint8_t *)after));
	free(letter);
}

/* The first letter of each word, each followed by after; nothing for a word without a letter. */
static void
name_add_initials(struct text *text, const char *words, const char *after)
{
	const uint8_t *at = (const uint8_t *)words, *next, *end;
	bool is_due = true;
	ucs4_t point;

	if (words == NULL || u8_check(at, u8_strlen(at)) != NULL)
		return;
	for (end = at + u8_strlen(at); (next = u8_next(&point, at)) != NULL; at = next) {
		if (uc_is_property_white_space(point)) {
			is_due = true;
		} else if (is_due && !name_is_apostrophe(point) &&
			   uc_is_general_category_withtable(point, UC_CATEGORY_MASK_L)) {
			name_add_initial(text, at, end, after);
			is_due = false;
		}
	}
}

char *
name_initials(const struct name *name)
{
	struct text text = {0};

	name_add_initials(&text, name->middle, "");
	return text.size == 0 ? NULL : text_take(&text);
}

char *
name_display(const struct name *name)
{
	struct text text = {0}, initials = {0};

	name_add_initials(&initials, name->middle, ". ");
	if (initials.size > 0)
		initials.bytes[--initials.size] = '\0';
	name_add_word(&text, name->given);
	name_add_word(&text, initials.bytes);
	name_add_word(&text, name->family);
	text_fini(&initials);
	return text_take(&text);
}
