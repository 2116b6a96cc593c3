"""What the tests of the disk share: a sandbox whose musterd is started by hand, on a journal that
can be put elsewhere, spoiled while nobody runs, and whose system calls can be made to fail."""
import os
import signal
import sqlite3
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "live"))
import live  # noqa: E402
from live import until  # noqa: E402

PAGE = 4096


def person(number):
    return {"ssn": str(901000000 + number), "birth": "1970-01-01", "name": {"given": "Lee", "family": "Disk"}}


def people(path, count):
    live.people_ldif([{"personnelId": 901000000 + i, "birthDate": "19700101", "sn": "Disk", "givenName": "Lee",
                       "personnelCategory": "da-civilian", "personnelStatus": "current"} for i in range(count)], path)
    return path


class Box(live.Sandbox):
    """musterd runs as a child of the test: box.restarted."""

    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.kill_musterd(signal.SIGTERM)
        self.journal = os.path.join(self.dir, "journal.db")
        self.log_path = os.path.join(self.dir, "musterd-again.log")
        self.without_audit()

    def without_audit(self):
        """Calls are counted, and faults are every file's: the journal shall be the only one that is written."""
        config = self.endpoints["config"]
        with open(config) as file:
            text = file.read()
        old = f'audit = {{ path = "{self.dir}/audit.log";'
        assert old in text, text
        with open(config, "w") as file:
            file.write(text.replace(old, 'audit = { path = "";'))

    def put_journal(self, path):
        config = self.endpoints["config"]
        with open(config) as file:
            text = file.read()
        assert self.journal in text, text
        with open(config, "w") as file:
            file.write(text.replace(self.journal, path))
        self.journal = path

    def log_text(self):
        with open(self.log_path) as file:
            return file.read()

    def status(self):
        import json
        out = self.musterctl("--json", "status")
        assert out.returncode == 0, out
        return json.loads(out.stdout)

    def check(self):
        """Exit code and what 'journal check' found."""
        import json
        out = self.musterctl("--json", "journal", "check")
        return out.returncode, json.loads(out.stdout)

    def ready(self):
        """Status and what is down; None where nobody answers."""
        try:
            status, body, _ = self.call("GET", "/readyz", token=None)
            return status, body["down"]
        except OSError:
            return None

    def sql(self, text, *values):
        """While no musterd runs: rows of a query, or the change is made."""
        assert self.restarted is None
        database = sqlite3.connect(self.journal)
        rows = database.execute(text, values).fetchall()
        database.commit()
        database.close()
        return rows

    def spoil_page(self, kind, text):
        """Zeroes the head of the first page of that kind (0x0d: rows, 0x0a: an index) that holds the
        text; all of the journal is in its file, for musterd ended by itself."""
        with open(self.journal, "r+b") as file:
            pages = file.read()
            for at in range(PAGE, len(pages), PAGE):
                if pages[at] == kind and text in pages[at:at + PAGE]:
                    file.seek(at)
                    file.write(bytes(64))
                    return pages[at:at + PAGE]
        raise AssertionError(f"no page of kind {kind} holds {text}")

    def restore(self, copy):
        """As doc/restore.md says: the WAL file belongs to the journal that is taken away."""
        assert self.restarted is None
        for ending in ("", "-wal", "-shm"):
            if os.path.exists(self.journal + ending):
                os.rename(self.journal + ending, self.journal + ending + ".old")
        os.rename(copy, self.journal)

    def rescue(self):
        """What can be read of a damaged journal, into a new file; the very commands of doc/restore.md."""
        assert self.restarted is None
        manual = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "doc", "restore.md")
        with open(manual) as file:
            commands = file.read().split("```sh rescue\n")[1].split("```")[0]
        out = subprocess.run(["sh", "-e"], input=commands, cwd=os.path.dirname(self.journal), text=True,
                             capture_output=True, timeout=60)
        assert out.returncode == 0, out
        return os.path.join(os.path.dirname(self.journal), "journal.rescued")

    def check_once(self, ident, seconds=40):
        """Active in journal and directory, by one entry."""
        registration = self.until_state(ident, "active", seconds)
        entries = self.accounts(f"(musterRegistrationId={ident})")
        assert len(entries) == 1 and entries[0]["musteraccountstatus"] == ["active"], entries
        return registration


class box:
    """with box(delay=3) as it: … prints the logs where the body fails."""

    def __init__(self, **arguments):
        self.arguments = arguments

    def __enter__(self):
        self.it = Box(**self.arguments)
        return self.it

    def __exit__(self, kind, value, trace):
        if kind:
            self.it.print_logs()
        self.it.close()


class fault:
    """with fault(pid, "pwrite64:error=EIO:when=3+"): … the calls of a process that runs fail."""

    def __init__(self, pid, *injections):
        self.command = ["strace", "-f", "-qq", "-o", "/dev/null", "-p", str(pid)]
        self.calls = ",".join(injection.split(":")[0] for injection in injections)
        self.command += ["-e", "trace=" + self.calls]
        for injection in injections:
            self.command += ["-e", "inject=" + injection]
        self.pid = pid

    def traced(self):
        """Every thread has a tracer."""
        try:
            for task in os.listdir(f"/proc/{self.pid}/task"):
                with open(f"/proc/{self.pid}/task/{task}/status") as file:
                    if "\nTracerPid:\t0\n" in file.read():
                        return False
        except OSError:
            return False
        return True

    def __enter__(self):
        self.strace = subprocess.Popen(self.command, stderr=subprocess.PIPE)
        try:
            until(lambda: self.traced() or self.strace.poll() is not None, 20, "strace's attach")
        except AssertionError:
            self.strace.kill()
            raise
        # it ends with the process too, which may have died of the very first call
        if self.strace.poll() is not None and live.alive(self.pid):
            print("SKIP: strace can't attach:", self.strace.stderr.read().decode().strip())
            sys.exit(77)
        return self

    def __exit__(self, *_):
        if self.strace.poll() is None:
            self.strace.send_signal(signal.SIGTERM)
        self.strace.wait(20)
        self.strace.stderr.close()


def arguments():
    """--long, --seed N; whatever else is wrong usage."""
    import argparse
    parser = argparse.ArgumentParser()
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()
