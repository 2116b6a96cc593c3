libmuster_la_SOURCES += %D%/admin.c %D%/admin.h %D%/admin_internal.h %D%/explain.c \
	%D%/journal.c %D%/schema.c %D%/unlock.c %D%/wish.c
