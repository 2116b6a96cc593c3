# Real slapd, real musterd, one script a promise.
TESTS += %D%/test_card.py %D%/test_config.py %D%/test_faults.py %D%/test_main_job.py %D%/test_persons.py %D%/test_schema.sh
EXTRA_DIST += %D%/live.py %D%/main-job %D%/test_card.py %D%/test_config.py %D%/test_faults.py %D%/test_main_job.py \
	%D%/test_persons.py %D%/test_schema.sh
