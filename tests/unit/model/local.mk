# Dates, identifiers, names, naming.
check_PROGRAMS += %D%/test_date %D%/test_identifier %D%/test_name %D%/test_naming
TESTS += %D%/test_date %D%/test_identifier %D%/test_name %D%/test_naming
%C%_test_date_SOURCES = %D%/test_date.c
%C%_test_date_LDADD = $(UNIT_LIBS)
%C%_test_identifier_SOURCES = %D%/test_identifier.c
%C%_test_identifier_LDADD = $(UNIT_LIBS)
%C%_test_name_SOURCES = %D%/test_name.c
%C%_test_name_LDADD = $(UNIT_LIBS)
%C%_test_naming_SOURCES = %D%/test_naming.c
%C%_test_naming_LDADD = $(UNIT_LIBS)
# Registrations, applications, submissions.
check_PROGRAMS += %D%/test_registration %D%/test_registration_json \
	%D%/test_submission %D%/test_submission_check %D%/test_submission_secrets
TESTS += %D%/test_registration %D%/test_registration_json \
	%D%/test_submission %D%/test_submission_check %D%/test_submission_secrets
%C%_test_registration_SOURCES = %D%/test_registration.c
%C%_test_registration_LDADD = $(UNIT_LIBS)
%C%_test_registration_json_SOURCES = %D%/test_registration_json.c
%C%_test_registration_json_LDADD = $(UNIT_LIBS)
%C%_test_submission_SOURCES = %D%/test_submission.c %D%/submission_body.c %D%/submission_body.h
%C%_test_submission_LDADD = $(UNIT_LIBS)
%C%_test_submission_check_SOURCES = %D%/test_submission_check.c
%C%_test_submission_check_LDADD = $(UNIT_LIBS)
%C%_test_submission_secrets_SOURCES = %D%/test_submission_secrets.c %D%/submission_body.c \
	%D%/submission_body.h
%C%_test_submission_secrets_LDADD = $(UNIT_LIBS)
