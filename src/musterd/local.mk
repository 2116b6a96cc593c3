libmuster_la_SOURCES += %D%/check.c %D%/daemon.c %D%/daemon.h %D%/notify.c %D%/notify.h \
	%D%/plan.c %D%/plan.h %D%/watchdog.c %D%/watchdog.h %D%/witness.c %D%/witness.h
sbin_PROGRAMS += musterd
musterd_SOURCES = %D%/main.c
musterd_LDADD = $(MUSTER_LIBS)
