# The house's rules, and what is generated and kept in the tree.
TESTS += %D%/test_floors.py %D%/test_format.sh %D%/test_generated.sh %D%/test_headers.sh \
	%D%/test_limits.py %D%/test_names.py %D%/test_people.py %D%/test_schema.py
EXTRA_DIST += %D%/house.py %D%/test_floors.py %D%/test_format.sh %D%/test_generated.sh \
	%D%/test_headers.sh %D%/test_limits.py %D%/test_names.py %D%/test_people.py \
	%D%/test_schema.py
