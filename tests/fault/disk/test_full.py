#!/usr/bin/env python3
"""A full disk: 503 before anything is acknowledged, and all goes on when space returns.

On a real small file system (a tmpfs in namespaces of our own), and by system calls that fail at
each moment of a registration's life: the directory may be ahead of the journal then, never twice."""
import errno
import os
import subprocess
import sys
import tempfile
import time

import disk
from disk import box, fault, person, until
from live import skip_without

INSIDE = "MUSTER_INSIDE_NAMESPACE"
DISK_BYTES = 1 << 20


def enter_namespace():
    """Mounting needs namespaces of our own; the test runs again within."""
    if INSIDE in os.environ:
        return
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode != 0:
        print("SKIP: no user and mount namespaces for us on this machine")
        sys.exit(77)
    os.environ[INSIDE] = "1"
    os.execvp("unshare", ["unshare", "-rm", sys.executable, *sys.argv])


class small_disk:
    def __init__(self, path):
        self.path = path
        os.mkdir(path)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=700", "none", path], check=True)

    def fill(self):
        """To the last block."""
        with open(os.path.join(self.path, "ballast"), "ab", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(1024))
            except OSError as error:
                assert error.errno == errno.ENOSPC, error

    def free(self):
        os.unlink(os.path.join(self.path, "ballast"))

    def close(self):
        subprocess.run(["umount", self.path], check=True)


def fill_until_refused(it, small, first, taken):
    """Registers one after the other on a full disk: what the files still have room for is taken."""
    small.fill()
    for number in range(first, first + 100):
        status, body, headers = it.register(person(number), key=f"full {number}")
        if status == 503:
            assert body["type"].endswith(":unavailable") and headers["Retry-After"], (body, headers)
            return number
        assert status == 202, (status, body)
        taken.append(body["id"])
    raise AssertionError("the disk never was full")


def a_real_small_disk():
    with tempfile.TemporaryDirectory() as folder, \
            box(delay=2, people=disk.people(os.path.join(folder, "people"), 300)) as it:
        small = small_disk(os.path.join(it.dir, "small"))
        it.put_journal(os.path.join(small.path, "journal.db"))
        try:
            it.start_musterd()
            taken = [it.register(person(0), key="first")[1]["id"]]
            refused = fill_until_refused(it, small, 1, taken)
            until(lambda: it.ready() == (503, ["journal"]), 10, "readyz naming the journal")
            assert "full" in it.status()["journal"]["trouble"], it.status()["journal"]
            # refused at once now, known keys and registrations are still answered
            status, again, _ = it.register(person(0), key="first")
            assert status == 202 and again["id"] == taken[0]
            assert it.register(person(refused), key=f"full {refused}")[0] == 503
            assert it.musterctl("hold", taken[0]).returncode == 1
            assert it.get(taken[0])["state"] != "active" or it.accounts(f"(musterRegistrationId={taken[0]})")
            # killed and started again on the full disk: still there, still full
            it.kill_musterd()
            it.start_musterd(wait=False)
            until(lambda: it.ready() is not None, 20, "the start on a full disk")
            for ident in taken:
                assert it.get(ident)["id"] == ident
            fill_until_refused(it, small, 100, taken)
            small.free()
            until(it.is_ready, 10, "readiness after space came back")
            for ident in taken:
                it.check_once(ident)
            status, body, _ = it.register(person(refused), key=f"full {refused}")
            assert status == 202, (status, body)
            it.check_once(body["id"])
            assert len(it.accounts()) == len(it.claims()) == len(taken) + 1
            assert it.check()[0] == 0
            assert "can be written again" in it.log_text()
        finally:
            it.kill_musterd()
            small.close()


def no_space_from_the_nth_write(options):
    """Every write of the journal fails from the n-th on, for every n in a registration's life."""
    ahead = rounds = refused = 0
    # the last save of a life comes with its 128th write or so
    steps = range(1, 180) if options.long else (1, 16, 127, 128)
    with tempfile.TemporaryDirectory() as folder, \
            box(delay=1, people=disk.people(os.path.join(folder, "people"), 200)) as it:
        it.start_musterd()
        acknowledged = []
        for nth in steps:
            rounds += 1
            key = f"write {nth}"
            with fault(it.musterd_pid(), f"pwrite64:error=ENOSPC:when={nth}+"):
                status, body, _ = it.register(person(nth), key=key)
                assert status in (202, 503), (status, body)
                refused += status == 503
                # until the trouble begins, or it got through before the n-th write
                until(lambda: it.ready() == (503, ["journal"]) or
                      status == 202 and it.get(body["id"])["state"] == "active", 20, "trouble, or the end")
                if status == 202:
                    state = it.get(body["id"])["state"]
                    entries = it.accounts(f"(musterRegistrationId={body['id']})")
                    ahead += state != "active" and entries != [] and entries[0]["musteraccountstatus"] == ["active"]
            until(it.is_ready, 10, "readiness after space came back")
            status, again, _ = it.register(person(nth), key=key)
            assert status == 202, (status, again)
            acknowledged.append(again["id"])
        for ident in acknowledged:
            it.check_once(ident)
        assert len(it.accounts()) == len(it.claims()) == rounds
        assert it.check()[0] == 0
    assert refused > 0, "no write failed before the acknowledgement"
    return f"{rounds} registrations with a disk full from the n-th write on, {refused} refused, " \
           f"{ahead} times the directory was ahead, 0 lost, 0 twice"


def main():
    options = disk.arguments()
    skip_without("strace", "unshare", "slapd")
    enter_namespace()
    began = time.monotonic()
    a_real_small_disk()
    print("ok   a_real_small_disk", flush=True)
    words = no_space_from_the_nth_write(options)
    print(f"full disk: {words} ({time.monotonic() - began:.0f} s)")


main()
