# The three forms of the schema are made from its rows, in the build tree.
schemadir = $(datadir)/musterd/schema
nodist_schema_DATA = %D%/muster.schema %D%/muster.ldif %D%/98muster.ldif
dist_schema_DATA = %D%/97mail.ldif %D%/389ds-access.ldif %D%/slapd-access.ldif
samplesdir = $(schemadir)/sample
dist_samples_DATA = %D%/sample/people.ldif
EXTRA_DIST += %D%/muster.rows %D%/make-schema %D%/sample/make-people
CLEANFILES += $(nodist_schema_DATA)

MAKE_SCHEMA = $(AM_V_GEN)$(MKDIR_P) %D% && AWK='$(AWK)' $(SHELL) $(srcdir)/%D%/make-schema
SCHEMA_ROWS = $(srcdir)/%D%/muster.rows $(srcdir)/%D%/make-schema

%D%/muster.schema: $(SCHEMA_ROWS)
	$(MAKE_SCHEMA) openldap $(srcdir)/%D%/muster.rows >$@.tmp && mv $@.tmp $@
%D%/muster.ldif: $(SCHEMA_ROWS)
	$(MAKE_SCHEMA) config $(srcdir)/%D%/muster.rows >$@.tmp && mv $@.tmp $@
%D%/98muster.ldif: $(SCHEMA_ROWS)
	$(MAKE_SCHEMA) 389ds $(srcdir)/%D%/muster.rows >$@.tmp && mv $@.tmp $@
