# The tests: unit and flow tests are programs on cmocka, the rest scripts.
UNIT_LIBS = $(MUSTER_LIBS) $(CMOCKA_LIBS)
include tests/unit/base/local.mk
include tests/unit/audit/local.mk
include tests/unit/model/local.mk
include tests/unit/conf/local.mk
include tests/unit/dir/local.mk
include tests/unit/journal/local.mk
include tests/unit/http/local.mk
include tests/unit/card/local.mk
include tests/unit/confine/local.mk
include tests/unit/roll/local.mk
include tests/unit/budget/local.mk
include tests/unit/pipeline/local.mk
include tests/unit/steps/local.mk
include tests/unit/musterctl/local.mk
include tests/flow/local.mk
include tests/live/local.mk
include tests/fault/kill/local.mk
include tests/fault/powercut/local.mk
include tests/fault/torture/local.mk
include tests/fault/directory/local.mk
include tests/fault/disk/local.mk
include tests/fault/load/local.mk
include tests/model/local.mk
include tests/sim/local.mk
include tests/house/local.mk
include tests/bench/local.mk
