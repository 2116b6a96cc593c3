check_PROGRAMS += %D%/test_confine
TESTS += %D%/test_confine
%C%_test_confine_SOURCES = %D%/test_confine.c
%C%_test_confine_LDADD = $(UNIT_LIBS)
