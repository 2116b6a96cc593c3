/* Ports on loopback: which ones, and whether something answers there. */
#include <arpa/inet.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "musterctl/sandbox_internal.h"

#define ANSWER_SECONDS 5

static struct sockaddr_in
net_address(int64_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return address;
}

/* The port, or a free one for 0; 0 where it is taken. */
static int64_t
net_pick(int64_t port)
{
	struct sockaddr_in address = net_address(port);
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
	int64_t picked = 0;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd >= 0 && bind(fd, (struct sockaddr *)&address, size) == 0 && listen(fd, 1) == 0 &&
	    getsockname(fd, (struct sockaddr *)&address, &size) == 0)
		picked = ntohs(address.sin_port);
	if (fd >= 0)
		close(fd);
	return picked;
}

static int
ports_save(const struct sandbox *sandbox, struct err *err)
{
	char *text = mem_format("{\"port\": %lld, \"ldap_port\": %lld}\n", (long long)sandbox->port,
	    (long long)sandbox->ldap_port);
	int result = folder_write(sandbox, "sandbox.json", text, err);

	mem_free_text(&text);
	return result;
}

int
ports_settle(struct sandbox *sandbox, struct err *err)
{
	char *path = folder_path(sandbox, "sandbox.json");
	json_t *kept = json_load_file(path, 0, NULL);
	int64_t port = json_integer_value(json_object_get(kept, "port"));
	int64_t ldap_port = json_integer_value(json_object_get(kept, "ldap_port"));

	json_decref(kept);
	mem_free_text(&path);
	if (sandbox->asked_port != 0)
		sandbox->port = sandbox->asked_port;
	else
		sandbox->port = port != 0 ? port : net_pick(0);
	sandbox->ldap_port = ldap_port;
	for (int i = 0; i < 10 && (sandbox->ldap_port == 0 || sandbox->ldap_port == sandbox->port);
	     i++)
		sandbox->ldap_port = net_pick(0);
	sandbox->ports_changed = sandbox->port != port || sandbox->ldap_port != ldap_port;
	if (net_pick(sandbox->port) == 0 || net_pick(sandbox->ldap_port) == 0)
		return err_set(err, ERR_BROKEN,
		    "port %lld or %lld is taken: end what listens there, or choose with --port",
		    (long long)sandbox->port, (long long)sandbox->ldap_port);
	return ports_save(sandbox, err);
}

static int
net_connect(int64_t port)
{
	struct sockaddr_in address = net_address(port);
	struct timeval wait = {ANSWER_SECONDS, 0};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

bool
net_answers(int64_t port)
{
	int fd = net_connect(port);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

bool
net_is_ready(int64_t port)
{
	static const char asked[] =
	    "GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
	char answer[4096];
	size_t size = 0;
	ssize_t part;
	int fd = net_connect(port);

	if (fd < 0)
		return false;
	if (send(fd, asked, sizeof(asked) - 1, MSG_NOSIGNAL) == (ssize_t)sizeof(asked) - 1)
		while (size < sizeof(answer) - 1 &&
		       (part = read(fd, answer + size, sizeof(answer) - 1 - size)) > 0)
			size += (size_t)part;
	close(fd);
	answer[size] = '\0';
	return strncmp(answer, "HTTP/1.1 200", 12) == 0 && strstr(answer, "\"down\":[]") != NULL;
}
