#!/usr/bin/env python3
"""Names and manners: no vague words, no typedef for structs, every header says what it is for, no
path of a machine, nothing left for later."""
import re

from house import files, finish, read

VAGUE = {"data", "info", "manager", "util", "utils", "helper", "helpers"}
faults = []
for path in files(".c", ".h") + files(".c", ".h", under="tests"):
    text = read(path)
    stem = path.rsplit("/", 1)[1].rsplit(".", 1)[0]
    if set(re.split(r"[_\W]", stem)) & VAGUE:
        faults.append(f"{path}: a vague file name")
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(r"typedef\s+(struct|union)\b[^(]*;?\s*$", line):
            faults.append(f"{path}:{number}: no typedef for structs")
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line):
            faults.append(f"{path}:{number}: left for later")
        if re.search(r'"/(home|root|work|Users)/', line):
            faults.append(f"{path}:{number}: a path of a machine")
    for match in re.finditer(r"^(?:static )?[\w \*]+\n(\w+)\(", text, re.M):
        if set(match.group(1).split("_")) & VAGUE:
            faults.append(f"{path}: {match.group(1)} is a vague name")
    if path.startswith("src/") and path.endswith(".h"):
        if not text.startswith("/*"):
            faults.append(f"{path}: opens without saying what it is for")
        if not re.search(r"#ifndef \w+_H\b", text):
            faults.append(f"{path}: no include guard")
finish(faults)
