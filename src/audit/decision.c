/* The text of a line, but for its number and its MAC. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/audit_internal.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/instant.h"
#include "base/text.h"

#define VALUE_MOST 128

static json_t *
decision_begin(const char *event)
{
	char at[INSTANT_SIZE];

	return json_pack("{s:s, s:s}", "time", instant_rfc3339(clock_wall(), at), "event", event);
}

static char *
decision_end(json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT);

	if (text == NULL)
		err_end("out of memory");
	json_decref(json);
	return text;
}

/* Codes of ours are printable ASCII; what is not ends there, so that a line has its bounds. */
static void
decision_add(json_t *json, const char *name, const char *value)
{
	size_t size = 0;

	while (value != NULL && size < VALUE_MOST && value[size] >= ' ' && value[size] <= '~')
		size++;
	if (size > 0)
		json_object_set_new(json, name, json_stringn(value, size));
}

char *
decision_text(const struct audit_decision *decision)
{
	json_t *json = decision_begin(decision->event);

	decision_add(json, "actor", decision->actor);
	decision_add(json, "request", decision->request);
	decision_add(json, "registration", decision->registration);
	decision_add(json, "person", decision->person);
	decision_add(json, "account", decision->account);
	decision_add(json, "what", decision->what);
	decision_add(json, "outcome", decision->outcome);
	decision_add(json, "reason", decision->reason);
	decision_add(json, "digest", decision->digest);
	if (decision->count != 0)
		json_object_set_new(json, "count", json_integer(decision->count));
	return decision_end(json);
}

char *
decision_opened(const struct chain *chain)
{
	json_t *json = decision_begin(LINE_OPENED);
	char hash[CHAIN_TEXT];

	chain_hash(chain, hash);
	decision_add(json, "chain", hash);
	return decision_end(json);
}

char *
decision_head(const struct chain *chain, const unsigned char *signature)
{
	json_t *json = decision_begin(LINE_HEAD);
	char hash[CHAIN_TEXT], hex[2 * HEAD_SIGNATURE_BYTES + 1];

	chain_hash(chain, hash);
	text_hex(signature, HEAD_SIGNATURE_BYTES, hex);
	decision_add(json, "chain", hash);
	decision_add(json, "signature", hex);
	return decision_end(json);
}
