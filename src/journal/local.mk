libmuster_la_SOURCES += %D%/journal.h 
