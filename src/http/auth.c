#include <string.h>
#include <strings.h>

#include "base/keyring.h"
#include "base/mem.h"
#include "base/secret.h"
#include "http/http_internal.h"

#define DIGEST_SIZE 32

/* The SHA-256 of the bearer token (RFC 6750 section 2.1); -1 where none was sent. */
static int
auth_read_token(struct http_request *request, unsigned char digest[DIGEST_SIZE])
{
	const char *value = http_header(request, "Authorization");
	char hex[KEYRING_HMAC_SIZE];

	if (value == NULL || strncasecmp(value, "Bearer ", 7) != 0)
		return -1;
	value += 7;
	value += strspn(value, " ");
	if (*value == '\0')
		return -1;
	keyring_sha256(value, strlen(value), hex);
	return text_unhex(hex, digest, DIGEST_SIZE);
}

/* Every portal is compared, so that time tells neither which one it was nor how much matched. */
void
auth_find(struct http_request *request)
{
	const struct http *http = request->http;
	unsigned char sent[DIGEST_SIZE], known[DIGEST_SIZE];
	const struct conf_portal *portals, *found = NULL;
	size_t count = 0;

	if (http->unix_path != NULL) {
		request->portal = mem_text("admin");
		request->rights = ~HTTP_OPEN;
		return;
	}
	if (auth_read_token(request, sent) != 0)
		return;
	portals = http->portals(&count, http->context);
	for (size_t i = 0; i < count; i++) {
		if (portals[i].token_sha256 == NULL ||
		    text_unhex(portals[i].token_sha256, known, DIGEST_SIZE) != 0)
			continue;
		if (secret_is_equal(sent, known, DIGEST_SIZE))
			found = &portals[i];
	}
	if (found != NULL) {
		request->portal = mem_text(found->name);
		request->rights = found->rights & ~HTTP_OPEN;
	}
}
