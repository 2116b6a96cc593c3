/* What an administrator wants done with one registration, and the stream of all changes. */
#include <stdlib.h>
#include <string.h>

#include "admin/admin_internal.h"
#include "base/mem.h"
#include "model/registration.h"
#include "pipeline/driver.h"

/* A request that waits for its wish to be in the journal. */
struct admin_wish {
	struct admin *admin;
	struct http_request *request;
	enum wish wish;
};

static const char *const wish_verbs[] = {"activate", "hold", "release", "cancel", "retry"};
#define WISH_VERBS (sizeof(wish_verbs) / sizeof(wish_verbs[0]))

static void
wish_on_done(
    enum wish_result result, const struct registration *registration, const char *why, void *arg)
{
	struct admin_wish *wish = arg;

	admin_audit(wish->admin, wish->request, registration, wish_verbs[wish->wish],
	    wish_result_name(result));
	switch (result) {
	case WISH_GRANTED:
		http_reply_json(
		    wish->request, 200, admin_registration_json(wish->admin, registration));
		break;
	case WISH_NOT_FOUND:
		http_reply_problem(wish->request, "not-found", "no registration has that id");
		break;
	case WISH_CONFLICT:
		http_reply_problem(wish->request, "conflict", why);
		break;
	case WISH_TRY_LATER:
		http_reply_problem(wish->request, "unavailable", why);
		break;
	}
	free(wish);
}

void
admin_on_wish(struct http_request *request, void *context)
{
	struct admin *admin = context;
	const char *verb = http_param(request, "verb");
	struct registration *registration;
	struct admin_wish *wish;
	size_t i = 0;

	while (i < WISH_VERBS && strcmp(wish_verbs[i], verb) != 0)
		i++;
	registration = admin_find(admin, http_param(request, "id"));
	if (i == WISH_VERBS || registration == NULL) {
		admin_not_found(admin, request);
		registration_free(&registration);
		return;
	}
	wish = mem_new(sizeof(*wish));
	wish->admin = admin;
	wish->request = request;
	wish->wish = (enum wish)i;
	driver_wish(admin->parts.driver, registration->id, wish->wish, wish_on_done, wish);
	registration_free(&registration);
}

void
admin_watch_free(struct admin_watch *watch)
{
	if (watch->before != NULL)
		watch->before->after = watch->after;
	else
		watch->admin->watches = watch->after;
	if (watch->after != NULL)
		watch->after->before = watch->before;
	driver_unlisten(watch->admin->parts.driver, &watch->listener);
	http_stream_end(watch->request);
	free(watch);
}

static void
watch_on_change(const struct registration *registration, struct driver_news news, void *arg)
{
	struct admin_watch *watch = arg;
	json_t *json;

	if (!news.is_new)
		return;
	json = admin_registration_json(watch->admin, registration);
	http_stream_send(watch->request, "state", json);
	json_decref(json);
}

static void
watch_on_gone(void *arg)
{
	admin_watch_free(arg);
}

void
admin_on_watch(struct http_request *request, void *context)
{
	struct admin *admin = context;
	struct admin_watch *watch;

	if (http_stream_start(request) != 0)
		return;
	watch = mem_new(sizeof(*watch));
	watch->admin = admin;
	watch->request = request;
	watch->after = admin->watches;
	if (watch->after != NULL)
		watch->after->before = watch;
	admin->watches = watch;
	watch->listener = driver_listen(admin->parts.driver, NULL, watch_on_change, watch);
	http_on_gone(request, watch_on_gone, watch);
}
