dist_man_MANS += %D%/musterd.conf.5
dist_man_MANS += %D%/musterctl.8
dist_man_MANS += %D%/musterd.8

EXTRA_DIST += %D%/audit.md %D%/reliability.md %D%/restore.md %D%/security.md

# bash-completion looks for a file of the command's very name.
bashcompletiondir = $(datadir)/bash-completion/completions
nodist_bashcompletion_DATA = %D%/completion/musterctl
EXTRA_DIST += %D%/musterctl.bash
CLEANFILES += %D%/completion/musterctl
%D%/completion/musterctl: %D%/musterctl.bash
	$(AM_V_GEN)$(MKDIR_P) %D%/completion && cp $(srcdir)/%D%/musterctl.bash $@
