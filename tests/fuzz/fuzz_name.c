/*
 * Names and the uids that are made of them. The lines: a template, then two names of four parts
 * each (an empty line: the part is missing).
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "conf/check_text.h"
#include "fuzz.h"
#include "model/name.h"
#include "model/naming.h"
#include "model/submission_internal.h"
#include "model/submission_json.h"

#define PLAIN "abcdefghijklmnopqrstuvwxyz0123456789"

static char *
read_part(struct fuzz *fuzz)
{
	char *part = fuzz_line(fuzz);

	if (*part != '\0')
		return part;
	free(part);
	return NULL;
}

static void
read_name(struct fuzz *fuzz, struct name *name)
{
	name->given = read_part(fuzz);
	name->middle = read_part(fuzz);
	name->family = read_part(fuzz);
	name->suffix = read_part(fuzz);
}

/* The canonical form of a canonical form is itself. */
static void
check_part(const char *part)
{
	char *folded, *again;

	if (part == NULL)
		return;
	folded = name_fold(part);
	FUZZ_MUST((folded != NULL) == fuzz_is_utf8(part));
	if (folded == NULL) {
		FUZZ_MUST(!name_is_part(part));
		return;
	}
	FUZZ_MUST(*folded != ' ' && strstr(folded, "  ") == NULL);
	again = name_fold(folded);
	FUZZ_MUST(again != NULL && strcmp(folded, again) == 0);
	free(folded);
	free(again);
	folded = typed_nfc(part);
	again = typed_nfc(folded);
	FUZZ_MUST(strcmp(folded, again) == 0);
	free(folded);
	free(again);
	folded = submission_fold(part);
	again = submission_fold(folded);
	FUZZ_MUST(strcmp(folded, again) == 0);
	free(folded);
	free(again);
	if (name_is_part(part))
		FUZZ_MUST(!fuzz_has_control(part) && typed_letters(part) > 0 &&
			  typed_length(part) <= 128 && typed_is_plain(part, false));
}

static void
check_name(const struct name *name)
{
	char *full = name_full(name), *display = name_display(name);
	char *initials = name_initials(name);
	const char *const parts[] = {name->given, name->middle, name->family, name->suffix};
	bool good = name->family != NULL;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		check_part(parts[i]);
		good = good && (parts[i] == NULL || name_is_part(parts[i]));
	}
	FUZZ_MUST(initials == NULL || *initials != '\0');
	if (good) {
		FUZZ_MUST(name_is_same(name, name) && name_is_same_family(name, name));
		FUZZ_MUST(fuzz_is_utf8(full) && fuzz_is_utf8(display));
		FUZZ_MUST(initials == NULL || fuzz_is_utf8(initials));
	}
	free(full);
	free(display);
	free(initials);
}

/* A local part that needs no quotes (RFC 5321) and a value that needs no escape in a DN. */
static void
check_uid(const char *uid)
{
	size_t size = strlen(uid);

	FUZZ_MUST(size > 0 && size <= 56);
	FUZZ_MUST(strspn(uid, PLAIN "._-") == size && strstr(uid, "..") == NULL);
	FUZZ_MUST(strchr(PLAIN, uid[0]) != NULL && strchr(PLAIN, uid[size - 1]) != NULL);
}

static void
check_naming(const char *template, const struct name *name)
{
	static const int64_t numbers[] = {1, 2, 10, 99999, INT64_MAX};
	char stem[NAMING_UID_SIZE], uid[NAMING_UID_SIZE];
	struct err err = {0};
	bool good = naming_check_template(template, &err) == 0;

	FUZZ_MUST((naming_stem(template, name, stem, &err) == 0) == good);
	if (!good)
		return;
	FUZZ_MUST(check_template(template, &err) == 0);
	FUZZ_MUST(strlen(stem) <= NAMING_STEM_MOST);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		naming_uid(stem, numbers[i], uid);
		check_uid(uid);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz fuzz = {bytes, size};
	struct name one, other;
	char *template = fuzz_line(&fuzz);

	read_name(&fuzz, &one);
	read_name(&fuzz, &other);
	check_name(&one);
	check_naming(template, &one);
	if (one.family != NULL && other.family != NULL) {
		FUZZ_MUST(name_is_same_family(&one, &other) == name_is_same_family(&other, &one));
		name_is_same(&one, &other);
	}
	name_fini(&one);
	name_fini(&other);
	free(template);
	return 0;
}
