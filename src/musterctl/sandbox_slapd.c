/*
 * The private slapd: a cn=config built offline with the tools of slapd itself, the shipped schema
 * and access rules, two databases (personnel, glued below the accounts'), no root.
 */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"
#include "musterctl/sandbox_files.h"
#include "musterctl/sandbox_internal.h"

#define SCHEMAS "/etc/ldap/schema"
#define UP_MOST 10000 /* milliseconds */
#define UP_LOOK 20

static const char slapd_config[] =
    "dn: cn=config\nobjectClass: olcGlobal\ncn: config\nolcPidFile: %1$s/slapd/slapd.pid\n\n"
    "dn: cn=module{0},cn=config\nobjectClass: olcModuleList\ncn: module{0}\n"
    "olcModulePath: /usr/lib/ldap\nolcModuleLoad: back_mdb\n\n"
    "dn: cn=schema,cn=config\nobjectClass: olcSchemaConfig\ncn: schema\n\n"
    "include: file://" SCHEMAS "/core.ldif\n\ninclude: file://" SCHEMAS "/cosine.ldif\n\n"
    "include: file://" SCHEMAS "/inetorgperson.ldif\n\ninclude: file://" SCHEMAS "/misc.ldif\n\n"
    "include: file://%1$s/slapd/muster.ldif\n\n"
    "dn: olcDatabase={-1}frontend,cn=config\nobjectClass: olcDatabaseConfig\n"
    "objectClass: olcFrontendConfig\nolcDatabase: {-1}frontend\n"
    "olcAccess: {0}to dn.base=\"\" by * read\nolcAccess: {1}to dn.base=\"cn=Subschema\" by * "
    "read\n\n"
    "dn: olcDatabase={0}config,cn=config\nobjectClass: olcDatabaseConfig\n"
    "olcDatabase: {0}config\nolcRootDN: " ADMIN_DN "\n\n"
    "dn: olcDatabase={1}mdb,cn=config\nobjectClass: olcDatabaseConfig\nobjectClass: olcMdbConfig\n"
    "olcDatabase: {1}mdb\nolcSuffix: " PERSONNEL_BASE "\nolcSubordinate: TRUE\n"
    "olcRootDN: " ADMIN_DN "\nolcDbDirectory: %1$s/slapd/personnel\nolcDbMaxSize: 1073741824\n\n"
    "dn: olcDatabase={2}mdb,cn=config\nobjectClass: olcDatabaseConfig\nobjectClass: olcMdbConfig\n"
    "olcDatabase: {2}mdb\nolcSuffix: " SUFFIX "\nolcRootDN: " ADMIN_DN "\nolcRootPW: %2$s\n"
    "olcDbDirectory: %1$s/slapd/accounts\nolcDbMaxSize: 1073741824\n";

static const char slapd_accounts[] =
    "dn: " SUFFIX "\nobjectClass: domain\ndc: example\n\n"
    "dn: " ACCOUNTS_BASE "\nobjectClass: organizationalUnit\nou: people\n\n"
    "dn: " CLAIMS_BASE "\nobjectClass: organizationalUnit\nou: claims\n\n"
    "dn: ou=services," SUFFIX "\nobjectClass: organizationalUnit\nou: services\n\n"
    "dn: " SERVICE_DN "\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\n"
    "cn: musterd\nuserPassword: %1$s\n\n"
    "dn: cn=webmail,ou=services," SUFFIX "\nobjectClass: organizationalRole\n"
    "objectClass: simpleSecurityObject\ncn: webmail\nuserPassword: %2$s\n";

static const char slapd_personnel[] =
    "dn: " PERSONNEL_BASE "\nobjectClass: organizationalUnit\nou: personnel\n";

char *
slapd_ldapi(const struct sandbox *sandbox)
{
	struct text uri = {0};

	text_add(&uri, "ldapi://");
	for (const char *at = sandbox->socket_dir; *at != '\0'; at++) {
		if (strchr(
			"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._", *at))
			text_add(&uri, "%c", *at);
		else
			text_add(&uri, "%%%02X", (unsigned char)*at);
	}
	text_add(&uri, "%%2Fldapi");
	return text_take(&uri);
}

/* Runs one of slapd's own tools: name, then words, which end with NULL. */
static int
slapd_tool(const struct sandbox *sandbox, const char *name, const char *const *words,
    char **output_out, struct err *err)
{
	char *argv[16] = {child_find(name)};
	int count = 1, result;

	if (argv[0] == NULL)
		return err_set(err, ERR_BROKEN, "there is no %s: install the package slapd", name);
	for (; *words != NULL; words++)
		argv[count++] = (char *)(uintptr_t)*words;
	result = child_run(sandbox, argv, output_out, err);
	mem_free_text(&argv[0]);
	return result;
}

/* The hash of the secret in a file, made by slappasswd from the file; the caller frees. */
static char *
slapd_hash(const struct sandbox *sandbox, const char *name, struct err *err)
{
	char *secret = folder_secret(sandbox, name, err), *path = folder_path(sandbox, name);
	char *hash = NULL;
	const char *const words[] = {"-T", path, "-h", "{SSHA}", "-n", NULL};

	if (secret != NULL && slapd_tool(sandbox, "slappasswd", words, &hash, err) != 0)
		hash = NULL;
	secret_wipe_text(&secret);
	mem_free_text(&path);
	return hash;
}

/* Adds the LDIF file to the database of the suffix, or to the configuration for NULL. */
static int
slapd_load(const struct sandbox *sandbox, const char *suffix, const char *file, struct err *err)
{
	char *conf = folder_path(sandbox, "slapd/conf");
	const char *const to_conf[] = {"-n0", "-F", conf, "-l", file, NULL};
	const char *const to_database[] = {"-q", "-g", "-b", suffix, "-F", conf, "-l", file, NULL};
	int result =
	    slapd_tool(sandbox, "slapadd", suffix == NULL ? to_conf : to_database, NULL, err);

	if (result != 0)
		err_prefix(err, "%s", file);
	mem_free_text(&conf);
	return result;
}

static int
slapd_load_text(const struct sandbox *sandbox, const char *suffix, const char *name,
    const char *text, struct err *err)
{
	char *path = folder_path(sandbox, name);
	int result = folder_write(sandbox, name, text, err);

	if (result == 0)
		result = slapd_load(sandbox, suffix, path, err);
	mem_free_text(&path);
	return result;
}

static int
slapd_make_conf(const struct sandbox *sandbox, const char *admin_hash, struct err *err)
{
	char *ldif = mem_format(slapd_config, sandbox->dir, admin_hash);
	char *conf = folder_path(sandbox, "slapd/conf"),
	     *rules = folder_path(sandbox, "slapd/access.ldif");
	const char *const words[] = {"-n0", "-F", conf, "-l", rules, NULL};
	int result = -1;

	if (folder_write(sandbox, "slapd/muster.ldif", sandbox_schema_openldap, err) == 0 &&
	    slapd_load_text(sandbox, NULL, "slapd/config.ldif", ldif, err) == 0 &&
	    folder_write(sandbox, "slapd/access.ldif", sandbox_slapd_access, err) == 0)
		result = slapd_tool(sandbox, "slapmodify", words, NULL, err);
	secret_wipe_text(&ldif);
	mem_free_text(&rules);
	mem_free_text(&conf);
	return result;
}

static int
slapd_make_accounts(const struct sandbox *sandbox, struct err *err)
{
	char *service = slapd_hash(sandbox, "service.password", err);
	char *webmail = service == NULL ? NULL : slapd_hash(sandbox, "webmail.password", err);
	char *ldif = NULL;
	int result = -1;

	if (webmail != NULL) {
		ldif = mem_format(slapd_accounts, service, webmail);
		result = slapd_load_text(sandbox, SUFFIX, "slapd/accounts.ldif", ldif, err);
	}
	secret_wipe_text(&ldif);
	mem_free_text(&service);
	mem_free_text(&webmail);
	return result;
}

static int
slapd_remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
	return remove(path);
}

/* The personnel database from nothing: the sample, or the people that were named. */
static int
slapd_make_personnel(const struct sandbox *sandbox, struct err *err)
{
	char *path = folder_path(sandbox, "slapd/personnel");
	int result = -1;

	nftw(path, slapd_remove_one, 8, FTW_DEPTH | FTW_PHYS);
	mem_free_text(&path);
	if (folder_make(sandbox, "slapd/personnel", err) != 0 ||
	    slapd_load_text(sandbox, PERSONNEL_BASE, "slapd/base.ldif", slapd_personnel, err) != 0)
		return -1;
	if (sandbox->people != NULL)
		result = slapd_load(sandbox, PERSONNEL_BASE, sandbox->people, err);
	else
		result = slapd_load_text(
		    sandbox, PERSONNEL_BASE, "slapd/people.ldif", sandbox_people, err);
	return result;
}

/* The mark says that all of it was built: a start that was cut off begins anew. */
#define SLAPD_MARK "slapd/complete"

int
slapd_prepare(struct sandbox *sandbox, struct err *err)
{
	char *admin, *path;
	int result;

	if (folder_has(sandbox, SLAPD_MARK))
		return sandbox->people == NULL ? 0 : slapd_make_personnel(sandbox, err);
	path = folder_path(sandbox, "slapd");
	nftw(path, slapd_remove_one, 8, FTW_DEPTH | FTW_PHYS);
	mem_free_text(&path);
	if (folder_make(sandbox, "slapd", err) != 0 ||
	    folder_make(sandbox, "slapd/conf", err) != 0 ||
	    folder_make(sandbox, "slapd/accounts", err) != 0 ||
	    folder_make(sandbox, "slapd/personnel", err) != 0)
		return -1;
	admin = slapd_hash(sandbox, "admin.password", err);
	if (admin == NULL)
		return -1;
	result = slapd_make_conf(sandbox, admin, err);
	mem_free_text(&admin);
	if (result != 0 || slapd_make_accounts(sandbox, err) != 0 ||
	    slapd_make_personnel(sandbox, err) != 0)
		return -1;
	return folder_write(sandbox, SLAPD_MARK, "", err);
}

int
slapd_start(struct sandbox *sandbox, struct err *err)
{
	char *ldapi = slapd_ldapi(sandbox), *conf = folder_path(sandbox, "slapd/conf");
	char *urls = mem_format("%s ldap://127.0.0.1:%lld/", ldapi, (long long)sandbox->ldap_port);
	char *argv[] = {child_find("slapd"), (char *)"-F", conf, (char *)"-h", urls, (char *)"-d",
	    (char *)"0", NULL};
	int result = child_start(sandbox, &sandbox->slapd, argv, "slapd.log", err);
	char *how = NULL;

	for (int waited = 0; result == 0 && !net_answers(sandbox->ldap_port); waited += UP_LOOK) {
		sandbox_pause(sandbox, UP_LOOK);
		if (waited < UP_MOST && !sandbox->stop && !child_has_ended(&sandbox->slapd, &how))
			continue;
		folder_show_tail(sandbox, "slapd.log");
		result =
		    err_set(err, ERR_BROKEN, "slapd %s", how != NULL ? how : "did not come up");
	}
	mem_free_text(&how);
	mem_free_text(&argv[0]);
	mem_free_text(&urls);
	mem_free_text(&conf);
	mem_free_text(&ldapi);
	return result;
}
