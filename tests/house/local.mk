TESTS += %D%/test_generated.sh
EXTRA_DIST += %D%/test_generated.sh
