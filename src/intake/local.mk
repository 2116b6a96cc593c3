libmuster_la_SOURCES += %D%/answer.c %D%/check.c %D%/intake.c %D%/intake.h %D%/intake_internal.h \
	%D%/policy.c %D%/read.c %D%/submit.c
