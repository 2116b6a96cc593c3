check_PROGRAMS += %D%/test_journal
TESTS += %D%/test_journal
JOURNAL_KIT = %D%/kit.c %D%/kit.h %D%/fake_model.c
%C%_test_journal_SOURCES = %D%/test_journal.c $(JOURNAL_KIT)
%C%_test_journal_LDADD = $(UNIT_LIBS)
