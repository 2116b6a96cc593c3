check_PROGRAMS += %D%/test_read
TESTS += %D%/test_read
%C%_test_read_SOURCES = %D%/test_read.c %D%/fixture.c %D%/fixture.h
%C%_test_read_LDADD = $(UNIT_LIBS)

check_PROGRAMS += %D%/test_check
TESTS += %D%/test_check
%C%_test_check_SOURCES = %D%/test_check.c %D%/fixture.c %D%/fixture.h
%C%_test_check_LDADD = $(UNIT_LIBS)

check_PROGRAMS += %D%/test_source
TESTS += %D%/test_source
%C%_test_source_SOURCES = %D%/test_source.c %D%/fixture.c %D%/fixture.h
%C%_test_source_LDADD = $(UNIT_LIBS)

check_PROGRAMS += %D%/test_print
TESTS += %D%/test_print
%C%_test_print_SOURCES = %D%/test_print.c %D%/fixture.c %D%/fixture.h
%C%_test_print_LDADD = $(UNIT_LIBS)
