#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unictype.h>
#include <unistr.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/name.h"
#include "model/naming.h"

#define NAMING_UID_MOST 56
#define NAMING_SEPARATORS "._-"
#define NAMING_PLAIN "abcdefghijklmnopqrstuvwxyz0123456789"
#define NAMING_FALLBACK "user"

/* What a template may name. */
static const struct placeholder {
	const char *word;
	size_t part; /* offset in struct name */
	bool is_initial;
} placeholders[] = {
    {"given", offsetof(struct name, given), false},
    {"gi", offsetof(struct name, given), true},
    {"middle", offsetof(struct name, middle), false},
    {"mi", offsetof(struct name, middle), true},
    {"sn", offsetof(struct name, family), false},
};

/* The placeholder of the size bytes between the braces, or NULL. */
static const struct placeholder *
naming_find(const char *word, size_t size)
{
	for (size_t i = 0; i < sizeof(placeholders) / sizeof(*placeholders); i++)
		if (strlen(placeholders[i].word) == size &&
		    memcmp(placeholders[i].word, word, size) == 0)
			return &placeholders[i];
	return NULL;
}

/* The end of the placeholder that starts at the brace; NULL with err where there is none. */
static const char *
naming_check_placeholder(const char *brace, struct err *err)
{
	const char *end = strchr(brace, '}');

	if (end == NULL) {
		err_set(err, ERR_INPUT, "naming template: a '{' has no '}'");
		return NULL;
	}
	if (naming_find(brace + 1, (size_t)(end - brace - 1)) == NULL) {
		err_set(err, ERR_INPUT,
		    "naming template: no such part as '%.*s' (there are {given}, {gi}, {middle}, "
		    "{mi}, {sn})",
		    (int)(end - brace + 1), brace);
		return NULL;
	}
	return end + 1;
}

static int
naming_check_ends(const char *template, struct err *err)
{
	size_t size = strlen(template);

	if (size == 0)
		return err_set(err, ERR_INPUT, "naming template: it is empty");
	if (strchr(NAMING_SEPARATORS, template[0]) != NULL ||
	    strchr(NAMING_SEPARATORS, template[size - 1]) != NULL)
		return err_set(err, ERR_INPUT,
		    "naming template: it must not start or end with '.', '_' or '-'");
	if (strstr(template, "..") != NULL)
		return err_set(err, ERR_INPUT, "naming template: it must not have '..'");
	return 0;
}

int
naming_check_template(const char *template, struct err *err)
{
	bool has_part = false;

	if (naming_check_ends(template, err) != 0)
		return -1;
	for (const char *at = template; *at != '\0';) {
		if (*at == '{') {
			at = naming_check_placeholder(at, err);
			if (at == NULL)
				return -1;
			has_part = true;
		} else if (strchr(NAMING_PLAIN NAMING_SEPARATORS, *at) != NULL) {
			at++;
		} else {
			return err_set(err, ERR_INPUT,
			    "naming template: only a-z, 0-9, '.', '_', '-' and parts in braces");
		}
	}
	if (!has_part)
		return err_set(err, ERR_INPUT, "naming template: it names no part of the name");
	return 0;
}

/*
 * A part as it stands in a uid: its words joined, a hyphen (any dash) kept where both sides of it
 * transliterate to something.
 */
static char *
naming_part(const char *part)
{
	struct text out = {0};
	const uint8_t *at = (const uint8_t *)part, *start = at;
	ucs4_t point = 0;

	if (part == NULL || u8_check(at, u8_strlen(at)) != NULL)
		return mem_text("");
	do {
		const uint8_t *here = at;

		at = u8_next(&point, at);
		if (at == NULL || uc_is_property_dash(point)) {
			char *piece = mem_text_n((const char *)start, (size_t)(here - start));
			char *ascii = naming_ascii(piece);

			if (*ascii != '\0')
				text_add(&out, "%s%s", out.size > 0 ? "-" : "", ascii);
			free(ascii);
			free(piece);
			start = at;
		}
	} while (at != NULL);
	return text_take(&out);
}

/* Adds what the placeholder stands for; false where the name has nothing there. */
static bool
naming_add_part(struct text *field, const struct placeholder *placeholder, const struct name *name)
{
	char *const *part = (char *const *)((const char *)name + placeholder->part);
	char *ascii = naming_part(*part);
	bool some = *ascii != '\0';

	if (some)
		text_add_bytes(field, ascii, placeholder->is_initial ? 1 : strlen(ascii));
	free(ascii);
	return some;
}

/*
 * One field: the parts and plain literals up to the next separator or the end. Returns whether any
 * part of the name is in it.
 */
static bool
naming_field(const char **at, const struct name *name, struct text *field)
{
	bool some = false;

	while (**at != '\0' && strchr(NAMING_SEPARATORS, **at) == NULL) {
		if (**at == '{') {
			size_t size = strcspn(*at, "}");

			some |= naming_add_part(field, naming_find(*at + 1, size - 1), name);
			*at += size + 1;
		} else {
			text_add_bytes(field, (*at)++, 1);
		}
	}
	return some;
}

static void
naming_cut(char *stem, size_t most)
{
	size_t size = strlen(stem);

	if (size > most)
		size = most;
	while (size > 0 && strchr(NAMING_SEPARATORS, stem[size - 1]) != NULL)
		size--;
	stem[size] = '\0';
}

/*
 * The fields that have something, with the separators that stand before them; a field without
 * anything goes with the separators on its left (on its right where it is the first).
 */
int
naming_stem(
    const char *template, const struct name *name, char out[NAMING_UID_SIZE], struct err *err)
{
	struct text stem = {0};
	bool some = false;

	if (naming_check_template(template, err) != 0)
		return -1;
	for (const char *at = template; *at != '\0';) {
		const char *separators = at;
		size_t size = strspn(at, NAMING_SEPARATORS);
		struct text field = {0};

		at += size;
		some |= naming_field(&at, name, &field);
		if (field.size > 0) {
			if (stem.size > 0)
				text_add_bytes(&stem, separators, size);
			text_add_bytes(&stem, field.bytes, field.size);
		}
		text_fini(&field);
	}
	snprintf(
	    out, NAMING_UID_SIZE, "%.*s", NAMING_STEM_MOST, some ? stem.bytes : NAMING_FALLBACK);
	naming_cut(out, NAMING_STEM_MOST);
	text_fini(&stem);
	return 0;
}

void
naming_uid(const char *stem, int64_t n, char out[NAMING_UID_SIZE])
{
	char number[24] = "";

	if (n > 1)
		snprintf(number, sizeof(number), "%lld", (long long)n);
	snprintf(out, NAMING_UID_SIZE, "%.*s", NAMING_STEM_MOST, stem);
	naming_cut(out, NAMING_UID_MOST - strlen(number));
	strcat(out, number);
}
