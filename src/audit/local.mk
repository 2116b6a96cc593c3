libmuster_la_SOURCES += %D%/audit.c %D%/audit.h %D%/audit_internal.h %D%/chain.c %D%/chain.h \
	%D%/counts.c %D%/decision.c %D%/file.c %D%/head.c %D%/head.h %D%/line.c %D%/line.h \
	%D%/scan.c %D%/scan.h %D%/state.c %D%/state.h %D%/sync.c %D%/verify.c %D%/verify.h
