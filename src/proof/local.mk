libmuster_la_SOURCES += %D%/prove.c %D%/prove.h
