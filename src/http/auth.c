/*
 * Which portal a request is from. A portal shows a bearer token, or a client certificate whose key
 * is pinned, or both; each that is shown must be known, and both be the same portal's: a token that
 * was stolen is worth nothing on another portal's connection.
 */
#include <string.h>
#include <strings.h>

#include "base/keyring.h"
#include "base/mem.h"
#include "base/secret.h"
#include "http/http_internal.h"

/* The SHA-256 of the bearer token (RFC 6750 section 2.1); -1 where none was sent. */
static int
auth_read_token(const char *value, unsigned char digest[HTTP_DIGEST_SIZE])
{
	char hex[KEYRING_HMAC_SIZE];

	if (strncasecmp(value, "Bearer ", 7) != 0)
		return -1;
	value += 7;
	value += strspn(value, " ");
	if (*value == '\0')
		return -1;
	keyring_sha256(value, strlen(value), hex);
	return text_unhex(hex, digest, HTTP_DIGEST_SIZE);
}

static bool
auth_is(const char *known, const unsigned char shown[HTTP_DIGEST_SIZE])
{
	unsigned char digest[HTTP_DIGEST_SIZE];

	return text_unhex(known, digest, HTTP_DIGEST_SIZE) == 0 &&
	       secret_is_equal(shown, digest, HTTP_DIGEST_SIZE);
}

void
auth_find(struct http_request *request)
{
	const struct http *http = request->http;
	const char *header = http_header(request, "Authorization");
	unsigned char token[HTTP_DIGEST_SIZE] = {0}, key[HTTP_DIGEST_SIZE];
	const struct conf_portal *portals, *found = NULL;
	size_t count = 0;
	int has_key;

	if (http->admin) {
		request->portal = mem_text("admin");
		request->rights = ~HTTP_OPEN;
		return;
	}
	has_key = tls_read_client_key(request->conn->ssl, key);
	if (has_key < 0 || (header == NULL ? !has_key : auth_read_token(header, token) != 0))
		return;
	portals = http->portals(&count, http->context);
	/* Every portal is compared, so that time tells neither which one it was nor how much
	 * matched. */
	for (size_t i = 0; i < count; i++) {
		bool is_its_token = auth_is(portals[i].token_sha256, token);
		bool is_its_key = has_key && auth_is(portals[i].key_sha256, key);

		if ((header == NULL || is_its_token) && (!has_key || is_its_key))
			found = &portals[i];
	}
	if (found != NULL) {
		request->portal = mem_text(found->name);
		request->rights = found->rights & ~HTTP_OPEN;
	}
}
