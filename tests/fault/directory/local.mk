# See doc/reliability.md.
TESTS += %D%/run
EXTRA_DIST += %D%/run %D%/place.py %D%/proxy.py
