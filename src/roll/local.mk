libmuster_la_SOURCES += %D%/roll.h 
