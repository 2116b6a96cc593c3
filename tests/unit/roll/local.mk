check_PROGRAMS += %D%/test_judge
TESTS += %D%/test_judge
%C%_test_judge_SOURCES = %D%/test_judge.c
%C%_test_judge_LDADD = $(UNIT_LIBS)

check_PROGRAMS += %D%/test_judge_card
TESTS += %D%/test_judge_card
%C%_test_judge_card_SOURCES = %D%/test_judge_card.c
%C%_test_judge_card_LDADD = $(UNIT_LIBS)
