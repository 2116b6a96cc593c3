TESTS += %D%/test_generated.sh
EXTRA_DIST += %D%/test_generated.sh
TESTS += %D%/test_floors.py %D%/test_format.sh %D%/test_headers.sh %D%/test_limits.py \
	%D%/test_names.py
EXTRA_DIST += %D%/house.py %D%/test_floors.py %D%/test_format.sh %D%/test_headers.sh \
	%D%/test_limits.py %D%/test_names.py
