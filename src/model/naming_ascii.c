/*
 * Latin letters for others, one row a letter or a pair of letters, lower case and without marks
 * (й is и, ё is е: NFKD took them apart, which is what ICAO wants for both).
 */
#include <stdbool.h>

#include "base/mem.h"
#include "base/text.h"
#include "model/naming.h"
#include "model/points_internal.h"

struct row {
	uint32_t letter, second; /* second: 0 where the row is of one letter */
	const char *ascii;
};

/* Pairs stand before their first letter. */
static const struct row rows[] = {
    /* Latin letters that are no letter with a mark to Unicode (ß → ss is case folding's). */
    {0x00e6, 0, "ae"}, /* æ */
    {0x00f0, 0, "d"},  /* ð */
    {0x00f8, 0, "o"},  /* ø */
    {0x00fe, 0, "th"}, /* þ */
    {0x0111, 0, "d"},  /* đ */
    {0x0127, 0, "h"},  /* ħ */
    {0x0131, 0, "i"},  /* ı */
    {0x0142, 0, "l"},  /* ł */
    {0x014b, 0, "n"},  /* ŋ */
    {0x0153, 0, "oe"}, /* œ */
    {0x0167, 0, "t"},  /* ŧ */
    {0x0253, 0, "b"},  /* ɓ */
    {0x0257, 0, "d"},  /* ɗ */
    {0x0259, 0, "e"},  /* ə */
    {0x0199, 0, "k"},  /* ƙ */

    /* Greek, after ISO 843 (ELOT 743); αυ, ευ, ηυ always with v. */
    {0x03b1, 0x03c5, "av"},  /* αυ */
    {0x03b5, 0x03c5, "ev"},  /* ευ */
    {0x03b7, 0x03c5, "iv"},  /* ηυ */
    {0x03bf, 0x03c5, "ou"},  /* ου */
    {0x03b3, 0x03b3, "ng"},  /* γγ */
    {0x03b3, 0x03be, "nx"},  /* γξ */
    {0x03b3, 0x03c7, "nch"}, /* γχ */
    {0x03b1, 0, "a"},        /* α */
    {0x03b2, 0, "v"},        /* β */
    {0x03b3, 0, "g"},        /* γ */
    {0x03b4, 0, "d"},        /* δ */
    {0x03b5, 0, "e"},        /* ε */
    {0x03b6, 0, "z"},        /* ζ */
    {0x03b7, 0, "i"},        /* η */
    {0x03b8, 0, "th"},       /* θ */
    {0x03b9, 0, "i"},        /* ι */
    {0x03ba, 0, "k"},        /* κ */
    {0x03bb, 0, "l"},        /* λ */
    {0x03bc, 0, "m"},        /* μ */
    {0x03bd, 0, "n"},        /* ν */
    {0x03be, 0, "x"},        /* ξ */
    {0x03bf, 0, "o"},        /* ο */
    {0x03c0, 0, "p"},        /* π */
    {0x03c1, 0, "r"},        /* ρ */
    {0x03c3, 0, "s"},        /* σ */
    {0x03c4, 0, "t"},        /* τ */
    {0x03c5, 0, "y"},        /* υ */
    {0x03c6, 0, "f"},        /* φ */
    {0x03c7, 0, "ch"},       /* χ */
    {0x03c8, 0, "ps"},       /* ψ */
    {0x03c9, 0, "o"},        /* ω */

    /* Cyrillic, after ICAO Doc 9303 part 3 section 6.B; the soft sign says nothing. */
    {0x0430, 0, "a"},    /* а */
    {0x0431, 0, "b"},    /* б */
    {0x0432, 0, "v"},    /* в */
    {0x0433, 0, "g"},    /* г */
    {0x0434, 0, "d"},    /* д */
    {0x0435, 0, "e"},    /* е */
    {0x0436, 0, "zh"},   /* ж */
    {0x0437, 0, "z"},    /* з */
    {0x0438, 0, "i"},    /* и */
    {0x043a, 0, "k"},    /* к */
    {0x043b, 0, "l"},    /* л */
    {0x043c, 0, "m"},    /* м */
    {0x043d, 0, "n"},    /* н */
    {0x043e, 0, "o"},    /* о */
    {0x043f, 0, "p"},    /* п */
    {0x0440, 0, "r"},    /* р */
    {0x0441, 0, "s"},    /* с */
    {0x0442, 0, "t"},    /* т */
    {0x0443, 0, "u"},    /* у */
    {0x0444, 0, "f"},    /* ф */
    {0x0445, 0, "kh"},   /* х */
    {0x0446, 0, "ts"},   /* ц */
    {0x0447, 0, "ch"},   /* ч */
    {0x0448, 0, "sh"},   /* ш */
    {0x0449, 0, "shch"}, /* щ */
    {0x044a, 0, "ie"},   /* ъ */
    {0x044b, 0, "y"},    /* ы */
    {0x044d, 0, "e"},    /* э */
    {0x044e, 0, "iu"},   /* ю */
    {0x044f, 0, "ia"},   /* я */
    {0x0452, 0, "d"},    /* ђ */
    {0x0454, 0, "ie"},   /* є */
    {0x0455, 0, "dz"},   /* ѕ */
    {0x0456, 0, "i"},    /* і */
    {0x0458, 0, "j"},    /* ј */
    {0x0459, 0, "lj"},   /* љ */
    {0x045a, 0, "nj"},   /* њ */
    {0x045b, 0, "c"},    /* ћ */
    {0x045f, 0, "dz"},   /* џ */
    {0x0491, 0, "g"},    /* ґ */
    /* … and letters of Kazakh, Kyrgyz, Mongolian and Tatar, which ICAO's table leaves out. */
    {0x0493, 0, "g"}, /* ғ */
    {0x049b, 0, "k"}, /* қ */
    {0x04a3, 0, "n"}, /* ң */
    {0x04af, 0, "u"}, /* ү */
    {0x04b1, 0, "u"}, /* ұ */
    {0x04bb, 0, "h"}, /* һ */
    {0x04d9, 0, "a"}, /* ә */
    {0x04e9, 0, "o"}, /* ө */
};

static bool
ascii_is_plain(uint32_t point)
{
	return (point >= 'a' && point <= 'z') || (point >= '0' && point <= '9');
}

static const struct row *
ascii_find(uint32_t letter, uint32_t second)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].letter == letter && (rows[i].second == 0 || rows[i].second == second))
			return &rows[i];
	return NULL;
}

char *
naming_ascii(const char *text)
{
	struct text ascii = {0};
	struct points points;

	if (points_fold(text, UNINORM_NFKD, &points) != 0)
		return mem_text("");
	for (size_t i = 0; i < points.count; i++) {
		uint32_t point = points.items[i];
		uint32_t second = i + 1 < points.count ? points.items[i + 1] : 0;
		const struct row *row = ascii_find(point, second);

		if (ascii_is_plain(point))
			text_add(&ascii, "%c", (int)point);
		if (row == NULL)
			continue;
		text_add(&ascii, "%s", row->ascii);
		if (row->second != 0)
			i++;
	}
	points_fini(&points);
	return text_take(&ascii);
}
