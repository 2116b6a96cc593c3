# Time and overload: see doc/reliability.md.
load_tests = %D%/clocks %D%/overload
TESTS += $(load_tests)
EXTRA_DIST += $(load_tests) %D%/generator.py %D%/turn_clock.c

check_DATA = %D%/turn_clock.so
CLEANFILES += %D%/turn_clock.so
%D%/turn_clock.so: %D%/turn_clock.c
	$(AM_V_CC)$(MKDIR_P) %D% && $(CC) -D_GNU_SOURCE -O1 -Wall -shared -fPIC -o $@ $(srcdir)/%D%/turn_clock.c
