#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"
#include "musterctl/client.h"
#include "musterctl/screen.h"
#include "musterctl/verbs.h"

#define ANSWER_MOST (256u << 20)
#define CONNECT_SECONDS 5L
#define ANSWER_SECONDS 60L
#define SOCKET_MOST 107 /* sun_path without its NUL */

int
client_failed(const struct err *err)
{
	command_say("%s", err->text);
	return err->kind == ERR_BUSY ? EXIT_UNREACHABLE : EXIT_FAILED;
}

size_t
client_gather(char *bytes, size_t size, size_t count, void *text)
{
	struct text *answer = text;

	if (answer->size + size * count > ANSWER_MOST)
		return 0;
	text_add_bytes(answer, bytes, size * count);
	return size * count;
}

json_t *
client_parse(const struct text *text)
{
	json_t *answer;

	if (text->bytes == NULL)
		return NULL;
	answer = json_loadb(text->bytes, text->size, JSON_REJECT_DUPLICATES, NULL);
	if (answer != NULL && !json_is_object(answer)) {
		json_decref(answer);
		return NULL;
	}
	return answer;
}

static void
client_add_escaped(struct text *path, const char *value)
{
	char *escaped = curl_easy_escape(NULL, value, 0);

	if (escaped == NULL)
		abort();
	text_add(path, "%s", escaped);
	curl_free(escaped);
}

void
client_add_query(struct text *path, const char *name, const char *value)
{
	text_add(path, "%c%s=", strchr(path->bytes, '?') == NULL ? '?' : '&', name);
	client_add_escaped(path, value);
}

void
client_add_segment(struct text *path, const char *segment)
{
	text_add(path, "/");
	client_add_escaped(path, segment);
}

CURL *
client_handle(const char *socket, const char *path, struct err *err)
{
	CURL *handle;
	char *url;

	if (*socket == '\0' || strlen(socket) > SOCKET_MOST) {
		err_set(err, ERR_BUSY,
		    "the admin socket's name is empty or longer than %d bytes: %s", SOCKET_MOST,
		    socket);
		return NULL;
	}
	handle = curl_easy_init();
	if (handle == NULL)
		abort();
	url = mem_format("http://localhost%s", path);
	curl_easy_setopt(handle, CURLOPT_URL, url);
	free(url);
	curl_easy_setopt(handle, CURLOPT_UNIX_SOCKET_PATH, socket);
	curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(handle, CURLOPT_PROXY, "");
	/* An ID of "." or ".." is sent as it is, and found to be none. */
	curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(handle, CURLOPT_USERAGENT, "musterctl");
	curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	/* A pipe that is closed ends us, as it ends any filter: curl is not to hide that. */
	curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
	return handle;
}

static const char *
client_hint(long number)
{
	switch (number) {
	case ENOENT:
		return "there is no such socket: is musterd running, and is this its admin socket "
		       "(-s SOCKET)?";
	case ECONNREFUSED:
		return "nobody listens there: is musterd running?";
	case EACCES:
	case EPERM:
		return "no permission: only root and the user that musterd runs as may use it";
	case ENOTSOCK:
		return "it is no socket";
	default:
		return "is musterd running?";
	}
}

int
client_trouble(CURL *handle, CURLcode code, const char *socket, struct err *err)
{
	long number = 0;

	curl_easy_getinfo(handle, CURLINFO_OS_ERRNO, &number);
	switch (code) {
	case CURLE_COULDNT_CONNECT:
		return err_set(err, ERR_BUSY, "musterd is not reachable at %s: %s", socket,
		    client_hint(number));
	case CURLE_OPERATION_TIMEDOUT:
		return err_set(err, ERR_BUSY,
		    "musterd at %s did not answer in time: it may be stopped or stuck", socket);
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_PARTIAL_FILE:
		return err_set(err, ERR_BUSY,
		    "musterd at %s ended the connection before it had answered: whether it did "
		    "what "
		    "was asked is not known, look again when it is back",
		    socket);
	case CURLE_WRITE_ERROR:
		return err_set(err, ERR_BROKEN, "the answer is too large");
	default:
		return err_set(err, ERR_BROKEN,
		    "what listens at %s does not speak like musterd: %s", socket,
		    curl_easy_strerror(code));
	}
}

char *
client_problem_words(const json_t *problem, long status)
{
	const char *title = json_text(problem, "title"), *detail = json_text(problem, "detail");
	struct text words = {0};
	json_t *fault;
	size_t i;

	if (title == NULL)
		text_add(&words, "HTTP status %ld", status);
	else
		text_add(&words, "%s", title);
	if (detail != NULL && (title == NULL || strcmp(title, detail) != 0))
		text_add(&words, ": %s", detail);
	json_array_foreach(json_object_get(problem, "errors"), i, fault)
	{
		const char *pointer = json_text(fault, "pointer");
		const char *code = json_text(fault, "code"), *why = json_text(fault, "detail");

		text_add(&words, "; %s: %s", pointer != NULL && *pointer != '\0' ? pointer : "/",
		    why != NULL    ? why
		    : code != NULL ? code
				   : "wrong");
	}
	return text_take(&words);
}

static int
client_transfer(
    CURL *handle, const char *socket, struct text *body, long *status_out, struct err *err)
{
	CURLcode code;

	curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, client_gather);
	curl_easy_setopt(handle, CURLOPT_WRITEDATA, body);
	curl_easy_setopt(handle, CURLOPT_TIMEOUT, ANSWER_SECONDS);
	code = curl_easy_perform(handle);
	if (code != CURLE_OK)
		return client_trouble(handle, code, socket, err);
	curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, status_out);
	return 0;
}

/* An answer that is fine and an object, or err. */
static int
client_judge(const struct text *body, long status, json_t **answer_out, struct err *err)
{
	json_t *answer = client_parse(body);
	char *words;

	if (status >= 200 && status < 300 && answer != NULL) {
		*answer_out = answer;
		return 0;
	}
	if (status >= 200 && status < 300)
		return err_set(err, ERR_BROKEN,
		    "the answer is no JSON object: is this musterd's admin socket?");
	words = client_problem_words(answer, status);
	err_set(err, ERR_REFUSED, "%s", words);
	free(words);
	json_decref(answer);
	return -1;
}

/* sent: the body of a POST, "" for none; NULL: a GET. */
static int
client_exchange(
    const char *socket, const char *path, const char *sent, json_t **answer_out, struct err *err)
{
	bool has_body = sent != NULL && *sent != '\0';
	struct curl_slist *headers =
	    curl_slist_append(NULL, has_body ? "Content-Type: application/json" : "Content-Type:");
	CURL *handle = client_handle(socket, path, err);
	struct text body = {0};
	long status = 0;
	int result = -1;

	if (handle != NULL) {
		if (sent != NULL) {
			curl_easy_setopt(handle, CURLOPT_POSTFIELDS, sent);
			curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
		}
		result = client_transfer(handle, socket, &body, &status, err);
		if (result == 0)
			result = client_judge(&body, status, answer_out, err);
		curl_easy_cleanup(handle);
	}
	curl_slist_free_all(headers);
	text_fini(&body);
	return result;
}

static int
client_call(const struct command *command, const char *path, const char *sent, json_t **answer_out)
{
	struct err err = {0};
	char *socket;
	int code = command_socket(command, &socket);

	if (code != 0)
		return code;
	if (client_exchange(socket, path, sent, answer_out, &err) != 0)
		code = client_failed(&err);
	free(socket);
	return code;
}

int
client_ask(const struct command *command, const char *method, const char *path, json_t **answer_out)
{
	return client_call(command, path, strcmp(method, "POST") == 0 ? "" : NULL, answer_out);
}

int
client_send(const struct command *command, const char *path, json_t *body, json_t **answer_out)
{
	char *sent = json_dumps(body, JSON_COMPACT);
	int code;

	json_decref(body);
	if (sent == NULL)
		abort();
	code = client_call(command, path, sent, answer_out);
	secret_wipe_text(&sent);
	return code;
}
