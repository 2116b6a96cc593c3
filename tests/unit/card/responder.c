#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "responder.h"

#define REQUEST_MOST 8192
#define DAY (24L * 3600)

extern char **environ;

struct responder {
	const struct pki *pki;
	pthread_t thread;
	int fd, port;
	atomic_int mode, asked, stop;
};

/* The body of one HTTP request; its size, or -1. */
static long
read_request(int fd, unsigned char body[REQUEST_MOST])
{
	static const char header[] = "content-length:";
	char text[REQUEST_MOST];
	size_t size = 0;

	for (int i = 0; i < 1000 && size < sizeof(text) - 1; i++) {
		ssize_t got = read(fd, text + size, sizeof(text) - 1 - size);
		char *end, *length;
		size_t wanted;

		if (got <= 0)
			return -1;
		size += (size_t)got;
		text[size] = '\0';
		end = strstr(text, "\r\n\r\n");
		length = strcasestr(text, header);
		if (end == NULL || length == NULL)
			continue;
		wanted = strtoul(length + strlen(header), NULL, 10);
		end += 4;
		if (size - (size_t)(end - text) < wanted)
			continue;
		memcpy(body, end, wanted);
		return (long)wanted;
	}
	return -1;
}

static char *
path_of(const struct responder *responder, const char *file)
{
	return mem_format("%s/%s", responder->pki->dir, file);
}

static BIO *
open_bio(const struct responder *responder, const char *file, const char *how)
{
	char *path = path_of(responder, file);
	BIO *bio = BIO_new_file(path, how);

	mem_free_text(&path);
	if (bio == NULL)
		abort();
	return bio;
}

/* What 'openssl ocsp' says, with a day to live. */
static OCSP_RESPONSE *
answer_truly(const struct responder *responder, OCSP_REQUEST *request)
{
	static const char *const files[] = {
	    "asked.der", "issuing/index.txt", "issuing.pem", "ocsp.pem", "leaf.key", "answer.der"};
	static const char *const options[] = {
	    "-reqin", "-index", "-CA", "-rsigner", "-rkey", "-respout"};
	char *argv[20] = {(char *)"openssl", (char *)"ocsp", (char *)"-ndays", (char *)"1"};
	BIO *file = open_bio(responder, "asked.der", "w");
	OCSP_RESPONSE *response;
	int count = 4, status;
	pid_t child;

	i2d_OCSP_REQUEST_bio(file, request);
	BIO_free(file);
	for (size_t i = 0; i < 6; i++) {
		argv[count++] = (char *)(uintptr_t)options[i];
		argv[count++] = path_of(responder, files[i]);
	}
	if (posix_spawnp(&child, "openssl", NULL, NULL, argv, environ) != 0 ||
	    waitpid(child, &status, 0) != child || status != 0)
		abort();
	for (int i = 5; i < count; i += 2)
		mem_free_text(&argv[i]);
	file = open_bio(responder, "answer.der", "r");
	response = d2i_OCSP_RESPONSE_bio(file, NULL);
	BIO_free(file);
	return response;
}

static X509 *
read_certificate(const struct responder *responder, const char *file)
{
	BIO *stream = open_bio(responder, file, "r");
	X509 *certificate = PEM_read_bio_X509(stream, NULL, NULL, NULL);

	BIO_free(stream);
	return certificate;
}

static EVP_PKEY *
read_key(const struct responder *responder, const char *file)
{
	BIO *stream = open_bio(responder, file, "r");
	EVP_PKEY *key = PEM_read_bio_PrivateKey(stream, NULL, NULL, NULL);

	BIO_free(stream);
	return key;
}

static void
forge_status(
    const struct responder *responder, int mode, OCSP_REQUEST *request, OCSP_BASICRESP *basic)
{
	OCSP_CERTID *id = OCSP_onereq_get0_id(OCSP_request_onereq_get0(request, 0));
	X509 *other = read_certificate(responder, "cards/other-person.pem");
	X509 *issuer = read_certificate(responder, "issuing.pem");
	OCSP_CERTID *other_id = OCSP_cert_to_id(NULL, other, issuer);
	long begin = 0, end = DAY;
	ASN1_TIME *from, *until;

	if (mode == RESPONDER_STALE) {
		begin = -3 * DAY;
		end = -DAY;
	} else if (mode == RESPONDER_NOT_YET) {
		begin = DAY;
		end = 3 * DAY;
	} else if (mode == RESPONDER_OLD_WITHOUT_END) {
		begin = -DAY;
	}
	from = X509_gmtime_adj(NULL, begin);
	until = mode == RESPONDER_OLD_WITHOUT_END ? NULL : X509_gmtime_adj(NULL, end);
	OCSP_basic_add1_status(basic, mode == RESPONDER_OTHER_CARD ? other_id : id,
	    mode == RESPONDER_UNKNOWN ? V_OCSP_CERTSTATUS_UNKNOWN : V_OCSP_CERTSTATUS_GOOD, 0, NULL,
	    from, until);
	ASN1_TIME_free(from);
	ASN1_TIME_free(until);
	OCSP_CERTID_free(other_id);
	X509_free(issuer);
	X509_free(other);
}

static OCSP_RESPONSE *
answer_forged(const struct responder *responder, int mode, OCSP_REQUEST *request)
{
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	const char *signer = mode == RESPONDER_OTHER_SIGNER ? "cards/good.pem"
			     : mode == RESPONDER_STRANGER   ? "stranger.pem"
							    : "ocsp.pem";
	X509 *certificate = read_certificate(responder, signer);
	EVP_PKEY *key = read_key(responder, mode == RESPONDER_STRANGER ? "ca.key" : "leaf.key");
	OCSP_RESPONSE *response;

	forge_status(responder, mode, request, basic);
	if (mode == RESPONDER_OTHER_NONCE)
		OCSP_basic_add1_nonce(basic, NULL, -1);
	else if (mode != RESPONDER_WITHOUT_NONCE)
		OCSP_copy_nonce(basic, request);
	if (OCSP_basic_sign(basic, certificate, key, EVP_sha256(), NULL, 0) != 1)
		abort();
	response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
	EVP_PKEY_free(key);
	X509_free(certificate);
	OCSP_BASICRESP_free(basic);
	return response;
}

static void
send_all(int fd, const void *bytes, size_t size)
{
	if (send(fd, bytes, size, MSG_NOSIGNAL) != (ssize_t)size)
		fprintf(stderr, "responder: the answer was not taken\n");
}

static void
send_response(int fd, OCSP_RESPONSE *response)
{
	unsigned char *der = NULL;
	int size = i2d_OCSP_RESPONSE(response, &der);
	char *head = mem_format("HTTP/1.0 200 OK\r\nContent-Type: application/ocsp-response\r\n"
				"Content-Length: %d\r\n\r\n",
	    size);

	send_all(fd, head, strlen(head));
	send_all(fd, der, (size_t)size);
	OPENSSL_free(der);
	OCSP_RESPONSE_free(response);
	mem_free_text(&head);
}

static void
answer(struct responder *responder, int fd, OCSP_REQUEST *request)
{
	static const char garbage[] = "HTTP/1.0 200 OK\r\nContent-Type: application/ocsp-response"
				      "\r\nContent-Length: 7\r\n\r\ngarbage";
	static const char broken[] = "HTTP/1.0 500 Oh\r\nContent-Length: 0\r\n\r\n";
	int mode = atomic_load(&responder->mode);
	char byte;

	if (mode == RESPONDER_TRUE)
		send_response(fd, answer_truly(responder, request));
	else if (mode == RESPONDER_TRY_LATER)
		send_response(fd, OCSP_response_create(OCSP_RESPONSE_STATUS_TRYLATER, NULL));
	else if (mode == RESPONDER_GARBAGE)
		send_all(fd, garbage, sizeof(garbage) - 1);
	else if (mode == RESPONDER_HTTP_ERROR)
		send_all(fd, broken, sizeof(broken) - 1);
	else if (mode == RESPONDER_SILENT)
		(void)!read(fd, &byte, 1); /* until the other side has had enough */
	else if (mode != RESPONDER_HANG_UP)
		send_response(fd, answer_forged(responder, mode, request));
}

static void *
serve(void *arg)
{
	struct responder *responder = arg;
	unsigned char body[REQUEST_MOST];
	const unsigned char *at;
	OCSP_REQUEST *request;
	long size;
	int fd;

	while ((fd = accept(responder->fd, NULL, NULL)) >= 0) {
		if (atomic_load(&responder->stop)) {
			close(fd);
			return NULL;
		}
		atomic_fetch_add(&responder->asked, 1);
		size = read_request(fd, body);
		at = body;
		request = size < 0 ? NULL : d2i_OCSP_REQUEST(NULL, &at, size);
		if (request != NULL)
			answer(responder, fd, request);
		OCSP_REQUEST_free(request);
		close(fd);
	}
	return NULL;
}

struct responder *
responder_start(const struct pki *pki)
{
	struct responder *responder = mem_new(sizeof(*responder));
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);

	responder->pki = pki;
	responder->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(responder->fd, (struct sockaddr *)&address, size) != 0 ||
	    getsockname(responder->fd, (struct sockaddr *)&address, &size) != 0 ||
	    listen(responder->fd, 64) != 0 ||
	    pthread_create(&responder->thread, NULL, serve, responder) != 0)
		abort();
	responder->port = ntohs(address.sin_port);
	return responder;
}

void
responder_stop(struct responder **responder)
{
	struct responder *it = *responder;
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	    .sin_port = htons((uint16_t)it->port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	atomic_store(&it->stop, 1);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		abort();
	pthread_join(it->thread, NULL);
	close(fd);
	close(it->fd);
	free(it);
	*responder = NULL;
}

int
responder_port(const struct responder *responder)
{
	return responder->port;
}

int
responder_asked(const struct responder *responder)
{
	return atomic_load(&responder->asked);
}

void
responder_set(struct responder *responder, enum responder_mode mode)
{
	atomic_store(&responder->mode, (int)mode);
}
