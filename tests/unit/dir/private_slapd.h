/*
 * A private slapd in a temporary folder, on ldapi, ldap and ldaps, loopback only. It dies with the
 * test. Suffix dc=example,dc=mil; cn=admin,… has the password in the file 'password'.
 */
#ifndef TEST_PRIVATE_SLAPD_H
#define TEST_PRIVATE_SLAPD_H

#include <stdbool.h>
#include <sys/types.h>

struct slapd {
	char folder[64];
	char ldapi[160], ldap[64], ldaps[64]; /* URIs */
	int port, tls_port;
	pid_t pid;
};

#define SLAPD_BASE "dc=example,dc=mil"
#define SLAPD_ADMIN "cn=admin,dc=example,dc=mil"
#define SLAPD_PASSWORD "not-so-secret"

bool slapd_is_installed(void);
int slapd_free_port(void);
/* Writes the configuration, certificates (ca.pem, other.pem, server.pem) and first entries. */
void slapd_make(struct slapd *slapd);
void slapd_start(struct slapd *slapd);  /* and waits until it listens */
void slapd_freeze(struct slapd *slapd); /* SIGSTOP: and waits until it stands still */
void slapd_thaw(struct slapd *slapd);
void slapd_kill(struct slapd *slapd, int number); /* SIGKILL, SIGTERM: and waits for its end */
void slapd_remove(struct slapd *slapd);
/* folder/name, in one of a few static buffers. */
const char *slapd_path(const struct slapd *slapd, const char *name);

#endif
