check_PROGRAMS += %D%/test_question %D%/test_outcome %D%/test_dir
TESTS += %D%/test_question %D%/test_outcome %D%/test_dir
%C%_test_question_SOURCES = %D%/test_question.c
%C%_test_question_LDADD = $(UNIT_LIBS)
%C%_test_outcome_SOURCES = %D%/test_outcome.c
%C%_test_outcome_LDADD = $(UNIT_LIBS)
%C%_test_dir_SOURCES = %D%/test_dir.c %D%/private_slapd.c %D%/private_slapd.h
%C%_test_dir_LDADD = $(UNIT_LIBS)
