check_PROGRAMS += %D%/test_question %D%/test_outcome
TESTS += %D%/test_question %D%/test_outcome
%C%_test_question_SOURCES = %D%/test_question.c
%C%_test_question_LDADD = $(UNIT_LIBS)
%C%_test_outcome_SOURCES = %D%/test_outcome.c
%C%_test_outcome_LDADD = $(UNIT_LIBS)
