/* What an OCSP responder says about a card, and what nobody believes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/mem.h"
#include "card/card.h"
#include "pki.h"
#include "responder.h"

#define TURNS 3000   /* of at most 10 ms */
#define TIMEOUT 3000 /* milliseconds */

static struct loop *loop;
static struct pki *pki;
static struct responder *responder;
static struct card *card;
static struct card_verdict verdict;
static int verdicts, waited;

static const struct {
	const char *name;
	enum responder_mode mode;
	enum card_kind kind;
	const char *why;
} cases[] = {
    {"good", RESPONDER_TRUE, CARD_GOOD, NULL},
    {"revoked-later", RESPONDER_TRUE, CARD_REFUSED, "revoked, says the OCSP responder"},
    {"good", RESPONDER_UNKNOWN, CARD_REFUSED, "not known to the OCSP responder"},
    {"good", RESPONDER_STALE, CARD_UNAVAILABLE, "the OCSP responder's answer is stale"},
    {"good", RESPONDER_NOT_YET, CARD_UNAVAILABLE, "the OCSP responder's answer is stale"},
    {"good", RESPONDER_OLD_WITHOUT_END, CARD_UNAVAILABLE, "the OCSP responder's answer is stale"},
    {"good", RESPONDER_WITHOUT_NONCE, CARD_UNAVAILABLE,
	"the OCSP responder's answer has another nonce, or none"},
    {"good", RESPONDER_OTHER_NONCE, CARD_UNAVAILABLE,
	"the OCSP responder's answer has another nonce, or none"},
    {"good", RESPONDER_OTHER_SIGNER, CARD_UNAVAILABLE,
	"the OCSP responder's signature can't be believed"},
    {"good", RESPONDER_STRANGER, CARD_UNAVAILABLE,
	"the OCSP responder's signature can't be believed"},
    {"good", RESPONDER_OTHER_CARD, CARD_UNAVAILABLE,
	"the OCSP responder's answer is about something else"},
    {"good", RESPONDER_TRY_LATER, CARD_UNAVAILABLE, "the OCSP responder refuses to answer"},
    {"good", RESPONDER_GARBAGE, CARD_UNAVAILABLE, "the OCSP responder does not answer"},
    {"good", RESPONDER_HTTP_ERROR, CARD_UNAVAILABLE, "the OCSP responder does not answer"},
    {"good", RESPONDER_SILENT, CARD_UNAVAILABLE, "the OCSP responder does not answer"},
    {"good", RESPONDER_HANG_UP, CARD_UNAVAILABLE, "the OCSP responder does not answer"},
    {"good", RESPONDER_TRUE, CARD_GOOD, NULL},
};

static void
on_verdict(const struct card_verdict *found, void *arg)
{
	verdict = *found;
	verdicts++;
	waited += found->why != NULL && strcmp(found->why, "too many cards are waiting") == 0;
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
open_card(int port)
{
	struct conf_certificates conf = pki->conf;
	struct err err = {0};

	conf.ocsp = CONF_OCSP_REQUIRE;
	conf.ocsp_url = mem_format("http://127.0.0.1:%d/ocsp", port);
	conf.ocsp_timeout = TIMEOUT;
	card = card_open(loop, &conf, NULL, NULL, &err);
	mem_free_text(&conf.ocsp_url);
	assert_non_null(card);
}

static void
each_answer_means_what_it_says(void **state)
{
	int wrong = 0;

	open_card(responder_port(responder));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		responder_set(responder, cases[i].mode);
		judge(cases[i].name);
		if (verdict.kind == cases[i].kind &&
		    strcmp(verdict.edipi, cases[i].kind == CARD_GOOD ? "1000000001" : "") == 0 &&
		    (cases[i].why == NULL ? verdict.why == NULL
					  : strcmp(verdict.why, cases[i].why) == 0))
			continue;
		print_error("case %zu: %s\n", i, verdict.why);
		wrong++;
	}
	assert_int_equal(wrong, 0);
	card_close(&card);
}

/* Whoever is refused for another reason makes us ask nobody. */
static void
bad_cards_are_not_asked_about(void **state)
{
	int before;

	open_card(responder_port(responder));
	responder_set(responder, RESPONDER_TRUE);
	before = responder_asked(responder);
	judge("disagree");
	judge("root-unknown");
	judge("no-pem");
	assert_int_equal(responder_asked(responder), before);
	judge("good");
	assert_int_equal(responder_asked(responder), before + 1);
	card_close(&card);
}

static void
nobody_there_is_unavailable(void **state)
{
	struct responder *gone = responder_start(pki);
	int port = responder_port(gone);

	responder_stop(&gone);
	open_card(port);
	judge("good");
	assert_int_equal(verdict.kind, CARD_UNAVAILABLE);
	assert_string_equal(verdict.why, "the OCSP responder does not answer");
	card_close(&card);
}

/* The loop turns on while a responder is silent, and the waiting ends. */
static void
a_silent_one_blocks_nobody(void **state)
{
	char *pem = pki_card(pki, "good");
	int64_t begin = clock_boot(), before, longest = 0;

	open_card(responder_port(responder));
	responder_set(responder, RESPONDER_SILENT);
	verdicts = 0;
	assert_int_equal(card_submit(card, pem, on_verdict, NULL), 0);
	for (int i = 0; i < TURNS && verdicts == 0; i++) {
		before = clock_boot();
		loop_turn(loop, 10);
		if (clock_boot() - before > longest)
			longest = clock_boot() - before;
	}
	assert_int_equal(verdicts, 1);
	assert_int_equal(verdict.kind, CARD_UNAVAILABLE);
	assert_in_range(clock_boot() - begin, TIMEOUT / 2, 10 * TIMEOUT);
	assert_in_range(longest, 0, TIMEOUT / 2);
	card_close(&card);
	mem_free_text(&pem);
}

/* Nor do many who wait for a silent one wait for ever. */
static void
a_long_queue_ends(void **state)
{
	char *pem = pki_card(pki, "good");
	int64_t begin = clock_boot();

	open_card(responder_port(responder));
	responder_set(responder, RESPONDER_SILENT);
	verdicts = waited = 0;
	for (int i = 0; i < 200; i++)
		assert_int_equal(card_submit(card, pem, on_verdict, NULL), 0);
	for (int i = 0; i < TURNS && verdicts < 200; i++)
		loop_turn(loop, 10);
	assert_int_equal(verdicts, 200); /* 150 s if all were asked about */
	assert_in_range(waited, 150, 196);
	assert_in_range(clock_boot() - begin, 0, 20000);
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
	    ON_LOOP(each_answer_means_what_it_says),
	    ON_LOOP(bad_cards_are_not_asked_about),
	    ON_LOOP(nobody_there_is_unavailable),
	    ON_LOOP(a_silent_one_blocks_nobody),
	    ON_LOOP(a_long_queue_ends),
	};
	int failed;

	signal(SIGPIPE, SIG_IGN);
	pki = pki_make();
	if (pki == NULL)
		return 77;
	responder = responder_start(pki);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	responder_stop(&responder);
	pki_free(&pki);
	return failed;
}
