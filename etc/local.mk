# The configuration of the site is never overwritten, and never removed unless it is as we made it.
CONF_FILES = %D%/army.conf %D%/university.conf %D%/blocklist.txt
EXTRA_DIST += $(CONF_FILES) %D%/musterd.conf %D%/sample.conf
confdir = $(sysconfdir)/musterd

install-data-local: install-conf
uninstall-local: uninstall-conf
.PHONY: install-conf uninstall-conf
install-conf:
	$(MKDIR_P) "$(DESTDIR)$(confdir)"
	for file in $(CONF_FILES); do \
		$(INSTALL_DATA) "$(srcdir)/$$file" "$(DESTDIR)$(confdir)" || exit 1; \
	done
	test -e "$(DESTDIR)$(confdir)/musterd.conf" || \
		$(INSTALL) -m 640 "$(srcdir)/%D%/musterd.conf" "$(DESTDIR)$(confdir)/musterd.conf"
uninstall-conf:
	for file in $(CONF_FILES); do \
		rm -f "$(DESTDIR)$(confdir)/$${file##*/}"; \
	done
	! cmp -s "$(srcdir)/%D%/musterd.conf" "$(DESTDIR)$(confdir)/musterd.conf" || \
		rm -f "$(DESTDIR)$(confdir)/musterd.conf"
	! test -d "$(DESTDIR)$(confdir)" || rmdir "$(DESTDIR)$(confdir)" 2>/dev/null || :

# With --prefix=/usr or /usr/local where systemd looks for them.
unitdir = $(prefix)/lib/systemd/system
sysusersdir = $(prefix)/lib/sysusers.d
tmpfilesdir = $(prefix)/lib/tmpfiles.d
FOR_SYSTEMD = %D%/musterd.service %D%/sysusers.d/musterd.conf %D%/tmpfiles.d/musterd.conf
nodist_unit_DATA = %D%/musterd.service
nodist_sysusers_DATA = %D%/sysusers.d/musterd.conf
nodist_tmpfiles_DATA = %D%/tmpfiles.d/musterd.conf
EXTRA_DIST += %D%/musterd.service.in %D%/musterd.sysusers.in %D%/musterd.tmpfiles.in
CLEANFILES += $(FOR_SYSTEMD)
%D%/musterd.service: %D%/musterd.service.in
%D%/sysusers.d/musterd.conf: %D%/musterd.sysusers.in
%D%/tmpfiles.d/musterd.conf: %D%/musterd.tmpfiles.in
$(FOR_SYSTEMD): Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && sed -e 's|[@]sbindir[@]|$(sbindir)|' \
		-e 's|[@]sysconfdir[@]|$(sysconfdir)|' \
		$(filter %.in,$^) >$@
