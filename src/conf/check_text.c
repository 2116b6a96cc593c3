/* The rows' checks of one text each. */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"

#include "conf/check_text.h"

#define SMALL "abcdefghijklmnopqrstuvwxyz"
#define LARGE "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* The longest path of a unix socket, its NUL not counted. */
#define SOCKET_MOST (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

static bool
is_all_of(const char *text, const char *letters)
{
	return text[strspn(text, letters)] == '\0';
}

bool
check_is_loopback(const char *address)
{
	struct in_addr four;
	struct in6_addr six;

	if (inet_pton(AF_INET, address, &four) == 1)
		return (ntohl(four.s_addr) >> 24) == 127;
	return inet_pton(AF_INET6, address, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

int
check_address(const char *text, struct err *err)
{
	struct in6_addr address;

	if (*text == '/')
		return check_socket(text, err);
	if (inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1)
		return 0;
	return err_set(err, ERR_INPUT, "must be an IP address, or the path of a unix socket");
}

int
check_path(const char *text, struct err *err)
{
	if (*text == '\0' || *text == '/')
		return 0;
	return err_set(err, ERR_INPUT, "must be an absolute path");
}

int
check_socket(const char *text, struct err *err)
{
	if (*text != '/')
		return err_set(err, ERR_INPUT, "must be an absolute path");
	if (strlen(text) > SOCKET_MOST)
		return err_set(err, ERR_INPUT,
		    "must be %zu bytes at most: the system takes no longer path for a socket",
		    SOCKET_MOST);
	return 0;
}

int
check_id(const char *text, struct err *err)
{
	if (*text != '-' && *text != '\0' && is_all_of(text, SMALL DIGITS "-"))
		return 0;
	return err_set(err, ERR_INPUT, "must be of a-z, 0-9 and hyphens");
}

int
check_persona(const char *text, struct err *err)
{
	return *text == '\0' ? 0 : check_id(text, err);
}

int
check_source(const char *text, struct err *err)
{
	if (*text != '-' && *text != '\0' && is_all_of(text, SMALL LARGE DIGITS "_-"))
		return 0;
	return err_set(err, ERR_INPUT, "must be of letters, digits, hyphens and underscores");
}

int
check_sha256(const char *text, struct err *err)
{
	unsigned char hash[32];

	if (*text == '\0' || text_unhex(text, hash, sizeof(hash)) == 0)
		return 0;
	return err_set(err, ERR_INPUT, "must be 64 hexadecimal digits: a SHA-256");
}

/* The host of ldap:// and ldaps://; *rest_out is what follows it: nothing, ":port" or "/…". */
static char *
uri_host(const char *uri, const char **rest_out)
{
	const char *at = strstr(uri, "://") + 3;
	size_t size;

	if (*at == '[') {
		size = strcspn(++at, "]");
		*rest_out = at[size] == ']' ? at + size + 1 : at + size;
		return at[size] == ']' ? mem_text_n(at, size) : mem_text("");
	}
	size = strcspn(at, ":/");
	*rest_out = at + size;
	return mem_text_n(at, size);
}

/* libldap takes port 0 for 389, and anything after the host for a base. */
static int
check_uri_host(const char *uri, struct err *err)
{
	const char *rest;
	char *host = uri_host(uri, &rest), *port;
	bool has_host = *host != '\0';
	int64_t number;
	int rc = 0;

	mem_free_text(&host);
	if (!has_host)
		return err_set(err, ERR_INPUT, "must name a host: ldap://HOST or ldaps://HOST");
	if (*rest == ':') {
		port = mem_text_n(rest + 1, strcspn(rest + 1, "/"));
		rc = text_number(port, 1, 65535, &number);
		rest += 1 + strlen(port);
		mem_free_text(&port);
	}
	if (rc != 0)
		return err_set(err, ERR_INPUT, "must have a port of 1 to 65535");
	if (*rest != '\0' && strcmp(rest, "/") != 0)
		return err_set(
		    err, ERR_INPUT, "must end after host and port: bases are other keys");
	return 0;
}

/* ldapi://%2frun%2fldapi: the path is percent-encoded. Nothing means the library's own default. */
static int
check_uri_socket(const char *uri, struct err *err)
{
	size_t size = 0;
	unsigned char byte;

	for (const char *at = uri + strlen("ldapi://"); *at != '\0' && *at != '/'; at++, size++)
		if (*at == '%') {
			char digits[3] = {at[1], at[1] == '\0' ? '\0' : at[2], '\0'};

			if (text_unhex(digits, &byte, 1) != 0)
				return err_set(err, ERR_INPUT,
				    "must be percent-encoded: two hexadecimal digits after %%");
			at += 2;
		}
	if (size > SOCKET_MOST)
		return err_set(
		    err, ERR_INPUT, "must name a socket of %zu bytes at most", SOCKET_MOST);
	return 0;
}

bool
check_uri_is(const char *uri, const char *scheme)
{
	size_t size = strlen(scheme);

	return strncasecmp(uri, scheme, size) == 0 && strncmp(uri + size, "://", 3) == 0;
}

int
check_uri(const char *text, struct err *err)
{
	if (strpbrk(text, " ,\t\"<>\\") != NULL)
		return err_set(err, ERR_INPUT, "must be one URI, without spaces and commas");
	if (check_uri_is(text, "ldapi"))
		return check_uri_socket(text, err);
	if (check_uri_is(text, "ldap") || check_uri_is(text, "ldaps"))
		return check_uri_host(text, err);
	return err_set(err, ERR_INPUT, "must begin with ldap://, ldaps:// or ldapi://");
}

bool
check_uri_is_open(const char *uri)
{
	const char *rest;
	char *host;
	bool open;

	if (!check_uri_is(uri, "ldap"))
		return false;
	host = uri_host(uri, &rest);
	open = !check_is_loopback(host) && strcasecmp(host, "localhost") != 0;
	mem_free_text(&host);
	return open;
}

int
check_dn(const char *text, struct err *err)
{
	const char *sign = strchr(text, '=');

	if (sign != NULL && sign != text && sign[1] != '\0')
		return 0;
	return err_set(err, ERR_INPUT, "must be a distinguished name, as in dc=example,dc=org");
}

int
check_filter(const char *text, struct err *err)
{
	size_t size = strlen(text);
	int depth = 0;

	for (const char *at = text; *at != '\0'; at++) {
		if (depth == 0 && at != text)
			break;
		depth += *at == '(' ? 1 : *at == ')' ? -1 : 0;
		if (depth == 0 && (size_t)(at - text) == size - 1 && size > 2)
			return 0;
	}
	return err_set(err, ERR_INPUT, "must be one search filter in parentheses that match");
}

int
check_attribute(const char *text, struct err *err)
{
	if (is_all_of(text, SMALL LARGE DIGITS "-;.") && *text != '-' && *text != ';')
		return 0;
	return err_set(err, ERR_INPUT, "must be the name of an attribute");
}

int
check_template(const char *text, struct err *err)
{
	static const char *const parts[] = {"{given}", "{middle}", "{mi}", "{gi}", "{sn}", NULL};
	bool has_part = false;

	while (*text != '\0') {
		const char *const *part = parts;

		while (*part != NULL && strncmp(text, *part, strlen(*part)) != 0)
			part++;
		if (*part == NULL && strspn(text, SMALL DIGITS "._-") == 0)
			return err_set(err, ERR_INPUT,
			    "may hold {given}, {middle}, {mi}, {gi}, {sn}, a-z, 0-9, '.', '_' and "
			    "'-', nothing else");
		has_part = has_part || *part != NULL;
		text += *part != NULL ? strlen(*part) : 1;
	}
	if (!has_part)
		return err_set(err, ERR_INPUT, "must hold a part of the name, as {sn}");
	return 0;
}

int
check_domain(const char *text, struct err *err)
{
	size_t size = strlen(text);

	if (size > 0 && size <= 253 && is_all_of(text, SMALL LARGE DIGITS ".-") &&
	    strchr(".-", text[0]) == NULL && strchr(".-", text[size - 1]) == NULL &&
	    strstr(text, "..") == NULL)
		return 0;
	return err_set(err, ERR_INPUT, "must be a mail domain, as in mail.example.org");
}

int
check_url(const char *text, struct err *err)
{
	if (*text == '\0' || strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0)
		return 0;
	return err_set(err, ERR_INPUT, "must begin with https:// or http://");
}

int
check_http(const char *text, struct err *err)
{
	size_t size = strlen("http://");

	if (*text == '\0' || (strncmp(text, "http://", size) == 0 &&
				 is_all_of(text + size, SMALL LARGE DIGITS "-._~:/[]%+") &&
				 strspn(text + size, SMALL LARGE DIGITS "[") > 0))
		return 0;
	return err_set(err, ERR_INPUT, "must begin with http:// and a host");
}

int
check_oid(const char *text, struct err *err)
{
	size_t size = strlen(text);

	if (size >= 3 && strchr("012", text[0]) != NULL && text[1] == '.' &&
	    is_all_of(text, DIGITS ".") && strstr(text, "..") == NULL && text[size - 1] != '.')
		return 0;
	return err_set(err, ERR_INPUT, "must be an OID, as in 2.16.840.1.101.2.1.11.42");
}
