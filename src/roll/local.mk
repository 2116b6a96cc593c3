libmuster_la_SOURCES += %D%/judge.c %D%/roll.c %D%/roll.h
