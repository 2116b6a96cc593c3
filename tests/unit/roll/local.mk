check_PROGRAMS += %D%/test_judge
TESTS += %D%/test_judge
%C%_test_judge_SOURCES = %D%/test_judge.c
%C%_test_judge_LDADD = $(UNIT_LIBS)
