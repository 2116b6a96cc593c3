libmuster_la_SOURCES += %D%/card.c %D%/card.h %D%/card_internal.h %D%/chain.c %D%/crl.c \
	%D%/edipi.c %D%/leaf.c %D%/ocsp.c %D%/pem.c %D%/reason.c %D%/trust.c
