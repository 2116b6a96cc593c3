#!/bin/sh
# embed.sh NAME FILE…: a C source file with each FILE as 'const char NAME[]', on stdout.
set -eu

echo '/* Made by embed.sh. */'
echo '#include "musterctl/sandbox_files.h"'
while [ $# -ge 2 ]; do
	echo "const char $1[] ="
	od -An -v -to1 "$2" | sed 's/ *$//; s/  */\\/g; s/.*/"&"/'
	echo '"";'
	shift 2
done
