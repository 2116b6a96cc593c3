#!/usr/bin/env python3
"""What systemd is given: the unit is sound and leaves little open, a daemon's whole life needs no
system call that it refuses, and its user and folders are made as they must be."""
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile

from live import BUILD, JOHN, MUSTERD, run, sandbox, until

ETC = os.path.join(BUILD, "etc")
UNIT = os.path.join(ETC, "musterd.service")
EXPOSURE_MOST = 1.5


def skip_without_systemd():
    for program in ("systemd-analyze", "systemd-sysusers", "systemd-tmpfiles", "strace"):
        if shutil.which(program) is None:
            print(f"SKIP: no {program} on this machine")
            sys.exit(77)


def systemd(*command):
    out = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert out.returncode == 0, (command, out.stdout[-2000:], out.stderr)
    return out.stdout + out.stderr


def little_is_exposed():
    said = systemd("systemd-analyze", "security", "--offline=true", UNIT)
    exposure = float(re.search(r"Overall exposure level for musterd.service: ([0-9.]+)", said).group(1))
    assert exposure <= EXPOSURE_MOST, said
    print(f"     exposure {exposure}")


def the_unit_is_sound():
    with tempfile.TemporaryDirectory() as folder, open(UNIT) as file:
        text = re.sub(r"^ExecStart=\S+", f"ExecStart={MUSTERD}", file.read(), flags=re.M)
        path = os.path.join(folder, "musterd.service")
        with open(path, "w") as copy:
            copy.write(text)
        said = systemd("systemd-analyze", "verify", "--man=no", path)
        assert not said.strip(), said


def filter_sets():
    """systemd's sets of system calls, by name."""
    sets, name = {}, None
    for line in systemd("systemd-analyze", "syscall-filter").splitlines():
        if line.startswith("@"):
            name = line.strip()
            sets[name] = set()
        elif name and line.strip() and not line.strip().startswith("#"):
            sets[name].add(line.strip())
    return sets


def filter_of_the_unit():
    sets, allowed = filter_sets(), set()

    def members(word):
        if not word.startswith("@"):
            return {word}
        return set().union(*(members(each) for each in sets[word]))

    with open(UNIT) as file:
        lines = re.findall(r"^SystemCallFilter=(.*)$", file.read(), flags=re.M)
    for line in lines:
        calls = set().union(*(members(word) for word in line.lstrip("~").split()))
        allowed = allowed - calls if line.startswith("~") else allowed | calls
    return allowed | members("@default")


def a_life(box, trace):
    """Start, work and end under strace."""
    box.kill_musterd(signal.SIGTERM)
    with open(os.path.join(box.dir, "musterd-traced.log"), "ab") as log:
        tracer = subprocess.Popen(["strace", "-f", "-qq", "-o", trace, MUSTERD, "-c", box.endpoints["config"], "-f"],
                                  stdout=log, stderr=log)
    try:
        until(box.is_ready, 60, "the start")
        status, answer, _ = box.register(JOHN)
        assert status == 202, answer
        box.until_state(answer["id"], "active", 60)
        assert box.musterctl("journal", "check").returncode == 0
        assert box.musterctl("journal", "backup", os.path.join(box.dir, "copy")).returncode == 0
    finally:
        with open(f"/proc/{tracer.pid}/task/{tracer.pid}/children") as file:
            for child in file.read().split():
                os.kill(int(child), signal.SIGTERM)
        tracer.wait(30)


def no_call_of_a_life_is_refused():
    with sandbox(delay=1) as box:
        trace = os.path.join(box.dir, "trace")
        a_life(box, trace)
        with open(trace) as file:
            made = set(re.findall(r"^\d+ +([a-z_0-9]+)\(", file.read(), flags=re.M))
    assert {"epoll_wait", "fdatasync", "landlock_restrict_self", "seccomp"} <= made, made
    # SQLite gives root's files to their folder's owner; the unit's user is not root.
    refused = made - filter_of_the_unit() - {"fchown"}
    assert not refused, refused


def user_and_folders():
    if os.getuid() != 0:
        print("SKIP: only root can make a user's folders")
        return
    with tempfile.TemporaryDirectory() as root:
        with open(os.path.join(ETC, "tmpfiles.d", "musterd.conf")) as file:
            conf = re.search(r"^z (\S+)/musterd.conf ", file.read(), flags=re.M).group(1)
        os.makedirs(root + conf)
        os.makedirs(root + "/etc", exist_ok=True)
        open(root + conf + "/musterd.conf", "w").close()
        systemd("systemd-sysusers", "--root=" + root, os.path.join(ETC, "sysusers.d", "musterd.conf"))
        with open(root + "/etc/passwd") as file:
            entry = [line.split(":") for line in file if line.startswith("musterd:")][0]
        uid, gid, shell = int(entry[2]), int(entry[3]), entry[6].strip()
        assert 0 < uid < 1000 and shell.endswith("nologin"), entry
        systemd("systemd-tmpfiles", "--root=" + root, "--create", os.path.join(ETC, "tmpfiles.d", "musterd.conf"))
        for path, mode, owner in (("/var/lib/musterd", 0o700, uid), ("/run/musterd", 0o700, uid),
                                  (conf, 0o750, 0), (conf + "/musterd.conf", 0o640, 0)):
            status = os.stat(root + path)
            assert stat.S_IMODE(status.st_mode) == mode, (path, oct(status.st_mode))
            assert (status.st_uid, status.st_gid) == (owner, gid), (path, status)


skip_without_systemd()
run(little_is_exposed, the_unit_is_sound, no_call_of_a_life_is_refused, user_and_folders)
