libmuster_la_SOURCES += %D%/bucket.c %D%/bucket.h %D%/clock.c %D%/clock.h \
	%D%/err.c %D%/err.h %D%/file.c %D%/file.h \
	%D%/hash.c %D%/hash.h %D%/idmap.c %D%/idmap.h \
	%D%/instant.c %D%/instant.h %D%/keyfile.c %D%/keyfile.h %D%/keyring.c %D%/keyring.h %D%/log.c %D%/log.h \
	%D%/loop.c %D%/loop.h %D%/mem.c %D%/mem.h %D%/mem_libraries.c %D%/pulse.c %D%/pulse.h \
	%D%/secret.c %D%/secret.h %D%/text.c %D%/text.h \
	%D%/workers.c %D%/workers.h
