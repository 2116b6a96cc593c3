# The driver with the real plan and journal between fake directories and a fake clock, all linked in
# front of libmuster.
FLOW_STAGE = %D%/stage.c %D%/stage.h $(FAKE_DIR) tests/fake/fake_clock.c tests/fake/fake_clock.h

FLOW_TESTS = %D%/test_flow %D%/test_ends %D%/test_wishes %D%/test_late %D%/test_aside \
	%D%/test_budget %D%/test_time %D%/test_strange %D%/test_stopped %D%/test_full
check_PROGRAMS += $(FLOW_TESTS)
TESTS += $(FLOW_TESTS)
%C%_test_flow_SOURCES = %D%/test_flow.c $(FLOW_STAGE)
%C%_test_flow_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/fake
%C%_test_flow_LDADD = $(UNIT_LIBS)
%C%_test_ends_SOURCES = %D%/test_ends.c $(FLOW_STAGE)
%C%_test_ends_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/fake
%C%_test_ends_LDADD = $(UNIT_LIBS)
%C%_test_wishes_SOURCES = %D%/test_wishes.c $(FLOW_STAGE)
%C%_test_wishes_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/fake
%C%_test_wishes_LDADD = $(UNIT_LIBS)
%C%_test_late_SOURCES = %D%/test_late.c $(FLOW_STAGE)
%C%_test_late_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/fake
%C%_test_late_LDADD = $(UNIT_LIBS)
%C%_test_aside_SOURCES = %D%/test_aside.c $(FLOW_STAGE)
%C%_test_aside_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/fake
%C%_test_aside_LDADD = $(UNIT_LIBS)
%C%_test_budget_SOURCES = %D%/test_budget.c $(FLOW_STAGE)
%C%_test_budget_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/fake
%C%_test_budget_LDADD = $(UNIT_LIBS)
%C%_test_time_SOURCES = %D%/test_time.c $(FLOW_STAGE)
%C%_test_time_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/fake
%C%_test_time_LDADD = $(UNIT_LIBS)
%C%_test_strange_SOURCES = %D%/test_strange.c $(FLOW_STAGE)
%C%_test_strange_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/fake
%C%_test_strange_LDADD = $(UNIT_LIBS)
%C%_test_stopped_SOURCES = %D%/test_stopped.c $(FLOW_STAGE)
%C%_test_stopped_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/fake
%C%_test_stopped_LDADD = $(UNIT_LIBS)
# On a disk that is full when it is told to.
%C%_test_full_SOURCES = %D%/test_full.c tests/unit/journal/fault_vfs.c tests/unit/journal/fault_vfs.h $(FLOW_STAGE)
%C%_test_full_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/fake -I$(top_srcdir)/tests/unit/journal
%C%_test_full_LDADD = $(UNIT_LIBS)
