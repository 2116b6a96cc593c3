TESTS += %D%/test_verbs.py
EXTRA_DIST += %D%/test_verbs.py
EXTRA_DIST += %D%/standin.py
