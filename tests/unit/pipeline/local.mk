check_PROGRAMS += %D%/test_gate
TESTS += %D%/test_gate
%C%_test_gate_SOURCES = %D%/test_gate.c
%C%_test_gate_LDADD = $(UNIT_LIBS)
