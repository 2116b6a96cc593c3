#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "pki.h"

#define FILE_MOST 65536

extern char **environ;

static int
run(char *const argv[])
{
	pid_t child;
	int status;

	if (posix_spawnp(&child, argv[0], NULL, NULL, argv, environ) != 0)
		return -1;
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

struct pki *
pki_make(void)
{
	const char *source = getenv("srcdir");
	char *script =
	    mem_format("%s/tests/pki/make-pki", source != NULL ? source : TOP_SOURCE_FOLDER);
	char dir[] = "/tmp/musterd-pki-XXXXXX";
	char *look[] = {(char *)"openssl", (char *)"version", NULL};
	char *make[] = {(char *)"bash", script, dir, NULL};
	struct pki *pki = NULL;
	static char policy[] = "2.16.840.1.101.2.1.11.42";
	static char *policies[] = {policy, NULL};

	if (run(look) != 0)
		printf("SKIP: no openssl on this machine\n");
	else if (mkdtemp(dir) == NULL || run(make) != 0)
		exit(1);
	else {
		pki = mem_new(sizeof(*pki));
		pki->dir = mem_text(dir);
		pki->conf = (struct conf_certificates){
		    .roots_file = mem_format("%s/roots.pem", dir),
		    .intermediates_file = mem_format("%s/intermediates.pem", dir),
		    .crl_folder = mem_format("%s/crls", dir),
		    .policies = policies,
		    .upn_suffix = mem_text("mil"),
		    .ocsp = CONF_OCSP_OFF,
		    .ocsp_url = mem_text(""),
		    .ocsp_timeout = 3000,
		};
	}
	mem_free_text(&script);
	return pki;
}

void
pki_free(struct pki **pki)
{
	struct pki *it = *pki;
	char *sweep[] = {(char *)"rm", (char *)"-rf", it->dir, NULL};

	run(sweep);
	mem_free_text(&it->dir);
	mem_free_text(&it->conf.roots_file);
	mem_free_text(&it->conf.intermediates_file);
	mem_free_text(&it->conf.crl_folder);
	mem_free_text(&it->conf.upn_suffix);
	mem_free_text(&it->conf.ocsp_url);
	free(it);
	*pki = NULL;
}

char *
pki_read(const struct pki *pki, const char *file)
{
	char *path = mem_format("%s/%s", pki->dir, file), *text = mem_new(FILE_MOST + 1);
	FILE *stream = fopen(path, "r");

	if (stream == NULL) {
		perror(path);
		exit(1);
	}
	text[fread(text, 1, FILE_MOST, stream)] = '\0';
	fclose(stream);
	mem_free_text(&path);
	return text;
}

char *
pki_card(const struct pki *pki, const char *name)
{
	char *file = mem_format("cards/%s.pem", name), *text = pki_read(pki, file);

	mem_free_text(&file);
	return text;
}
