# Dates, identifiers, names, naming.
check_PROGRAMS += %D%/test_date %D%/test_identifier %D%/test_name
TESTS += %D%/test_date %D%/test_identifier %D%/test_name
%C%_test_date_SOURCES = %D%/test_date.c
%C%_test_date_LDADD = $(UNIT_LIBS)
%C%_test_identifier_SOURCES = %D%/test_identifier.c
%C%_test_identifier_LDADD = $(UNIT_LIBS)
%C%_test_name_SOURCES = %D%/test_name.c
%C%_test_name_LDADD = $(UNIT_LIBS)
