# Fuzz targets: with --enable-fuzzing they are libFuzzer's (tests/fuzz/run makes such a build), else
# each replays its corpus, as a test.
fuzz_targets = %D%/fuzz_answer %D%/fuzz_audit %D%/fuzz_body %D%/fuzz_card %D%/fuzz_conf \
	%D%/fuzz_dn %D%/fuzz_gate %D%/fuzz_lines %D%/fuzz_name %D%/fuzz_seal %D%/fuzz_server %D%/fuzz_value
if FUZZING
noinst_PROGRAMS += $(fuzz_targets)
fuzz_main =
else
check_PROGRAMS += $(fuzz_targets)
TESTS += $(fuzz_targets)
fuzz_main = %D%/replay.c
endif
EXTRA_DIST += %D%/run %D%/corpus %D%/dictionary

fuzz_common = %D%/fuzz.c %D%/fuzz.h $(fuzz_main)
fuzz_ldflags = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_answer_SOURCES = %D%/fuzz_answer.c $(fuzz_common)
%C%_fuzz_answer_LDADD = $(MUSTER_LIBS)
%C%_fuzz_answer_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_audit_SOURCES = %D%/fuzz_audit.c $(fuzz_common)
%C%_fuzz_audit_LDADD = $(MUSTER_LIBS)
%C%_fuzz_audit_LDFLAGS = $(fuzz_ldflags) -Wl,--wrap=nanosleep
%C%_fuzz_body_SOURCES = %D%/fuzz_body.c $(fuzz_common)
%C%_fuzz_body_LDADD = $(MUSTER_LIBS)
%C%_fuzz_body_LDFLAGS = $(fuzz_ldflags) -Wl,--wrap=budget_unlock -Wl,--wrap=journal_begin \
	-Wl,--wrap=journal_find -Wl,--wrap=journal_find_uid -Wl,--wrap=journal_has_misread
%C%_fuzz_card_SOURCES = %D%/fuzz_card.c $(fuzz_common)
%C%_fuzz_card_LDADD = $(MUSTER_LIBS)
%C%_fuzz_card_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_conf_SOURCES = %D%/fuzz_conf.c $(fuzz_common)
%C%_fuzz_conf_LDADD = $(MUSTER_LIBS)
%C%_fuzz_conf_LDFLAGS = $(fuzz_ldflags) -Wl,--wrap=source_load -Wl,--wrap=config_read_string
%C%_fuzz_dn_SOURCES = %D%/fuzz_dn.c $(fuzz_common)
%C%_fuzz_dn_LDADD = $(MUSTER_LIBS)
%C%_fuzz_dn_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_gate_SOURCES = %D%/fuzz_gate.c $(fuzz_common)
%C%_fuzz_gate_LDADD = $(MUSTER_LIBS)
%C%_fuzz_gate_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_lines_SOURCES = %D%/fuzz_lines.c $(fuzz_common) src/musterctl/submit_lines.c src/musterctl/submit_lines.h
%C%_fuzz_lines_LDADD = $(MUSTER_LIBS)
%C%_fuzz_lines_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_name_SOURCES = %D%/fuzz_name.c $(fuzz_common)
%C%_fuzz_name_LDADD = $(MUSTER_LIBS)
%C%_fuzz_name_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_seal_SOURCES = %D%/fuzz_seal.c $(fuzz_common)
%C%_fuzz_seal_LDADD = $(MUSTER_LIBS)
%C%_fuzz_seal_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_server_SOURCES = %D%/fuzz_server.c $(fuzz_common)
%C%_fuzz_server_LDADD = $(MUSTER_LIBS)
%C%_fuzz_server_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_value_SOURCES = %D%/fuzz_value.c $(fuzz_common)
%C%_fuzz_value_LDADD = $(MUSTER_LIBS)
%C%_fuzz_value_LDFLAGS = $(fuzz_ldflags)
