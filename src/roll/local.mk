libmuster_la_SOURCES += %D%/judge.c %D%/read.c %D%/roll.c %D%/roll.h %D%/roll_internal.h
