libmuster_la_SOURCES += %D%/journal.h %D%/journal_internal.h %D%/backup.c %D%/check.c %D%/journal.c \
	%D%/keys.c %D%/lock.c %D%/read.c %D%/rekey.c %D%/row.c %D%/schema.c %D%/sql.c %D%/task.c %D%/write.c \
	%D%/writer.c
