/* musterd's configuration in the sandbox, musterd itself, and what others need to reach it. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/keyring.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"
#include "musterctl/sandbox_files.h"
#include "musterctl/sandbox_internal.h"

#define READY_MOST 30000 /* milliseconds */
#define READY_LOOK 20
#define DELAY_DEFAULT 900

/* 1 folder, 2 port, 3 admin socket, 4 token's hash, 5 ldapi URI, 6 delay. */
static const char daemon_conf[] =
    "# The sandbox's configuration; kept from one start to the next.\n"
    "@include \"%1$s/army.conf\"\n\n"
    "listen = { address = \"127.0.0.1\"; port = %2$lld; admin_socket = \"%3$s\"; };\n"
    "portals = ( { name = \"sandbox\"; token_sha256 = \"%4$s\";\n"
    "    rights = [\"register\", \"identity-check\", \"status\", \"cancel\", \"reset\"];\n"
    "    rate = 20000; burst = 100000; failure_rate = 60000; failure_burst = 100000; } );\n"
    "personnel = ( { name = \"sample\"; uris = [\"%5$s\"];\n"
    "    bind = \"simple\"; bind_dn = \"" SERVICE_DN "\";\n"
    "    bind_password_file = \"%1$s/service.password\";\n"
    "    base = \"" PERSONNEL_BASE "\"; filter = \"(objectClass=musterPersonnelRecord)\";\n"
    "    attributes = { identifier = \"personnelId\"; birth_date = \"birthDate\";\n"
    "        pay_entry_base_date = \"payEntryBaseDate\"; given_name = \"givenName\";\n"
    "        middle_name = \"middleName\"; family_name = \"sn\"; suffix = "
    "\"generationQualifier\";\n"
    "        edipi = \"edipi\"; category = \"personnelCategory\"; status = \"personnelStatus\";\n"
    "        o = \"o\"; ou = \"ou\"; title = \"title\"; };\n"
    "    current_values = [\"current\"];\n"
    "    category_map = (%7$s ); } );\n"
    "accounts = { uris = [\"%5$s\"];\n"
    "    bind = \"simple\"; bind_dn = \"" SERVICE_DN "\";\n"
    "    bind_password_file = \"%1$s/service.password\";\n"
    "    base = \"" ACCOUNTS_BASE "\"; claims_base = \"" CLAIMS_BASE "\";\n"
    "    uid_template = \"{given}.{mi}.{sn}\"; mail_domain = \"mail.example.mil\"; };\n"
    "identity = { key_file = \"%1$s/identity.key\"; spray_failures = 0; };\n"
    "activation = { delay = %6$lld; };\n"
    "password = { queue = 4096; };\n"
    "limits = { connections = 4096; in_flight = 2048;\n"
    "    rate = 20000; burst = 100000; failure_rate = 60000; failure_burst = 100000;\n"
    "    stranger_rate = 60000; stranger_burst = 100000; };\n"
    "journal = { path = \"%1$s/journal.db\"; key_file = \"%1$s/journal.key\"; };\n"
    "audit = { path = \"%1$s/audit.log\"; key_file = \"%1$s/audit.key\";\n"
    "    sign_file = \"%1$s/audit.sign\"; };\n";

/* Every category of the Army profile by its own name; ROTC cadets from the third year on. */
static char *
daemon_category_map(void)
{
	static const char *const ids[] = {"active-army", "army-retired", "army-reserve",
	    "individual-ready-reserve", "national-guard", "da-civilian", "da-civilian-retired",
	    "naf-civilian", "usma-cadet", "future-soldier"};
	struct text map = {0};

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		text_add(&map, "\n        { value = \"%s\"; category = \"%s\"; },", ids[i], ids[i]);
	text_add(&map, "\n        { value = \"rotc-cadet\"; category = \"rotc-cadet\";"
		       " where_attribute = \"rotcYear\"; where_values = [\"3\", \"4\"]; }");
	return text_take(&map);
}

char *
daemon_admin_socket(const struct sandbox *sandbox)
{
	return mem_format("%s/admin.sock", sandbox->socket_dir);
}

int
daemon_configure(struct sandbox *sandbox, struct err *err)
{
	char hash[KEYRING_HMAC_SIZE], *token, *ldapi, *admin, *map, *text;
	long long delay = sandbox->asked_delay >= 0 ? sandbox->asked_delay : DELAY_DEFAULT;
	int result;

	token = folder_secret(sandbox, "token", err);
	if (token == NULL)
		return -1;
	keyring_sha256(token, strlen(token), hash);
	secret_wipe_text(&token);
	if (folder_has(sandbox, "musterd.conf") && sandbox->asked_delay < 0 &&
	    !sandbox->ports_changed && strcmp(sandbox->socket_dir, sandbox->dir) == 0)
		return 0;
	ldapi = slapd_ldapi(sandbox);
	admin = daemon_admin_socket(sandbox);
	map = daemon_category_map();
	text = mem_format(
	    daemon_conf, sandbox->dir, (long long)sandbox->port, admin, hash, ldapi, delay, map);
	result = folder_write(sandbox, "army.conf", sandbox_army_conf, err);
	if (result == 0)
		result = folder_write(sandbox, "musterd.conf", text, err);
	mem_free_text(&text);
	mem_free_text(&map);
	mem_free_text(&admin);
	mem_free_text(&ldapi);
	return result;
}

/* Beside our own executable (the build tree; libtool may have put it into .libs), or installed. */
static char *
daemon_find(void)
{
	static const char *const places[] = {"", "/../sbin", "/.."};
	char self[4096], *slash, *found = NULL;
	ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (size <= 0)
		return NULL;
	self[size] = '\0';
	slash = strrchr(self, '/');
	if (slash == NULL)
		return NULL;
	*slash = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && found == NULL; i++) {
		found = mem_format("%s%s/musterd", self, places[i]);
		if (access(found, X_OK) != 0)
			mem_free_text(&found);
	}
	return found;
}

int
daemon_start(struct sandbox *sandbox, struct err *err)
{
	char *conf = folder_path(sandbox, "musterd.conf"), *how = NULL;
	char *argv[] = {daemon_find(), (char *)"-c", conf, (char *)"-f", NULL};
	int result =
	    argv[0] == NULL
		? err_set(err, ERR_BROKEN, "there is no musterd beside musterctl, nor in ../sbin")
		: child_start(sandbox, &sandbox->musterd, argv, "musterd.log", err);

	for (int waited = 0; result == 0 && !net_is_ready(sandbox->port); waited += READY_LOOK) {
		sandbox_pause(sandbox, READY_LOOK);
		if (sandbox->stop)
			break;
		if (waited < READY_MOST && !child_has_ended(&sandbox->musterd, &how))
			continue;
		folder_show_tail(sandbox, "musterd.log");
		result =
		    err_set(err, ERR_BROKEN, "musterd %s", how != NULL ? how : "did not get ready");
	}
	mem_free_text(&how);
	mem_free_text(&argv[0]);
	mem_free_text(&conf);
	return result;
}

static json_t *
endpoints_json(const struct sandbox *sandbox, const char *token, const char *password)
{
	char *api = mem_format("http://127.0.0.1:%lld", (long long)sandbox->port);
	char *ldap = mem_format("ldap://127.0.0.1:%lld", (long long)sandbox->ldap_port);
	char *admin = daemon_admin_socket(sandbox), *conf = folder_path(sandbox, "musterd.conf");
	json_t *json =
	    json_pack("{s:s, s:s, s:n, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:{s:i, s:i, s:n}}",
		"api", api, "token", token, "portal", "ldap", ldap, "ldap_admin_dn", ADMIN_DN,
		"ldap_admin_password", password, "accounts_base", ACCOUNTS_BASE, "personnel_base",
		PERSONNEL_BASE, "admin_socket", admin, "config", conf, "pids", "musterd",
		(int)sandbox->musterd.pid, "slapd", (int)sandbox->slapd.pid, "portal");

	mem_free_text(&conf);
	mem_free_text(&admin);
	mem_free_text(&ldap);
	mem_free_text(&api);
	return json;
}

static void
endpoints_say(const struct sandbox *sandbox)
{
	char *admin = daemon_admin_socket(sandbox);

	printf("The sandbox is ready: addresses, token and passwords are in %1$s/endpoints.json\n"
	       "Its log: %1$s/musterd.log. Ctrl-C ends it. Try, in another terminal:\n\n"
	       "  cd %1$s\n"
	       "  jq -r '\"header = \\\"Authorization: Bearer \\(.token)\\\"\"' endpoints.json > "
	       "curl.conf\n"
	       "  curl -K curl.conf http://127.0.0.1:%2$lld/v1/policy\n"
	       "  ldapsearch -LLL -x -H ldap://127.0.0.1:%3$lld -D " ADMIN_DN
	       " -y admin.password -b " PERSONNEL_BASE " '(personnelId=900123456)'\n"
	       "  musterctl -s %4$s status\n"
	       "  musterctl -s %4$s watch\n",
	    sandbox->dir, (long long)sandbox->port, (long long)sandbox->ldap_port, admin);
	mem_free_text(&admin);
}

int
endpoints_write(const struct sandbox *sandbox, struct err *err)
{
	char *token = folder_secret(sandbox, "token", err);
	char *password = folder_secret(sandbox, "admin.password", err), *text = NULL;
	json_t *json = NULL;
	int result = -1;

	if (token != NULL && password != NULL)
		json = endpoints_json(sandbox, token, password);
	if (json != NULL && (text = json_dumps(json, JSON_INDENT(2))) != NULL)
		result = folder_write(sandbox, "endpoints.json", text, err);
	if (result == 0 && sandbox->json)
		puts(text);
	else if (result == 0)
		endpoints_say(sandbox);
	fflush(stdout);
	json_decref(json);
	secret_wipe_text(&text);
	secret_wipe_text(&password);
	secret_wipe_text(&token);
	return result;
}

void
endpoints_remove(const struct sandbox *sandbox)
{
	char *path = folder_path(sandbox, "endpoints.json");

	unlink(path);
	mem_free_text(&path);
}
