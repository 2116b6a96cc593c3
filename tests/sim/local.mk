# The driver, the plan and the steps in a simulated world: everything else is a fake, linked in front
# of libmuster, and chance is wrapped.
check_PROGRAMS += %D%/run
TESTS += %D%/run
%C%_run_SOURCES = %D%/run.c %D%/sim.h %D%/queue.c %D%/queue.h %D%/directory.c %D%/directory.h \
	%D%/journal.c %D%/journal.h %D%/oracle.c %D%/oracle.h %D%/people.c %D%/people.h \
	%D%/hands.c %D%/hands.h %D%/life.c %D%/life.h %D%/world.c %D%/world.h \
	tests/fake/fake_tree.c tests/fake/fake_tree.h tests/fake/fake_clock.c tests/fake/fake_clock.h
%C%_run_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/fake
%C%_run_LDADD = $(UNIT_LIBS)
%C%_run_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=secret_random -Wl,--wrap=log_line
