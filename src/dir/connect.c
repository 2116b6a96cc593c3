#include <ldap.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/secret.h"
#include "conf/conf.h"
#include "dir/connect.h"
#include "dir/outcome.h"

/* Where a GnuTLS build of the library finds the system's authorities: it has no default. */
#define SYSTEM_CA_FILE "/etc/ssl/certs/ca-certificates.crt"

/* Bytes of one message: an entry, or the schema, which is the largest that we ask for. */
#define MESSAGE_MOST (16 << 20)

static bool
uri_has_scheme(const char *uri, const char *scheme)
{
	return strncasecmp(uri, scheme, strlen(scheme)) == 0;
}

static const char *
text_or_none(const char *text)
{
	return text == NULL || *text == '\0' ? NULL : text;
}

/*
 * Says what failed, and never in the server's words: its diagnostics quote values. Of TLS faults
 * the GnuTLS build knows no more than '(unknown error code)'.
 */
static int
connect_fail(const char *uri, const char *what, int code, struct err *err)
{
	bool has_tls = uri_has_scheme(uri, "ldaps:") || strcmp(what, "StartTLS") == 0;

	if (has_tls && (code == LDAP_SERVER_DOWN || code == LDAP_CONNECT_ERROR))
		return err_set(err, ERR_BUSY,
		    "%.200s: %s: the directory can't be reached, or its certificate is not "
		    "trusted: "
		    "look at ca_file, and at the names in the certificate",
		    uri, what);
	return err_set(err, ERR_BUSY, "%.200s: %s: %s", uri, what, outcome_words(code));
}

/* The bind is what makes the library connect. */
static int
connect_fail_bind(const char *uri, int code, struct err *err)
{
	return connect_fail(uri, code < 0 ? "connect" : "bind", code, err);
}

/* What is left of the time for the whole, as the limit of the next blocking call. */
static int
connect_limit(LDAP *handle, int64_t deadline)
{
	int64_t left = deadline - clock_boot();
	struct timeval limit;

	if (left <= 0)
		return -1;
	limit.tv_sec = left / 1000;
	limit.tv_usec = left % 1000 * 1000;
	ldap_set_option(handle, LDAP_OPT_NETWORK_TIMEOUT, &limit);
	ldap_set_option(handle, LDAP_OPT_TIMEOUT, &limit);
	return 0;
}

/* The certificate is always asked for and checked; NEWCTX comes last and takes up the rest. */
static int
connect_set_tls(LDAP *handle, const struct conf_directory *settings)
{
	const char *ca = text_or_none(settings->ca_file), *key = text_or_none(settings->key_file);
	char *key_path = NULL;
	int demand = LDAP_OPT_X_TLS_DEMAND, minimum = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2, client = 0;

	if (ca == NULL && access(SYSTEM_CA_FILE, R_OK) == 0)
		ca = SYSTEM_CA_FILE;
	if (ldap_set_option(handle, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand) != LDAP_OPT_SUCCESS)
		return -1;
	ldap_set_option(handle, LDAP_OPT_X_TLS_PROTOCOL_MIN, &minimum);
	ldap_set_option(handle, LDAP_OPT_X_TLS_CACERTFILE, ca);
	ldap_set_option(handle, LDAP_OPT_X_TLS_CERTFILE, text_or_none(settings->certificate_file));
	/* One that is not there is libldap's to say. */
	if (key != NULL)
		key_path = file_secret_path(key, NULL);
	ldap_set_option(handle, LDAP_OPT_X_TLS_KEYFILE, key_path != NULL ? key_path : key);
	free(key_path);
	return ldap_set_option(handle, LDAP_OPT_X_TLS_NEWCTX, &client) == LDAP_OPT_SUCCESS ? 0 : -1;
}

/* A peer that vanished without a word is noticed within two minutes on an idle connection. */
static void
connect_set_keepalive(LDAP *handle)
{
	int idle = 60, probes = 3, interval = 15;

	ldap_set_option(handle, LDAP_OPT_X_KEEPALIVE_IDLE, &idle);
	ldap_set_option(handle, LDAP_OPT_X_KEEPALIVE_PROBES, &probes);
	ldap_set_option(handle, LDAP_OPT_X_KEEPALIVE_INTERVAL, &interval);
}

/* The library takes memory for what a message says it holds, up to 4 GB, before it is there. */
void
connect_set_bounds(LDAP *handle)
{
	ber_len_t most = MESSAGE_MOST;
	Sockbuf *socket = NULL;

	if (ldap_get_option(handle, LDAP_OPT_SOCKBUF, &socket) == LDAP_OPT_SUCCESS)
		ber_sockbuf_ctrl(socket, LBER_SB_OPT_SET_MAX_INCOMING, &most);
}

static LDAP *
connect_new(const struct conf_directory *settings, const char *uri, struct err *err)
{
	LDAP *handle = NULL;
	int version = LDAP_VERSION3, never = LDAP_DEREF_NEVER;

	if (ldap_initialize(&handle, uri) != LDAP_SUCCESS) {
		err_set(err, ERR_BROKEN, "%.200s: this is no URI of a directory", uri);
		return NULL;
	}
	ldap_set_option(handle, LDAP_OPT_PROTOCOL_VERSION, &version);
	ldap_set_option(handle, LDAP_OPT_DEREF, &never);
	ldap_set_option(handle, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
	/* Without it a stalled TLS handshake spins in spite of NETWORK_TIMEOUT (libldap 2.5.13). */
	ldap_set_option(handle, LDAP_OPT_CONNECT_ASYNC, LDAP_OPT_ON);
	connect_set_keepalive(handle);
	connect_set_bounds(handle);
	if ((settings->start_tls || uri_has_scheme(uri, "ldaps:")) &&
	    connect_set_tls(handle, settings) != 0) {
		err_set(err, ERR_BROKEN,
		    "%.200s: TLS can't be set up: look at ca_file, certificate_file and key_file",
		    uri);
		connect_drop(&handle);
	}
	return handle;
}

/* An empty password would make an anonymous bind that succeeds (RFC 4513 section 5.1.2). */
static struct secret *
connect_read_password(const struct conf_directory *settings, struct err *err)
{
	struct secret *password = secret_from_file(settings->bind_password_file, err);

	if (password != NULL && secret_size(password) == 0) {
		err_set(
		    err, ERR_BROKEN, "%s: its first line is empty", settings->bind_password_file);
		secret_free(&password);
	}
	return password;
}

static int
connect_bind_simple(
    LDAP *handle, const struct conf_directory *settings, const char *uri, struct err *err)
{
	struct secret *password;
	struct berval credentials;
	int code;

	if (text_or_none(settings->bind_dn) == NULL)
		return err_set(err, ERR_BROKEN, "%.200s: there is no bind DN", uri);
	password = connect_read_password(settings, err);
	if (password == NULL)
		return -1;
	credentials.bv_len = secret_size(password);
	credentials.bv_val = (char *)(uintptr_t)secret_text(password);
	code = ldap_sasl_bind_s(
	    handle, settings->bind_dn, LDAP_SASL_SIMPLE, &credentials, NULL, NULL, NULL);
	secret_free(&password);
	return code == LDAP_SUCCESS ? 0 : connect_fail_bind(uri, code, err);
}

static int
connect_bind(LDAP *handle, const struct conf_directory *settings, const char *uri, struct err *err)
{
	/* Present, though empty: without it EXTERNAL wants a second step. */
	struct berval nothing = {0, (char[]){""}};
	const char *mechanism = LDAP_SASL_SIMPLE;
	int code;

	if (settings->bind_method == CONF_BIND_SIMPLE)
		return connect_bind_simple(handle, settings, uri, err);
	if (settings->bind_method == CONF_BIND_EXTERNAL)
		mechanism = "EXTERNAL";
	code = ldap_sasl_bind_s(handle, "", mechanism, &nothing, NULL, NULL, NULL);
	return code == LDAP_SUCCESS ? 0 : connect_fail_bind(uri, code, err);
}

/* ldaps has TLS already, and ldapi needs none. */
static int
connect_start_tls(
    LDAP *handle, const struct conf_directory *settings, const char *uri, struct err *err)
{
	int code;

	if (!settings->start_tls || !uri_has_scheme(uri, "ldap:"))
		return 0;
	code = ldap_start_tls_s(handle, NULL, NULL);
	return code == LDAP_SUCCESS ? 0 : connect_fail(uri, "StartTLS", code, err);
}

LDAP *
connect_now(const struct conf_directory *settings, const char *uri, struct err *err)
{
	int64_t deadline = clock_boot() + settings->connect_timeout;
	LDAP *handle = connect_new(settings, uri, err);

	if (handle == NULL)
		return NULL;
	if (connect_limit(handle, deadline) != 0 ||
	    connect_start_tls(handle, settings, uri, err) != 0)
		goto fail;
	if (connect_limit(handle, deadline) != 0) {
		connect_fail(uri, "connect", LDAP_TIMEOUT, err);
		goto fail;
	}
	if (connect_bind(handle, settings, uri, err) == 0)
		return handle;
fail:
	connect_drop(&handle);
	return NULL;
}

void
connect_drop(LDAP **handle)
{
	int fd = -1;

	if (*handle == NULL)
		return;
	/* With a half-written request over TLS the unbind crashes unless the socket is shut first.
	 */
	if (ldap_get_option(*handle, LDAP_OPT_DESC, &fd) == LDAP_OPT_SUCCESS && fd >= 0)
		shutdown(fd, SHUT_RDWR);
	ldap_unbind_ext(*handle, NULL, NULL);
	*handle = NULL;
}
