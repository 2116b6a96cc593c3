EXTRA_DIST += tests/pki/make-pki
check_PROGRAMS += %D%/test_card %D%/test_ocsp
TESTS += %D%/test_card %D%/test_ocsp
%C%_test_card_SOURCES = %D%/test_card.c %D%/pki.c %D%/pki.h
%C%_test_card_CPPFLAGS = $(AM_CPPFLAGS) \
	-DTOP_SOURCE_FOLDER='"$(top_srcdir)"'
%C%_test_card_LDADD = $(UNIT_LIBS)
%C%_test_ocsp_SOURCES = %D%/test_ocsp.c %D%/pki.c %D%/pki.h %D%/responder.c \
	%D%/responder.h
%C%_test_ocsp_CPPFLAGS = $(%C%_test_card_CPPFLAGS)
%C%_test_ocsp_LDADD = $(UNIT_LIBS)
