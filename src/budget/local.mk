libmuster_la_SOURCES += %D%/budget.c %D%/budget.h %D%/budget_internal.h %D%/keys.c %D%/rules.c
