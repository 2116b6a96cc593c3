libmuster_la_SOURCES += %D%/alarm.c %D%/alarm.h %D%/driver.c %D%/driver.h %D%/driver_internal.h \
	%D%/flight.c %D%/gate.c %D%/gate.h %D%/step.c %D%/step.h %D%/timekeeper.c %D%/timekeeper.h \
	%D%/verdict.c %D%/wish.c
