#!/bin/sh
# The sources are as clang-format with the tree's .clang-format would write them.
command -v clang-format >/dev/null || {
	echo "SKIP: no clang-format"
	exit 77
}
cd "${srcdir:-.}" || exit 1
find src tests -name '*.[ch]' -exec clang-format --dry-run -Werror --ferror-limit=3 {} +
