check_PROGRAMS += %D%/test_judge %D%/test_roll
TESTS += %D%/test_judge %D%/test_roll
%C%_test_judge_SOURCES = %D%/test_judge.c
%C%_test_judge_LDADD = $(UNIT_LIBS)
%C%_test_roll_SOURCES = %D%/test_roll.c
%C%_test_roll_LDADD = $(UNIT_LIBS)

check_PROGRAMS += %D%/test_judge_card
TESTS += %D%/test_judge_card
%C%_test_judge_card_SOURCES = %D%/test_judge_card.c
%C%_test_judge_card_LDADD = $(UNIT_LIBS)
