/*
 * Registers each line of a file. Several are in flight at once; results are printed in the order
 * of the lines. The Idempotency-Key is made from the line, so asking again, by us after a 503 or a
 * lost connection or by the user on another day, never registers twice.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/keyring.h"
#include "base/mem.h"
#include "base/text.h"
#include "musterctl/client.h"
#include "musterctl/submit_lines.h"
#include "musterctl/submit_report.h"
#include "musterctl/verbs.h"

#define IN_FLIGHT 16
#define WINDOW 512 /* lines that are read and not printed yet */
#define TRIES 6
#define WAIT_MOST 60        /* seconds that we wait at the daemon's word */
#define WAIT_FIRST 250      /* milliseconds after a lost connection, then twice that, … */
#define TURN_MOST 1000      /* milliseconds */
#define ANSWER_SECONDS 120L /* of one request */

enum job_state { JOB_WAITS, JOB_RUNS, JOB_DONE };

struct job {
	size_t number;
	enum job_state state;
	char *body; /* wiped once it is done */
	size_t size;
	int tries;
	int64_t not_before; /* clock_boot */
	struct text answer;
	long status; /* HTTP's; 0 where it was not asked or did not answer */
};

/* One request at a time. */
struct lane {
	CURL *handle;
	struct curl_slist *headers;
	struct job *job; /* NULL while it is idle */
};

struct submit {
	const char *socket;
	struct lines *lines;
	struct report report;
	CURLM *multi;
	struct lane lanes[IN_FLIGHT];
	struct job jobs[WINDOW];
	size_t first, next; /* jobs[first % WINDOW] is the oldest, jobs[next % WINDOW] is free */
	bool all_read;
	bool hungry;   /* the last look at the lines found none that is whole */
	bool answered; /* at least once: the daemon is there */
	bool given_up;
	struct err err; /* why */
};

static void
submit_give_up(struct submit *submit)
{
	submit->given_up = true;
	submit->all_read = true;
}

/* Lines that are there become jobs. */
static void
submit_take(struct submit *submit)
{
	struct line line;

	while (!submit->all_read && submit->next - submit->first < WINDOW) {
		struct job *job = &submit->jobs[submit->next % WINDOW];
		enum line_kind kind = lines_next(submit->lines, &line);

		submit->hungry = kind == LINE_NONE;
		submit->all_read = kind == LINE_END;
		if (kind == LINE_END || kind == LINE_NONE)
			return;
		*job = (struct job){.number = line.number};
		if (kind == LINE_GOOD) {
			job->size = line.size;
			job->body = mem_new(line.size + 1);
			memcpy(job->body, line.bytes, line.size);
		} else {
			job->state = JOB_DONE;
			text_add(&job->answer,
			    "{\"type\": \"urn:musterd:problem:too-large\", \"title\": \"the line "
			    "is "
			    "longer than %d bytes\"}",
			    LINE_MOST);
		}
		submit->next++;
	}
}

static void
lane_start(struct lane *lane, struct job *job, CURLM *multi)
{
	char hash[KEYRING_HMAC_SIZE], *key;

	keyring_sha256(job->body, job->size, hash);
	key = mem_format("Idempotency-Key: musterctl-submit-%s", hash);
	lane->headers = curl_slist_append(NULL, key);
	lane->headers = curl_slist_append(lane->headers, "Content-Type: application/json");
	lane->headers = curl_slist_append(lane->headers, "Expect:");
	free(key);
	curl_easy_setopt(lane->handle, CURLOPT_HTTPHEADER, lane->headers);
	curl_easy_setopt(lane->handle, CURLOPT_POSTFIELDS, job->body);
	curl_easy_setopt(lane->handle, CURLOPT_POSTFIELDSIZE, (long)job->size);
	curl_easy_setopt(lane->handle, CURLOPT_WRITEDATA, &job->answer);
	curl_easy_setopt(lane->handle, CURLOPT_PRIVATE, lane);
	lane->job = job;
	job->state = JOB_RUNS;
	job->tries++;
	curl_multi_add_handle(multi, lane->handle);
}

static void
lane_stop(struct lane *lane, CURLM *multi)
{
	curl_multi_remove_handle(multi, lane->handle);
	curl_easy_setopt(lane->handle, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(lane->headers);
	lane->headers = NULL;
	lane->job = NULL;
}

/* Every job that may go, as long as there is an idle lane. */
static void
submit_start(struct submit *submit)
{
	size_t at = submit->first;
	int64_t now = clock_boot();

	for (int i = 0; i < IN_FLIGHT; i++) {
		if (submit->lanes[i].job != NULL)
			continue;
		while (at < submit->next && (submit->jobs[at % WINDOW].state != JOB_WAITS ||
						submit->jobs[at % WINDOW].not_before > now))
			at++;
		if (at == submit->next)
			return;
		lane_start(&submit->lanes[i], &submit->jobs[at % WINDOW], submit->multi);
	}
}

static void
job_wait(struct job *job, int64_t milliseconds)
{
	text_fini(&job->answer);
	job->status = 0;
	job->state = JOB_WAITS;
	job->not_before = clock_boot() + milliseconds;
}

/* Whether the answer says 'later', and we have the patience. */
static bool
job_is_later(const struct job *job, CURL *handle, int64_t *wait_out)
{
	curl_off_t seconds = 0;

	if ((job->status != 503 && job->status != 429) || job->tries >= TRIES)
		return false;
	curl_easy_getinfo(handle, CURLINFO_RETRY_AFTER, &seconds);
	*wait_out = seconds > 0 ? (int64_t)seconds * 1000 : 1000;
	return seconds <= WAIT_MOST;
}

/*
 * A request is over. Without an answer it is asked again, for the daemon may be starting anew; a
 * daemon that never answered is not waited for.
 */
static void
submit_finish(struct submit *submit, struct lane *lane, CURLcode code)
{
	struct job *job = lane->job;
	int64_t wait;

	if (code == CURLE_OK) {
		curl_easy_getinfo(lane->handle, CURLINFO_RESPONSE_CODE, &job->status);
		submit->answered = true;
		if (job_is_later(job, lane->handle, &wait)) {
			job_wait(job, wait);
		} else {
			job->state = JOB_DONE;
			mem_free_text(&job->body);
		}
	} else {
		client_trouble(lane->handle, code, submit->socket, &submit->err);
		if (!submit->answered || job->tries >= TRIES)
			submit_give_up(submit);
		job_wait(job, WAIT_FIRST << job->tries);
	}
	lane_stop(lane, submit->multi);
}

/* What is done is printed in order: up to the first that is not, or all of it. */
static void
submit_print(struct submit *submit, bool all)
{
	for (; submit->first < submit->next; submit->first++) {
		struct job *job = &submit->jobs[submit->first % WINDOW];

		if (job->state != JOB_DONE && !all)
			break;
		if (job->state == JOB_DONE) {
			json_t *answer = client_parse(&job->answer);

			report_line(&submit->report, job->number, job->status, answer);
			json_decref(answer);
		}
		mem_free_text(&job->body);
		text_fini(&job->answer);
	}
	fflush(stdout);
	report_progress(&submit->report, lines_permille(submit->lines));
}

/* Milliseconds until a job may go that waits now; none where there are lines to take. */
static int
submit_patience(const struct submit *submit)
{
	int64_t now = clock_boot(), least = TURN_MOST;

	if (!submit->all_read && !submit->hungry && submit->next - submit->first < WINDOW)
		return 0;
	for (size_t at = submit->first; at < submit->next; at++) {
		const struct job *job = &submit->jobs[at % WINDOW];

		if (job->state == JOB_WAITS && job->not_before > now &&
		    job->not_before - now < least)
			least = job->not_before - now;
	}
	return (int)least;
}

static void
submit_turn(struct submit *submit)
{
	struct curl_waitfd wait = {.fd = lines_fd(submit->lines), .events = CURL_WAIT_POLLIN};
	bool wants = !submit->all_read && submit->hungry;
	int running, left;
	CURLMsg *message;

	curl_multi_poll(submit->multi, &wait, wants, submit_patience(submit), NULL);
	if (wants && wait.revents != 0 && lines_read(submit->lines, &submit->err) != 0)
		submit_give_up(submit);
	curl_multi_perform(submit->multi, &running);
	while ((message = curl_multi_info_read(submit->multi, &left)) != NULL) {
		struct lane *lane;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &lane);
		submit_finish(submit, lane, message->data.result);
	}
}

static void
submit_run(struct submit *submit)
{
	while (!submit->given_up) {
		submit_take(submit);
		submit_start(submit);
		submit_print(submit, false);
		if (submit->all_read && submit->first == submit->next)
			break;
		submit_turn(submit);
	}
	for (int i = 0; i < IN_FLIGHT; i++)
		if (submit->lanes[i].job != NULL)
			lane_stop(&submit->lanes[i], submit->multi);
	submit_print(submit, true);
}

static int
submit_open(struct submit *submit, struct err *err)
{
	submit->multi = curl_multi_init();
	for (int i = 0; i < IN_FLIGHT; i++) {
		CURL *handle = client_handle(submit->socket, "/v1/admin/registrations", err);

		if (handle == NULL)
			return -1;
		curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, client_gather);
		curl_easy_setopt(handle, CURLOPT_TIMEOUT, ANSWER_SECONDS);
		submit->lanes[i].handle = handle;
	}
	return 0;
}

static void
submit_close(struct submit *submit)
{
	for (int i = 0; i < IN_FLIGHT; i++)
		curl_easy_cleanup(submit->lanes[i].handle);
	curl_multi_cleanup(submit->multi);
	lines_close(&submit->lines);
}

static int
submit_file(struct submit *submit, const char *path, bool json)
{
	struct err err = {0};

	if ((submit->lines = lines_open(path, &err)) == NULL || submit_open(submit, &err) != 0)
		return client_failed(&err);
	report_start(&submit->report, json);
	submit_run(submit);
	report_end(&submit->report);
	if (submit->given_up) {
		command_say("gave up before every line had an answer: run it again on the same "
			    "file to go on");
		return client_failed(&submit->err);
	}
	return submit->report.failed > 0 ? EXIT_FAILED : EXIT_DONE;
}

int
submit_verb(const struct command *command)
{
	struct submit *submit;
	char *socket;
	int code = command_socket(command, &socket);

	if (code != 0)
		return code;
	submit = mem_new(sizeof(*submit));
	submit->socket = socket;
	code = submit_file(submit, command->operands[0], command->json);
	submit_close(submit);
	free(submit);
	free(socket);
	return code;
}
