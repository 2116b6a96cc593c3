#include "config.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/secret.h"
#include "dir/dir.h"
#include "musterd/daemon.h"

#define DEFAULT_CONF SYSCONFDIR "/musterd/musterd.conf"
#define EXIT_USAGE 2
#define EXIT_CONF 3

static void
main_usage(FILE *file)
{
	fputs("usage: musterd [-c FILE] [-f] [-t]\n"
	      "  -c, --config FILE  the configuration (default: " DEFAULT_CONF ")\n"
	      "  -f, --foreground   stay in the foreground\n"
	      "  -t, --test         check the configuration and all that it names, then end\n"
	      "  -h, --help         this text\n"
	      "  -V, --version      the version\n"
	      "SIGHUP reloads the configuration, SIGTERM ends after what is open is answered.\n",
	    file);
}

/* As many connections as the system lets us have. */
static void
main_raise_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

/* The parent ends once the child says how its start went. */
static int
main_detach(int *told_out)
{
	int ends[2], status;
	char code = 1;
	pid_t child;

	if (pipe(ends) != 0 || (child = fork()) < 0)
		return -1;
	if (child == 0) {
		close(ends[0]);
		setsid();
		*told_out = ends[1];
		return 0;
	}
	close(ends[1]);
	if (read(ends[0], &code, 1) == 1)
		_exit(code);
	_exit(waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

static void
main_tell(int told, char code)
{
	if (told < 0)
		return;
	if (write(told, &code, 1) != 1)
		_exit(1);
	close(told);
}

static int
main_run(const char *conf_path, bool foreground)
{
	struct err err = {0};
	struct daemon *daemon;
	int told = -1;

	if (!foreground && main_detach(&told) != 0) {
		perror("musterd: can't start in the background");
		return EXIT_FAILURE;
	}
	daemon = daemon_start(conf_path, &err);
	if (daemon == NULL) {
		int code = err.kind == ERR_INPUT ? EXIT_CONF : EXIT_FAILURE;

		fprintf(stderr, "musterd: %s\n", err.text);
		main_tell(told, (char)code);
		return code;
	}
	main_tell(told, 0);
	daemon_run(daemon);
	daemon_stop(&daemon);
	return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"foreground", no_argument, NULL, 'f'},
	    {"test", no_argument, NULL, 't'},
	    {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'V'},
	    {NULL, 0, NULL, 0},
	};
	const char *conf_path = DEFAULT_CONF;
	bool foreground = false, test = false;
	int option;

	while ((option = getopt_long(argc, argv, "c:fthV", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			conf_path = optarg;
			break;
		case 'f':
			foreground = true;
			break;
		case 't':
			test = true;
			break;
		case 'h':
			main_usage(stdout);
			return EXIT_SUCCESS;
		case 'V':
			puts("musterd " PACKAGE_VERSION);
			return EXIT_SUCCESS;
		default:
			main_usage(stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		main_usage(stderr);
		return EXIT_USAGE;
	}
	secret_protect_process();
	mem_setup_process();
	main_raise_files();
	dir_setup_process();
	if (!test)
		return main_run(conf_path, foreground);
	if (daemon_check(conf_path) != 0)
		return EXIT_CONF;
	printf("%s is good\n", conf_path);
	return EXIT_SUCCESS;
}
