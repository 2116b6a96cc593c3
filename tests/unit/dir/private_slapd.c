#include <arpa/inet.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "private_slapd.h"

#define SLAPD "/usr/sbin/slapd"
#define SLAPADD "/usr/sbin/slapadd"
#define SCHEMA "/etc/ldap/schema"

static const char config[] = "dn: cn=config\n"
			     "objectClass: olcGlobal\n"
			     "cn: config\n"
			     "olcTLSCACertificateFile: %1$s/ca.pem\n"
			     "olcTLSCertificateFile: %1$s/server.pem\n"
			     "olcTLSCertificateKeyFile: %1$s/server.key\n"
			     "\n"
			     "dn: cn=module,cn=config\n"
			     "objectClass: olcModuleList\n"
			     "cn: module\n"
			     "olcModulePath: /usr/lib/ldap\n"
			     "olcModuleLoad: back_mdb\n"
			     "\n"
			     "dn: cn=schema,cn=config\n"
			     "objectClass: olcSchemaConfig\n"
			     "cn: schema\n"
			     "\n"
			     "include: file://" SCHEMA "/core.ldif\n"
			     "include: file://" SCHEMA "/cosine.ldif\n"
			     "include: file://" SCHEMA "/inetorgperson.ldif\n"
			     "\n"
			     "dn: olcDatabase=mdb,cn=config\n"
			     "objectClass: olcDatabaseConfig\n"
			     "objectClass: olcMdbConfig\n"
			     "olcDatabase: mdb\n"
			     "olcSuffix: " SLAPD_BASE "\n"
			     "olcRootDN: " SLAPD_ADMIN "\n"
			     "olcRootPW: " SLAPD_PASSWORD "\n"
			     "olcDbDirectory: %1$s/db\n"
			     "olcDbNoSync: TRUE\n"
			     "olcDbMaxSize: 67108864\n"
			     "olcAccess: to * by * read\n";

static const char entries[] = "dn: " SLAPD_BASE "\n"
			      "objectClass: dcObject\n"
			      "objectClass: organization\n"
			      "dc: example\n"
			      "o: Example\n"
			      "\n"
			      "dn: ou=people," SLAPD_BASE "\n"
			      "objectClass: organizationalUnit\n"
			      "ou: people\n"
			      "\n"
			      "dn: ou=far," SLAPD_BASE "\n"
			      "objectClass: organizationalUnit\n"
			      "ou: far\n"
			      "\n"
			      "dn: ou=away,ou=far," SLAPD_BASE "\n"
			      "objectClass: referral\n"
			      "objectClass: extensibleObject\n"
			      "ou: away\n"
			      "ref: ldap://127.0.0.1:9/ou=away\n";

static const char certificates[] =
    "new='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2'\n"
    "openssl req -x509 $new -keyout ca.key -out ca.pem -subj /CN=ca &&\n"
    "openssl req -x509 $new -keyout other.key -out other.pem -subj /CN=other &&\n"
    "openssl req $new -keyout server.key -out server.csr -subj /CN=server "
    "-addext subjectAltName=IP:127.0.0.1 &&\n"
    "openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial "
    "-copy_extensions copy -days 2 -out server.pem\n";

static void
fail(const char *what)
{
	fprintf(stderr, "private slapd: %s\n", what);
	abort();
}

bool
slapd_is_installed(void)
{
	return access(SLAPD, X_OK) == 0 && access(SLAPADD, X_OK) == 0 &&
	       access(SCHEMA "/inetorgperson.ldif", R_OK) == 0;
}

const char *
slapd_path(const struct slapd *slapd, const char *name)
{
	static char paths[4][160];
	static size_t next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", slapd->folder, name);
	return path;
}

int
slapd_free_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&address, size) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size) != 0)
		fail("no free port");
	close(fd);
	return ntohs(address.sin_port);
}

static void
write_file(const struct slapd *slapd, const char *name, const char *text)
{
	FILE *file = fopen(slapd_path(slapd, name), "we");

	/* A password that others may read is none. */
	if (file == NULL || fchmod(fileno(file), 0600) != 0 || fputs(text, file) < 0 ||
	    fclose(file) != 0)
		fail(name);
}

/* Runs a program in the folder, its output in 'log'; returns its pid. */
static pid_t
spawn(const struct slapd *slapd, char *const *arguments)
{
	pid_t parent = getpid(), pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || chdir(slapd->folder) != 0 ||
	    freopen("log", "a", stdout) == NULL || dup2(1, 2) < 0)
		_exit(1);
	execvp(arguments[0], arguments);
	_exit(127);
}

static void
run(const struct slapd *slapd, char *const *arguments)
{
	int status;
	pid_t pid = spawn(slapd, arguments);

	if (waitpid(pid, &status, 0) != pid || status != 0) {
		fprintf(stderr, "see %s/log\n", slapd->folder);
		fail(arguments[0]);
	}
}

void
slapd_make(struct slapd *slapd)
{
	char text[sizeof(config) + 512];
	char *make[] = {"sh", "certificates.sh", NULL};
	char *load_config[] = {SLAPADD, "-n0", "-F", "conf", "-l", "config.ldif", NULL};
	char *load[] = {SLAPADD, "-n1", "-F", "conf", "-l", "entries.ldif", NULL};

	memset(slapd, 0, sizeof(*slapd));
	snprintf(slapd->folder, sizeof(slapd->folder), "/tmp/muster-dir-XXXXXX");
	if (mkdtemp(slapd->folder) == NULL)
		fail("no temporary folder");
	mkdir(slapd_path(slapd, "conf"), 0700);
	mkdir(slapd_path(slapd, "db"), 0700);
	snprintf(text, sizeof(text), config, slapd->folder);
	write_file(slapd, "config.ldif", text);
	write_file(slapd, "entries.ldif", entries);
	write_file(slapd, "certificates.sh", certificates);
	write_file(slapd, "password", SLAPD_PASSWORD "\n");
	write_file(slapd, "wrong-password", "entirely-wrong\n");
	write_file(slapd, "empty-password", "\n");
	run(slapd, make);
	run(slapd, load_config);
	run(slapd, load);
	slapd->port = slapd_free_port();
	do
		slapd->tls_port = slapd_free_port();
	while (slapd->tls_port == slapd->port);
	snprintf(slapd->ldap, sizeof(slapd->ldap), "ldap://127.0.0.1:%d", slapd->port);
	snprintf(slapd->ldaps, sizeof(slapd->ldaps), "ldaps://127.0.0.1:%d", slapd->tls_port);
	snprintf(slapd->ldapi, sizeof(slapd->ldapi), "ldapi://%%2Ftmp%%2F%s%%2Fsocket",
	    slapd->folder + strlen("/tmp/"));
}

static bool
port_is_open(int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool open;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	open = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
	close(fd);
	return open;
}

void
slapd_start(struct slapd *slapd)
{
	char urls[400];
	char *arguments[] = {SLAPD, "-F", "conf", "-h", urls, "-d", "0", NULL};

	snprintf(urls, sizeof(urls), "%s %s/ %s/", slapd->ldapi, slapd->ldap, slapd->ldaps);
	slapd->pid = spawn(slapd, arguments);
	for (int i = 0; i < 2000; i++) {
		if (port_is_open(slapd->port) && port_is_open(slapd->tls_port) &&
		    access(slapd_path(slapd, "socket"), F_OK) == 0)
			return;
		usleep(5000);
	}
	fail("slapd does not listen");
}

void
slapd_freeze(struct slapd *slapd)
{
	int status;

	kill(slapd->pid, SIGSTOP);
	if (waitpid(slapd->pid, &status, WUNTRACED) != slapd->pid || !WIFSTOPPED(status))
		fail("slapd does not stop");
}

void
slapd_thaw(struct slapd *slapd)
{
	kill(slapd->pid, SIGCONT);
}

void
slapd_kill(struct slapd *slapd, int number)
{
	if (slapd->pid <= 0)
		return;
	kill(slapd->pid, number);
	kill(slapd->pid, SIGCONT);
	waitpid(slapd->pid, NULL, 0);
	slapd->pid = 0;
}

static int
remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
	return remove(path);
}

void
slapd_remove(struct slapd *slapd)
{
	slapd_kill(slapd, SIGKILL);
	nftw(slapd->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
