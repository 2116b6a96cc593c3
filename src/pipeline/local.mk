libmuster_la_SOURCES += %D%/step.h
