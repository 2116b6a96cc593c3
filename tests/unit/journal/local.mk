check_PROGRAMS += %D%/test_journal
TESTS += %D%/test_journal
%C%_test_journal_SOURCES = %D%/test_journal.c %D%/kit.c %D%/kit.h
%C%_test_journal_LDADD = $(UNIT_LIBS)
