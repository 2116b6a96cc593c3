check_PROGRAMS += %D%/test_audit %D%/test_tampering
TESTS += %D%/test_audit %D%/test_tampering
%C%_test_audit_SOURCES = %D%/test_audit.c %D%/kit.c %D%/kit.h
%C%_test_audit_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit/audit
%C%_test_audit_LDADD = $(UNIT_LIBS)
%C%_test_tampering_SOURCES = %D%/test_tampering.c %D%/kit.c %D%/kit.h
%C%_test_tampering_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit/audit
%C%_test_tampering_LDADD = $(UNIT_LIBS)
