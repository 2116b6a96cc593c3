libmuster_la_SOURCES += %D%/dir.h %D%/question.h 
