/* The cards that tests/pki/make-pki makes, each with what must be said of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/loop.h"
#include "base/mem.h"
#include "card/card.h"
#include "conf/conf.h"
#include "pki.h"

#define TURNS 3000 /* of at most 10 ms */

static struct loop *loop;
static struct pki *pki;

/* why is NULL where the card is good: John's, whose EDIPI ends with 1. */
static const struct {
	const char *name, *why;
} cases[] = {
    {"good", NULL},
    {"good-crlf", NULL},
    {"good-sixteen", NULL},
    {"good-without-middle", NULL},
    {"good-generation", NULL},
    {"good-printable", NULL},
    {"good-below-two", NULL},
    {"two-blocks", "more than one PEM block"},
    {"private-key", "a private key was sent: it is no longer secret"},
    {"trailing", "something stands after the PEM block"},
    {"leading", "something stands before the PEM block"},
    {"oversized", "larger than 8192 bytes"},
    {"not-base64", "the PEM block is not in base64"},
    {"padding-within", "the PEM block is not in base64"},
    {"empty-body", "the PEM block is not in base64"},
    {"no-end", "not a certificate in PEM"},
    {"no-pem", "not a certificate in PEM"},
    {"other-label", "not a certificate in PEM"},
    {"truncated", "not a certificate in DER"},
    {"long-length", "encoded in another way than DER"},
    {"more-after-der", "encoded in another way than DER"},
    {"other-signature", "a signature does not match"},
    {"authority", "the certificate of an authority"},
    {"without-eku", "not for client authentication"},
    {"eku-of-server", "its extended key usage is not a person's"},
    {"eku-more", "its extended key usage is not a person's"},
    {"eku-mail-only", "not for client authentication"},
    {"card-auth", "the card's own certificate, which proves no person"},
    {"usage-none", "its key is not for digital signatures"},
    {"usage-encipher", "its key is not for digital signatures"},
    {"usage-crl", "its key usage is not a person's"},
    {"policy-other", "no certificate policy that is allowed"},
    {"policy-none", "no certificate policy that is allowed"},
    {"policy-any", "no certificate policy that is allowed"},
    {"policy-of-issuer", "no certificate policy that is allowed"},
    {"critical-unknown", "a critical extension that is not known"},
    {"san-none", "no subject alternative name"},
    {"upn-none", "no user principal name"},
    {"upn-two", "more than one user principal name"},
    {"upn-two-people", "more than one user principal name"},
    {"upn-type", "the user principal name is not a UTF8String"},
    {"upn-nul", "a NUL in the user principal name"},
    {"upn-suffix", "the user principal name has another suffix"},
    {"upn-no-suffix", "the user principal name has another suffix"},
    {"upn-two-suffixes", "the user principal name has another suffix"},
    {"upn-long", "the user principal name has another suffix"},
    {"upn-nine", "the user principal name has no EDIPI of 10 digits, nor 16 with one"},
    {"upn-eleven", "the user principal name has no EDIPI of 10 digits, nor 16 with one"},
    {"upn-letters", "the user principal name has no EDIPI of 10 digits, nor 16 with one"},
    {"upn-arabic", "the user principal name has no EDIPI of 10 digits, nor 16 with one"},
    {"upn-category", "the user principal name has no EDIPI of 10 digits, nor 16 with one"},
    {"upn-association", "the user principal name has no EDIPI of 10 digits, nor 16 with one"},
    {"cn-none", "no common name"},
    {"cn-two", "more than one common name"},
    {"cn-type", "the common name is not a UTF8String or PrintableString"},
    {"cn-nul", "a NUL in the common name"},
    {"cn-without-edipi", "the common name does not end with an EDIPI after a name"},
    {"cn-edipi-alone", "the common name does not end with an EDIPI after a name"},
    {"cn-one-name", "the common name does not end with an EDIPI after a name"},
    {"cn-empty-name", "the common name does not end with an EDIPI after a name"},
    {"cn-nine", "the common name does not end with an EDIPI after a name"},
    {"cn-many", "the common name does not end with an EDIPI after a name"},
    {"disagree", "the common name and the user principal name disagree"},
    {"not-yet", "not yet valid"},
    {"expired", "expired"},
    {"md5", "signed with a weak algorithm"},
    {"sha1", "signed with a weak algorithm"},
    {"rsa-1024", "a weak key"},
    {"root-unknown", "its root is not trusted"},
    {"issuer-unknown", "its issuer is not known"},
    {"issuer-revoked", "an issuer is revoked"},
    {"issuer-too-deep", "an issuer may not issue it"},
    {"crl-none", "no revocation list of an issuer"},
    {"crl-stale", "the revocation list of an issuer is stale"},
    {"revoked", "revoked"},
};

static struct card *card;
static struct card_verdict verdict;
static int verdicts, faults;
static char fault_words[512];

static void
on_verdict(const struct card_verdict *found, void *arg)
{
	verdict = *found;
	verdicts++;
}

static void
on_fault(const char *key, const char *words, void *arg)
{
	faults++;
	snprintf(fault_words, sizeof(fault_words), "%s: %s", key, words);
}

static void
open_card(const struct conf_certificates *conf)
{
	struct err err = {0};

	faults = 0;
	card = card_open(loop, conf, on_fault, NULL, &err);
	if (card == NULL)
		fail_msg("%s", err.text);
}

static void
judge(const char *name)
{
	char *pem = pki_card(pki, name);
	int before = verdicts;

	assert_int_equal(card_submit(card, pem, on_verdict, NULL), 0);
	for (int i = 0; i < TURNS && verdicts == before; i++)
		loop_turn(loop, 10);
	assert_int_equal(verdicts, before + 1);
	mem_free_text(&pem);
}

static void
each_card_gets_its_reason(void **state)
{
	int wrong = 0;

	open_card(&pki->conf);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *why = cases[i].why;
		const char *edipi = why == NULL ? "1000000001" : "";

		judge(cases[i].name);
		if (verdict.kind == (why == NULL ? CARD_GOOD : CARD_REFUSED) &&
		    strcmp(verdict.edipi, edipi) == 0 &&
		    (why == NULL ? verdict.why == NULL : strcmp(verdict.why, why) == 0))
			continue;
		print_error("%s: %s\n", cases[i].name, verdict.why);
		wrong++;
	}
	assert_int_equal(wrong, 0);
	assert_int_equal(faults, 0);
	card_close(&card);
}

static void
another_person_is_another_edipi(void **state)
{
	open_card(&pki->conf);
	judge("other-person");
	assert_int_equal(verdict.kind, CARD_GOOD);
	assert_string_equal(verdict.edipi, "1000000002");
	card_close(&card);
}

static void
without_policies_any_will_do(void **state)
{
	struct conf_certificates conf = pki->conf;

	conf.policies = NULL;
	open_card(&conf);
	judge("policy-other");
	assert_int_equal(verdict.kind, CARD_GOOD);
	judge("policy-of-issuer");
	assert_int_equal(verdict.kind, CARD_GOOD);
	card_close(&card);
}

static void
another_suffix_by_configuration(void **state)
{
	struct conf_certificates conf = pki->conf;

	conf.upn_suffix = (char *)"mil.example";
	open_card(&conf);
	judge("good");
	assert_string_equal(verdict.why, "the user principal name has another suffix");
	judge("upn-suffix");
	assert_int_equal(verdict.kind, CARD_GOOD);
	card_close(&card);
}

static void
without_roots_no_card_is_taken(void **state)
{
	struct conf_certificates conf = {.roots_file = (char *)"",
	    .crl_folder = (char *)"",
	    .intermediates_file = (char *)"",
	    .upn_suffix = (char *)"mil",
	    .ocsp_url = (char *)""};

	open_card(&conf);
	judge("good");
	assert_int_equal(verdict.kind, CARD_REFUSED);
	assert_string_equal(verdict.why, "smart cards are not accepted here");
	card_close(&card);
}

/* No file of the folder is written in place: a card is judged by the lists before or after. */
static void
lists_are_read_again_when_they_change(void **state)
{
	char *here = mem_format("%s/crls/issuing.crl", pki->dir);
	char *away = mem_format("%s/issuing.away", pki->dir);
	char *odd = mem_format("%s/crls/odd.crl", pki->dir);
	char *other = mem_format("%s/unlisted.crl", pki->dir);
	FILE *file;

	open_card(&pki->conf);
	judge("good");
	assert_int_equal(verdict.kind, CARD_GOOD);
	assert_int_equal(rename(here, away), 0);
	judge("good");
	assert_string_equal(verdict.why, "no revocation list of an issuer");
	assert_int_equal(rename(away, here), 0);
	judge("good");
	assert_int_equal(verdict.kind, CARD_GOOD);

	/* another list in the place of one: as many files as before */
	assert_int_equal(link(here, away), 0);
	assert_int_equal(link(other, odd), 0);
	assert_int_equal(rename(odd, here), 0);
	judge("good");
	assert_string_equal(verdict.why, "no revocation list of an issuer");
	assert_int_equal(rename(away, here), 0);
	judge("good");
	assert_int_equal(verdict.kind, CARD_GOOD);

	file = fopen(odd, "w");
	fputs("no list\n", file);
	fclose(file);
	judge("good");
	assert_int_equal(verdict.kind, CARD_GOOD);
	for (int i = 0; i < TURNS && faults == 0; i++)
		loop_turn(loop, 10);
	assert_non_null(strstr(fault_words, "odd.crl: a CRL in it can't be read"));
	assert_int_equal(unlink(odd), 0);
	judge("revoked");
	assert_string_equal(verdict.why, "revoked");
	card_close(&card);
	mem_free_text(&here);
	mem_free_text(&away);
	mem_free_text(&odd);
	mem_free_text(&other);
}

static void
a_reload_takes_good_files_alone(void **state)
{
	struct conf_certificates conf = pki->conf;
	struct err err = {0};

	open_card(&pki->conf);
	conf.roots_file = mem_format("%s/none.pem", pki->dir);
	assert_int_equal(card_reload(card, &conf, &err), -1);
	assert_non_null(strstr(err.text, "certificates.roots_file: "));
	assert_non_null(strstr(err.text, "none.pem: can't read it"));
	judge("good");
	assert_int_equal(verdict.kind, CARD_GOOD);
	mem_free_text(&conf.roots_file);

	conf.roots_file = mem_format("%s/stranger.pem", pki->dir);
	err_clear(&err);
	assert_int_equal(card_reload(card, &conf, &err), 0);
	judge("good");
	assert_string_equal(verdict.why, "its root is not trusted");
	mem_free_text(&conf.roots_file);
	card_close(&card);
}

static const struct {
	const char *roots, *intermediates, *says;
} wrong_files[] = {
    {"issuing.pem", "intermediates.pem", "is not self-signed"},
    {"cards/good.pem", "intermediates.pem", "is not the certificate of an authority"},
    {"roots.pem", "cards/good.pem", "is not the certificate of an authority"},
    {"leaf.key", "intermediates.pem", "no certificate (PEM) is in it"},
    {"cards/not-base64.pem", "intermediates.pem", "a certificate in it can't be read"},
    {"roots.pem", "none.pem", "No such file"},
};

static void
files_that_are_no_authorities_are_refused(void **state)
{
	for (size_t i = 0; i < sizeof(wrong_files) / sizeof(wrong_files[0]); i++) {
		struct conf_certificates conf = pki->conf;
		struct err err = {0};

		conf.roots_file = mem_format("%s/%s", pki->dir, wrong_files[i].roots);
		conf.intermediates_file =
		    mem_format("%s/%s", pki->dir, wrong_files[i].intermediates);
		assert_null(card_open(loop, &conf, NULL, NULL, &err));
		if (strstr(err.text, wrong_files[i].says) == NULL)
			fail_msg("%s: %s", wrong_files[i].says, err.text);
		mem_free_text(&conf.roots_file);
		mem_free_text(&conf.intermediates_file);
	}
}

static char said[4096];

static void
on_said(const char *key, const char *words, void *arg)
{
	size_t size = strlen(said);

	snprintf(said + size, sizeof(said) - size, "%s: %s\n", key, words);
}

static void
a_check_says_every_fault(void **state)
{
	struct conf_certificates conf = pki->conf;

	said[0] = '\0';
	card_check_files(&conf, on_said, NULL);
	assert_non_null(strstr(said, "CN=Test without-list CA has no CRL"));
	assert_non_null(strstr(said, "CN=Test with-stale-list CA has a stale CRL"));
	assert_null(strstr(said, "Test issuing CA"));
	assert_null(strstr(said, "Test root CA"));

	said[0] = '\0';
	conf.crl_folder = mem_format("%s/nowhere", pki->dir);
	card_check_files(&conf, on_said, NULL);
	assert_non_null(strstr(said, "nowhere: can't read it: No such file"));
	assert_non_null(strstr(said, "CN=Test root CA has no CRL"));
	mem_free_text(&conf.crl_folder);
}

static void
a_full_queue_is_refused_and_closing_waits_for_nobody(void **state)
{
	char *pem = pki_card(pki, "good");
	int taken = 0;

	open_card(&pki->conf);
	while (taken < 1000 && card_submit(card, pem, on_verdict, NULL) == 0)
		taken++;
	assert_in_range(taken, 200, 300);
	verdicts = 0;
	for (int i = 0; i < TURNS && verdicts < taken; i++)
		loop_turn(loop, 10);
	assert_int_equal(verdicts, taken);
	assert_int_equal(card_submit(card, pem, on_verdict, NULL), 0);
	card_close(&card);
	assert_int_equal(verdicts, taken);
	mem_free_text(&pem);
}

/* What was posted for a card that is closed must never run: each test has a loop of its own. */
static int
begin_loop(void **state)
{
	struct err err = {0};

	loop = loop_new(&err);
	return loop == NULL ? -1 : 0;
}

static int
end_loop(void **state)
{
	card_close(&card);
	loop_free(&loop);
	return 0;
}

#define ON_LOOP(test) cmocka_unit_test_setup_teardown(test, begin_loop, end_loop)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    ON_LOOP(each_card_gets_its_reason),
	    ON_LOOP(another_person_is_another_edipi),
	    ON_LOOP(without_policies_any_will_do),
	    ON_LOOP(another_suffix_by_configuration),
	    ON_LOOP(without_roots_no_card_is_taken),
	    ON_LOOP(lists_are_read_again_when_they_change),
	    ON_LOOP(a_reload_takes_good_files_alone),
	    ON_LOOP(files_that_are_no_authorities_are_refused),
	    ON_LOOP(a_check_says_every_fault),
	    ON_LOOP(a_full_queue_is_refused_and_closing_waits_for_nobody),
	};
	int failed;

	pki = pki_make();
	if (pki == NULL)
		return 77;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	pki_free(&pki);
	return failed;
}
