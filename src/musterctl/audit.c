/* The audit log, checked from its files alone: no daemon is needed, and none is believed. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/head.h"
#include "audit/state.h"
#include "audit/verify.h"
#include "base/err.h"
#include "base/keyring.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "musterctl/client.h"
#include "musterctl/screen.h"
#include "musterctl/verbs.h"

/* What the log is checked with. */
struct means {
	struct conf *conf; /* NULL where all is named on the command line */
	struct keyring *keyring;
	struct head_key *head_key;
	bool has_end; /* where the log must end is known */
};

struct progress {
	int64_t done, total;
};

static void
audit_on_progress(int64_t bytes, void *arg)
{
	struct progress *progress = arg;
	char *words;

	progress->done += bytes;
	words = mem_format(
	    "%" PRId64 " of %" PRId64 " MB", progress->done / 1000000, progress->total / 1000000);
	screen_bar(progress->total > 0 && progress->done <= progress->total
		       ? (int)(progress->done * 1000 / progress->total)
		       : -1,
	    words);
	free(words);
}

/* The first key and the public one, where they are on this machine. */
static int
means_read_keys(struct means *means, const char *key, const char *public, struct err *err)
{
	if (key != NULL && (means->keyring = keyring_open(key, false, err)) == NULL)
		return -1;
	if (public != NULL && (means->head_key = head_key_read_public(public, err)) == NULL)
		return -1;
	return 0;
}

/* What is named here is a file where one stands; without a slash it would be a credential's. */
static char *
means_path(const char *named, const char *file, const char *suffix)
{
	char *path;

	if (named != NULL)
		return mem_format("%s%s", strchr(named, '/') == NULL ? "./" : "", named);
	if (file == NULL)
		return NULL;
	path = mem_format("%s%s", file, suffix);
	if (access(path, F_OK) != 0)
		mem_free_text(&path);
	return path;
}

static int
means_open(struct means *means, const struct command *command, struct err *err)
{
	const struct conf_audit *conf = means->conf != NULL ? &means->conf->audit : NULL;
	char *key =
	    means_path(command_option(command, "key"), conf != NULL ? conf->key_file : NULL, "");
	char *public = means_path(
	    command_option(command, "public"), conf != NULL ? conf->sign_file : NULL, ".pub");
	int result = means_read_keys(means, key, public, err);

	mem_free_text(&key);
	mem_free_text(&public);
	return result;
}

/* How far musterd has come on this machine. */
static void
means_pin_state(struct means *means, struct verify *verify)
{
	char *path =
	    means->conf != NULL ? means_path(NULL, means->conf->audit.key_file, ".state") : NULL;
	struct state state = {0};
	int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (fd >= 0 && state_read(fd, &state)) {
		verify_pin(
		    verify, state.chain.seq, state.chain.hash, false, "musterd's state file");
		means->has_end = true;
	}
	if (fd >= 0)
		close(fd);
	chain_wipe(&state.chain);
	mem_free_text(&path);
}

static int
means_pin_head(struct means *means, struct verify *verify, const char *head)
{
	unsigned char hash[CHAIN_BYTES];
	int64_t seq;

	if (head == NULL)
		return 0;
	if (verify_parse_pin(head, &seq, hash) != 0) {
		command_say(
		    "audit verify: --head is SEQ:HASH, as musterd's log or this verb says it");
		return -1;
	}
	verify_pin(verify, seq, hash, true, "--head");
	means->has_end = true;
	return 0;
}

static json_t *
audit_json(const struct means *means, const struct verify_result *result)
{
	bool sound = result->fault == VERIFY_GOOD;
	char *head = mem_format("%" PRId64 ":%s", result->last_seq, result->hash);
	json_t *json = json_pack("{s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:{s:b, s:b, s:b}, s:n}",
	    "sound", sound, "lines", (json_int_t)result->lines, "first_seq",
	    (json_int_t)result->first_seq, "last_seq", (json_int_t)result->last_seq, "heads",
	    (json_int_t)result->heads, "signed_seq", (json_int_t)result->signed_seq, "noted",
	    (json_int_t)result->noted, "head", head, "checked", "macs", means->keyring != NULL,
	    "heads", means->head_key != NULL, "end", means->has_end, "bad");

	if (!sound)
		json_object_set_new(json, "bad",
		    json_pack("{s:s, s:I, s:I, s:s, s:s}", "file", result->file, "line",
			(json_int_t)result->line, "seq", (json_int_t)result->seq, "fault",
			verify_fault_name(result->fault), "words", result->words));
	free(head);
	return json;
}

static void
audit_print(const struct means *means, const struct verify_result *result)
{
	printf("the audit log is sound: lines %" PRId64 " to %" PRId64 "\n", result->first_seq,
	    result->last_seq);
	printf("%s\n", means->keyring != NULL ? "every line has the MAC that the key makes of it"
					      : "the key is not here: MACs were not checked");
	if (means->head_key == NULL)
		puts("the public key is not here: heads were not checked");
	else if (result->heads == 0)
		puts("no signed head covers them yet");
	else
		printf("%" PRId64 " signed heads, the last over line %" PRId64 "\n", result->heads,
		    result->signed_seq);
	if (!means->has_end)
		puts("nothing says where it must end: name the last head that is known (--head)");
	if (result->noted > 0)
		printf("%" PRId64 " lines tell that something was torn, changed or lost\n",
		    result->noted);
	printf("head %" PRId64 ":%s\n", result->last_seq, result->hash);
}

static int
audit_report(
    const struct command *command, const struct means *means, const struct verify_result *result)
{
	json_t *json;

	if (command->json) {
		json = audit_json(means, result);
		screen_json(json, false, stdout);
		json_decref(json);
	} else if (result->fault == VERIFY_GOOD) {
		audit_print(means, result);
	}
	if (result->fault == VERIFY_GOOD)
		return EXIT_DONE;
	command_say("audit verify: %s:%" PRId64 ": line %" PRId64 " of the log: %s: %s",
	    result->file, result->line, result->seq, verify_fault_name(result->fault),
	    result->words);
	return EXIT_FAILED;
}

static int
audit_verify(const struct command *command, struct means *means, char *const *files)
{
	struct verify *verify = verify_new(means->keyring, means->head_key);
	struct progress progress = {0};
	struct stat status;
	struct err err = {0};
	int code = EXIT_USAGE;

	for (size_t i = 0; files[i] != NULL; i++)
		if (stat(files[i], &status) == 0)
			progress.total += status.st_size;
	means_pin_state(means, verify);
	if (means_pin_head(means, verify, command_option(command, "head")) != 0)
		goto out;
	code = EXIT_FAILED;
	if (means->keyring == NULL && means->head_key == NULL && !means->has_end) {
		command_say("audit verify: there is neither a key nor a head to check it with");
		goto out;
	}
	for (size_t i = 0; files[i] != NULL; i++)
		if (verify_file(verify, files[i], audit_on_progress, &progress, &err) != 0) {
			screen_bar_clear();
			command_say("audit verify: %s", err.text);
			goto out;
		}
	screen_bar_clear();
	code = audit_report(command, means, verify_end(verify));
out:
	verify_free(&verify);
	return code;
}

/* Where only the socket is named, the daemon behind it says which configuration is its own. */
static int
audit_find_conf(const struct command *command, struct conf **conf_out)
{
	struct command read = *command;
	json_t *config = NULL;
	int code = 0;

	if (command->config == NULL && command->socket != NULL) {
		code = client_ask(command, "GET", "/v1/admin/config", &config);
		if (code == 0)
			read.config = json_text(config, "file");
	}
	if (code == 0)
		code = command_conf(&read, conf_out);
	json_decref(config);
	return code;
}

int
audit_verify_verb(const struct command *command)
{
	char *own[] = {NULL, NULL}, **files = command->operands;
	struct means means = {0};
	struct err err = {0};
	int code = 0;

	/* With files and a key named, nothing of this machine is needed. */
	if (files[0] == NULL ||
	    (command_option(command, "key") == NULL && command_option(command, "public") == NULL))
		code = audit_find_conf(command, &means.conf);
	if (code == 0 && files[0] == NULL) {
		own[0] = means.conf->audit.path;
		files = own;
	}
	if (code == 0 && *files[0] == '\0') {
		command_say("audit verify: the configuration has it that no audit log is kept");
		code = EXIT_FAILED;
	}
	if (code == 0 && means_open(&means, command, &err) != 0) {
		command_say("audit verify: %s", err.text);
		code = EXIT_FAILED;
	}
	if (code == 0)
		code = audit_verify(command, &means, files);
	keyring_free(&means.keyring);
	head_key_free(&means.head_key);
	conf_free(&means.conf);
	return code;
}
