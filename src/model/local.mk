libmuster_la_SOURCES += %D%/date.c %D%/identifier.c %D%/name.c %D%/name_form.c %D%/naming.c \
	%D%/naming_ascii.c %D%/points.c %D%/points_internal.h
libmuster_la_SOURCES += %D%/application.h %D%/date.h %D%/faults.h %D%/identifier.h %D%/name.h %D%/naming.h %D%/person.h %D%/record.h %D%/registration.h %D%/registration_json.h %D%/submission_json.h 
libmuster_la_SOURCES += %D%/application.c %D%/application_json.c %D%/faults.c %D%/json_text.c \
	%D%/json_text.h %D%/person.c %D%/record.c %D%/registration.c %D%/registration_json.c \
	%D%/submission_check.c %D%/submission_contact.c %D%/submission_identity.c \
	%D%/submission_internal.h %D%/submission_json.c %D%/submission_password.c \
	%D%/submission_place.c %D%/submission_questions.c %D%/submission_text.c
