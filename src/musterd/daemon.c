#include "config.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "admin/admin.h"
#include "audit/audit.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/keyring.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"
#include "budget/budget.h"
#include "card/card.h"
#include "conf/conf.h"
#include "confine/confine.h"
#include "dir/dir.h"
#include "dir/question.h"
#include "http/http.h"
#include "http/rates.h"
#include "intake/intake.h"
#include "journal/journal.h"
#include "musterd/daemon.h"
#include "musterd/notify.h"
#include "musterd/plan.h"
#include "musterd/watchdog.h"
#include "musterd/witness.h"
#include "pipeline/driver.h"
#include "pipeline/timekeeper.h"

/* Milliseconds of the end: those that open registrations have to get into the journal, the last for
 * answers to go out, and how often this is looked at. */
#define DRAIN_GIVE_UP 3000
#define DRAIN_MOST 4000
#define DRAIN_LOOK 20

/* Descriptors for all but connections: journal, name look-ups, card checks, files that are read;
 * and for connections that give way to others. */
#define FILES_RESERVED 160
#define ADMIN_CONNECTIONS 64

struct daemon {
	char *conf_path;
	struct conf *conf;
	struct site site;
	struct loop *loop;
	struct keyring *journal_keys, *person_keys;
	struct journal *journal;
	struct timekeeper *timekeeper;
	struct dir **directories; /* accounts, then the personnel sources */
	size_t directory_count;
	struct hash_pool *hash_pool;
	struct card *card;
	struct driver *driver;
	struct intake *intake;
	struct admin *admin;
	struct rates *rates;
	struct http *public_http, *admin_http;
	struct loop_watch *signals[3];
	struct loop_timer *drain_timer;
	int64_t drain_began; /* 0: not yet */
	struct watchdog *watchdog;
};

struct conf *
daemon_read_conf(const char *path)
{
	struct conf_faults faults = {0};
	struct conf *conf = conf_read(path, &faults);

	for (size_t i = 0; i < faults.count; i++)
		fprintf(stderr, "%s\n", faults.lines[i]);
	conf_faults_fini(&faults);
	return conf;
}

static void
daemon_on_directory(struct dir *dir, bool up, void *arg)
{
	struct daemon *daemon = arg;

	if (up)
		log_note("directory %s is up", dir_name(dir));
	else
		log_warning("directory %s is down: %s", dir_name(dir), dir_trouble(dir));
	if (up && daemon->driver != NULL)
		driver_directory_is_up(daemon->driver, dir_name(dir));
}

static int
daemon_open_directories(struct daemon *daemon, struct err *err)
{
	const struct conf *conf = daemon->conf;

	daemon->directories =
	    mem_grow(NULL, conf->personnel_count + 1, sizeof(*daemon->directories));
	for (size_t i = 0; i <= conf->personnel_count; i++) {
		char *name = i == TO_ACCOUNTS
				 ? mem_text("accounts")
				 : mem_format("personnel/%s", conf->personnel[i - 1].name);
		struct dir *dir = dir_open(daemon->loop, name,
		    i == TO_ACCOUNTS ? &conf->accounts.directory
				     : &conf->personnel[i - 1].directory,
		    err);

		mem_free_text(&name);
		if (dir == NULL)
			return -1;
		dir_on_change(dir, daemon_on_directory, daemon);
		daemon->directories[daemon->directory_count++] = dir;
	}
	return 0;
}

static int
daemon_open_journal(struct daemon *daemon, struct err *err)
{
	daemon->journal_keys = keyring_open(daemon->conf->journal.key_file, true, err);
	if (daemon->journal_keys == NULL)
		return -1;
	daemon->person_keys = keyring_open(daemon->conf->identity.key_file, true, err);
	if (daemon->person_keys == NULL)
		return -1;
	/* The one gets new keys, the other never. */
	if (keyring_is_same_file(daemon->journal_keys, daemon->person_keys))
		return err_set(
		    err, ERR_BROKEN, "journal.key_file and identity.key_file must be two files");
	daemon->journal =
	    journal_open(daemon->loop, &daemon->conf->journal, daemon->journal_keys, err);
	if (daemon->journal == NULL)
		return -1;
	daemon->timekeeper = timekeeper_open(daemon->loop, daemon->journal, daemon->conf, err);
	return daemon->timekeeper == NULL ? -1 : 0;
}

static int
daemon_open_hash_pool(struct daemon *daemon, struct err *err)
{
	static const char *const prefixes[][2] = {
	    {"yescrypt", "$y$"}, {"bcrypt", "$2b$"}, {"sha512crypt", "$6$"}};
	const struct conf_password *conf = &daemon->conf->password;
	const char *prefix = prefixes[0][1];

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (strcmp(prefixes[i][0], conf->scheme) == 0)
			prefix = prefixes[i][1];
	daemon->hash_pool = hash_pool_new(
	    daemon->loop, prefix, (unsigned long)conf->cost, conf->threads, conf->queue, err);
	return daemon->hash_pool == NULL ? -1 : 0;
}

static void
daemon_on_card_fault(const char *key, const char *words, void *arg)
{
	log_warning("%s: %s", key, words);
}

static int
daemon_open_card(struct daemon *daemon, struct err *err)
{
	daemon->card =
	    card_open(daemon->loop, &daemon->conf->certificates, daemon_on_card_fault, daemon, err);
	return daemon->card == NULL ? -1 : 0;
}

/* The one who goes through the plan, and those who take requests. */
static void
daemon_make_parts(struct daemon *daemon)
{
	struct intake_parts intake;
	struct admin_parts admin;

	daemon->site.conf = daemon->conf;
	daemon->site.person_keys = daemon->person_keys;
	daemon->site.budget =
	    budget_new(daemon->loop, daemon->journal, &daemon->site.conf, daemon->site.audit);
	daemon->driver = driver_new(daemon->loop, daemon->journal, plan, &daemon->site,
	    daemon->directories, daemon->conf->limits.in_flight);
	daemon->rates =
	    rates_new(&daemon->conf->limits, daemon->conf->portals, daemon->conf->portal_count);
	intake = (struct intake_parts){
	    .loop = daemon->loop,
	    .site = &daemon->site,
	    .journal = daemon->journal,
	    .driver = daemon->driver,
	    .hash_pool = daemon->hash_pool,
	    .card = daemon->card,
	    .rates = daemon->rates,
	    .directories = daemon->directories,
	    .first_step = plan[0].name,
	};
	daemon->intake = intake_new(&intake);
	admin = (struct admin_parts){
	    .loop = daemon->loop,
	    .site = &daemon->site,
	    .journal = daemon->journal,
	    .driver = daemon->driver,
	    .plan = plan,
	    .hash_pool = daemon->hash_pool,
	    .directories = daemon->directories,
	    .conf_path = daemon->conf_path,
	    .rates = daemon->rates,
	    .submit = intake_on_post,
	    .submit_context = daemon->intake,
	};
	daemon->admin = admin_new(&admin);
}

/* As many connections as leave descriptors for everything else: with none left the journal and the
 * directories would be the ones that fail. */
static int
daemon_limit_connections(const struct conf *conf, struct conf_limits *limits, struct err *err)
{
	int64_t reserved = FILES_RESERVED + ADMIN_CONNECTIONS, room;
	struct rlimit files;

	reserved += 2 * conf->accounts.directory.connections;
	for (size_t i = 0; i < conf->personnel_count; i++)
		reserved += 2 * conf->personnel[i].directory.connections;
	if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur > INT_MAX)
		return 0;
	room = (int64_t)files.rlim_cur - reserved;
	if (room < 1)
		return err_set(err, ERR_BROKEN,
		    "%lld open files are allowed, and more than %lld are needed",
		    (long long)files.rlim_cur, (long long)reserved);
	if (limits->connections > room) {
		log_warning("limits.connections is %d, but with %lld open files allowed there are "
			    "no more than %lld",
		    limits->connections, (long long)files.rlim_cur, (long long)room);
		limits->connections = (int)room;
	}
	return 0;
}

static int
daemon_listen(struct daemon *daemon, struct err *err)
{
	const struct conf *conf = daemon->conf;
	struct conf_limits limits = conf->limits, admin_limits = conf->limits;

	if (daemon_limit_connections(conf, &limits, err) != 0)
		return -1;
	if (admin_limits.connections > ADMIN_CONNECTIONS)
		admin_limits.connections = ADMIN_CONNECTIONS;
	daemon->admin_http = http_listen_unix(daemon->loop, conf->listen.admin_socket, admin_routes,
	    admin_route_count, daemon->admin, &admin_limits, err);
	if (daemon->admin_http == NULL)
		return -1;
	daemon->public_http = http_listen(daemon->loop, &conf->listen, intake_routes,
	    intake_route_count, intake_portals, daemon->intake, &limits, err);
	if (daemon->public_http == NULL)
		return -1;
	http_limit(daemon->public_http, daemon->rates);
	http_on_problem(daemon->admin_http, witness_on_problem, daemon->site.audit);
	http_on_problem(daemon->public_http, witness_on_problem, daemon->site.audit);
	return 0;
}

/* A certificate that clients would not believe is no better than the one in force, whatever that
 * one's dates are. */
static int
daemon_read_tls(const struct conf *conf, struct http_tls **tls_out, struct err *err)
{
	if (http_tls_read(&conf->listen, tls_out, err) != 0)
		return -1;
	return *tls_out != NULL && http_tls_check(*tls_out, err) == HTTP_TLS_OUT_OF_DATE ? -1 : 0;
}

/* A bad file is refused whole: the configuration in force stays. */
static void
daemon_reload(struct daemon *daemon)
{
	struct err err = {0};
	struct conf *conf = daemon_read_conf(daemon->conf_path);
	struct http_tls *tls = NULL;

	if (conf == NULL || conf_check_reload(daemon->conf, conf, &err) != 0 ||
	    daemon_read_tls(conf, &tls, &err) != 0 ||
	    card_reload(daemon->card, &conf->certificates, &err) != 0) {
		log_error("reload refused, the configuration in force stays: %s",
		    conf == NULL ? "see the faults above" : err.text);
		http_tls_free(&tls);
		conf_free(&conf);
		witness_event(daemon->site.audit, "reload", "refused");
		return;
	}
	http_set_tls(daemon->public_http, &tls);
	conf_free(&daemon->conf);
	daemon->conf = conf;
	daemon->site.conf = conf;
	rates_set(daemon->rates, &conf->limits, conf->portals, conf->portal_count);
	timekeeper_reload(daemon->timekeeper, conf);
	log_setup((enum log_level)conf->log.level, (enum log_format)conf->log.format);
	log_note("configuration reloaded");
	witness_reload(daemon->site.audit, conf);
}

static void
daemon_on_reload(int number, void *arg)
{
	struct daemon *daemon = arg;

	notify_reloading();
	audit_reopen(daemon->site.audit);
	daemon_reload(daemon);
	notify_supervisor("READY=1");
}

static void
daemon_on_drain(void *arg)
{
	struct daemon *daemon = arg;
	int64_t passed = clock_boot() - daemon->drain_began;
	bool open;

	if (passed >= DRAIN_GIVE_UP)
		intake_give_up(daemon->intake);
	open = intake_open(daemon->intake) > 0 || http_has_unsent(daemon->public_http) ||
	       http_has_unsent(daemon->admin_http);
	if (passed >= DRAIN_MOST || (!open && passed >= DRAIN_LOOK))
		loop_stop(daemon->loop);
	else
		loop_timer_set(daemon->drain_timer, DRAIN_LOOK);
}

static void
daemon_on_end(int number, void *arg)
{
	struct daemon *daemon = arg;

	if (daemon->drain_began != 0)
		return;
	log_note("ending: %s", strsignal(number));
	notify_supervisor("STOPPING=1");
	daemon->drain_began = clock_boot();
	http_pause(daemon->public_http);
	http_pause(daemon->admin_http);
	intake_drain(daemon->intake);
	admin_drain(daemon->admin);
	daemon_on_drain(daemon);
}

/* Once we are who we are going to be: a change of user makes the process dumpable again. */
static void
daemon_open_heap(void)
{
	struct err err = {0};

	if (secret_open_heap(&err) != 0)
		log_warning("%s", err.text);
}

static int
daemon_build(struct daemon *daemon, struct err *err)
{
	daemon_open_heap();
	daemon->loop = loop_new(err);
	if (daemon->loop == NULL || daemon_open_journal(daemon, err) != 0 ||
	    witness_open(daemon->loop, daemon->conf, &daemon->site.audit, err) != 0 ||
	    daemon_open_directories(daemon, err) != 0 || daemon_open_hash_pool(daemon, err) != 0 ||
	    daemon_open_card(daemon, err) != 0)
		return -1;
	daemon_make_parts(daemon);
	timekeeper_start(daemon->timekeeper, daemon->driver);
	if (daemon_listen(daemon, err) != 0)
		return -1;
	daemon->signals[0] = loop_signal_new(daemon->loop, SIGTERM, daemon_on_end, daemon);
	daemon->signals[1] = loop_signal_new(daemon->loop, SIGINT, daemon_on_end, daemon);
	daemon->signals[2] = loop_signal_new(daemon->loop, SIGHUP, daemon_on_reload, daemon);
	daemon->drain_timer = loop_timer_new(daemon->loop, daemon_on_drain, daemon);
	driver_start(daemon->driver);
	journal_resume_rekey(daemon->journal);
	/* What can't be read shall be known before its time comes. */
	return journal_begin(daemon->journal, JOURNAL_CHECK, NULL, err);
}

/* Before anything is opened and any thread is there. The configuration is read once more as the
 * user that we are from now on: what can't be read so a reload could not read. */
static int
daemon_confine(struct daemon *daemon, struct err *err)
{
	bool changed;

	if (confine_user(&daemon->conf->confine, &changed, err) != 0)
		return -1;
	if (changed) {
		conf_free(&daemon->conf);
		daemon->conf = daemon_read_conf(daemon->conf_path);
		if (daemon->conf == NULL)
			return err_set(
			    err, ERR_INPUT, "%s: confine.user can't use it", daemon->conf_path);
	}
	return confine_files(daemon->conf, err);
}

static void
daemon_say_where(const struct daemon *daemon)
{
	const struct conf_listen *listen = &daemon->conf->listen;
	int port = http_port(daemon->public_http);

	if (port == 0)
		log_note("musterd %s listens on %s", PACKAGE_VERSION, listen->address);
	else
		log_note("musterd %s listens on %s port %d%s", PACKAGE_VERSION, listen->address,
		    port, *listen->certificate_file != '\0' ? " (TLS)" : "");
}

struct daemon *
daemon_start(const char *conf_path, struct err *err)
{
	struct daemon *daemon = mem_new(sizeof(*daemon));

	daemon->conf_path = mem_text(conf_path);
	daemon->conf = daemon_read_conf(conf_path);
	if (daemon->conf == NULL) {
		err_set(err, ERR_INPUT, "%s: the configuration has faults", conf_path);
		daemon_stop(&daemon);
		return NULL;
	}
	log_setup(
	    (enum log_level)daemon->conf->log.level, (enum log_format)daemon->conf->log.format);
	if (daemon_confine(daemon, err) != 0 || daemon_build(daemon, err) != 0 ||
	    confine_calls(&daemon->conf->confine, err) != 0)
		daemon_stop(&daemon);
	else
		daemon_say_where(daemon);
	return daemon;
}

void
daemon_run(struct daemon *daemon)
{
	notify_supervisor("READY=1");
	daemon->watchdog = watchdog_new(daemon->loop);
	loop_run(daemon->loop);
}

void
daemon_stop(struct daemon **daemon)
{
	struct daemon *it = *daemon;

	if (it == NULL)
		return;
	*daemon = NULL;
	watchdog_free(&it->watchdog);
	loop_timer_free(&it->drain_timer);
	for (int i = 2; i >= 0; i--)
		loop_watch_free(&it->signals[i]);
	if (it->driver != NULL) {
		driver_stop(it->driver);
		timekeeper_look(it->timekeeper);
		admin_stop(it->admin);
		intake_stop(it->intake);
	}
	http_close(&it->public_http);
	http_close(&it->admin_http);
	card_close(&it->card);
	hash_pool_free(&it->hash_pool);
	while (it->directory_count > 0)
		dir_close(&it->directories[--it->directory_count]);
	free(it->directories);
	journal_close(&it->journal);
	timekeeper_close(&it->timekeeper);
	budget_free(&it->site.budget);
	admin_free(&it->admin);
	intake_free(&it->intake);
	driver_free(&it->driver);
	rates_free(&it->rates);
	witness_event(it->site.audit, "stop", NULL);
	audit_close(&it->site.audit);
	loop_free(&it->loop);
	keyring_free(&it->person_keys);
	keyring_free(&it->journal_keys);
	conf_free(&it->conf);
	mem_free_text(&it->conf_path);
	free(it);
}
