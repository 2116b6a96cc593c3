#!/bin/sh
# Each header compiles alone.
set -u
top=${srcdir:-.}
bad=0
for header in "$top"/src/*/*.h; do
	if ! ${CC:-cc} -std=gnu17 -D_GNU_SOURCE -Wall -Werror -fsyntax-only -I"$top/src" -I. -Isrc \
		-x c "$header"; then
		echo "$header does not compile alone"
		bad=1
	fi
done
exit $bad
