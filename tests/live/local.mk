# Real slapd, real musterd, one script a promise.
live_tests = \
	%D%/test_access_389ds.py \
	%D%/test_access_slapd.py \
	%D%/test_answers.py \
	%D%/test_audit.py \
	%D%/test_budget.py \
	%D%/test_canary.py \
	%D%/test_card.py \
	%D%/test_changed.py \
	%D%/test_config.py \
	%D%/test_confined.py \
	%D%/test_explain.py \
	%D%/test_faults.py \
	%D%/test_injection.py \
	%D%/test_main_job.py \
	%D%/test_malformed.py \
	%D%/test_persons.py \
	%D%/test_rates.py \
	%D%/test_rekey.py \
	%D%/test_rights.py \
	%D%/test_roll.py \
	%D%/test_schema.sh \
	%D%/test_service.py \
	%D%/test_sources.py \
	%D%/test_tls.py \
	%D%/test_university.py \
	%D%/test_watchdog.py
TESTS += $(live_tests)
EXTRA_DIST += $(live_tests) %D%/access.py %D%/canary.py %D%/directories.py %D%/ds389.py %D%/live.py \
	%D%/main-job %D%/portals.py %D%/roll_tables.py
