# The life of a registration in Spin. See doc/reliability.md.
TESTS += %D%/run
EXTRA_DIST += %D%/run %D%/life.pml
