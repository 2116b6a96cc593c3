libmuster_la_SOURCES += %D%/blocklist.c %D%/check.c %D%/check_text.c %D%/check_text.h \
	%D%/conf.c %D%/conf.h %D%/faults.c %D%/faults.h %D%/load.c %D%/manual.c %D%/print.c \
	%D%/read.c %D%/reader.c %D%/reader.h %D%/row.c %D%/row.h %D%/rows.c %D%/source.c \
	%D%/source.h %D%/words.c %D%/words.h

noinst_PROGRAMS += %D%/conf_doc
%C%_conf_doc_SOURCES = %D%/conf_doc.c
%C%_conf_doc_LDADD = $(MUSTER_LIBS)

# The papers that come from the configuration's rows are kept in the tree; a test in tests/house
# tells when they are not up to date.
.PHONY: regenerate-conf
regenerate: regenerate-conf
regenerate-conf: %D%/conf_doc$(EXEEXT)
	%D%/conf_doc$(EXEEXT) example $(srcdir)/etc/sample.conf > conf_doc.tmp
	mv conf_doc.tmp $(srcdir)/etc/musterd.conf
	%D%/conf_doc$(EXEEXT) manual $(srcdir)/doc/musterd.conf.5 > conf_doc.tmp
	mv conf_doc.tmp $(srcdir)/doc/musterd.conf.5
