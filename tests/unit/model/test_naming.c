#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "model/name.h"
#include "model/naming.h"

#define COUNT(rows) (sizeof(rows) / sizeof(*(rows)))
#define USUAL "{given}.{mi}.{sn}"
#define FORTY "abcdefghijklmnopqrstuvwxyzabcdefghijklmn"

static const struct {
	const char *template, *given, *middle, *family, *expected;
} stems[] = {
    /* the usual template */
    {USUAL, "John", "Quincy", "Doe", "john.q.doe"},
    {USUAL, "John", NULL, "Doe", "john.doe"},
    {USUAL, "John", "", "Doe", "john.doe"},
    {USUAL, "John", " - ", "Doe", "john.doe"},
    {USUAL, NULL, NULL, "Cher", "cher"},
    {USUAL, "Cher", NULL, NULL, "cher"},
    {USUAL, "Cher", NULL, "", "cher"},
    {USUAL, NULL, "Quincy", "Doe", "q.doe"},
    {USUAL, "John", "Quincy", NULL, "john.q"},
    {USUAL, NULL, "Quincy", NULL, "q"},
    {USUAL, NULL, NULL, NULL, "user"},
    {USUAL, "John", "quincy adams", "Doe", "john.q.doe"},
    {USUAL, "John", "Q.", "Doe", "john.q.doe"},
    /* names of several words, with punctuation */
    {USUAL, "Jan", NULL, "van der Berg", "jan.vanderberg"},
    {USUAL, "Mary Ann", NULL, "de la Cruz", "maryann.delacruz"},
    {USUAL, "Sean", NULL, "O'Neil", "sean.oneil"},
    {USUAL, "Sean", NULL, "O\u2019Neil", "sean.oneil"},
    {USUAL, "Ann", NULL, "Smith-Jones", "ann.smith-jones"},
    {USUAL, "Ann", NULL, "Smith\u2010Jones", "ann.smith-jones"},
    {USUAL, "Ann", NULL, "Smith - Jones", "ann.smith-jones"},
    {USUAL, "Ann", NULL, "-Smith--Jones-", "ann.smith-jones"},
    {USUAL, "Jean-Luc", "Jean-Marie", "Roy", "jean-luc.j.roy"},
    {USUAL, "J. R.", NULL, "St. John", "jr.stjohn"},
    {USUAL, "John", NULL, "..", "john"},
    {USUAL, ".John.", NULL, "D..oe", "john.doe"},
    {USUAL, "John", NULL, "Doe 2nd", "john.doe2nd"},
    {USUAL, "john@x", NULL, "a,b+c=d\"<>;\\#/e", "johnx.abcde"},
    /* Latin letters with marks, and those without a decomposition */
    {USUAL, "Jürgen", NULL, "Groß", "jurgen.gross"},
    {USUAL, "Ju\u0308rgen", NULL, "GROẞ", "jurgen.gross"},
    {USUAL, "Søren", "Åge", "Kærgård", "soren.a.kaergard"},
    {USUAL, "Łukasz", NULL, "Wałęsa", "lukasz.walesa"},
    {USUAL, "Þór", "Æsir", "Guðmundsson", "thor.a.gudmundsson"},
    {USUAL, "Nguyễn", NULL, "Đặng", "nguyen.dang"},
    {USUAL, "Zoë", NULL, "Lœuf", "zoe.loeuf"},
    {USUAL, "IŞIL", NULL, "Yıldırım", "isil.yildirim"},
    {USUAL, "İbrahim", NULL, "Çelikoğlu", "ibrahim.celikoglu"},
    {USUAL, "Ġorġ", NULL, "Ħaż-Żebbuġ", "gorg.haz-zebbug"},
    {USUAL, "\uff21\uff42e", NULL, "ﬁnn", "abe.finn"},
    /* Greek */
    {USUAL, "Γεώργιος", NULL, "Παπαδόπουλος", "georgios.papadopoulos"},
    {USUAL, "ΕΥΑΓΓΕΛΙΑ", "Χρήστος", "Ψαρρά", "evangelia.c.psarra"},
    {USUAL, "Ὀδυσσεύς", NULL, "Θεοῦ", "odyssevs.theou"},
    /* Cyrillic */
    {USUAL, "Иван", "Петрович", "Сидоров", "ivan.p.sidorov"},
    {USUAL, "Юлия", "Щукина", "Хрущёва", "iuliia.s.khrushcheva"},
    {USUAL, "АНДРЕЙ", NULL, "ЦЫГАНОВЬ-ЖУК", "andrei.tsyganov-zhuk"},
    {USUAL, "Їжак", NULL, "Ґалаґан", "izhak.galagan"},
    {USUAL, "Љубица", NULL, "Ђорђевић", "ljubitsa.dordevic"},
    /* scripts without a table */
    {USUAL, "明", NULL, "王", "user"},
    {USUAL, "محمد", "علي", "خان", "user"},
    {USUAL, "明 Mike", NULL, "王", "mike"},
    {USUAL, "明", "Quincy", "Wang-王", "q.wang"},
    {USUAL, "김", NULL, "철수", "user"},
    {USUAL, "\xe9", NULL, "Doe", "doe"},
    {"x.{gi}{sn}", "明", NULL, "王", "user"},
    /* other templates */
    {"{gi}{sn}", "John", NULL, "Doe", "jdoe"},
    {"{gi}{mi}{sn}", "John", NULL, "Doe", "jdoe"},
    {"{given}{mi}.{sn}", "John", NULL, "Doe", "john.doe"},
    {"{given}.{mi}{gi}.{sn}", "John", NULL, "Doe", "john.j.doe"},
    {"{given}.{middle}.{sn}", "John", "Quincy Adams", "Doe", "john.quincyadams.doe"},
    {"{sn}.{given}", "John", NULL, "Doe", "doe.john"},
    {"{sn}.{given}", NULL, NULL, "Cher", "cher"},
    {"{sn}_{mi}-{given}", "John", NULL, "Doe", "doe-john"},
    {"{gi}.{mi}.{middle}.{sn}", NULL, NULL, "Doe", "doe"},
    {"civ.{sn}.2", "John", NULL, "Doe", "civ.doe.2"},
    {"civ.{sn}.{mi}.2", "John", NULL, "Doe", "civ.doe.2"},
    {"x{mi}.{sn}", "John", NULL, "Doe", "x.doe"},
    {"{mi}", "John", NULL, "Doe", "user"},
    {"{gi}", "Щука", NULL, "Doe", "s"},
    {"{gi}.{sn}", "'t", NULL, "Doe", "t.doe"},
    /* cut to 48 bytes, never behind a separator */
    {"{given}.{sn}", FORTY, NULL, "abcdefgh", FORTY ".abcdefg"},
    {"{given}.{sn}", FORTY "0123456", NULL, "Doe", FORTY "0123456"},
    {"{given}.{sn}", FORTY "01234567", NULL, "Doe", FORTY "01234567"},
    {"{given}.-_{sn}", FORTY "01234", NULL, "Doe", FORTY "01234"},
    {"{sn}", NULL, NULL, FORTY "0123456-8", FORTY "0123456"},
    {"{sn}", NULL, NULL, FORTY FORTY FORTY, FORTY "abcdefgh"},
};

/* An RFC 5321 dot-string of the characters that we use. */
static bool
is_uid(const char *uid)
{
	size_t size = strlen(uid);

	return size > 0 && size <= 56 &&
	       strspn(uid, "abcdefghijklmnopqrstuvwxyz0123456789._-") == size &&
	       strchr("._-", uid[0]) == NULL && strchr("._-", uid[size - 1]) == NULL &&
	       strstr(uid, "..") == NULL;
}

static void
test_stem(void **state)
{
	for (size_t i = 0; i < COUNT(stems); i++) {
		struct name name = {(char *)(uintptr_t)stems[i].given,
		    (char *)(uintptr_t)stems[i].middle, (char *)(uintptr_t)stems[i].family,
		    (char *)(uintptr_t) "Jr"};
		char out[NAMING_UID_SIZE];
		struct err err = {0};

		if (naming_stem(stems[i].template, &name, out, &err) != 0)
			fail_msg("row %zu: %s", i, err.text);
		if (strcmp(out, stems[i].expected) != 0)
			fail_msg("row %zu: '%s', not '%s'", i, out, stems[i].expected);
		assert_true(is_uid(out) && strlen(out) <= NAMING_STEM_MOST);
	}
}

static void
test_template(void **state)
{
	static const struct {
		const char *template, *fault; /* NULL where it is right */
	} rows[] = {
	    {USUAL, NULL},
	    {"{gi}{mi}{sn}", NULL},
	    {"a1-{sn}_{middle}.x", NULL},
	    {"", "empty"},
	    {"{given}.{surname}", "{surname}"},
	    {"{given}.{}", "{}"},
	    {"{given}.{SN}", "{SN}"},
	    {"{given}.{sn", "no '}'"},
	    {"{given}.{{sn}}", "{{sn}"},
	    {"{given}}.{sn}", "only"},
	    {"{given} {sn}", "only"},
	    {"{given}@{sn}", "only"},
	    {"{Given}", "{Given}"},
	    {"X{sn}", "only"},
	    {"é{sn}", "only"},
	    {"john.doe", "no part"},
	    {".{sn}", "start or end"},
	    {"{sn}.", "start or end"},
	    {"-{sn}", "start or end"},
	    {"{sn}_", "start or end"},
	    {"{given}..{sn}", "'..'"},
	};
	struct name name = {.family = (char *)(uintptr_t) "Doe"};
	char out[NAMING_UID_SIZE];

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err err = {0};
		int rc = naming_check_template(rows[i].template, &err);

		if ((rc == 0) != (rows[i].fault == NULL))
			fail_msg("'%s' gave %d %s", rows[i].template, rc, err.text);
		assert_int_equal(naming_stem(rows[i].template, &name, out, NULL), rc);
		if (rc == 0)
			continue;
		assert_int_equal(err.kind, ERR_INPUT);
		if (strstr(err.text, rows[i].fault) == NULL)
			fail_msg("'%s': '%s'", rows[i].template, err.text);
	}
}

static void
test_uid(void **state)
{
	static const struct {
		const char *stem;
		int64_t n;
		const char *expected;
	} rows[] = {
	    {"john.q.doe", 1, "john.q.doe"},
	    {"john.q.doe", 2, "john.q.doe2"},
	    {"john.q.doe", 10, "john.q.doe10"},
	    {"user", 1, "user"},
	    {"user", 123456, "user123456"},
	    {FORTY "01234567", 2, FORTY "012345672"},
	    {FORTY "01234567", 99999999, FORTY "0123456799999999"},
	    {FORTY "01234567", 100000000, FORTY "0123456100000000"},
	    {"abcdefghijklmnopqrstuvwxyzabcdefghij.lmnopqrstuv", INT64_MAX,
		"abcdefghijklmnopqrstuvwxyzabcdefghij9223372036854775807"},
	    {FORTY FORTY, 3, FORTY "abcdefgh3"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char out[NAMING_UID_SIZE];

		naming_uid(rows[i].stem, rows[i].n, out);
		assert_string_equal(out, rows[i].expected);
		assert_true(is_uid(out));
	}
}

static void
test_ascii(void **state)
{
	static const char *const rows[][2] = {
	    {"Jürgen", "jurgen"},
	    {"ß ẞ æ Æ ø Ø ł Ł þ Þ đ Đ ð Ð œ Œ ı İ I", "ssssaeaeoollththddddoeoeiii"},
	    {"ħ ŋ ŧ ə ɓ ɗ ƙ", "hntebdk"},
	    {"абвгдежзийклмнопрстуфхцчшщъыьэюя", "abvgdezhziiklmnoprstufkhtschshshchieyeiuia"},
	    {"ёѓќўїієґѕјљњћђџ", "egkuiiiegdzjljnjcddz"},
	    {"αβγδεζηθικλμνξοπρσςτυφχψω", "avgdezithiklmnxoprsstyfchpso"},
	    {"Smith-Jones 3rd", "smithjones3rd"},
	    {"½Ⅲ²", "12iii2"},
	    {"王小明 ١٢٣", ""},
	    {"Sm\u00adi\u200bth", "smith"},
	    {"", ""},
	    {"a\xe9", ""},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char *ascii = naming_ascii(rows[i][0]);

		assert_string_equal(ascii, rows[i][1]);
		free(ascii);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_stem),
	    cmocka_unit_test(test_template),
	    cmocka_unit_test(test_uid),
	    cmocka_unit_test(test_ascii),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
