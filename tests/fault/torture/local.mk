# musterd with calls that fail when they are told to, under the sanitizers whatever the rest of the
# build is, and the script that fails each call of a whole life once.
TORTURE_FLAGS = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer \
	-U_FORTIFY_SOURCE
check_LTLIBRARIES = libmuster-torture.la
libmuster_torture_la_SOURCES = $(libmuster_la_SOURCES)
libmuster_torture_la_CFLAGS = $(AM_CFLAGS) $(TORTURE_FLAGS)

check_PROGRAMS += %D%/musterd
TESTS += %D%/run
EXTRA_DIST += %D%/run
%C%_musterd_SOURCES = src/musterd/main.c %D%/calls.c %D%/faults.c %D%/faults.h %D%/hooks.c \
	%D%/system.c
%C%_musterd_CFLAGS = $(AM_CFLAGS) $(TORTURE_FLAGS)
# Exported, so that the libraries' calls come to those of system.c.
%C%_musterd_LDFLAGS = $(AM_LDFLAGS) $(TORTURE_FLAGS) -export-dynamic -Wl,@%D%/wrapped
%C%_musterd_LDADD = libmuster-torture.la $(FOREIGN_LIBS)
EXTRA_%C%_musterd_DEPENDENCIES = %D%/wrapped
CLEANFILES += %D%/wrapped

# The linker's options: all that calls.c and faults.c stand before.
%D%/wrapped: %D%/calls.c %D%/faults.c
	cat $(srcdir)/%D%/calls.c $(srcdir)/%D%/faults.c | $(SED) -n \
		-e 's/^WRAP([^,]*, \([A-Za-z0-9_]*\),.*/--wrap=\1/p' \
		-e 's/^__wrap_\([A-Za-z0-9_]*\)(.*/--wrap=\1/p' >$@
