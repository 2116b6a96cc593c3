/* What TLS adds: who may speak it, whom a certificate shows, and when it comes and goes. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/pem.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/mem.h"
#include "http/http_internal.h"
#include "rig.h"

#define PATIENCE 10000
#define DAY (24L * 60 * 60)
#define THING "GET /things/1 HTTP/1.1\r\n" RIG_HOST
#define OTHER_AUTH "Authorization: Bearer other-token\r\n"
#define BASIC_AUTH "Authorization: Basic bWFpbjp4\r\n"

/* What a client is set to; NULL and 0 where it is as OpenSSL has it. */
struct manner {
	int lowest, highest;
	const char *ciphers; /* of TLS 1.2 */
	const char *alpn;
	const struct cert *shows;
};

static SSL *
client_new(const struct manner *manner)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *ssl;

	assert_non_null(context);
	SSL_CTX_set_security_level(context, 0);
	SSL_CTX_set_min_proto_version(context, manner->lowest);
	SSL_CTX_set_max_proto_version(context, manner->highest);
	if (manner->ciphers != NULL)
		assert_int_equal(SSL_CTX_set_cipher_list(context, manner->ciphers), 1);
	if (manner->alpn != NULL)
		SSL_CTX_set_alpn_protos(
		    context, (const unsigned char *)manner->alpn, (unsigned)strlen(manner->alpn));
	if (manner->shows != NULL) {
		SSL_CTX_use_certificate(context, manner->shows->x509);
		SSL_CTX_use_PrivateKey(context, manner->shows->key);
	}
	ssl = SSL_new(context);
	SSL_CTX_free(context);
	return ssl;
}

/* Sends a request in that manner; whether it was answered 200. */
static bool
is_answered(struct rig *rig, const struct manner *manner, const char *request)
{
	struct rig_client client;
	bool answered;

	rig_connect_as(rig, &client, client_new(manner));
	rig_send(&client, request);
	rig_wait_end(&client);
	answered = rig_count(&client, "HTTP/1.1 200 OK\r\n") == 1;
	rig_hang_up(&client);
	return answered;
}

static void
test_versions(void **state)
{
	static const struct {
		struct manner manner;
		bool taken;
	} cases[] = {
	    {{TLS1_3_VERSION, 0, NULL, NULL, NULL}, true},
	    {{0, TLS1_2_VERSION, NULL, NULL, NULL}, true},
	    {{0, TLS1_1_VERSION, NULL, NULL, NULL}, false},
	    {{0, TLS1_VERSION, NULL, NULL, NULL}, false},
	    {{0, TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256", NULL, NULL}, true},
	    {{0, TLS1_2_VERSION, "ECDHE-ECDSA-AES256-GCM-SHA384", NULL, NULL}, true},
	    {{0, TLS1_2_VERSION, "ECDHE-ECDSA-CHACHA20-POLY1305", NULL, NULL}, true},
	    {{0, TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256", NULL, NULL}, false},
	    {{0, TLS1_2_VERSION, "ECDHE-ECDSA-AES256-SHA", NULL, NULL}, false},
	    {{0, TLS1_2_VERSION, "ECDHE-ECDSA-NULL-SHA", NULL, NULL}, false},
	    {{0, TLS1_2_VERSION, "AECDH-AES128-SHA", NULL, NULL}, false},
	    {{0, 0, NULL, "\x08http/1.1", NULL}, true},
	    {{0, 0, NULL,
		 "\x02h2"
		 "\x08http/1.1",
		 NULL},
		true},
	    {{0, 0, NULL, "\x02h2", NULL}, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (is_answered(*state, &cases[i].manner,
			"GET /open HTTP/1.1\r\n" RIG_HOST "\r\n") != cases[i].taken)
			fail_msg("manner %zu is %staken", i, cases[i].taken ? "not " : "");
}

static void
test_plain_http_is_refused(void **state)
{
	struct rig_client client;

	rig_connect_as(*state, &client, NULL);
	rig_send(&client, "GET /open HTTP/1.1\r\n" RIG_HOST "\r\n");
	rig_wait_end(&client);
	assert_int_equal(rig_count(&client, "HTTP"), 0);
	rig_hang_up(&client);
}

/* A session that was resumed would not show its certificate again. */
static void
test_nothing_is_resumed(void **state)
{
	for (int highest = TLS1_2_VERSION; highest <= TLS1_3_VERSION; highest++) {
		struct manner manner = {.highest = highest};
		struct rig_client client;
		SSL_SESSION *session;

		rig_connect_as(*state, &client, client_new(&manner));
		rig_send(&client, THING RIG_AUTH "\r\n");
		rig_wait_text(&client, "\"portal\":\"main\"");
		session = SSL_get1_session(client.ssl);
		assert_int_equal(SSL_SESSION_is_resumable(session), 0);
		rig_hang_up(&client);
		SSL_SESSION_free(session);
	}
}

static void
test_no_renegotiation(void **state)
{
	struct manner manner = {.highest = TLS1_2_VERSION};
	struct rig_client client;

	rig_connect_as(*state, &client, client_new(&manner));
	rig_send(&client, THING RIG_AUTH "\r\n");
	rig_wait_text(&client, "\"portal\":\"main\"");
	assert_int_equal(SSL_renegotiate(client.ssl), 1);
	rig_wait_end(&client);
	assert_true(SSL_renegotiate_pending(client.ssl));
	rig_hang_up(&client);
}

struct client_certs {
	struct cert good, unknown, other, foreign, expired, early, server, useless;
};

/* "main" and "other" have a key pinned. */
static void
client_certs_make(struct rig *rig, struct client_certs *certs)
{
	struct cert_order order = {&rig_tls->client_authority, NULL, "clientAuth", 0, 0};

	certs->good = cert_make(&order);
	certs->unknown = cert_make(&order);
	certs->other = cert_make(&order);
	/* With a key that is pinned, and no better for it. */
	order.key_of = &certs->good;
	order.issuer = &rig_tls->authority;
	certs->foreign = cert_make(&order);
	order.issuer = &rig_tls->client_authority;
	order.use = "serverAuth";
	certs->server = cert_make(&order);
	order.use = NULL;
	certs->useless = cert_make(&order);
	order.use = "clientAuth";
	order.begins = -2 * DAY;
	order.ends = -DAY;
	certs->expired = cert_make(&order);
	order.begins = DAY;
	order.ends = 2 * DAY;
	certs->early = cert_make(&order);
	cert_pin(&certs->good, rig->keys[1]);
	cert_pin(&certs->other, rig->keys[0]);
}

static void
client_certs_fini(struct client_certs *certs)
{
	cert_fini(&certs->good);
	cert_fini(&certs->unknown);
	cert_fini(&certs->other);
	cert_fini(&certs->foreign);
	cert_fini(&certs->expired);
	cert_fini(&certs->early);
	cert_fini(&certs->server);
	cert_fini(&certs->useless);
}

/* Every kind of certificate with every kind of header. */
static void
test_who_it_is(void **state)
{
	static const char main_portal[] = "\"portal\":\"main\"", refused[] = "HTTP/1.1 401 ";
	struct rig *rig = *state;
	struct client_certs certs;
	const struct {
		const struct cert *shows;
		const char *header;
		const char *answer; /* NULL: the handshake fails */
	} cases[] = {
	    {NULL, "", refused},
	    {NULL, RIG_AUTH, main_portal},
	    {&certs.good, "", main_portal},
	    {&certs.good, RIG_AUTH, main_portal},
	    {&certs.good, OTHER_AUTH, refused},
	    {&certs.good, BASIC_AUTH, refused},
	    {&certs.good, "Authorization: Bearer wrong\r\n", refused},
	    {&certs.good, "Authorization: Bearer \r\n", refused},
	    {&certs.unknown, "", refused},
	    {&certs.unknown, RIG_AUTH, refused},
	    {&certs.other, "", "\"portal\":\"other\""},
	    {&certs.other, RIG_AUTH, refused},
	    {&certs.foreign, RIG_AUTH, NULL},
	    {&certs.expired, RIG_AUTH, NULL},
	    {&certs.early, RIG_AUTH, NULL},
	    {&certs.server, RIG_AUTH, NULL},
	    {&certs.useless, RIG_AUTH, NULL},
	};

	client_certs_make(rig, &certs);
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(*cases); i++) {
		size_t at = i / 2;
		struct manner manner = {.shows = cases[at].shows};
		struct rig_client client;
		char *request = mem_format(THING "%sConnection: close\r\n\r\n", cases[at].header);

		manner.highest = i % 2 == 0 ? TLS1_2_VERSION : TLS1_3_VERSION;
		rig_connect_as(rig, &client, client_new(&manner));
		rig_send(&client, request);
		rig_wait_end(&client);
		if (cases[at].answer == NULL ? rig_count(&client, "HTTP") != 0
					     : rig_count(&client, cases[at].answer) != 1)
			fail_msg("case %zu: %s", at, client.in.size > 0 ? client.in.bytes : "-");
		rig_hang_up(&client);
		free(request);
	}
	client_certs_fini(&certs);
}

/* A pin that is withdrawn counts at once, also on a connection that is open. */
static void
test_pin_is_withdrawn(void **state)
{
	struct rig *rig = *state;
	struct rig_client client;
	struct client_certs certs;
	struct manner manner = {.shows = &certs.good};

	client_certs_make(rig, &certs);
	rig_connect_as(rig, &client, client_new(&manner));
	for (int i = 0; i < 2; i++) {
		rig_send(&client, THING "\r\n");
		rig_wait_text(&client, "\"portal\":\"main\"");
		assert_int_equal(rig_count(&client, "Connection: close"), 0);
		rig_forget(&client);
	}
	cert_pin(&certs.unknown, rig->keys[1]);
	rig_send(&client, THING "\r\n");
	rig_wait_end(&client);
	assert_int_equal(rig_count(&client, "HTTP/1.1 401 "), 1);
	rig_hang_up(&client);
	client_certs_fini(&certs);
}

/* A connection may outlive the certificate that it began with. */
static void
test_certificate_ends(void **state)
{
	struct rig *rig = *state;
	struct rig_client client;
	struct cert cert = cert_make(
	    &(struct cert_order){&rig_tls->client_authority, NULL, "clientAuth", -DAY, 3});
	struct manner manner = {.shows = &cert};
	int64_t since = clock_boot();

	cert_pin(&cert, rig->keys[1]);
	rig_connect_as(rig, &client, client_new(&manner));
	rig_send(&client, THING "\r\n");
	rig_wait_text(&client, "\"portal\":\"main\"");
	while (X509_cmp_current_time(X509_get0_notAfter(cert.x509)) > 0) {
		assert_true(clock_boot() - since < PATIENCE);
		rig_turn(rig);
	}
	rig_send(&client, THING RIG_AUTH "\r\n");
	rig_wait_end(&client);
	assert_int_equal(rig_count(&client, "HTTP/1.1 401 "), 1);
	rig_hang_up(&client);
	cert_fini(&cert);
}

/* Silence, a drip, and a handshake that stops half way: each is closed at its own deadline, while
 * that of a request is far. */
static void
test_deadline_of_a_handshake(void **state)
{
	static const char hello[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
	struct rig *rig = *state;

	rig->limits.handshake_timeout = 300;
	http_close(&rig->http);
	rig_listen(rig);
	for (int i = 0; i < 3; i++) {
		struct rig_client client;
		int64_t since = clock_boot(), next = since;

		rig_connect_as(rig, &client, NULL);
		if (i > 0)
			rig_send_bytes(&client, hello, sizeof(hello) - 1);
		while (rig->http->conn_count > 0 || clock_boot() - since < 200) {
			if (i == 2 && clock_boot() >= next) {
				rig_send_some(&client, "a", 1);
				next += 20;
			}
			rig_turn(rig);
			assert_true(clock_boot() - since < PATIENCE);
		}
		rig_wait_end(&client);
		assert_true(clock_boot() - since >= 280);
		rig_hang_up(&client);
	}
}

/* Done with the handshake one has the time of a request. */
static void
test_deadline_after_a_handshake(void **state)
{
	struct rig *rig = *state;
	struct rig_client client;
	int64_t since;

	rig->limits.handshake_timeout = 200;
	http_close(&rig->http);
	rig_listen(rig);
	rig_connect(rig, &client);
	since = clock_boot();
	while (clock_boot() - since < 500)
		rig_turn(rig);
	rig_send(&client, THING RIG_AUTH "\r\n");
	rig_wait_text(&client, "\"portal\":\"main\"");
	rig_hang_up(&client);
}

static long
serial_shown(const struct rig_client *client)
{
	X509 *shown = SSL_get0_peer_certificate(client->ssl);

	assert_non_null(shown);
	return ASN1_INTEGER_get(X509_get0_serialNumber(shown));
}

static void
read_tls(const struct cert *server, struct http_tls **tls_out)
{
	struct conf_listen listen = {.certificate_file = rig_tls->certificate,
	    .key_file = rig_tls->key,
	    .client_ca_file = rig_tls->client_ca};
	struct err err;

	unlink(rig_tls->key);
	cert_write(server, rig_tls->certificate);
	cert_write_key(server, rig_tls->key, 0600);
	assert_int_equal(http_tls_read(&listen, tls_out, &err), 0);
	assert_non_null(*tls_out);
}

/* An open connection goes on with what it began with; a new one sees the new certificate. */
static void
test_another_certificate(void **state)
{
	struct rig *rig = *state;
	struct cert other =
	    cert_make(&(struct cert_order){.issuer = &rig_tls->authority, .use = "serverAuth"});
	struct rig_client before, after;
	struct http_tls *tls;
	long first;

	rig_connect(rig, &before);
	rig_send(&before, THING RIG_AUTH "\r\n");
	rig_wait_text(&before, "\"portal\":\"main\"");
	first = serial_shown(&before);
	read_tls(&other, &tls);
	http_set_tls(rig->http, &tls);
	assert_null(tls);
	rig_forget(&before);
	rig_send(&before, THING RIG_AUTH "\r\n");
	rig_wait_text(&before, "\"portal\":\"main\"");
	assert_int_equal(serial_shown(&before), first);
	rig_connect(rig, &after);
	rig_send(&after, THING RIG_AUTH "\r\n");
	rig_wait_text(&after, "\"portal\":\"main\"");
	assert_int_not_equal(serial_shown(&after), first);
	rig_hang_up(&before);
	rig_hang_up(&after);
	read_tls(&rig_tls->server, &tls);
	http_tls_free(&tls);
	cert_fini(&other);
}

static void
test_dates(void **state)
{
	static const struct {
		long begins, ends;
		bool of_client_ca;
		enum http_tls_age age;
		const char *says;
	} cases[] = {
	    {-DAY, 365 * DAY, false, HTTP_TLS_GOOD, ""},
	    {-DAY, 31 * DAY, false, HTTP_TLS_GOOD, ""},
	    {-DAY, 29 * DAY + 60, false, HTTP_TLS_ENDS_SOON, "expires in 29 days"},
	    {-DAY, DAY + 60, false, HTTP_TLS_ENDS_SOON, "expires in 1 day"},
	    {-DAY, 60, false, HTTP_TLS_ENDS_SOON, "expires in 0 days"},
	    {-DAY, -60, false, HTTP_TLS_OUT_OF_DATE, "has expired"},
	    {-9 * DAY, -2 * DAY, false, HTTP_TLS_OUT_OF_DATE, "has expired"},
	    {60, 9 * DAY, false, HTTP_TLS_OUT_OF_DATE, "is not valid yet"},
	    {-DAY, 9 * DAY, true, HTTP_TLS_ENDS_SOON, "expires in 9 days"},
	    {-9 * DAY, -DAY, true, HTTP_TLS_OUT_OF_DATE, "has expired"},
	};

	struct http_tls *tls;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct cert_order order = {.begins = cases[i].begins, .ends = cases[i].ends};
		struct cert cert = cert_make(&order);
		struct err words = {0};

		if (cases[i].of_client_ca)
			cert_write(&cert, rig_tls->client_ca);
		read_tls(cases[i].of_client_ca ? &rig_tls->server : &cert, &tls);
		if (http_tls_check(tls, &words) != cases[i].age ||
		    strstr(words.text, cases[i].says) == NULL)
			fail_msg("case %zu: %s", i, words.text);
		http_tls_free(&tls);
		cert_write(&rig_tls->client_authority, rig_tls->client_ca);
		cert_fini(&cert);
	}
	read_tls(&rig_tls->server, &tls);
	http_tls_free(&tls);
}

static void
spoil_pass_phrase(const struct cert *cert)
{
	static unsigned char words[] = "a pass phrase";
	FILE *file = fopen(rig_tls->key, "w");

	assert_non_null(file);
	assert_int_equal(PEM_write_PrivateKey(file, cert->key, EVP_aes_128_cbc(), words,
			     sizeof(words) - 1, NULL, NULL),
	    1);
	fclose(file);
}

static void
spoil_mode(const struct cert *cert)
{
	assert_int_equal(chmod(rig_tls->key, 0640), 0);
}

static void
spoil_key(const struct cert *cert)
{
	cert_write_key(&rig_tls->authority, rig_tls->key, 0600);
}

static void
spoil_key_file(const struct cert *cert)
{
	unlink(rig_tls->key);
}

static void
spoil_certificate(const struct cert *cert)
{
	fclose(fopen(rig_tls->certificate, "w"));
}

static void
spoil_certificate_file(const struct cert *cert)
{
	unlink(rig_tls->certificate);
}

static void
spoil_use(const struct cert *cert)
{
	struct cert_order order = {.issuer = &rig_tls->authority, .use = "clientAuth"};
	struct cert client = cert_make(&order);

	cert_write(&client, rig_tls->certificate);
	cert_fini(&client);
}

static void
spoil_client_ca(const struct cert *cert)
{
	fclose(fopen(rig_tls->client_ca, "w"));
}

static void
test_files(void **state)
{
	static const struct {
		void (*spoil)(const struct cert *cert);
		const char *says;
	} cases[] = {
	    {spoil_pass_phrase, "listen.key_file: /tmp/"},
	    {spoil_pass_phrase, "no private key (PEM, no pass phrase) is in it"},
	    {spoil_mode, "others may read it: chmod 0400 it"},
	    {spoil_key, "is not the key of listen.certificate_file"},
	    {spoil_key_file, "No such file"},
	    {spoil_certificate, "listen.certificate_file: /tmp/"},
	    {spoil_certificate_file, "No such file"},
	    {spoil_use, "not for a TLS server"},
	    {spoil_client_ca, "listen.client_ca_file: /tmp/"},
	};
	struct conf_listen listen = {.certificate_file = rig_tls->certificate,
	    .key_file = rig_tls->key,
	    .client_ca_file = rig_tls->client_ca};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct http_tls *tls;
		struct err err = {0};

		cases[i].spoil(&rig_tls->server);
		assert_int_equal(http_tls_read(&listen, &tls, &err), -1);
		assert_null(tls);
		if (strstr(err.text, cases[i].says) == NULL)
			fail_msg("case %zu: %s", i, err.text);
		cert_write(&rig_tls->client_authority, rig_tls->client_ca);
		read_tls(&rig_tls->server, &tls);
		http_tls_free(&tls);
	}
}

/* systemd's access list looks like a right of the group's. */
static void
test_credentials_folder(void **state)
{
	static const struct {
		mode_t mode;
		bool is_credential, taken;
	} cases[] = {{0440, true, true}, {0400, true, true}, {0444, true, false},
	    {0460, true, false}, {0440, false, false}};
	struct conf_listen listen = {.certificate_file = rig_tls->certificate,
	    .key_file = rig_tls->key,
	    .client_ca_file = rig_tls->client_ca};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct http_tls *tls;
		struct err err;
		bool taken;

		setenv("CREDENTIALS_DIRECTORY",
		    cases[i].is_credential ? rig_tls->folder : "/run/credentials", 1);
		assert_int_equal(chmod(rig_tls->key, cases[i].mode), 0);
		taken = http_tls_read(&listen, &tls, &err) == 0;
		if (taken != cases[i].taken)
			fail_msg("case %zu is %staken", i, taken ? "" : "not ");
		http_tls_free(&tls);
	}
	unsetenv("CREDENTIALS_DIRECTORY");
	assert_int_equal(chmod(rig_tls->key, 0400), 0);
}

static size_t
said_count(const char *said)
{
	size_t count = 0;

	while ((said = strstr(said, "expires in 5 days")) != NULL) {
		count++;
		said++;
	}
	return count;
}

/* The log is told at once, and again and again. */
static void
test_daily_warning(void **state)
{
	struct rig *rig = *state;
	struct cert cert = cert_make(&(struct cert_order){.begins = -DAY, .ends = 5 * DAY + 60});
	int64_t since = clock_boot();
	int saved = dup(STDERR_FILENO), ends[2];
	struct http_tls *tls;
	char said[4096] = "";
	size_t size = 0;

	read_tls(&cert, &tls);
	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	rig->http->tls_age_every = 10;
	http_set_tls(rig->http, &tls);
	while (said_count(said) < 2 && clock_boot() - since < PATIENCE) {
		ssize_t got = read(ends[0], said + size, sizeof(said) - size - 1);

		size += got > 0 ? (size_t)got : 0;
		loop_turn(rig->loop, 50);
	}
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	close(saved);
	close(ends[0]);
	close(ends[1]);
	assert_true(said_count(said) >= 2);
	read_tls(&rig_tls->server, &tls);
	http_tls_free(&tls);
	cert_fini(&cert);
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    SERVED(test_versions),
	    SERVED(test_plain_http_is_refused),
	    SERVED(test_nothing_is_resumed),
	    SERVED(test_no_renegotiation),
	    SERVED(test_who_it_is),
	    SERVED(test_pin_is_withdrawn),
	    SERVED(test_certificate_ends),
	    SERVED(test_deadline_of_a_handshake),
	    SERVED(test_deadline_after_a_handshake),
	    SERVED(test_another_certificate),
	    SERVED(test_daily_warning),
	    cmocka_unit_test(test_dates),
	    cmocka_unit_test(test_files),
	    cmocka_unit_test(test_credentials_folder),
	};

	return cmocka_run_group_tests(tests, rig_begin_tls, rig_end_tls);
}
