libmuster_la_SOURCES += %D%/attempt.c %D%/connect.c %D%/connect.h %D%/connection.c \
	%D%/connection.h %D%/dir.c %D%/dir.h %D%/dir_internal.h %D%/exchange.h %D%/gather.c %D%/gather.h %D%/links.c \
	%D%/outcome.c %D%/outcome.h %D%/question.c %D%/question.h %D%/reply.c %D%/try.c \
	%D%/wire.c %D%/wire.h
