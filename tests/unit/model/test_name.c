#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "model/name.h"

#define COUNT(rows) (sizeof(rows) / sizeof(*(rows)))

/* A name written down in a row; the code under test changes nothing in it. */
struct written {
	const char *given, *middle, *family, *suffix;
};

static struct name
name_of(const struct written *written)
{
	return (struct name){(char *)(uintptr_t)written->given, (char *)(uintptr_t)written->middle,
	    (char *)(uintptr_t)written->family, (char *)(uintptr_t)written->suffix};
}

/* One name composed and decomposed: code points written out, so that no editor changes them. */
static const struct {
	const char *language, *nfc, *nfd;
} forms[] = {
    {"French", "\u00c9lodie", "E\u0301lodie"},
    {"Spanish", "Mu\u00f1oz", "Mun\u0303oz"},
    {"German", "M\u00fcller", "Mu\u0308ller"},
    {"Swedish", "\u00c5kesson", "A\u030akesson"},
    {"Czech", "Dvo\u0159\u00e1k", "Dvor\u030ca\u0301k"},
    {"Polish", "W\u00f3jcik", "Wo\u0301jcik"},
    {"Romanian", "\u021aepe\u0219", "T\u0326epes\u0326"},
    {"Latvian", "\u0136\u0113ni\u0146\u0161", "K\u0327e\u0304nin\u0327s\u030c"},
    {"Turkish", "\u00c7eliko\u011flu", "C\u0327elikog\u0306lu"},
    {"Vietnamese", "Nguy\u1ec5n Th\u1ecb Ng\u1ecdc", "Nguye\u0302\u0303n Thi\u0323 Ngo\u0323c"},
    {"Yoruba", "\u1eccl\u00e1\u0144rew\u00e1j\u00fa", "O\u0323la\u0301n\u0301rewa\u0301ju\u0301"},
    {"Greek", "\u03a0\u03b1\u03c0\u03b1\u03b4\u03cc\u03c0\u03bf\u03c5\u03bb\u03bf\u03c2",
	"\u03a0\u03b1\u03c0\u03b1\u03b4\u03bf\u0301\u03c0\u03bf\u03c5\u03bb\u03bf\u03c2"},
    {"polytonic Greek", "\u1f08\u03b8\u03b7\u03bd\u1fb6",
	"\u0391\u0313\u03b8\u03b7\u03bd\u03b1\u0342"},
    {"Russian", "\u041a\u043e\u0440\u043e\u043b\u0451\u0432 \u0410\u043d\u0434\u0440\u0435\u0439",
	"\u041a\u043e\u0440\u043e\u043b\u0435\u0308\u0432 "
	"\u0410\u043d\u0434\u0440\u0435\u0438\u0306"},
    {"Ukrainian", "\u0407\u0436\u0430\u043a", "\u0406\u0308\u0436\u0430\u043a"},
    {"Arabic", "\u0622\u0645\u0646\u0629", "\u0627\u0653\u0645\u0646\u0629"},
    {"Hindi", "\u0958\u092e\u0930", "\u0915\u093c\u092e\u0930"},
    {"Hebrew", "\ufb2a\u05dc\u05d5\u05dd", "\u05e9\u05c1\u05dc\u05d5\u05dd"},
    {"Bengali", "\u099a\u09cc\u09a7\u09c1\u09b0\u09c0",
	"\u099a\u09c7\u09d7\u09a7\u09c1\u09b0\u09c0"},
    {"Tamil", "\u0b95\u0bcb\u0baa\u0bbe\u0bb2\u0bcd", "\u0b95\u0bc7\u0bbe\u0baa\u0bbe\u0bb2\u0bcd"},
    {"Sinhala", "\u0d9c\u0ddd\u0db4\u0dcf\u0dbd", "\u0d9c\u0dd9\u0dcf\u0dca\u0db4\u0dcf\u0dbd"},
    {"Korean", "\uae40\ucca0\uc218", "\u1100\u1175\u11b7\u110e\u1165\u11af\u1109\u116e"},
    {"Japanese", "\u30ac\u30d6\u30ea\u30a8\u30eb", "\u30ab\u3099\u30d5\u3099\u30ea\u30a8\u30eb"},
    {"Burmese", "\u1026\u1038\u101e\u1014\u1037\u103a",
	"\u1025\u102e\u1038\u101e\u1014\u1037\u103a"},
    {"Pinyin", "L\u01da B\u00f9", "Lu\u0308\u030c Bu\u0300"},
};

static void
test_forms(void **state)
{
	for (size_t i = 0; i < COUNT(forms); i++) {
		struct written composed = {"Ann", NULL, forms[i].nfc, NULL};
		struct written decomposed = {"ANN", NULL, forms[i].nfd, NULL};
		struct name a = name_of(&composed), b = name_of(&decomposed);
		char *folded_a = name_fold(forms[i].nfc), *folded_b = name_fold(forms[i].nfd);

		assert_string_not_equal(forms[i].nfc, forms[i].nfd);
		if (strcmp(folded_a, folded_b) != 0 || !name_is_same(&a, &b) ||
		    !name_is_same_family(&b, &a))
			fail_msg("%s: composed and decomposed differ", forms[i].language);
		assert_true(name_is_part(forms[i].nfc) && name_is_part(forms[i].nfd));
		free(folded_a);
		free(folded_b);
	}
}

/* expected: the canonical form; NULL where the text is not UTF-8. */
static const struct {
	const char *text, *expected;
} folds[] = {
    {"Doe", "doe"},
    {"DOE", "doe"},
    {"", ""},
    {"  \t John \r\n  Quincy\u3000\u00a0Q ", "john quincy q"},
    {" \u2003 ", ""},
    {"Straße", "strasse"},
    {"STRASSE", "strasse"},
    {"STRAẞE", "strasse"},
    {"ΟΔΥΣΣΕΥΣ", "οδυσσευσ"},
    {"Οδυσσεύς", "οδυσσεύσ"},
    {"ИВАНОВ", "иванов"},
    {"ՄԵԾ", "մեծ"},
    {"ﬁnn", "finn"},
    {"Ångström", "\u00e5ngstr\u00f6m"},
    {"\u212bngstr\u00f6m", "\u00e5ngstr\u00f6m"}, /* the Ångström sign is Å */
    /* apostrophes */
    {"O'Neil", "o'neil"},
    {"O\u2019Neil", "o'neil"},
    {"O\u02bcNeil", "o'neil"},
    {"O\u02bbNeil", "o'neil"},
    {"O\u2018Neil", "o'neil"},
    {"O`Neil", "o'neil"},
    {"O\u00b4Neil", "o'neil"},
    {"O\uff07Neil", "o'neil"},
    {"\u0149eil", "'neil"}, /* case folding makes this one letter an apostrophe and n */
    {"O Neil", "o neil"},
    {"ONeil", "oneil"},
    /* hyphens */
    {"Smith-Jones", "smith jones"},
    {"Smith\u2010Jones", "smith jones"},
    {"Smith\u2011Jones", "smith jones"},
    {"Smith\u2013Jones", "smith jones"},
    {"Smith\u2212Jones", "smith jones"},
    {"Smith\uff0dJones", "smith jones"},
    {"Smith - Jones", "smith jones"},
    {"-Smith Jones\u2014", "smith jones"},
    {"בן\u05beגוריון", "בן גוריון"},
    {"SmithJones", "smithjones"},
    {"ガブリエール", "ガブリエール"}, /* the long vowel's mark is no hyphen */
    /* what nobody sees */
    {"Sm\u00adith", "smith"},
    {"\ufeffSmith\u200b", "smith"},
    {"علی\u200cرضا", "علیرضا"},
    /* not UTF-8 */
    {"Ren\xe9", NULL},
    {"\xed\xa0\x80", NULL},
    {"\xc0\xaf", NULL},
    {"abc\xe2\x80", NULL},
};

static void
test_fold(void **state)
{
	for (size_t i = 0; i < COUNT(folds); i++) {
		char *folded = name_fold(folds[i].text), *again;

		if (folds[i].expected == NULL) {
			if (folded != NULL)
				fail_msg("row %zu: taken for UTF-8", i);
			continue;
		}
		if (folded == NULL || strcmp(folded, folds[i].expected) != 0)
			fail_msg("'%s' folds to '%s', not '%s'", folds[i].text, folded,
			    folds[i].expected);
		again = name_fold(folded);
		assert_string_equal(again, folded);
		free(again);
		free(folded);
	}
}

/* What a claim says, what the record says, and whether they are the same person's name. */
static const struct {
	struct written claimed, recorded;
	bool same;
} pairs[] = {
    {{"John", "Quincy", "Doe", "Jr"}, {"JOHN", "QUINCY", "DOE", "JR"}, true},
    {{"John", NULL, "Doe", NULL}, {"John", NULL, "Doe", NULL}, true},
    {{"John", NULL, "Doe", NULL}, {"Jon", NULL, "Doe", NULL}, false},
    {{"John", NULL, "Doe", NULL}, {"John", NULL, "Dough", NULL}, false},
    {{"Doe", NULL, "John", NULL}, {"John", NULL, "Doe", NULL}, false},
    {{"", NULL, "Doe", NULL}, {"John", NULL, "Doe", NULL}, false},
    {{NULL, NULL, "Doe", NULL}, {"John", NULL, "Doe", NULL}, false},
    {{"John", NULL, NULL, NULL}, {"John", NULL, "Doe", NULL}, false},
    {{"John Doe", NULL, "", NULL}, {"John", NULL, "Doe", NULL}, false},
    {{NULL, NULL, NULL, NULL}, {NULL, NULL, NULL, NULL}, false},
    {{"John", NULL, "Doe", NULL}, {NULL, NULL, NULL, NULL}, false},
    {{NULL, NULL, "Doe", NULL}, {" ", NULL, "", NULL}, false},
    {{"", "", "", ""}, {"", "", "", ""}, false},
    {{" ", NULL, "-", NULL}, {NULL, NULL, " ", NULL}, false},
    {{" John ", NULL, " Doe", NULL}, {"John", NULL, "Doe", NULL}, true},
    /* middle names */
    {{"John", NULL, "Doe", NULL}, {"John", "Quincy", "Doe", NULL}, true},
    {{"John", "Quincy", "Doe", NULL}, {"John", NULL, "Doe", NULL}, true},
    {{"John", " ", "Doe", NULL}, {"John", "Quincy", "Doe", NULL}, true},
    {{"John", "Q", "Doe", NULL}, {"John", "Quincy", "Doe", NULL}, true},
    {{"John", "Q.", "Doe", NULL}, {"John", "Quincy", "Doe", NULL}, true},
    {{"John", "quincy", "Doe", NULL}, {"John", "Q", "Doe", NULL}, true},
    {{"John", "P", "Doe", NULL}, {"John", "Quincy", "Doe", NULL}, false},
    {{"John", "Qu", "Doe", NULL}, {"John", "Quincy", "Doe", NULL}, false},
    {{"John", "Quentin", "Doe", NULL}, {"John", "Quincy", "Doe", NULL}, false},
    {{"John", "Q.A.", "Doe", NULL}, {"John", "Quincy Adams", "Doe", NULL}, true},
    {{"John", "Quincy A", "Doe", NULL}, {"John", "Q Adams", "Doe", NULL}, true},
    {{"John", "Q", "Doe", NULL}, {"John", "Quincy Adams", "Doe", NULL}, true},
    {{"John", "A", "Doe", NULL}, {"John", "Quincy Adams", "Doe", NULL}, false},
    {{"John", "Quincy", "Doe", NULL}, {"John", "Quincy Adams", "Doe", NULL}, false},
    {{"John", "Quincy", "Doe", NULL}, {"John", "Q Adams", "Doe", NULL}, false},
    {{"John", "Quincy B", "Doe", NULL}, {"John", "Quincy Adams", "Doe", NULL}, false},
    {{"Ana", "\u00c9.", "Doe", NULL}, {"Ana", "E\u0301lise", "Doe", NULL}, true},
    {{"Ana", "E.", "Doe", NULL}, {"Ana", "\u00c9lise", "Doe", NULL}, false},
    {{"Ivan", "П", "Doe", NULL}, {"Ivan", "Петрович", "Doe", NULL}, true},
    {{"Keanu", "E.", "Doe", NULL}, {"Keanu", "\u02bbEkolu", "Doe", NULL}, true},
    {{"Keanu", "\u02bbE", "Doe", NULL}, {"Keanu", "'Ekolu", "Doe", NULL}, true},
    {{"Keanu", "\u02bb", "Doe", NULL}, {"Keanu", "\u02bbEkolu", "Doe", NULL}, false},
    {{"Jan", "A T H", "Doe", NULL}, {"Jan", "A 't Hart", "Doe", NULL}, true},
    {{"Keanu", "K", "Doe", NULL}, {"Keanu", "\u02bbEkolu", "Doe", NULL}, false},
    /* suffixes */
    {{"John", NULL, "Doe", "Jr."}, {"John", NULL, "Doe", "JR"}, true},
    {{"John", NULL, "Doe", NULL}, {"John", NULL, "Doe", "Jr"}, true},
    {{"John", NULL, "Doe", ", Jr."}, {"John", NULL, "Doe", "Jr"}, true},
    {{"John", NULL, "Doe", "Jr"}, {"John", NULL, "Doe", NULL}, true},
    {{"John", NULL, "Doe", "J. R."}, {"John", NULL, "Doe", "Jr"}, true},
    {{"John", NULL, "Doe", "Sr"}, {"John", NULL, "Doe", "Jr"}, false},
    {{"John", NULL, "Doe", "III"}, {"John", NULL, "Doe", "II"}, false},
    /* punctuation */
    {{"Sean", NULL, "O\u2019Neil", NULL}, {"SEAN", NULL, "O'NEIL", NULL}, true},
    {{"Sean", NULL, "ONeil", NULL}, {"SEAN", NULL, "O'NEIL", NULL}, false},
    {{"Ann", NULL, "Smith-Jones", NULL}, {"ANN", NULL, "SMITH JONES", NULL}, true},
    {{"Ann", NULL, "SmithJones", NULL}, {"ANN", NULL, "SMITH JONES", NULL}, false},
    {{"Jean-Luc", NULL, "Roy", NULL}, {"JEAN\u2011LUC", NULL, "ROY", NULL}, true},
    {{"Jan", NULL, "van der  Berg", NULL}, {"JAN", NULL, "VAN DER BERG", NULL}, true},
    /* marks and alphabets make another name */
    {{"Jurgen", NULL, "Doe", NULL}, {"Jürgen", NULL, "Doe", NULL}, false},
    {{"\u0410nna", NULL, "Doe", NULL}, {"Anna", NULL, "Doe", NULL}, false},
    {{"Anna", NULL, "D\u043ee", NULL}, {"Anna", NULL, "Doe", NULL}, false},
    {{"Anna", NULL, "D\u03bfe", NULL}, {"Anna", NULL, "Doe", NULL}, false},
    {{"\uff21nna", NULL, "Doe", NULL}, {"Anna", NULL, "Doe", NULL}, false},
    {{"Anna", "\u0410", "Doe", NULL}, {"Anna", "Ada", "Doe", NULL}, false},
    /* one name only */
    {{NULL, NULL, "Cher", NULL}, {NULL, NULL, "CHER", NULL}, true},
    {{"Cher", NULL, NULL, NULL}, {NULL, NULL, "CHER", NULL}, true},
    {{"Cher", NULL, "", NULL}, {NULL, NULL, "CHER", NULL}, true},
    {{"Cher", NULL, "Cher", NULL}, {NULL, NULL, "CHER", NULL}, true},
    {{NULL, NULL, "Cher", NULL}, {"Cher", NULL, NULL, NULL}, true},
    {{NULL, NULL, "Cher", NULL}, {" ", NULL, "Cher", NULL}, true},
    {{NULL, NULL, "Sonny", NULL}, {NULL, NULL, "Cher", NULL}, false},
    {{"Cher", NULL, "Doe", NULL}, {NULL, NULL, "Cher", NULL}, false},
    {{"Jane", NULL, "Cher", NULL}, {NULL, NULL, "Cher", NULL}, false},
    {{NULL, NULL, NULL, NULL}, {NULL, NULL, "Cher", NULL}, false},
    {{NULL, "Cher", NULL, NULL}, {NULL, NULL, "Cher", NULL}, false},
    {{NULL, NULL, "Cher", "Sr"}, {NULL, NULL, "Cher", "Jr"}, false},
    /* not UTF-8: agrees with nothing, itself included */
    {{"John", NULL, "Do\xe9", NULL}, {"John", NULL, "Do\xe9", NULL}, false},
    {{"John", "\xe9", "Doe", NULL}, {"John", NULL, "Doe", NULL}, false},
};

static void
test_is_same(void **state)
{
	for (size_t i = 0; i < COUNT(pairs); i++) {
		struct name claimed = name_of(&pairs[i].claimed),
			    recorded = name_of(&pairs[i].recorded);

		if (name_is_same(&claimed, &recorded) != pairs[i].same)
			fail_msg("row %zu: expected %d", i, pairs[i].same);
	}
}

static void
test_is_same_family(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
	    {"Doe", "DOE", true},
	    {"Smith-Jones", "SMITH JONES", true},
	    {"O\u2019Neil", "O'Neil", true},
	    {"Doe", "Roe", false},
	    {"Doe", NULL, false},
	    {"D\u043ee", "Doe", false},
	    {"Do\xe9", "Do\xe9", false},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct written left = {"Ann", NULL, rows[i].a, NULL},
			       right = {"Bob", NULL, rows[i].b, NULL};
		struct name a = name_of(&left), b = name_of(&right);

		if (name_is_same_family(&a, &b) != rows[i].same ||
		    name_is_same_family(&b, &a) != rows[i].same)
			fail_msg("row %zu: expected %d", i, rows[i].same);
	}
}

static void
test_texts(void **state)
{
	static const struct {
		struct written name;
		const char *full, *display, *initials;
	} rows[] = {
	    {{"John", "Quincy", "Doe", "Jr"}, "John Quincy Doe Jr", "John Q. Doe", "Q"},
	    {{"John", NULL, "Doe", NULL}, "John Doe", "John Doe", NULL},
	    {{"John", "", "Doe", ""}, "John Doe", "John Doe", NULL},
	    {{NULL, NULL, "Cher", NULL}, "Cher", "Cher", NULL},
	    {{NULL, "Ann", "Cher", NULL}, "Ann Cher", "A. Cher", "A"},
	    {{"John", "quincy  adams", "Doe", NULL}, "John quincy  adams Doe", "John Q. A. Doe",
		"QA"},
	    {{"John", "Q.", "Doe", "III"}, "John Q. Doe III", "John Q. Doe", "Q"},
	    {{"Ana", "e\u0301lise", "Doe", NULL}, "Ana e\u0301lise Doe", "Ana \u00c9. Doe",
		"\u00c9"},
	    {{"Ana", "Anne-Marie", "Doe", NULL}, "Ana Anne-Marie Doe", "Ana A. Doe", "A"},
	    {{"Jan", "'t Hart", "Doe", NULL}, "Jan 't Hart Doe", "Jan T. H. Doe", "TH"},
	    {{"Keanu", "\u02bbekolu", "Doe", NULL}, "Keanu \u02bbekolu Doe", "Keanu E. Doe", "E"},
	    {{"Jan", "- 3", "Doe", NULL}, "Jan - 3 Doe", "Jan Doe", NULL},
	    {{"Иван", "петрович", "Сидоров", NULL}, "Иван петрович Сидоров", "Иван П. Сидоров",
		"П"},
	    {{"Jan", "\xe9", "Doe", NULL}, "Jan \xe9 Doe", "Jan Doe", NULL},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct name name = name_of(&rows[i].name);
		char *full = name_full(&name), *display = name_display(&name);
		char *initials = name_initials(&name);

		assert_string_equal(full, rows[i].full);
		assert_string_equal(display, rows[i].display);
		assert_int_equal(initials == NULL, rows[i].initials == NULL);
		if (initials != NULL)
			assert_string_equal(initials, rows[i].initials);
		free(full);
		free(display);
		free(initials);
	}
}

static void
test_is_part(void **state)
{
	static const struct {
		const char *text;
		bool expected;
	} rows[] = {
	    {"Doe", true},
	    {"O'Neil-Smith, 3rd.", true},
	    {"Q", true},
	    {"明", true},
	    {"محمد", true},
	    {"علی\u200cرضا", true},
	    {"நாராயணன்", true},
	    {"", false},
	    {" ", false},
	    {"3", false},
	    {"---", false},
	    {"\u0301", false},
	    {"\u02bb", false},
	    {"\u02bbI", true},
	    {"Doe\n", false},
	    {"Doe\tRoe", false},
	    {"Doe\x7f", false},
	    {"Doe\xc2\x85", false},
	    {"Doe\u2028", false},
	    {"Doe\u2029", false},
	    {"Doe\u202e", false},
	    {"Doe\u200f", false},
	    {"Doe\u061c", false},
	    {"\u2066"
	     "Doe",
		false},
	    {"Doe\ue000", false},
	    {"Doe\u0378", false}, /* not assigned */
	    {"Doe\uffff", false},
	    {"Doe\U0010ffff", false},
	    {"Doe\xe9", false},
	    {"Doe\xed\xa0\x80", false},
	    {"Doe\xf4\x90\x80\x80", false},
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (name_is_part(rows[i].text) != rows[i].expected)
			fail_msg("row %zu: expected %d", i, rows[i].expected);
}

static void
test_part_length(void **state)
{
	char text[2 * 129 + 1] = "";

	for (int i = 0; i < 128; i++)
		strcat(text, "é");
	assert_true(name_is_part(text));
	strcat(text, "é");
	assert_false(name_is_part(text));
}

static void
test_copy(void **state)
{
	struct written written = {"John", NULL, "Doe", "Jr"};
	struct name from = name_of(&written), to;

	name_copy(&to, &from);
	assert_string_equal(to.given, "John");
	assert_null(to.middle);
	assert_string_equal(to.family, "Doe");
	assert_string_equal(to.suffix, "Jr");
	assert_ptr_not_equal(to.family, from.family);
	name_fini(&to);
	assert_null(to.given);
	assert_null(to.family);
	name_fini(&to);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_forms),
	    cmocka_unit_test(test_fold),
	    cmocka_unit_test(test_is_same),
	    cmocka_unit_test(test_is_same_family),
	    cmocka_unit_test(test_texts),
	    cmocka_unit_test(test_is_part),
	    cmocka_unit_test(test_part_length),
	    cmocka_unit_test(test_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
