/* The threads that check cards, and the way to them and back to the loop. */
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/secret.h"
#include "card/card_internal.h"

#define THREADS 4 /* they mostly wait for the OCSP responder, where there is one */
#define QUEUE 256
#define WAIT_MOST 5000 /* milliseconds in the queue: a client would not wait longer */

struct job {
	struct card *card;
	struct trust *trust;
	char *pem; /* NULL: only the CRLs are read */
	int64_t came_at;
	struct card_verdict verdict;
	card_done_fn *done;
	void *arg;
	struct job *next;           /* under the lock: the queue */
	struct job *before, *after; /* on the loop's thread: all open jobs */
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
	int depth;        /* on the loop's thread */
	struct job *open; /* every job not called back yet */
	int thread_count;
	pthread_t threads[THREADS];
	pthread_mutex_t lock;
	pthread_cond_t more;
	bool stop;                 /* under lock */
	struct job *first, **last; /* under lock: jobs that wait */
	struct fault *faults;      /* under lock: not told yet */
};

static void
job_free(struct job *job)
{
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
card_on_finished(void *arg)
{
	struct job *job = arg;
	struct card *card = job->card;

	card->depth--;
	if (job->before != NULL)
		job->before->after = job->after;
	else
		card->open = job->after;
	if (job->after != NULL)
		job->after->before = job->before;
	if (job->done != NULL)
		job->done(&job->verdict, job->arg);
	job_free(job);
}

static void
card_work(struct job *job)
{
	struct card *card = job->card;

	if (job->pem != NULL && clock_boot() - job->came_at > WAIT_MOST)
		job->verdict = (struct card_verdict){
		    .kind = CARD_UNAVAILABLE, .why = card_reason_words(REASON_WAITED)};
	else if (job->pem != NULL)
		card_judge(job->trust, job->pem, card_on_fault, card, &job->verdict);
	else if (job->trust->taken)
		X509_STORE_free(trust_store(job->trust, card_on_fault, card));
	loop_post(card->loop, card_on_finished, job);
}

static void *
card_thread(void *arg)
{
	struct card *card = arg;
	struct job *job;

	for (;;) {
		pthread_mutex_lock(&card->lock);
		while (card->first == NULL && !card->stop)
			pthread_cond_wait(&card->more, &card->lock);
		job = card->stop ? NULL : card->first;
		if (job != NULL) {
			card->first = job->next;
			if (card->first == NULL)
				card->last = &card->first;
		}
		pthread_mutex_unlock(&card->lock);
		if (job == NULL)
			return NULL;
		card_work(job);
	}
}

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
	card->depth++;
	job->after = card->open;
	if (card->open != NULL)
		card->open->before = job;
	card->open = job;
	pthread_mutex_lock(&card->lock);
	*card->last = job;
	card->last = &job->next;
	pthread_cond_signal(&card->more);
	pthread_mutex_unlock(&card->lock);
}

int
card_submit(struct card *card, const char *pem, card_done_fn *done, void *arg)
{
	if (card->depth >= QUEUE)
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
	card->last = &card->first;
	pthread_mutex_init(&card->lock, NULL);
	pthread_cond_init(&card->more, NULL);
	for (; card->thread_count < THREADS; card->thread_count++)
		if (pthread_create(&card->threads[card->thread_count], NULL, card_thread, card) !=
		    0)
			break;
	if (card->thread_count == 0)
		err_set(err, ERR_BROKEN, "can't start a thread that checks cards");
	if (card->thread_count == 0 || card_reload(card, conf, err) != 0)
		card_close(&card);
	return card;
}

void
card_close(struct card **card)
{
	struct card *it = *card;
	struct job *job, *next;

	if (it == NULL)
		return;
	*card = NULL;
	pthread_mutex_lock(&it->lock);
	it->stop = true;
	pthread_cond_broadcast(&it->more);
	pthread_mutex_unlock(&it->lock);
	for (int i = 0; i < it->thread_count; i++)
		pthread_join(it->threads[i], NULL);
	for (job = it->open; job != NULL; job = next) {
		next = job->after;
		job_free(job);
	}
	it->fault = NULL;
	card_tell_faults(it->faults, it);
	trust_release(&it->trust);
	pthread_cond_destroy(&it->more);
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
