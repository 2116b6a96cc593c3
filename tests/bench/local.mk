# Benchmarks are run by hand; what they need is built with the tests.
check_PROGRAMS += %D%/fill
%C%_fill_SOURCES = %D%/fill.c
%C%_fill_LDADD = $(MUSTER_LIBS)
EXTRA_DIST += %D%/activation %D%/oracle %D%/pending %D%/restart %D%/tls
