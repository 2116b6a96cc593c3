TESTS += %D%/test_faults.py %D%/test_main_job.py %D%/test_persons.py
EXTRA_DIST += %D%/live.py %D%/main-job %D%/test_faults.py %D%/test_main_job.py %D%/test_persons.py
