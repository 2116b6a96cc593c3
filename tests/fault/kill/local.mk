# kill -9 before every N-th system call.
TESTS += %D%/run
EXTRA_DIST += %D%/run %D%/client.py %D%/ground.py %D%/verify.py
