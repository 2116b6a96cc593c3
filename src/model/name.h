/*
 * A person's legal name in four parts, UTF-8. family is always there; the others may be NULL (a
 * person with a single name has only family). Names are compared after NFC, case folding,
 * white-space collapsing and making apostrophe and hyphen variants one (Unicode TR15, TR21); a
 * hyphen counts as a space ("Smith-Jones" is "Smith Jones"), invisible code points for nothing.
 * Owner: who holds the struct; name_fini frees the parts.
 */
#ifndef MODEL_NAME_H
#define MODEL_NAME_H

#include <stdbool.h>
#include <stdint.h>

struct name {
	char *given, *middle, *family, *suffix;
};

void name_fini(struct name *name);
void name_copy(struct name *to, const struct name *from); /* 'to' is overwritten, not freed */

/*
 * Whether what a person typed is the name on record: family and given must agree; middle agrees
 * where either is missing, or one is the other's initial; suffix agrees where either is missing
 * ('Jr' and 'Jr.' are one). A single-name person agrees with given or family alone, or both alike.
 * Works through every part whatever the first ones say.
 */
bool name_is_same(const struct name *claimed, const struct name *recorded);
/* Family names alone: what makes two records of one identifier a conflict. */
bool name_is_same_family(const struct name *a, const struct name *b);

/* "John Quincy Doe Jr" and "John Q. Doe"; the caller frees. */
char *name_full(const struct name *name);
char *name_display(const struct name *name);
char *name_initials(const struct name *name); /* of the middle names: "Q"; NULL where none */

/* A canonical form for comparing (see above); NULL where the text is not UTF-8. Caller frees. */
char *name_fold(const char *part);

/* Whether a code point is written for an apostrophe; some (the Hawaiian ʻokina) are letters to
 * Unicode, and none is an initial. */
bool name_is_apostrophe(uint32_t point);

/* Whether a text may be a name part: UTF-8, 1 to 128 code points, no control, bidi or unassigned
 * code points, at least one letter. */
bool name_is_part(const char *part);

#endif
