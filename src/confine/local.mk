libmuster_la_SOURCES += %D%/confine.c %D%/confine.h %D%/confine_internal.h %D%/place.c %D%/user.c
if HAVE_LANDLOCK
libmuster_la_SOURCES += %D%/landlock.c
else
libmuster_la_SOURCES += %D%/landlock_none.c
endif
if HAVE_SECCOMP
libmuster_la_SOURCES += %D%/seccomp.c
else
libmuster_la_SOURCES += %D%/seccomp_none.c
endif
