/* The threads that check cards, and the way to them and back to the loop. */
#include <openssl/err.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/workers.h"
#include "card/card_internal.h"

#define THREADS 4 /* they mostly wait for the OCSP responder, where there is one */
#define QUEUE 256
#define WAIT_MOST 5000 /* milliseconds in the queue: a client would not wait longer */

struct job {
	struct work work; /* first */
	struct card *card;
	struct trust *trust;
	char *pem; /* NULL: only the CRLs are read */
	int64_t came_at;
	struct card_verdict verdict;
	card_done_fn *done;
	void *arg;
};

struct fault {
	char *key, *words;
	struct fault *next;
};

struct card {
	struct loop *loop;
	struct trust *trust; /* on the loop's thread; each job holds its own */
	card_fault_fn *fault;
	void *fault_arg;
	struct workers *workers;
	pthread_mutex_t lock;
	struct fault *faults; /* under lock: not told yet */
};

static void
job_free(struct work *work)
{
	struct job *job = (struct job *)work;

	trust_release(&job->trust);
	secret_wipe_text(&job->pem);
	free(job);
}

static void
card_tell_faults(struct fault *fault, struct card *card)
{
	while (fault != NULL) {
		struct fault *next = fault->next;

		if (card->fault != NULL)
			card->fault(fault->key, fault->words, card->fault_arg);
		mem_free_text(&fault->key);
		mem_free_text(&fault->words);
		free(fault);
		fault = next;
	}
}

static void
card_on_faults(void *arg)
{
	struct card *card = arg;
	struct fault *faults;

	pthread_mutex_lock(&card->lock);
	faults = card->faults;
	card->faults = NULL;
	pthread_mutex_unlock(&card->lock);
	card_tell_faults(faults, card);
}

/* From a thread: it is told on the loop. */
static void
card_on_fault(const char *key, const char *words, void *arg)
{
	struct card *card = arg;
	struct fault *fault = mem_new(sizeof(*fault)), **last;

	fault->key = mem_text(key);
	fault->words = mem_text(words);
	pthread_mutex_lock(&card->lock);
	for (last = &card->faults; *last != NULL;)
		last = &(*last)->next;
	*last = fault;
	pthread_mutex_unlock(&card->lock);
	loop_post(card->loop, card_on_faults, card);
}

static enum card_reason
card_judge_certificate(
    struct trust *trust, X509 *certificate, X509_STORE *store, char edipi[EDIPI_SIZE])
{
	X509 *issuer = NULL;
	enum card_reason reason = leaf_check(trust, certificate);

	if (reason == REASON_NONE)
		reason = edipi_read(trust, certificate, edipi);
	if (reason == REASON_NONE)
		reason = chain_check(trust, store, certificate, &issuer);
	if (reason == REASON_NONE && trust->ocsp)
		reason = ocsp_check(trust, store, certificate, issuer);
	X509_free(issuer);
	return reason;
}

void
card_judge(struct trust *trust, const char *pem, card_fault_fn *fault, void *arg,
    struct card_verdict *verdict_out)
{
	enum card_reason reason = REASON_NOT_TAKEN;
	X509_STORE *store = NULL;
	X509 *certificate = NULL;

	*verdict_out = (struct card_verdict){.kind = CARD_GOOD};
	if (trust->taken) {
		store = trust_store(trust, fault, arg);
		reason = pem_read(pem, &certificate);
	}
	if (reason == REASON_NONE)
		reason = card_judge_certificate(trust, certificate, store, verdict_out->edipi);
	X509_free(certificate);
	X509_STORE_free(store);
	ERR_clear_error();
	if (reason == REASON_NONE)
		return;
	memset(verdict_out->edipi, 0, sizeof(verdict_out->edipi));
	verdict_out->kind = reason >= REASON_WAITED ? CARD_UNAVAILABLE : CARD_REFUSED;
	verdict_out->why = card_reason_words(reason);
}

static void
job_done(struct work *work)
{
	struct job *job = (struct job *)work;

	if (job->done != NULL)
		job->done(&job->verdict, job->arg);
	job_free(work);
}

static void
job_carry_out(struct work *work)
{
	struct job *job = (struct job *)work;
	struct card *card = job->card;

	if (job->pem != NULL && clock_boot() - job->came_at > WAIT_MOST)
		job->verdict = (struct card_verdict){
		    .kind = CARD_UNAVAILABLE, .why = card_reason_words(REASON_WAITED)};
	else if (job->pem != NULL)
		card_judge(job->trust, job->pem, card_on_fault, card, &job->verdict);
	else if (job->trust->taken)
		X509_STORE_free(trust_store(job->trust, card_on_fault, card));
}

static const struct work_kind card_kind = {"card", THREADS, 0, job_carry_out, job_done, job_free};

static void
card_queue(struct card *card, const char *pem, card_done_fn *done, void *arg)
{
	struct job *job = mem_new(sizeof(*job));

	job->card = card;
	job->trust = trust_hold(card->trust);
	job->pem = mem_text(pem);
	job->came_at = clock_boot();
	job->done = done;
	job->arg = arg;
	workers_submit(card->workers, &job->work);
}

int
card_submit(struct card *card, const char *pem, card_done_fn *done, void *arg)
{
	if (workers_depth(card->workers) >= QUEUE)
		return -1;
	card_queue(card, pem, done, arg);
	return 0;
}

/* The first fault becomes the error. */
static void
card_on_first_fault(const char *key, const char *words, void *arg)
{
	struct err *err = arg;

	if (err->kind == ERR_NONE)
		err_set(err, ERR_BROKEN, "%s: %s", key, words);
}

int
card_reload(struct card *card, const struct conf_certificates *conf, struct err *err)
{
	struct err first = {0};
	struct trust *trust = trust_new(conf, card_on_first_fault, &first);

	if (trust == NULL) {
		*err = first;
		return -1;
	}
	trust_release(&card->trust);
	card->trust = trust;
	card_queue(card, NULL, NULL, NULL);
	return 0;
}

struct card *
card_open(struct loop *loop, const struct conf_certificates *conf, card_fault_fn *fault, void *arg,
    struct err *err)
{
	struct card *card = mem_new(sizeof(*card));

	card->loop = loop;
	card->fault = fault;
	card->fault_arg = arg;
	pthread_mutex_init(&card->lock, NULL);
	card->workers = workers_new(loop, &card_kind, err);
	if (card->workers == NULL || card_reload(card, conf, err) != 0)
		card_close(&card);
	return card;
}

void
card_close(struct card **card)
{
	struct card *it = *card;

	if (it == NULL)
		return;
	*card = NULL;
	workers_free(&it->workers);
	it->fault = NULL;
	card_tell_faults(it->faults, it);
	trust_release(&it->trust);
	pthread_mutex_destroy(&it->lock);
	free(it);
}

void
card_check_files(const struct conf_certificates *conf, card_fault_fn *fault, void *arg)
{
	struct trust *trust = trust_new(conf, fault, arg);

	if (trust != NULL && trust->taken)
		trust_check(trust, fault, arg);
	trust_release(&trust);
}
