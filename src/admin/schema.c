/*
 * GET /v1/admin/schema: does the account directory carry the schema? Reading it may block, so it is
 * done in a thread of its own.
 */
#include <pthread.h>
#include <stdlib.h>

#include "admin/admin_internal.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "dir/dir.h"
#include "model/schema_names.h"
#include "pipeline/step.h"

struct schema_look {
	struct admin *admin;
	struct http_request *request;
	struct conf_directory *conf; /* a copy: a reload may come meanwhile */
	char **names;
	struct err err;
	int failed;
	pthread_t thread;
	struct schema_look *next;
};

static void
schema_look_free(struct schema_look *look)
{
	struct schema_look **at = &look->admin->looks;

	pthread_join(look->thread, NULL);
	while (*at != look)
		at = &(*at)->next;
	*at = look->next;
	conf_directory_free(&look->conf);
	mem_texts_free(&look->names);
	free(look);
}

void
schema_look_free_all(struct admin *admin)
{
	while (admin->looks != NULL)
		schema_look_free(admin->looks);
}

static void
schema_on_read(void *arg)
{
	struct schema_look *look = arg;
	char **missing = schema_missing(look->names);
	json_t *list = json_array();

	for (size_t i = 0; missing != NULL && missing[i] != NULL; i++)
		json_array_append_new(list, json_string(missing[i]));
	if (look->failed)
		http_reply_problem(look->request, "unavailable", look->err.text);
	else
		http_reply_json(look->request, 200,
		    json_pack("{s:b, s:O}", "present", missing == NULL, "missing", list));
	json_decref(list);
	mem_texts_free(&missing);
	schema_look_free(look);
}

static void *
schema_thread(void *arg)
{
	struct schema_look *look = arg;

	look->failed = dir_read_schema(look->conf, &look->names, &look->err);
	loop_post(look->admin->parts.loop, schema_on_read, look);
	return NULL;
}

void
admin_on_schema(struct http_request *request, void *context)
{
	struct admin *admin = context;
	struct schema_look *look = mem_new(sizeof(*look));

	look->admin = admin;
	look->request = request;
	look->conf = conf_directory_copy(&admin->parts.site->conf->accounts.directory);
	look->next = admin->looks;
	admin->looks = look;
	if (pthread_create(&look->thread, NULL, schema_thread, look) != 0)
		err_end("no thread can be started");
}
