bin_PROGRAMS += musterctl
musterctl_LDADD = $(MUSTER_LIBS) $(CURL_LIBS)
musterctl_SOURCES = %D%/client.c %D%/client.h
musterctl_SOURCES += %D%/audit.c
musterctl_SOURCES += %D%/completion.c
musterctl_SOURCES += %D%/journal.c
musterctl_SOURCES += %D%/main.c
musterctl_SOURCES += %D%/registrations.c
musterctl_SOURCES += %D%/schema.c
musterctl_SOURCES += %D%/screen.c %D%/screen.h
musterctl_SOURCES += %D%/status.c
musterctl_SOURCES += %D%/submit.c
musterctl_SOURCES += %D%/submit_lines.c %D%/submit_lines.h
musterctl_SOURCES += %D%/submit_report.c %D%/submit_report.h
musterctl_SOURCES += %D%/unlock.c %D%/attempts.h
musterctl_SOURCES += %D%/usage.c %D%/usage.h
musterctl_SOURCES += %D%/verbs.c %D%/verbs.h
musterctl_SOURCES += %D%/watch.c

# What is made from the table of verbs is kept in the tree; test_verbs.py tells when it is old.
.PHONY: regenerate-musterctl
regenerate: regenerate-musterctl
regenerate-musterctl: musterctl$(EXEEXT)
	./musterctl$(EXEEXT) --print-completion > $(srcdir)/doc/musterctl.bash
	./musterctl$(EXEEXT) --print-verbs > musterctl_verbs.tmp
	$(SED) -e '/^.\\" verbs begin/r musterctl_verbs.tmp' \
		-e '/^.\\" verbs begin/,/^.\\" verbs end/{/^.\\" verbs /!d;}' \
		$(srcdir)/doc/musterctl.8 > musterctl_page.tmp
	mv musterctl_page.tmp $(srcdir)/doc/musterctl.8
	rm -f musterctl_verbs.tmp

# The sandbox, and the files of the tree that it carries within itself.
musterctl_SOURCES += %D%/sandbox.c %D%/sandbox_children.c %D%/sandbox_daemon.c \
	%D%/sandbox_files.h %D%/sandbox_folder.c %D%/sandbox_internal.h %D%/sandbox_net.c \
	%D%/sandbox_slapd.c
nodist_musterctl_SOURCES = %D%/sandbox_files.c
EXTRA_DIST += %D%/embed.sh
CLEANFILES += %D%/sandbox_files.c
SANDBOX_FILES = schema/muster.ldif schema/98muster.ldif $(srcdir)/schema/slapd-access.ldif \
	$(srcdir)/schema/sample/people.ldif $(srcdir)/etc/army.conf
%D%/sandbox_files.c: %D%/embed.sh $(SANDBOX_FILES)
	$(AM_V_GEN)$(MKDIR_P) %D% && $(SHELL) $(srcdir)/%D%/embed.sh \
		sandbox_schema_openldap schema/muster.ldif sandbox_schema_389ds schema/98muster.ldif \
		sandbox_slapd_access $(srcdir)/schema/slapd-access.ldif \
		sandbox_people $(srcdir)/schema/sample/people.ldif \
		sandbox_army_conf $(srcdir)/etc/army.conf > $@.tmp && mv $@.tmp $@
