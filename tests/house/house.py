"""What the house tests share: the tree's own sources, and how a fault is said."""
import os
import sys

TOP = os.path.abspath(os.environ.get("srcdir", os.path.join(os.path.dirname(__file__), "..", "..")))


def files(*suffixes, under="src"):
    """Paths below the top folder, sorted, of the sources with one of the suffixes."""
    found = []
    for folder, _, names in os.walk(os.path.join(TOP, under)):
        found += [os.path.relpath(os.path.join(folder, n), TOP) for n in names if n.endswith(suffixes)]
    return sorted(found)


def read(path):
    with open(os.path.join(TOP, path)) as file:
        return file.read()


def finish(faults):
    for fault in faults:
        print(fault)
    print(f"{len(faults)} faults")
    sys.exit(1 if faults else 0)
