# Each step alone: a registration and a reply in, a verdict or a question out.
STEPS_KIT = %D%/kit.c %D%/kit.h

check_PROGRAMS += %D%/test_prove %D%/test_claim %D%/test_entry %D%/test_account %D%/test_remove \
	%D%/test_activate
TESTS += %D%/test_prove %D%/test_claim %D%/test_entry %D%/test_account %D%/test_remove \
	%D%/test_activate
%C%_test_prove_SOURCES = %D%/test_prove.c $(STEPS_KIT)
%C%_test_prove_LDADD = $(UNIT_LIBS)
%C%_test_claim_SOURCES = %D%/test_claim.c $(STEPS_KIT)
%C%_test_claim_LDADD = $(UNIT_LIBS)
%C%_test_entry_SOURCES = %D%/test_entry.c $(STEPS_KIT)
%C%_test_entry_LDADD = $(UNIT_LIBS)
%C%_test_account_SOURCES = %D%/test_account.c $(STEPS_KIT)
%C%_test_account_LDADD = $(UNIT_LIBS)
%C%_test_remove_SOURCES = %D%/test_remove.c $(STEPS_KIT)
%C%_test_remove_LDADD = $(UNIT_LIBS)
%C%_test_activate_SOURCES = %D%/test_activate.c $(STEPS_KIT)
%C%_test_activate_LDADD = $(UNIT_LIBS)
