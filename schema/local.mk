# The schema's files are made from muster.rows at build time.
schemadir = $(pkgdatadir)/schema
nodist_schema_DATA = %D%/muster.schema %D%/muster.ldif %D%/98muster.ldif
dist_schema_DATA = %D%/slapd-access.ldif
EXTRA_DIST += %D%/make-schema %D%/muster.rows %D%/sample/make-people %D%/sample/people.ldif
CLEANFILES += $(nodist_schema_DATA)
MAKE_SCHEMA = $(MKDIR_P) %D% && AWK='$(AWK)' $(SHELL) $(srcdir)/%D%/make-schema
%D%/muster.schema: %D%/make-schema %D%/muster.rows
	$(AM_V_GEN)$(MAKE_SCHEMA) openldap $(srcdir)/%D%/muster.rows > $@
%D%/muster.ldif: %D%/make-schema %D%/muster.rows
	$(AM_V_GEN)$(MAKE_SCHEMA) config $(srcdir)/%D%/muster.rows > $@
%D%/98muster.ldif: %D%/make-schema %D%/muster.rows
	$(AM_V_GEN)$(MAKE_SCHEMA) 389ds $(srcdir)/%D%/muster.rows > $@
