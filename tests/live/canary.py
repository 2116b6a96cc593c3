"""Canaries: recognisable secrets, and every place and form in which one could turn up.

A Cage knows the canaries, watches the command lines and environments of all that this test starts,
and looks through files, texts and a process's memory.
"""
import base64
import glob
import os
import re
import struct
import subprocess
import tempfile
import threading


def forms_of_bytes(word):
    """The word itself, and what hexadecimal, base64 at each of its three places, and UTF-16 make of it."""
    forms = {word, word.hex().encode(), word.hex().upper().encode()}
    text = word.decode()
    forms |= {text.encode("utf-16-le"), text.encode("utf-16-be")}
    for place in range(3):
        # Only the characters that the word alone decides.
        whole = base64.b64encode(b"\0" * place + word)
        first = (8 * place + 5) // 6
        last = (8 * (place + len(word))) // 6
        forms |= {whole[first:last], whole[first:last].translate(bytes.maketrans(b"+/", b"-_"))}
    return forms


def spellings(kind, text):
    if kind == "ssn":
        digits = text.replace("-", "")
        return [digits, f"{digits[:3]}-{digits[3:5]}-{digits[5:]}", f"{digits[:3]} {digits[3:5]} {digits[5:]}"]
    if kind == "date":
        year, month, day = text.split("-")
        return [text, year + month + day, f"{year}/{month}/{day}", f"{month}/{day}/{year}", f"{day}.{month}.{year}"]
    # As JSON writes it too.
    return [text, text.lower(), text.upper(), text.replace("/", "\\/")]


class Canary:
    def __init__(self, kind, text):
        self.kind, self.text = kind, text
        self.plain = {spelling.encode() for spelling in spellings(kind, text)}
        self.forms = set()
        for spelling in self.plain:
            self.forms |= forms_of_bytes(spelling)
        # The last diagnostic of a handle stays with libldap till the next.
        self.in_memory = set(self.plain) if kind != "quoted" else set()
        if kind == "date":
            self.in_memory.add(struct.pack("=3i", *map(int, text.split("-"))))

    def __repr__(self):
        return f"{self.kind} {self.text}"


def around(content, place):
    return content[max(0, place - 60):place + 100]


def read_sparse(path):
    """What was ever written to it: slapadd leaves holes of a gigabyte."""
    content, end = b"", 0
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        while end < size:
            try:
                first = file.seek(end, os.SEEK_DATA)
            except OSError:
                break  # a hole to the end
            end = file.seek(first, os.SEEK_HOLE)
            file.seek(first)
            content += file.read(end - first)
    return content


def descendants(pid):
    """Every process that this one started, and those that they did."""
    found = []
    for path in glob.glob(f"/proc/{pid}/task/*/children"):
        try:
            with open(path) as file:
                children = [int(word) for word in file.read().split()]
        except OSError:
            continue
        for child in children:
            found += [child, *descendants(child)]
    return found


class Cage:
    def __init__(self):
        self.canaries = []
        self.seen = {}  # what was found in /proc: command lines and environments, with the process
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()

    def add(self, kind, *texts):
        self.canaries += [Canary(kind, text) for text in texts]
        return texts[0]

    def watch(self):
        while not self.stop.wait(0.002):
            for pid in descendants(os.getpid()):
                for name in "cmdline", "environ":
                    try:
                        with open(f"/proc/{pid}/{name}", "rb") as file:
                            self.seen.setdefault(file.read(), f"/proc/{pid}/{name}")
                    except OSError:
                        pass

    def close(self):
        self.stop.set()
        self.thread.join(10)

    def search(self, pieces, forms="forms"):
        """The canaries in pieces of (name, bytes), each with the name and what is around it.

        grep says quickly that there is none; where there is one the pieces are halved.
        """
        words = [(canary, form) for canary in self.canaries for form in getattr(canary, forms)]
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"\n".join(form for _, form in words))
            file.flush()
            return self.halve(pieces, words, file.name)

    def halve(self, pieces, words, path):
        content = b"\n".join(content for _, content in pieces)
        code = subprocess.run(["grep", "-aqFf", path], input=content, env={**os.environ, "LC_ALL": "C"},
                              timeout=60).returncode
        assert code in (0, 1), code
        if code == 1:
            return []
        if len(pieces) > 1:
            middle = len(pieces) // 2
            return self.halve(pieces[:middle], words, path) + self.halve(pieces[middle:], words, path)
        return [(pieces[0][0], canary, around(content, content.find(form)))
                for canary, form in words if form in content]

    def find_in_proc(self):
        assert len(self.seen) > 3, "no process was seen"
        return self.search([(place, content) for content, place in list(self.seen.items())])

    def find_in_files(self, folder, allowed):
        """allowed: kinds of canaries by a pattern of the path. What is not allowed, and all files."""
        files = [os.path.join(directory, name) for directory, _, names in os.walk(folder) for name in names]
        pieces = [(os.path.relpath(path, folder), read_sparse(path)) for path in files if os.path.isfile(path)]
        found = [one for one in self.search(pieces)
                 if not any(re.fullmatch(pattern, one[0]) and one[1].kind in kinds
                            for pattern, kinds in allowed.items())]
        return found, [name for name, _ in pieces]

    def find_in_memory(self, pid):
        """In what the process may write to: heaps, stacks, and the secure heap too."""
        pieces = []
        with open(f"/proc/{pid}/maps") as file:
            lines = file.read().splitlines()
        with open(f"/proc/{pid}/mem", "rb", 0) as memory:
            for line in lines:
                span, rights, *_ = line.split()
                first, last = (int(part, 16) for part in span.split("-"))
                if rights.startswith("rw"):
                    memory.seek(first)
                    # What was never touched is most of the stacks.
                    pieces.append((line, memory.read(last - first).replace(bytes(4096), b"")))
        assert sum(len(content) for _, content in pieces) > 100000, lines
        return self.search(pieces, "in_memory")
