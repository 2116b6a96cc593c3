#!/usr/bin/env python3
"""Functions: none above 100 lines, nine in ten below 50. Files: none above 700 lines, 100 columns.
Prints the outliers."""
import shutil
import subprocess
import sys

from house import TOP, files, finish, read

if shutil.which("ctags") is None:
    print("SKIP: no ctags")
    sys.exit(77)
sources = files(".c")
out = subprocess.run(["ctags", "--languages=C", "--kinds-C=f", "--fields=+ne", "-x", "--_xformat=%{end} %{line} %N %F",
                      *sources], cwd=TOP, capture_output=True, text=True, check=True).stdout
lengths = []
for line in out.splitlines():
    end, begin, name, path = line.split(None, 3)
    if end.isdigit():
        lengths.append((int(end) - int(begin) + 1, name, path))
lengths.sort(reverse=True)
faults = [f"{path}: {name} has {n} lines (100 at most)" for n, name, path in lengths if n > 100]
long = [item for item in lengths if item[0] >= 50]
if len(long) * 10 > len(lengths):
    faults.append(f"{len(long)} of {len(lengths)} functions have 50 lines or more (a tenth at most)")
for path in files(".c", ".h"):
    lines = read(path).splitlines()
    if len(lines) > 700:
        faults.append(f"{path}: {len(lines)} lines (700 at most)")
print("longest functions:", *[f"{n} {name} {path}" for n, name, path in lengths[:8]], sep="\n  ")
if not lengths:
    faults.append("no function found: ctags said nothing")
finish(faults)
