/*
 * Changes of state as they happen: server-sent events (the WHATWG's HTML standard, section 9.2)
 * read until a signal, which is the usual end and no failure.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/instant.h"
#include "base/mem.h"
#include "base/text.h"
#include "musterctl/client.h"
#include "musterctl/screen.h"
#include "musterctl/verbs.h"

#define EVENT_MOST (1u << 20)
#define WAIT_MILLISECONDS 60000

struct watch {
	CURL *handle;
	bool json;
	bool broken;      /* stdout takes no more, or an event has no end */
	struct text line; /* not ended yet */
	struct text event;
	struct text problem; /* the body of an answer that is no stream */
};

static void
watch_print(const json_t *registration)
{
	const char *reason = json_text(registration, "reason");
	const char *activated = json_text(registration, "activated_at");
	const char *activates = json_text(registration, "activates_at");
	char *id = screen_clean(json_text(registration, "id"), false);
	char *state = screen_clean(json_text(registration, "state"), false);
	char *uid = screen_clean(json_text(registration, "uid"), false);
	char *words = screen_clean(reason != NULL ? reason : "", false);
	char *at = screen_time(activated != NULL ? activated : activates), *now;
	char stamp[INSTANT_SIZE];

	now = screen_time(instant_rfc3339(clock_wall(), stamp));
	printf("%s  %s  %-9s  %s", now, id, state, uid);
	if (activated != NULL || activates != NULL)
		printf("  %s %s", activated != NULL ? "active since" : "active from", at);
	printf("%s%s\n", *words != '\0' ? "  " : "", words);
	free(id);
	free(state);
	free(uid);
	free(words);
	free(at);
	free(now);
}

static void
watch_dispatch(struct watch *watch)
{
	json_t *registration = client_parse(&watch->event);

	text_fini(&watch->event);
	if (registration == NULL)
		return;
	if (watch->json)
		screen_json(registration, true, stdout);
	else
		watch_print(registration);
	json_decref(registration);
	if (fflush(stdout) != 0)
		watch->broken = true;
}

static void
watch_line(struct watch *watch)
{
	const char *line = watch->line.bytes != NULL ? watch->line.bytes : "";

	if (*line == '\0') {
		watch_dispatch(watch);
	} else if (strncmp(line, "data:", 5) == 0) {
		line += line[5] == ' ' ? 6 : 5;
		text_add(&watch->event, "%s%s", watch->event.size > 0 ? "\n" : "", line);
	}
	text_fini(&watch->line);
}

static size_t
watch_on_bytes(char *bytes, size_t size, size_t count, void *arg)
{
	struct watch *watch = arg;
	size_t total = size * count, part;
	long status = 0;

	curl_easy_getinfo(watch->handle, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200)
		return client_gather(bytes, size, count, &watch->problem);
	for (size_t at = 0; at < total && !watch->broken; at += part) {
		const char *end = memchr(bytes + at, '\n', total - at);
		size_t length = (end != NULL ? (size_t)(end - bytes) : total) - at;

		part = length + (end != NULL);
		if (length > 0 && bytes[at + length - 1] == '\r')
			length--;
		text_add_bytes(&watch->line, bytes + at, length);
		if (end != NULL)
			watch_line(watch);
		if (watch->line.size + watch->event.size > EVENT_MOST)
			watch->broken = true;
	}
	return watch->broken ? 0 : total;
}

/* A descriptor that is readable at the first of the signals that end us. */
static int
watch_signals(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		sigaddset(&set, numbers[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		abort();
	return fd;
}

/* Until the stream ends (false; *code_out says how) or a signal comes (true). */
static bool
watch_run(CURLM *multi, int signals, CURLcode *code_out)
{
	struct curl_waitfd wait = {.fd = signals, .events = CURL_WAIT_POLLIN};
	int running = 1, left;
	CURLMsg *message;

	while (curl_multi_perform(multi, &running) == CURLM_OK && running > 0) {
		wait.revents = 0;
		curl_multi_poll(multi, &wait, 1, WAIT_MILLISECONDS, NULL);
		if (wait.revents != 0)
			return true;
	}
	message = curl_multi_info_read(multi, &left);
	*code_out = message != NULL ? message->data.result : CURLE_RECV_ERROR;
	return false;
}

/* Why there is nothing more to watch. */
static int
watch_ended(struct watch *watch, CURLcode code, const char *socket)
{
	struct err err = {0};
	long status = 0;
	json_t *problem;
	char *words;

	curl_easy_getinfo(watch->handle, CURLINFO_RESPONSE_CODE, &status);
	if (watch->broken) {
		command_say("watch: standard output takes no more, or an event has no end");
		return EXIT_FAILED;
	}
	if (status == 0) {
		client_trouble(watch->handle, code, socket, &err);
		return client_failed(&err);
	}
	if (status == 200) {
		command_say("musterd at %s ended the stream: it stops, or is gone", socket);
		return EXIT_UNREACHABLE;
	}
	problem = client_parse(&watch->problem);
	words = client_problem_words(problem, status);
	command_say("%s", words);
	free(words);
	json_decref(problem);
	return EXIT_FAILED;
}

static int
watch_socket(struct watch *watch, const char *socket)
{
	int signals = watch_signals();
	CURLM *multi = curl_multi_init();
	CURLcode code = CURLE_OK;
	int exit_code = EXIT_DONE;

	curl_easy_setopt(watch->handle, CURLOPT_WRITEFUNCTION, watch_on_bytes);
	curl_easy_setopt(watch->handle, CURLOPT_WRITEDATA, watch);
	curl_multi_add_handle(multi, watch->handle);
	if (!watch->json && isatty(STDERR_FILENO))
		fputs("watching; Ctrl-C ends\n", stderr);
	if (!watch_run(multi, signals, &code))
		exit_code = watch_ended(watch, code, socket);
	curl_multi_remove_handle(multi, watch->handle);
	curl_multi_cleanup(multi);
	close(signals);
	return exit_code;
}

int
watch_verb(const struct command *command)
{
	struct watch watch = {.json = command->json};
	struct err err = {0};
	char *socket;
	int code = command_socket(command, &socket);

	if (code != 0)
		return code;
	watch.handle = client_handle(socket, "/v1/admin/watch", &err);
	if (watch.handle != NULL) {
		code = watch_socket(&watch, socket);
		curl_easy_cleanup(watch.handle);
	} else {
		code = client_failed(&err);
	}
	text_fini(&watch.line);
	text_fini(&watch.event);
	text_fini(&watch.problem);
	free(socket);
	return code;
}
