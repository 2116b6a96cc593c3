/* 'musterd -t': the configuration, and everything that it names, every fault at once. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/keyring.h"
#include "base/mem.h"
#include "card/card.h"
#include "conf/conf.h"
#include "confine/confine.h"
#include "dir/dir.h"
#include "dir/question.h"
#include "http/http.h"
#include "journal/journal.h"
#include "model/naming.h"
#include "model/schema_names.h"
#include "musterd/daemon.h"
#include "roll/roll.h"

static int faults;

static void
check_fault(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why);
	faults++;
}

/* A key file that is missing is made at the first start, if its folder can be written. */
static void
check_made_file(const char *key, const char *path)
{
	char *folder = mem_text(path), *slash = strrchr(folder, '/');
	char *what = mem_format("%s: %s", key, path);

	if (slash != NULL)
		slash[slash == folder] = '\0';
	if (access(path, F_OK) != 0 && access(slash != NULL ? folder : ".", W_OK | X_OK) != 0)
		check_fault(what, "its folder is missing or can't be written");
	mem_free_text(&what);
	mem_free_text(&folder);
}

static void
check_keys(const char *key, const char *path)
{
	struct err err = {0};
	struct keyring *keys;

	if (!file_is_credential(path)) {
		check_made_file(key, path);
		if (access(path, F_OK) != 0)
			return;
	}
	keys = keyring_open(path, false, &err);
	if (keys == NULL)
		check_fault(key, err.text);
	keyring_free(&keys);
}

static void
check_file(const char *what, const char *key, const char *path)
{
	char *name;

	if (path == NULL || path[0] == '\0' || access(path, R_OK) == 0)
		return;
	name = mem_format("%s.%s", what, key);
	fprintf(stderr, "%s: %s: can't read it: %s\n", name, path, strerror(errno));
	faults++;
	mem_free_text(&name);
}

/* One that nobody but us may read. */
static void
check_secret_file(const char *what, const char *key, const char *name)
{
	struct err err = {0};
	int fd;

	if (name == NULL || name[0] == '\0')
		return;
	fd = file_open_secret(name, NULL, &err);
	if (fd >= 0) {
		close(fd);
		return;
	}
	fprintf(stderr, "%s.%s: %s\n", what, key, err.text);
	faults++;
}

static void
check_schema(const char *what, const struct conf_directory *conf)
{
	struct err err = {0};
	char **names = NULL, **missing;

	if (dir_read_schema(conf, &names, &err) != 0) {
		check_fault(what, err.text);
		return;
	}
	missing = schema_missing(names);
	for (size_t i = 0; missing != NULL && missing[i] != NULL; i++) {
		fprintf(stderr, "%s: the schema has no %s: see 'musterctl schema print'\n", what,
		    missing[i]);
		faults++;
	}
	mem_texts_free(&missing);
	mem_texts_free(&names);
}

static bool
check_directory(const char *what, const struct conf_directory *conf, const char *base)
{
	struct err err = {0};
	char *key;

	check_file(what, "ca_file", conf->ca_file);
	check_file(what, "certificate_file", conf->certificate_file);
	key = conf->key_file[0] != '\0' ? file_secret_path(conf->key_file, NULL) : NULL;
	check_file(what, "key_file", key != NULL ? key : conf->key_file);
	free(key);
	if (conf->bind_method == CONF_BIND_SIMPLE)
		check_secret_file(what, "bind_password_file", conf->bind_password_file);
	if (dir_try(conf, base, &err) == 0)
		return true;
	check_fault(what, err.text);
	return false;
}

static void
check_card(const char *key, const char *words, void *arg)
{
	check_fault(key, words);
}

/* A source must show somebody: where it does not, every proof waits. */
static void
check_source(const struct conf_personnel *source, size_t index)
{
	char *what = mem_format("personnel/%s", source->name);
	struct question question = {0};
	struct err err = {0};

	roll_question_any(source, index, &question);
	if (check_directory(what, &source->directory, source->base) &&
	    dir_try_search(&source->directory, &question, &err) != 0)
		check_fault(what, err.text);
	question_fini(&question);
	mem_free_text(&what);
}

static void
check_accounts(const struct conf_accounts *accounts)
{
	struct err err = {0};
	bool reached = dir_try(&accounts->directory, NULL, &err) == 0;

	check_directory("accounts", &accounts->directory, accounts->base);
	if (!reached)
		return;
	if (dir_try(&accounts->directory, accounts->claims_base, &err) != 0)
		check_fault("accounts.claims_base", err.text);
	check_schema("accounts", &accounts->directory);
}

/* What ends soon is said, and no fault yet. */
static void
check_tls(const struct conf_listen *listen)
{
	enum http_tls_age age = HTTP_TLS_GOOD;
	struct http_tls *tls;
	struct err err = {0};

	if (http_tls_read(listen, &tls, &err) != 0)
		age = HTTP_TLS_OUT_OF_DATE;
	else if (tls != NULL)
		age = http_tls_check(tls, &err);
	if (age != HTTP_TLS_GOOD)
		fprintf(stderr, "%s%s\n", age == HTTP_TLS_ENDS_SOON ? "warning: " : "", err.text);
	faults += age == HTTP_TLS_OUT_OF_DATE;
	http_tls_free(&tls);
}

static void
check_journal(const struct conf_journal *conf)
{
	struct err err = {0};

	check_made_file("journal.path", conf->path);
	check_keys("journal.key_file", conf->key_file);
	if (access(conf->path, F_OK) == 0 && journal_check(conf, &err) != 0)
		check_fault("journal.path", err.text);
}

/* What musterd makes at its first start is not there yet; the first key may be kept elsewhere. */
static void
check_audit(const struct conf_audit *conf)
{
	if (*conf->path == '\0')
		return;
	check_made_file("audit.path", conf->path);
	if (access(conf->path, F_OK) == 0 && access(conf->path, R_OK | W_OK) != 0)
		check_fault("audit.path", "it can't be read and written");
	check_keys("audit.key_file", conf->key_file);
	check_keys("audit.sign_file", conf->sign_file);
}

int
daemon_check(const char *conf_path)
{
	struct conf *conf = daemon_read_conf(conf_path);
	struct err err = {0};

	if (conf == NULL)
		return -1;
	faults = 0;
	check_tls(&conf->listen);
	check_journal(&conf->journal);
	check_keys("identity.key_file", conf->identity.key_file);
	check_audit(&conf->audit);
	if (confine_check_user(&conf->confine, &err) != 0)
		check_fault("confine.user", err.text);
	card_check_files(&conf->certificates, check_card, NULL);
	if (naming_check_template(conf->accounts.uid_template, &err) != 0)
		check_fault("accounts.uid_template", err.text);
	for (size_t i = 0; i < conf->personnel_count; i++)
		check_source(&conf->personnel[i], i);
	check_accounts(&conf->accounts);
	conf_free(&conf);
	return faults == 0 ? 0 : -1;
}
