#include <stdio.h>
#include <stdlib.h>

#include "audit/audit.h"
#include "base/err.h"
#include "base/keyring.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "conf/conf.h"
#include "musterd/witness.h"

static void
witness_on_notice(bool is_trouble, const char *words, void *arg)
{
	if (is_trouble)
		log_error("audit: %s", words);
	else
		log_note("audit: %s", words);
}

/* Of all that it says, included files too: what was changed is another digest. */
static void
witness_digest(const struct conf *conf, char digest[KEYRING_HMAC_SIZE])
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	if (file == NULL)
		err_end("out of memory");
	conf_print(conf, file, 0);
	if (fclose(file) != 0)
		err_end("out of memory");
	keyring_sha256(text, size, digest);
	free(text);
}

static void
witness_conf(struct audit *audit, const char *event, const struct conf *conf)
{
	char digest[KEYRING_HMAC_SIZE];
	struct audit_decision decision = {.event = event, .actor = "musterd", .digest = digest};

	witness_digest(conf, digest);
	audit_write(audit, &decision);
}

int
witness_open(struct loop *loop, const struct conf *conf, struct audit **audit_out, struct err *err)
{
	const struct conf_audit *audit = &conf->audit;
	struct audit_files files = {
	    audit->path, audit->key_file, audit->sign_file, audit->head_every};

	*audit_out = NULL;
	if (*audit->path == '\0')
		return 0;
	*audit_out = audit_open(loop, &files, witness_on_notice, NULL, err);
	if (*audit_out == NULL)
		return err_prefix(err, "audit");
	witness_conf(*audit_out, "start", conf);
	return 0;
}

void
witness_reload(struct audit *audit, const struct conf *conf)
{
	witness_conf(audit, "reload", conf);
}

void
witness_event(struct audit *audit, const char *event, const char *reason)
{
	struct audit_decision decision = {.event = event, .actor = "musterd", .reason = reason};

	audit_write(audit, &decision);
}

/* Those that say no to somebody; what became of a registration or a wish is told elsewhere. */
void
witness_on_problem(const struct http_request *request, const char *name, void *arg)
{
	static char *const refusals[] = {(char *)"unauthenticated", (char *)"forbidden",
	    (char *)"rate-limited", (char *)"malformed", (char *)"invalid", (char *)"too-large",
	    (char *)"unsupported-media-type", (char *)"idempotency-mismatch", NULL};
	struct audit_decision decision = {
	    .event = "refused",
	    .actor = http_actor(request),
	    .request = http_request_id(request),
	    .what = http_what(request),
	    .reason = name,
	};

	if (text_is_one_of(name, refusals))
		audit_count(arg, &decision);
}
