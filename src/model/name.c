#include <stdlib.h>
#include <string.h>
#include <unictype.h>
#include <unigbrk.h>
#include <unistr.h>

#include "base/mem.h"
#include "base/secret.h"
#include "model/name.h"
#include "model/points_internal.h"

#define NAME_PART_MOST 128 /* code points */

/* A name's parts ready for comparing: "" where missing. */
struct folded {
	char *given, *middle, *family, *suffix;
	bool is_text; /* every part was UTF-8; what is not agrees with nothing */
};

void
name_fini(struct name *name)
{
	mem_free_text(&name->given);
	mem_free_text(&name->middle);
	mem_free_text(&name->family);
	mem_free_text(&name->suffix);
}

void
name_copy(struct name *to, const struct name *from)
{
	to->given = mem_text(from->given);
	to->middle = mem_text(from->middle);
	to->family = mem_text(from->family);
	to->suffix = mem_text(from->suffix);
}

/* The code points that keyboards, forms and directories write for one apostrophe. */
bool
name_is_apostrophe(uint32_t point)
{
	static const uint32_t variants[] = {
	    0x0027, 0x0060, 0x00b4,                         /* ' ` ´ */
	    0x02b9, 0x02bb, 0x02bc, 0x02bd, 0x02be, 0x02bf, /* modifier letters: ʹ ʻ ʼ ʽ ʾ ʿ */
	    0x055a, 0x05f3,                                 /* Armenian apostrophe, Hebrew geresh */
	    0x2018, 0x2019, 0x201b, 0x2032,                 /* ‘ ’ ‛ ′ */
	    0xa78c, 0xff07,                                 /* saltillo, full-width */
	};

	for (size_t i = 0; i < sizeof(variants) / sizeof(*variants); i++)
		if (point == variants[i])
			return true;
	return false;
}

/*
 * A hyphen, whichever of Unicode's dashes it is, counts as a space: personnel systems that know no
 * punctuation write "SMITH JONES" for Smith-Jones, and one person's two records must not be a
 * conflict over it. "Smithjones" stays another name. Alphabets are never mixed: the look-alikes
 * Latin A and Cyrillic А differ. The work is done in place, for nothing gets longer.
 */
static void
name_make_one(struct points *points)
{
	bool gap = false;
	size_t kept = 0;

	for (size_t i = 0; i < points->count; i++) {
		uint32_t point = points->items[i];

		if (uc_is_property_white_space(point) || uc_is_property_dash(point)) {
			gap = kept > 0;
			continue;
		}
		if (gap)
			points->items[kept++] = ' ';
		gap = false;
		points->items[kept++] = name_is_apostrophe(point) ? '\'' : point;
	}
	points->count = kept;
}

char *
name_fold(const char *part)
{
	struct points points;
	char *text;

	if (points_fold(part, UNINORM_NFC, &points) != 0)
		return NULL;
	name_make_one(&points);
	text = points_text(&points);
	points_fini(&points);
	return text;
}

/* A part folded, with the bytes of drop (ASCII) made spaces first; "" where it is missing. */
static char *
name_fold_without(const char *part, const char *drop, bool *is_text)
{
	char *copy = mem_text(part == NULL ? "" : part), *text;

	for (char *at = copy; (at = strpbrk(at, drop)) != NULL; at++)
		*at = ' ';
	text = name_fold(copy);
	mem_free(copy);
	*is_text &= text != NULL;
	return text != NULL ? text : mem_text("");
}

/* "J. R." → "jr": spaces in a suffix say nothing. */
static void
name_squeeze(char *text)
{
	char *to = text;

	for (; *text != '\0'; text++)
		if (*text != ' ')
			*to++ = *text;
	*to = '\0';
}

static void
folded_init(struct folded *folded, const struct name *name)
{
	folded->is_text = true;
	folded->given = name_fold_without(name->given, "", &folded->is_text);
	folded->middle = name_fold_without(name->middle, ".", &folded->is_text);
	folded->family = name_fold_without(name->family, "", &folded->is_text);
	folded->suffix = name_fold_without(name->suffix, ".,", &folded->is_text);
	name_squeeze(folded->suffix);
}

static void
folded_fini(struct folded *folded)
{
	mem_free(folded->given);
	mem_free(folded->middle);
	mem_free(folded->family);
	mem_free(folded->suffix);
}

static bool
name_is_missing(const char *text)
{
	return *text == '\0';
}

/* Takes as long wherever the first difference is. */
static bool
name_is_equal(const char *a, const char *b)
{
	size_t a_size = strlen(a), b_size = strlen(b);
	size_t size = (a_size > b_size ? a_size : b_size) + 1;
	char *padded = mem_new(2 * size);
	bool equal;

	memcpy(padded, a, a_size);
	memcpy(padded + size, b, b_size);
	equal = secret_is_equal(padded, padded + size, size);
	mem_free(padded);
	return equal;
}

/* Behind the apostrophe that a folded word may begin with ("'ekolu", "'t"): it is no initial. */
static const char *
name_letters(const char *word)
{
	return *word == '\'' ? word + 1 : word;
}

/* Bytes of the first letter as people count letters, with its marks. */
static size_t
name_initial_size(const char *text)
{
	const uint8_t *start = (const uint8_t *)text, *end = start + strlen(text);
	const uint8_t *next = u8_grapheme_next(start, end);

	return next == NULL ? 0 : (size_t)(next - start);
}

/* Whether a (size bytes) is the initial of b, an apostrophe before either left aside. */
static bool
name_is_initial(const char *a, size_t size, const char *b)
{
	const char *a_letters = name_letters(a), *b_letters = name_letters(b);

	size -= (size_t)(a_letters - a);
	return size > 0 && size == name_initial_size(b_letters) &&
	       memcmp(a_letters, b_letters, size) == 0;
}

/* Whether word (size bytes) is the other, or its initial. */
static bool
name_is_word_or_initial(const char *word, size_t size, const char *other, size_t other_size)
{
	bool is_word = size == other_size && memcmp(word, other, size) == 0;

	return is_word || (size > 0 && name_is_initial(word, size, other));
}

/* Word by word: "q a" and "quincy a" are "quincy adams". */
static bool
name_is_each_word_agreed(const char *a, const char *b)
{
	while (*a != '\0' && *b != '\0') {
		size_t a_size = strcspn(a, " "), b_size = strcspn(b, " ");

		if (!name_is_word_or_initial(a, a_size, b, b_size) &&
		    !name_is_word_or_initial(b, b_size, a, a_size))
			return false;
		a += a_size + (a[a_size] == ' ');
		b += b_size + (b[b_size] == ' ');
	}
	return *a == *b;
}

static bool
name_is_middle_agreed(const char *a, const char *b)
{
	/* One initial alone will do: a record often keeps one of several names. */
	bool initial = (!name_is_missing(a) && name_is_initial(a, strlen(a), b)) ||
		       (!name_is_missing(b) && name_is_initial(b, strlen(b), a));
	bool words = name_is_each_word_agreed(a, b);

	return name_is_missing(a) || name_is_missing(b) || initial || words;
}

static bool
name_is_agreed_or_missing(const char *a, const char *b)
{
	bool equal = name_is_equal(a, b);

	return name_is_missing(a) || name_is_missing(b) || equal;
}

/*
 * Forms ask for a family name, or for both: a person with one name writes it into either or into
 * both. Any other name beside it is a claim that the record does not carry.
 */
static bool
name_is_single_agreed(const struct folded *claimed, const struct folded *recorded)
{
	const char *only = name_is_missing(recorded->family) ? recorded->given : recorded->family;
	bool given = name_is_agreed_or_missing(claimed->given, only);
	bool family = name_is_agreed_or_missing(claimed->family, only);
	bool some = !name_is_missing(claimed->given) || !name_is_missing(claimed->family);

	return !name_is_missing(only) && some && given && family;
}

/* Each part is worked through before any of the results is looked at. */
bool
name_is_same(const struct name *claimed, const struct name *recorded)
{
	struct folded a, b;
	bool given, family, single, is_single, middle, suffix, is_text;

	folded_init(&a, claimed);
	folded_init(&b, recorded);
	given = name_is_equal(a.given, b.given);
	family = name_is_equal(a.family, b.family);
	single = name_is_single_agreed(&a, &b);
	is_single = name_is_missing(b.given) || name_is_missing(b.family);
	middle = name_is_middle_agreed(a.middle, b.middle);
	suffix = name_is_agreed_or_missing(a.suffix, b.suffix);
	is_text = a.is_text && b.is_text;
	folded_fini(&a);
	folded_fini(&b);
	return is_text && middle && suffix && (is_single ? single : given && family);
}

bool
name_is_same_family(const struct name *a, const struct name *b)
{
	bool is_text = true, same;
	char *a_family = name_fold_without(a->family, "", &is_text);
	char *b_family = name_fold_without(b->family, "", &is_text);

	same = name_is_equal(a_family, b_family) && is_text;
	free(a_family);
	free(b_family);
	return same;
}

/* Private use is out too: what such a code point shows is agreed with nobody. */
static bool
name_is_allowed(uint32_t point)
{
	return !uc_is_general_category_withtable(
		   point, UC_CATEGORY_MASK_Cc | UC_CATEGORY_MASK_Cn | UC_CATEGORY_MASK_Co |
			      UC_CATEGORY_MASK_Cs | UC_CATEGORY_MASK_Zl | UC_CATEGORY_MASK_Zp) &&
	       !uc_is_property_bidi_control(point);
}

bool
name_is_part(const char *part)
{
	const uint8_t *at = (const uint8_t *)part;
	size_t count = 0;
	bool letter = false;
	ucs4_t point;

	if (u8_check(at, u8_strlen(at)) != NULL)
		return false;
	while ((at = u8_next(&point, at)) != NULL) {
		if (++count > NAME_PART_MOST || !name_is_allowed(point))
			return false;
		letter |= uc_is_general_category_withtable(point, UC_CATEGORY_MASK_L) &&
			  !name_is_apostrophe(point);
	}
	return letter;
}
