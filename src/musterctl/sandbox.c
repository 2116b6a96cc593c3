/*
 * 'musterctl sandbox': a private slapd with sample data and musterd over it, as child processes in
 * one folder. A child that ends by itself is told of, and the others stay: it can be started again
 * by hand, or all of them by starting the sandbox again on the same folder.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "musterctl/sandbox_internal.h"
#include "musterctl/verbs.h"

#define PORT_MOST 65535
#define DELAY_MOST 604800

static void
sandbox_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGHUP);
}

void
sandbox_pause(struct sandbox *sandbox, int64_t milliseconds)
{
	struct timespec wait = {milliseconds / 1000, milliseconds % 1000 * 1000000};
	sigset_t signals;

	sandbox_signals(&signals);
	if (sigtimedwait(&signals, NULL, &wait) > 0)
		sandbox->stop = true;
}

static int
sandbox_number(
    const struct command *command, const char *option, int64_t low, int64_t high, int64_t *out)
{
	const char *value = command_option(command, option);

	if (value == NULL || text_number(value, low, high, out) == 0)
		return 0;
	command_say("sandbox: --%s is a whole number from %lld to %lld", option, (long long)low,
	    (long long)high);
	return -1;
}

static int
sandbox_options(struct sandbox *sandbox, const struct command *command)
{
	const char *people = command_option(command, "people");
	int64_t portal_port = 0;

	if (command->socket != NULL || command->config != NULL) {
		command_say("sandbox makes its own configuration: -c and -s are not for it");
		return EXIT_USAGE;
	}
	sandbox->json = command->json;
	sandbox->asked_delay = -1;
	if (sandbox_number(command, "delay", 0, DELAY_MOST, &sandbox->asked_delay) != 0 ||
	    sandbox_number(command, "port", 1, PORT_MOST, &sandbox->asked_port) != 0 ||
	    sandbox_number(command, "portal-port", 1, PORT_MOST, &portal_port) != 0)
		return EXIT_USAGE;
	if (people == NULL)
		return EXIT_DONE;
	sandbox->people = realpath(people, NULL);
	if (sandbox->people != NULL && access(sandbox->people, R_OK) == 0)
		return EXIT_DONE;
	command_say("sandbox: %s: %s", people, strerror(errno));
	return EXIT_FAILED;
}

static int
sandbox_build(struct sandbox *sandbox, const char *dir, struct err *err)
{
	if (folder_open(sandbox, dir, err) != 0 || ports_settle(sandbox, err) != 0 ||
	    slapd_prepare(sandbox, err) != 0 || slapd_start(sandbox, err) != 0 ||
	    daemon_configure(sandbox, err) != 0 || daemon_start(sandbox, err) != 0)
		return -1;
	return sandbox->stop ? 0 : endpoints_write(sandbox, err);
}

static void
sandbox_watch(struct sandbox *sandbox)
{
	struct child *children[] = {&sandbox->slapd, &sandbox->musterd};

	while (!sandbox->stop) {
		for (int i = 0; i < 2; i++) {
			char *how;

			if (children[i]->pid == 0 || !child_has_ended(children[i], &how))
				continue;
			command_say(
			    "sandbox: %s %s; the rest goes on. Ctrl-C and a new start on %s "
			    "brings all back%s%s%s",
			    children[i]->name, how, sandbox->dir,
			    i == 1 ? ", or: musterd -f -c " : "", i == 1 ? sandbox->dir : "",
			    i == 1 ? "/musterd.conf" : "");
			mem_free_text(&how);
		}
		sandbox_pause(sandbox, 200);
	}
}

int
sandbox_verb(const struct command *command)
{
	struct sandbox sandbox = {.lock = -1, .slapd.name = "slapd", .musterd.name = "musterd"};
	struct err err = {0};
	sigset_t signals;
	int code = sandbox_options(&sandbox, command);

	if (code != EXIT_DONE)
		return code;
	sandbox_signals(&signals);
	sigprocmask(SIG_BLOCK, &signals, &sandbox.signals_before);
	if (sandbox_build(&sandbox, command->operands[0], &err) == 0) {
		sandbox_watch(&sandbox);
	} else {
		command_say("sandbox: %s", err.text);
		code = EXIT_FAILED;
	}
	if (sandbox.dir != NULL)
		endpoints_remove(&sandbox);
	child_stop(&sandbox, &sandbox.musterd);
	child_stop(&sandbox, &sandbox.slapd);
	folder_close(&sandbox);
	mem_free_text(&sandbox.people);
	return code;
}
