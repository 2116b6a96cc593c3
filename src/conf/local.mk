libmuster_la_SOURCES += %D%/conf.h 
