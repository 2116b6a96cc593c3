libmuster_la_SOURCES += %D%/auth.c %D%/conn.c %D%/gate.c %D%/gate.h %D%/http.h \
	%D%/http_internal.h %D%/json.c %D%/listen.c %D%/problem.c %D%/reply.c %D%/request.c \
	%D%/route.c %D%/stream.c %D%/tls.c
