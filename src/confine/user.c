/* Becomes another user, with its groups and no capability, and sees to it that there is no way
 * back. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "conf/conf.h"
#include "confine/confine.h"

static const struct passwd *
user_find(const char *name, struct err *err)
{
	const struct passwd *user;

	errno = 0;
	user = getpwnam(name);
	if (user == NULL)
		err_set(err, ERR_BROKEN, "confine.user: there is no user \"%s\"%s%s", name,
		    errno != 0 ? ": " : "", errno != 0 ? strerror(errno) : "");
	else if (user->pw_uid == 0)
		err_set(err, ERR_BROKEN, "confine.user: \"%s\" is root", name);
	return user != NULL && user->pw_uid != 0 ? user : NULL;
}

/* What no program that this process could start might get back: the kernel says where the list of
 * capabilities ends. */
static void
user_drop_bounds(void)
{
	for (int capability = 0; prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0; capability++)
		;
}

static int
user_become(const struct passwd *user, struct err *err)
{
	uid_t real, effective, saved;

	user_drop_bounds();
	if (initgroups(user->pw_name, user->pw_gid) != 0 ||
	    setresgid(user->pw_gid, user->pw_gid, user->pw_gid) != 0 ||
	    setresuid(user->pw_uid, user->pw_uid, user->pw_uid) != 0)
		return err_set(err, ERR_BROKEN, "can't become the user %s: %s", user->pw_name,
		    strerror(errno));
	if (getresuid(&real, &effective, &saved) != 0 || real != user->pw_uid ||
	    effective != user->pw_uid || saved != user->pw_uid || setuid(0) == 0)
		return err_set(err, ERR_BROKEN, "became %s, and could be root again: not going on",
		    user->pw_name);
	return 0;
}

int
confine_check_user(const struct conf_confine *conf, struct err *err)
{
	return *conf->user == '\0' || user_find(conf->user, err) != NULL ? 0 : -1;
}

int
confine_user(const struct conf_confine *conf, bool *changed_out, struct err *err)
{
	const struct passwd *user;

	*changed_out = false;
	if (*conf->user == '\0') {
		if (geteuid() == 0)
			log_warning("running as root: confine.user names nobody else");
		return 0;
	}
	user = user_find(conf->user, err);
	if (user == NULL)
		return -1;
	if (geteuid() == user->pw_uid && getuid() == user->pw_uid)
		return 0;
	if (geteuid() != 0)
		return err_set(err, ERR_BROKEN,
		    "confine.user is %s: only it and root can start this", conf->user);
	*changed_out = true;
	return user_become(user, err);
}
