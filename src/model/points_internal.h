/*
 * Code points of a text: what names and naming share. A struct points is owned by who declares
 * it; points_fini frees. Unicode's properties are those of the libunistring at hand.
 */
#ifndef MODEL_POINTS_INTERNAL_H
#define MODEL_POINTS_INTERNAL_H

#include <stddef.h>
#include <stdint.h>
#include <uninorm.h>

struct points {
	uint32_t *items;
	size_t count;
};

/*
 * A text after full case folding (no language's own rules) and normalising, without its default
 * ignorable code points (soft hyphen, joiners, byte order mark, …). -1 where it is not UTF-8.
 */
int points_fold(const char *text, uninorm_t form, struct points *points_out);
char *points_text(const struct points *points); /* UTF-8; the caller frees */
void points_fini(struct points *points);

#endif
