/* An identifier that is locked after too many failures: what stands against it, and the unlock. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"
#include "model/identifier.h"
#include "musterctl/attempts.h"
#include "musterctl/client.h"
#include "musterctl/screen.h"
#include "musterctl/verbs.h"

#define LINE_SIZE 64 /* more than any identifier */

char *
attempts_words(const json_t *attempts)
{
	struct text words = {0};
	char *until = screen_time_about(json_text(attempts, "locked_until"));

	text_add(&words, "%" PRId64 " in a row, %" PRId64 " in all",
	    json_number(attempts, "in_row"), json_number(attempts, "total"));
	if (json_is_true(json_object_get(attempts, "locked_for_ever")))
		text_add(&words, "; locked until it is unlocked");
	else if (json_text(attempts, "locked_until") != NULL)
		text_add(&words, "; locked until %s", until);
	free(until);
	return text_take(&words);
}

/* One line, not shown on a terminal. False where there is none, or one that is too long. */
static bool
unlock_read_line(char line[LINE_SIZE])
{
	struct termios shown, hidden;
	bool terminal = tcgetattr(STDIN_FILENO, &shown) == 0, read;

	if (terminal) {
		hidden = shown;
		hidden.c_lflag &= ~(tcflag_t)ECHO;
		/* First, for it throws away what was typed before the prompt. */
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
		fputs("Identifier: ", stderr);
	}
	setvbuf(stdin, NULL, _IONBF, 0);
	read = fgets(line, LINE_SIZE, stdin) != NULL;
	if (terminal) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
		fputc('\n', stderr);
	}
	if (!read)
		return false;
	line[strcspn(line, "\r\n")] = '\0';
	return true;
}

/* Looked at here, so that nothing that is no identifier goes further. NULL where it was said. */
static json_t *
unlock_read_identifier(void)
{
	struct identifier identifier;
	char line[LINE_SIZE];
	json_t *body = NULL;

	if (unlock_read_line(line) && identifier_parse(IDENTIFIER_SSN, line, &identifier) == 0) {
		body = json_pack("{s:s}", "identifier", identifier.digits);
		identifier_wipe(&identifier);
	} else {
		command_say("unlock: standard input has no identifier: nine digits are needed, as "
			    "123456789 or 123-45-6789");
	}
	secret_wipe(line, sizeof(line));
	return body;
}

/* Of an identifier on the command line, so that it does not become a habit. */
static bool
unlock_is_identifier(const char *operand)
{
	struct identifier identifier;

	if (identifier_parse(IDENTIFIER_SSN, operand, &identifier) != 0)
		return false;
	identifier_wipe(&identifier);
	return true;
}

int
unlock_verb(const struct command *command)
{
	const char *operand = command->operands[0];
	json_t *body, *answer;
	char *words;
	int code;

	if (unlock_is_identifier(operand)) {
		command_say("unlock: an identifier is read from standard input alone: "
			    "musterctl unlock -");
		return EXIT_USAGE;
	}
	body = strcmp(operand, "-") == 0 ? unlock_read_identifier()
					 : json_pack("{s:s}", "id", operand);
	if (body == NULL)
		return EXIT_FAILED;
	code = client_send(command, "/v1/admin/unlock", body, &answer);
	if (code != 0)
		return code;
	if (command->json) {
		screen_json(answer, false, stdout);
	} else {
		words = attempts_words(json_object_get(answer, "was"));
		printf("unlocked; it was: %s\n", words);
		free(words);
	}
	json_decref(answer);
	return EXIT_DONE;
}
