#!/usr/bin/env python3
"""A disk that fails: after a failed flush the process ends at once and nothing is acknowledged by
it; a write that fails is 503; a read that fails is no 404. And each time all goes on afterwards."""
import signal
import subprocess
import time

import disk
from disk import box, fault, person, until
from live import MUSTERD, run, skip_without

PEOPLE = 60
WORDS = "the journal's disk does not keep what it is given"


def people_box(delay=1):
    import tempfile
    folder = tempfile.mkdtemp(prefix="musterd-disk-")
    return box(delay=delay, people=disk.people(f"{folder}/people", PEOPLE))


def send(it, number):
    """None where the connection ended without an answer."""
    try:
        return it.register(person(number), key=f"flush {number}")
    except OSError:
        return None


def check_died(it):
    until(lambda: it.restarted.poll() is not None, 20, "musterd's end")
    assert it.restarted.returncode == -signal.SIGABRT, it.restarted.returncode
    assert it.log_text().count(WORDS) == 1, "one line says why"
    open(it.log_path, "w").close()
    it.restarted = None


def flush_fails_at_the_nth():
    """The first flush after the attach is that of the acknowledgement, those of the steps follow.
    After the first one of a life SQLite flushes the folder too, and does not look at what comes of it;
    musterd has done so at its start (folder_can_not_be_flushed)."""
    options = disk.arguments()
    with people_box() as it:
        idents = []
        for nth in range(1, 12 if options.long else 4):
            it.start_musterd()
            idents.append(send(it, PEOPLE - nth)[1]["id"])
            with fault(it.musterd_pid(), f"fdatasync:error=EIO:when={nth}"):
                answer = send(it, nth)
                if nth == 1:
                    assert answer is None, f"acknowledged by a flush that failed: {answer}"
                if answer is not None:
                    assert answer[0] == 202, answer
                    idents.append(answer[1]["id"])
                check_died(it)
            it.start_musterd()
            again = send(it, nth)
            assert again[0] == 202 and (answer is None or answer[1]["id"] == again[1]["id"]), (answer, again)
            idents.append(again[1]["id"])
            it.kill_musterd()
        it.start_musterd()
        for ident in set(idents):
            it.check_once(ident)
        assert len(it.accounts()) == len(it.claims()) == len(set(idents))


def flush_fails_while_idle():
    """The WAL file that held what was erased is emptied a moment after: that flush fails."""
    with people_box() as it:
        it.start_musterd()
        ident = send(it, 1)[1]["id"]
        it.until_state(ident, "active")
        with fault(it.musterd_pid(), "fdatasync:error=EIO:when=1+"):
            check_died(it)
        it.start_musterd()
        it.check_once(ident)


def folder_can_not_be_flushed():
    """The names of the key files, or of the journal and its WAL file, may not last: no start."""
    with people_box() as it:
        out = subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e",
                              "inject=fsync:error=EIO", MUSTERD, "-c", it.endpoints["config"], "-f"],
                             capture_output=True, text=True, timeout=60)
        assert out.returncode == 1 and "its folder" in out.stderr and "Input/output error" in out.stderr, out


def write_fails():
    with people_box() as it:
        it.start_musterd()
        first = send(it, 1)[1]["id"]
        with fault(it.musterd_pid(), "pwrite64:error=EIO:when=1+"):
            assert send(it, 2)[0] == 503
            until(lambda: it.ready() == (503, ["journal"]), 10, "readyz naming the journal")
            assert it.get(first)["id"] == first
        until(it.is_ready, 10, "readiness after the disk was mended")
        second = send(it, 2)
        assert second[0] == 202, second
        for ident in (first, second[1]["id"]):
            it.check_once(ident)


def read_fails():
    """What is there and can't be read is not said to be missing, and its time is not forgotten."""
    with people_box(delay=3) as it:
        it.start_musterd()
        idents = [send(it, number)[1]["id"] for number in range(1, 13)]
        it.kill_musterd(signal.SIGTERM)
        it.start_musterd()
        until(lambda: it.status()["journal"]["checked_at"], 20, "the check at the start")
        with fault(it.musterd_pid(), "pread64:error=EIO:when=1+"):
            seen = {it.call("GET", f"/v1/registrations/{ident}")[0] for ident in idents}
            assert 503 in seen and not seen - {200, 503}, seen
            time.sleep(3)  # their time comes
        assert it.check()[0] == 0
        for ident in idents:
            it.check_once(ident)
        assert "can't be read" in it.log_text() or "is damaged where" in it.log_text()


skip_without("strace", "slapd")
run(flush_fails_at_the_nth, flush_fails_while_idle, folder_can_not_be_flushed, write_fails, read_fails)
