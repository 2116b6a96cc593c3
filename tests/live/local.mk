# Real slapd, real musterd, one script a promise.
TESTS += %D%/test_config.py %D%/test_faults.py %D%/test_main_job.py %D%/test_persons.py \
	%D%/test_schema.sh %D%/test_sources.py %D%/test_university.py
EXTRA_DIST += %D%/directories.py %D%/live.py %D%/main-job %D%/test_config.py %D%/test_faults.py \
	%D%/test_main_job.py %D%/test_persons.py %D%/test_schema.sh %D%/test_sources.py \
	%D%/test_university.py
