libmuster_la_SOURCES += %D%/application.c %D%/application.h %D%/application_json.c %D%/date.c \
	%D%/date.h %D%/faults.c %D%/faults.h %D%/identifier.c %D%/identifier.h %D%/json_text.c \
	%D%/json_text.h %D%/name.c %D%/name.h %D%/name_form.c %D%/naming.c %D%/naming.h \
	%D%/naming_ascii.c %D%/person.c %D%/person.h %D%/points.c %D%/points_internal.h \
	%D%/record.c %D%/record.h %D%/record_json.c %D%/registration.c %D%/registration.h \
	%D%/registration_json.c %D%/registration_json.h %D%/schema_names.c %D%/schema_names.h %D%/submission_check.c \
	%D%/submission_contact.c %D%/submission_identity.c %D%/submission_internal.h \
	%D%/submission_json.c %D%/submission_json.h %D%/submission_password.c \
	%D%/submission_place.c %D%/submission_questions.c %D%/submission_text.c
