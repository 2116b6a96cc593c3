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

# With --prefix=/usr or /usr/local where systemd looks for it.
unitdir = $(prefix)/lib/systemd/system
nodist_unit_DATA = %D%/musterd.service
EXTRA_DIST += %D%/musterd.service.in
CLEANFILES += %D%/musterd.service
%D%/musterd.service: %D%/musterd.service.in Makefile
	$(MKDIR_P) %D%
	sed 's|[@]sbindir[@]|$(sbindir)|' "$(srcdir)/%D%/musterd.service.in" >$@
