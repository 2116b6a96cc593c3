libmuster_la_SOURCES += %D%/account.c %D%/account.h %D%/claim.c %D%/claim.h %D%/keep.c %D%/entry.c %D%/remove.c %D%/remove.h %D%/steps.h
