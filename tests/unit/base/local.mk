check_PROGRAMS += %D%/test_bucket %D%/test_clock %D%/test_keyring %D%/test_log %D%/test_loop \
	%D%/test_pulse %D%/test_secret %D%/test_text
TESTS += %D%/test_bucket %D%/test_clock %D%/test_keyring %D%/test_log %D%/test_loop \
	%D%/test_pulse %D%/test_secret %D%/test_text
%C%_test_bucket_SOURCES = %D%/test_bucket.c
%C%_test_bucket_LDADD = $(UNIT_LIBS)
%C%_test_clock_SOURCES = %D%/test_clock.c
%C%_test_clock_LDADD = $(UNIT_LIBS)
%C%_test_keyring_SOURCES = %D%/test_keyring.c
%C%_test_keyring_LDADD = $(UNIT_LIBS)
%C%_test_log_SOURCES = %D%/test_log.c
%C%_test_log_LDADD = $(UNIT_LIBS)
%C%_test_loop_SOURCES = %D%/test_loop.c
%C%_test_loop_LDADD = $(UNIT_LIBS)
%C%_test_secret_SOURCES = %D%/test_secret.c
%C%_test_secret_LDADD = $(UNIT_LIBS)
%C%_test_text_SOURCES = %D%/test_text.c
%C%_test_text_LDADD = $(UNIT_LIBS)
%C%_test_pulse_SOURCES = %D%/test_pulse.c
%C%_test_pulse_LDADD = $(UNIT_LIBS)
