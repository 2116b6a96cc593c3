#include <errno.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/err.h"
#include "base/log.h"
#include "conf/conf.h"
#include "confine/confine.h"
#include "confine/confine_internal.h"

/* There where the program was built with what they are of: at its end such a program opens files
 * of its own, or looks into its own threads. */
extern void __asan_init(void) __attribute__((weak));
extern void __tsan_init(void) __attribute__((weak));
extern void __gcov_init(void *) __attribute__((weak));

static bool
confine_is_for_tests(void)
{
	return __asan_init != NULL || __tsan_init != NULL || __gcov_init != NULL;
}

static bool
confine_is_on(int mode)
{
	return mode != CONF_CONFINE_OFF && (mode != CONF_CONFINE_AUTO || !confine_is_for_tests());
}

/* A program that is started gets no more rights than its parent, whatever its file says: both
 * Landlock and seccomp ask for it where one is not root. */
static int
confine_keep_rights_down(struct err *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		return 0;
	return err_set(err, ERR_BROKEN, "no_new_privs: %s", strerror(errno));
}

static int
confine_end(const char *what, int mode, int result, struct err *why, struct err *err)
{
	if (result != 0 && mode == CONF_CONFINE_REQUIRE)
		return err_set(err, ERR_BROKEN, "confine.%s is required: %s", what, why->text);
	if (result != 0)
		log_warning("not confined by %s: %s", what, why->text);
	return 0;
}

int
confine_files(const struct conf *conf, struct err *err)
{
	struct places places;
	struct err why = {0};
	int result;

	if (confine_keep_rights_down(err) != 0)
		return -1;
	if (!confine_is_on(conf->confine.landlock))
		return 0;
	places_collect(conf, &places);
	result = landlock_begin(&places, &why);
	places_fini(&places);
	return confine_end("landlock", conf->confine.landlock, result, &why, err);
}

int
confine_calls(const struct conf_confine *conf, struct err *err)
{
	struct err why = {0};
	int result;

	if (!confine_is_on(conf->seccomp))
		return 0;
	result = seccomp_begin(conf->seccomp == CONF_CONFINE_LOG, &why);
	return confine_end("seccomp", conf->seccomp, result, &why, err);
}
