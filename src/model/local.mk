libmuster_la_SOURCES += %D%/date.c %D%/identifier.c %D%/name.c %D%/name_form.c %D%/naming.c \
	%D%/naming_ascii.c %D%/points.c %D%/points_internal.h
libmuster_la_SOURCES += %D%/application.h %D%/date.h %D%/faults.h %D%/identifier.h %D%/name.h %D%/naming.h %D%/person.h %D%/record.h %D%/registration.h %D%/registration_json.h %D%/submission_json.h 
libmuster_la_SOURCES += %D%/schema_names.c %D%/schema_names.h
