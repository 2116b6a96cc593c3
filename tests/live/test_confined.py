#!/usr/bin/env python3
"""A musterd that runs is confined, all of its threads, and does all of its work so: it becomes its own
user, opens nothing that the configuration does not name, is refused no system call that it makes,
and lets nobody but root and its own user in at the admin socket. What exactly is closed is told by
tests/unit/confine."""
import os
import pwd
import re
import signal
import socket
import subprocess
import tempfile

from live import JOHN, MUSTERD, PASSWORD, alive, run, sandbox, skip_without, until

REQUIRE = 'landlock = "require"; seccomp = "require";'
NOBODY = pwd.getpwnam("nobody")
# What a process may be told by a kernel that does not let it: clone3 has flags that no filter can see.
REFUSED = re.compile(r"^\d+ +(?!clone3)\w+\(.* = -1 (ENOSYS|EACCES|EPERM) .*$|.*SIGSYS.*", re.M)


def configure(box, confine, more=""):
    """The sandbox's own musterd is gone; the next one has this in its configuration."""
    box.kill_musterd(signal.SIGTERM)
    path = box.endpoints["config"]
    with open(path) as file:
        before = file.read()
    with open(path, "w") as file:
        file.write(before + f"confine = {{ {confine} }};\n{more}")


def log(box, name="musterd-again.log"):
    with open(os.path.join(box.dir, name), errors="replace") as file:
        return file.read()


def threads(pid):
    """What the kernel says of each thread."""
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/status") as file:
                found.append(dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line))
        except OSError:
            continue
    return found


def reload(box, name="musterd-again.log"):
    """Whether it was taken."""
    words = ("configuration reloaded", "reload refused")
    before = [log(box, name).count(each) for each in words]
    os.kill(box.musterd_pid(), signal.SIGHUP)
    until(lambda: [log(box, name).count(each) for each in words] != before, 20, "the reload")
    return log(box, name).count(words[0]) > before[0]


def each_thread_is_confined():
    with sandbox(delay=1) as box:
        assert "not confined" not in log(box, "musterd.log"), log(box, "musterd.log")
        _, answer, _ = box.register(JOHN)
        box.until_state(answer["id"], "active")
        found = threads(box.endpoints["pids"]["musterd"])
        assert len(found) > 3
        for thread in found:
            assert (thread["Seccomp"], thread["NoNewPrivs"]) == ("2", "1"), thread


def files_elsewhere_are_closed():
    """As root, whom no file's mode keeps out."""
    with sandbox(delay=1) as box, tempfile.TemporaryDirectory() as elsewhere:
        configure(box, REQUIRE)
        box.start_musterd()
        path = os.path.join(elsewhere, "more.conf")
        with open(path, "w") as file:
            file.write('log = { level = "warning"; };\n')
        with open(box.endpoints["config"], "a") as file:
            file.write(f'@include "{path}"\n')
        assert not reload(box)
        assert f"{path}: Permission denied" in log(box), log(box)
        # musterctl's user may write there, and takes the journal's copy from beside the journal
        copy = os.path.join(elsewhere, "copy")
        assert box.musterctl("journal", "backup", copy).returncode == 0
        assert os.path.getsize(copy) > 0
        # a restart knows the folder
        box.kill_musterd(signal.SIGTERM)
        box.start_musterd()
        assert 'level = "warning"' in box.musterctl("config").stdout


def a_whole_life_breaks_no_rule():
    """Registrations, a reload, the journal's check and backup, the end: nothing is refused to it."""
    with sandbox(delay=1) as box:
        configure(box, REQUIRE)
        trace = os.path.join(box.dir, "trace")
        with open(os.path.join(box.dir, "musterd-again.log"), "ab") as file:
            tracer = subprocess.Popen(["strace", "-f", "-qq", "-o", trace, MUSTERD, "-c", box.endpoints["config"],
                                       "-f"], stdout=file, stderr=file)
        until(box.is_ready, 60, "the start")
        with open(f"/proc/{tracer.pid}/task/{tracer.pid}/children") as file:
            box.endpoints["pids"]["musterd"] = int(file.read().split()[0])
        status, answer, _ = box.register(JOHN)
        assert status == 202, answer
        box.until_state(answer["id"], "active", 60)
        assert box.can_bind(box.get(answer["id"])["uid"], PASSWORD)
        assert reload(box)
        for verb in (("journal", "check"), ("journal", "backup", os.path.join(box.dir, "copy")), ("status",),
                     ("explain", answer["id"]), ("config",)):
            assert box.musterctl(*verb).returncode == 0, verb
        os.kill(box.musterd_pid(), signal.SIGTERM)
        assert tracer.wait(60) == 0
        with open(trace) as file:
            text = file.read()
        refused = [match.group() for match in REFUSED.finditer(text)]
        assert not refused, refused[:10]
        assert not os.path.exists(box.endpoints["admin_socket"])


def another_user():
    """Started by root, all of it is nobody's from the first file on; a reload can read what the start
    did."""
    with sandbox(delay=1) as box:
        configure(box, REQUIRE + ' user = "nobody";')
        subprocess.run(["chown", "-R", "nobody", box.dir], check=True)
        box.start_musterd()
        for thread in threads(box.musterd_pid()):
            assert set(thread["Uid"].split()) == {str(NOBODY.pw_uid)}, thread
            assert set(thread["Gid"].split()) == {str(NOBODY.pw_gid)}, thread
            assert "0" not in thread["Groups"].split(), thread
            assert all(int(thread[f"Cap{kind}"], 16) == 0 for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")), thread
        _, answer, _ = box.register(JOHN)
        box.until_state(answer["id"], "active")
        for path in (box.endpoints["admin_socket"], os.path.join(box.dir, "journal.db-wal")):
            status = os.stat(path)
            assert (status.st_uid, status.st_mode & 0o777) == (NOBODY.pw_uid, 0o600), (path, status)
        assert box.musterctl("status").returncode == 0, "root is let in"
        assert reload(box), log(box)
        assert "running as root" not in log(box)


def what_its_user_cant_read():
    """It is said at the start, and not found at the first reload."""
    with sandbox(delay=1) as box:
        configure(box, 'user = "nobody";')
        subprocess.run(["chown", "-R", "nobody", box.dir], check=True)
        os.chown(box.endpoints["config"], 0, 0)
        os.chmod(box.endpoints["config"], 0o600)
        box.start_musterd(wait=False)
        assert box.restarted.wait(20) == 3
        assert "confine.user can't use it" in log(box), log(box)


def strangers_at_the_admin_socket():
    """A mode that was widened by mistake opens nothing."""
    with sandbox(delay=60) as box:
        path = box.endpoints["admin_socket"]
        os.chmod(box.dir, 0o711)
        os.chmod(path, 0o666)
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.settimeout(20)
            os.seteuid(NOBODY.pw_uid)
            try:
                stranger.connect(path)
            finally:
                os.seteuid(0)
            try:
                stranger.sendall(b"GET /v1/admin/status HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert stranger.recv(4096) == b""
            except (BrokenPipeError, ConnectionResetError):
                pass
        assert f"a connection of the user {NOBODY.pw_uid} is refused" in log(box, "musterd.log")
        assert box.musterctl("status").returncode == 0
        assert alive(box.musterd_pid())


skip_without("strace", "slapd")
if os.getuid() == 0:
    run(each_thread_is_confined, files_elsewhere_are_closed, a_whole_life_breaks_no_rule, another_user,
        what_its_user_cant_read, strangers_at_the_admin_socket)
print("SKIP: another user, and strangers at the admin socket: only root can play them")
run(each_thread_is_confined, files_elsewhere_are_closed, a_whole_life_breaks_no_rule)
