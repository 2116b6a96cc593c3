/* The journal: checked and copied by the daemon, which is asked how far it is. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "musterctl/client.h"
#include "musterctl/screen.h"
#include "musterctl/verbs.h"

#define ASK_EVERY 100000000 /* nanoseconds */

/* Asks until it has ended; *state takes what came last. Returns an exit code. */
static int
journal_wait(const struct command *command, const char *path, const char *unit, json_t **state)
{
	static const struct timespec pause = {.tv_nsec = ASK_EVERY};
	int code = 0;

	while (code == 0 && json_is_true(json_object_get(*state, "running"))) {
		int64_t done = json_number(*state, "done"), total = json_number(*state, "total");
		char *words = mem_format("%" PRId64 " of %" PRId64 " %s", done, total, unit);

		screen_bar(total > 0 && done <= total ? (int)(done * 1000 / total) : -1, words);
		free(words);
		nanosleep(&pause, NULL);
		json_decref(*state);
		*state = NULL;
		code = client_ask(command, "GET", path, state);
	}
	screen_bar_clear();
	return code;
}

static void
journal_print_findings(const json_t *result)
{
	bool sound = json_is_true(json_object_get(result, "sound"));
	struct table table = {.columns = 2};
	const json_t *finding;
	size_t i;

	printf("the journal is %s: %" PRId64 " registrations can be read, %" PRId64
	       " are set aside\n",
	    sound ? "sound" : "DAMAGED", json_number(result, "rows"),
	    json_number(result, "set_aside"));
	json_array_foreach(json_object_get(result, "findings"), i, finding)
	{
		const char *id = json_text(finding, "id");

		table_add_text(&table, id != NULL ? id : "the file");
		table_add_text(&table, json_text(finding, "what"));
	}
	table_print(&table, stdout);
}

/* What the last check found; the reason is said where that is not good. */
static int
journal_check_end(const struct command *command, const json_t *state)
{
	const json_t *result = json_object_get(state, "result");
	const char *fault = json_text(state, "fault");

	if (result == NULL) {
		command_say(
		    "journal check: %s", fault != NULL ? fault : "it did not come to an end");
		return EXIT_FAILED;
	}
	if (command->json)
		screen_json(result, false, stdout);
	else
		journal_print_findings(result);
	if (!json_is_true(json_object_get(result, "sound")))
		command_say("the journal is damaged: restore.md says what to do");
	else if (json_number(result, "set_aside") > 0)
		command_say(
		    "%" PRId64 " registrations are set aside", json_number(result, "set_aside"));
	else
		return EXIT_DONE;
	return EXIT_FAILED;
}

int
journal_check_verb(const struct command *command)
{
	static const char path[] = "/v1/admin/journal/check";
	json_t *state = NULL;
	int code = client_ask(command, "POST", path, &state);

	if (code == 0)
		code = journal_wait(command, path, "registrations", &state);
	if (code == 0)
		code = journal_check_end(command, state);
	if (code == EXIT_UNREACHABLE)
		command_say("where no musterd runs, 'musterd -t -c FILE' checks the journal");
	json_decref(state);
	return code;
}

/* As it is printed: from the root on. */
static char *
journal_path(const char *operand)
{
	char *folder, *path;

	if (operand[0] == '/')
		return mem_text(operand);
	folder = getcwd(NULL, 0);
	if (folder == NULL) {
		command_say("the working folder has no name: %s", strerror(errno));
		return NULL;
	}
	path = mem_format("%s/%s", folder, operand);
	free(folder);
	return path;
}

static int
journal_copy(int from, int to)
{
	char piece[65536];
	ssize_t size, part;

	while ((size = read(from, piece, sizeof(piece))) > 0)
		for (ssize_t done = 0; done < size; done += part)
			if ((part = write(to, piece + done, (size_t)(size - done))) < 0)
				return -1;
	return (int)size;
}

/* What the daemon made, read by its name. */
static int
journal_fill(int fd, const char *draft, void *arg, struct err *err)
{
	const char *source = arg;
	int from = open(source, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), result = 0;

	if (from < 0 || journal_copy(from, fd) != 0)
		result = err_set(err, ERR_BROKEN, "copying %s: %s", source, strerror(errno));
	if (from >= 0)
		close(from);
	return result;
}

/* Takes the copy that the daemon made beside its journal: it may not write elsewhere, we may. */
static int
journal_backup_take(const json_t *state, const char *path)
{
	const char *fault = json_text(state, "fault"), *source = json_text(state, "path");
	struct err err = {0};

	if (fault == NULL && (json_text(state, "ended_at") == NULL || source == NULL))
		fault = "musterd was started anew: its log says what became of this one";
	if (fault == NULL && file_make(path, journal_fill, (void *)(uintptr_t)source, &err) != 0)
		fault = err.text;
	if (fault == NULL)
		return EXIT_DONE;
	command_say("journal backup: %s", fault);
	return EXIT_FAILED;
}

static void
journal_backup_print(const struct command *command, const char *path)
{
	json_t *result = json_pack("{s:s}", "path", path);

	if (command->json) {
		screen_json(result, false, stdout);
	} else {
		fputs("the journal as it was is in ", stdout);
		screen_print(path, stdout);
		puts("; the key files are not in it");
	}
	json_decref(result);
}

/* What can be known before the daemon works for nothing. */
static int
journal_backup_check(const char *path)
{
	json_t *name = json_string(path);

	json_decref(name);
	if (name == NULL) {
		command_say("journal backup: the file's name is not in UTF-8");
		return EXIT_USAGE;
	}
	if (access(path, F_OK) == 0) {
		command_say("journal backup: %s: it exists, and is not replaced", path);
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}

int
journal_backup_verb(const struct command *command)
{
	static const char where[] = "/v1/admin/journal/backup";
	char *path = journal_path(command->operands[0]);
	json_t *state = NULL, *taken = NULL;
	int code = path == NULL ? EXIT_FAILED : journal_backup_check(path);

	if (code == 0)
		code = client_ask(command, "POST", where, &state);
	if (code == 0)
		code = journal_wait(command, where, "bytes", &state);
	if (code == 0) {
		code = journal_backup_take(state, path);
		client_ask(command, "POST", "/v1/admin/journal/backup/taken", &taken);
	}
	if (code == 0)
		journal_backup_print(command, path);
	json_decref(taken);
	json_decref(state);
	free(path);
	return code;
}
