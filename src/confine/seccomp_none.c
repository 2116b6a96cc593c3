/* In place of seccomp.c where there is no libseccomp. */
#include "base/err.h"
#include "confine/confine_internal.h"

int
seccomp_begin(bool log_only, struct err *err)
{
	return err_set(err, ERR_BROKEN, "this musterd was built without it");
}
