# See doc/reliability.md and doc/restore.md.
disk_tests = \
	%D%/test_damage.py \
	%D%/test_flush.py \
	%D%/test_full.py \
	%D%/test_restore.py
TESTS += $(disk_tests)
EXTRA_DIST += $(disk_tests) %D%/disk.py %D%/run
