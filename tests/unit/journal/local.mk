JOURNAL_KIT = %D%/kit.c %D%/kit.h
JOURNAL_TESTS = %D%/test_journal %D%/test_read %D%/test_seal %D%/test_schema \
	%D%/test_crash
check_PROGRAMS += $(JOURNAL_TESTS)
TESTS += $(JOURNAL_TESTS)
%C%_test_journal_SOURCES = %D%/test_journal.c $(JOURNAL_KIT)
%C%_test_journal_LDADD = $(UNIT_LIBS)
%C%_test_read_SOURCES = %D%/test_read.c $(JOURNAL_KIT)
%C%_test_read_LDADD = $(UNIT_LIBS)
%C%_test_seal_SOURCES = %D%/test_seal.c $(JOURNAL_KIT)
%C%_test_seal_LDADD = $(UNIT_LIBS)
%C%_test_schema_SOURCES = %D%/test_schema.c $(JOURNAL_KIT)
%C%_test_schema_LDADD = $(UNIT_LIBS)
%C%_test_crash_SOURCES = %D%/test_crash.c %D%/fault_vfs.c %D%/fault_vfs.h $(JOURNAL_KIT)
%C%_test_crash_LDADD = $(UNIT_LIBS)
