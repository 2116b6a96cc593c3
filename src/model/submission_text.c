#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "base/err.h"
#include "base/mem.h"
#include "model/submission_internal.h"
#include "model/submission_json.h"

static const uint8_t *
typed_units(const char *text)
{
	return (const uint8_t *)text;
}

/*
 * Bidirectional controls can make a text look like another one (Unicode TR36, TR9 section 2);
 * noncharacters (Unicode 23.7) are not for interchange.
 */
static bool
typed_is_plain_point(ucs4_t point, bool lines)
{
	if (point == '\n' || point == '\t')
		return lines;
	if (point < 0x20 || (point >= 0x7f && point <= 0x9f))
		return false;
	if (point == 0x061c || point == 0x200e || point == 0x200f)
		return false;
	if ((point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069))
		return false;
	return !(point >= 0xfdd0 && point <= 0xfdef) && (point & 0xfffe) != 0xfffe;
}

bool
typed_is_plain(const char *text, bool lines)
{
	const uint8_t *at = typed_units(text);
	ucs4_t point;

	if (u8_check(at, strlen(text)) != NULL)
		return false;
	while ((at = u8_next(&point, at)) != NULL) {
		/* A browser ends the lines of a text area with both (HTML, form submission). */
		bool ends_line = point == '\r' && *at == '\n';

		if (!typed_is_plain_point(ends_line ? '\n' : point, lines))
			return false;
	}
	return true;
}

/* How many code points are of those general categories (a mask). */
static size_t
typed_count(const char *text, uint32_t categories)
{
	const uint8_t *at = typed_units(text);
	ucs4_t point;
	size_t n = 0;

	while ((at = u8_next(&point, at)) != NULL)
		if (uc_is_general_category_withtable(point, categories))
			n++;
	return n;
}

bool
typed_is_blank(const char *text)
{
	return typed_count(text, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_N | UC_CATEGORY_MASK_P |
				     UC_CATEGORY_MASK_S) == 0;
}

size_t
typed_letters(const char *text)
{
	return typed_count(text, UC_CATEGORY_MASK_L);
}

size_t
typed_length(const char *text)
{
	return u8_mbsnlen(typed_units(text), strlen(text));
}

/*
 * libunistring's result, in a buffer large enough from the start: one that it had to grow would
 * leave copies of a password behind. Neither NFC nor folding makes UTF-8 longer than threefold
 * (Unicode TR15, table 'Maximum Expansion Factors'; SpecialCasing), both together not ninefold.
 */
static char *
typed_convert(const char *text, bool fold)
{
	size_t size = strlen(text), room = 9 * size + 1, length = room - 1;
	char *buffer;
	uint8_t *result;

	if (u8_check(typed_units(text), size) != NULL)
		return NULL;
	buffer = mem_new(room);
	if (fold)
		result = u8_casefold(
		    typed_units(text), size, NULL, UNINORM_NFC, (uint8_t *)buffer, &length);
	else
		result =
		    u8_normalize(UNINORM_NFC, typed_units(text), size, (uint8_t *)buffer, &length);
	if (result != (uint8_t *)buffer)
		err_end("out of memory, or a text grew beyond bounds");
	buffer[length] = '\0';
	return buffer;
}

char *
typed_nfc(const char *text)
{
	return typed_convert(text, false);
}

char *
submission_fold(const char *text)
{
	return typed_convert(text, true);
}
