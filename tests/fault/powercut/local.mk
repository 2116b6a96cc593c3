# Power cuts: see doc/reliability.md and powercut.c. The calls that libmuster makes by itself are
# listened to as well (recording_vfs.c).
check_PROGRAMS += %D%/run
TESTS += %D%/run
%C%_run_SOURCES = %D%/powercut.c %D%/work.c %D%/work.h %D%/ledger.c %D%/ledger.h %D%/image.c \
	%D%/image.h %D%/recording.c %D%/recording.h %D%/recording_vfs.c
%C%_run_LDADD = $(MUSTER_LIBS)
%C%_run_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=open -Wl,--wrap=mkostemp -Wl,--wrap=fsync \
	-Wl,--wrap=link -Wl,--wrap=unlink -Wl,--wrap=pthread_cond_timedwait
