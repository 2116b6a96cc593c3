check_PROGRAMS += %D%/test_budget
TESTS += %D%/test_budget
%C%_test_budget_SOURCES = %D%/test_budget.c tests/unit/journal/kit.c tests/unit/journal/kit.h \
	tests/fake/fake_clock.c tests/fake/fake_clock.h
%C%_test_budget_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit/journal \
	-I$(top_srcdir)/tests/fake
%C%_test_budget_LDADD = $(UNIT_LIBS)
