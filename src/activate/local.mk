libmuster_la_SOURCES += %D%/activate.c %D%/steps.h %D%/wait.c
