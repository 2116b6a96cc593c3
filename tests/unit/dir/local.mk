# The fake directory, for tests that link it in front of libmuster: add to _SOURCES, and
# -I$(top_srcdir)/tests/fake to _CPPFLAGS.
FAKE_DIR = tests/fake/fake_dir.c tests/fake/fake_dir.h tests/fake/fake_tree.c \
	tests/fake/fake_tree.h

check_PROGRAMS += %D%/test_question %D%/test_outcome %D%/test_dir %D%/test_fake_dir
TESTS += %D%/test_question %D%/test_outcome %D%/test_dir %D%/test_fake_dir
%C%_test_question_SOURCES = %D%/test_question.c
%C%_test_question_LDADD = $(UNIT_LIBS)
%C%_test_outcome_SOURCES = %D%/test_outcome.c
%C%_test_outcome_LDADD = $(UNIT_LIBS)
%C%_test_dir_SOURCES = %D%/test_dir.c %D%/private_slapd.c %D%/private_slapd.h
%C%_test_dir_LDADD = $(UNIT_LIBS)
%C%_test_fake_dir_SOURCES = %D%/test_fake_dir.c $(FAKE_DIR)
%C%_test_fake_dir_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/fake
%C%_test_fake_dir_LDADD = $(UNIT_LIBS)
