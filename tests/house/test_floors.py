#!/usr/bin/env python3
"""The house rule of src/FLOORS: a folder includes itself and lower floors, never a neighbour on its
own floor, and a foreign library only where the folder owns it."""
import re

from house import files, finish, read

FLOORS, FOREIGN = {}, {}
for line in read("src/FLOORS").splitlines():
    if not line or line.startswith("#"):
        continue
    floor, folder, *foreign = line.split()
    FLOORS[folder] = floor
    FOREIGN[folder] = foreign
OWNED = {prefix for prefixes in FOREIGN.values() for prefix in prefixes}


def may_include(folder, other):
    if other == folder:
        return True
    if FLOORS[folder] == "p":
        return FLOORS[other] in "01"
    return FLOORS[other] != "p" and int(FLOORS[other]) < int(FLOORS[folder])


faults = []
for path in files(".c", ".h"):
    folder = path.split("/")[1]
    if folder not in FLOORS:
        faults.append(f"{path}: its folder is not in src/FLOORS")
        continue
    for number, line in enumerate(read(path).splitlines(), 1):
        match = re.match(r'\s*#\s*include\s+([<"])([^>"]+)[>"]', line)
        if not match:
            continue
        quote, name = match.groups()
        if quote == '"' and "/" in name:
            other = name.split("/")[0]
            if other not in FLOORS:
                faults.append(f"{path}:{number}: {name} is in no folder of src/FLOORS")
            elif not may_include(folder, other):
                faults.append(f"{path}:{number}: {folder} (floor {FLOORS[folder]}) may not include {name}")
        if quote == '"' and "/" not in name and name != "config.h":
            faults.append(f"{path}:{number}: include {name} by its folder")
        owner = [prefix for prefix in OWNED if name.startswith(prefix)]
        if quote == "<" and owner and not any(name.startswith(p) for p in FOREIGN[folder]):
            faults.append(f"{path}:{number}: <{name}> belongs to another folder")
finish(faults)
