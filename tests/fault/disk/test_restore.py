#!/usr/bin/env python3
"""A backup taken under load is laid over the journal: what was acknowledged before it is there, and
whatever happened since, nothing becomes active early or twice. doc/restore.md tells the rest."""
import json
import os
import signal
import tempfile
import threading

import disk
from disk import box, person, until
from live import run, skip_without

PEOPLE = 400


class restore_box(box):
    def __init__(self, **arguments):
        self.folder = tempfile.TemporaryDirectory()
        super().__init__(people=disk.people(os.path.join(self.folder.name, "people"), PEOPLE), **arguments)

    def __exit__(self, *what):
        super().__exit__(*what)
        self.folder.cleanup()


def backup(it, name="copy"):
    path = os.path.join(it.dir, name)
    out = it.musterctl("--json", "journal", "backup", path)
    assert out.returncode == 0 and json.loads(out.stdout) == {"path": path}, out
    assert os.stat(path).st_mode & 0o777 == 0o600
    assert [name_ for name_ in os.listdir(it.dir) if name_.startswith(name)] == [name]
    return path


def under_load():
    with restore_box(delay=2) as it:
        it.start_musterd()
        before, after, begun = [], [], threading.Event()
        numbers = iter(range(PEOPLE))
        lock, stop = threading.Lock(), threading.Event()

        def send():
            while not stop.is_set():
                with lock:
                    number = next(numbers, None)
                if number is None:
                    return
                begun_before = begun.is_set()
                try:
                    status, body, _ = it.register(person(number), key=f"load {number}")
                except OSError:
                    return
                assert status == 202, (status, body)
                # answered before the backup began: it must be in it
                (after if begun.is_set() or begun_before else before).append(body["id"])

        threads = [threading.Thread(target=send) for _ in range(8)]
        for thread in threads:
            thread.start()
        try:
            until(lambda: len(before) >= 20, 30, "some registrations")
            begun.set()
            copy = backup(it)
            until(lambda: len(after) >= 20, 30, "some registrations since")
        finally:
            stop.set()
            it.kill_musterd(signal.SIGKILL)
            for thread in threads:
                thread.join(60)
        it.restore(copy)
        it.start_musterd()
        assert it.check()[0] == 0
        for ident in before:
            it.check_once(ident)
        known = [ident for ident in after if it.call("GET", f"/v1/registrations/{ident}")[0] == 200]
        for ident in known:
            it.check_once(ident)
        lost = [ident for ident in after if ident not in known]
        for ident in lost:
            assert it.call("GET", f"/v1/registrations/{ident}")[0] == 404
        entries = it.accounts()
        assert len({entry["musterregistrationid"][0] for entry in entries}) == len(entries), "an account twice"
        print(f"     restored under load: {len(before)} acknowledged before the backup and {len(known)} during it "
              f"are there, {len(lost)} since are not")


def what_happened_since():
    """Each row of doc/restore.md's table."""
    with restore_box(delay=4) as it:
        it.start_musterd()
        active, deleted, withdrawn = [it.register(person(number))[1]["id"] for number in range(3)]
        held = it.register(person(3))[1]["id"]
        copy = backup(it)
        assert it.get(active)["state"] == "pending", "the delay is too short for this machine"
        assert it.musterctl("hold", held).returncode == 0
        assert it.call("DELETE", f"/v1/registrations/{withdrawn}")[0] == 204
        since = it.register(person(4), key="since")[1]
        was = it.check_once(active)
        uid = it.get(deleted)["uid"]
        it.until_state(deleted, "active")
        out = it.modify(f"dn: uid={uid},{it.endpoints['accounts_base']}\nchangetype: delete\n")
        assert out.returncode == 0, out
        it.kill_musterd(signal.SIGTERM)
        pending_since = it.accounts(f"(musterRegistrationId={since['id']})")[0]["musteraccountstatus"]
        it.restore(copy)
        it.start_musterd()
        assert it.check_once(active)["activated_at"] == was["activated_at"], "active twice"
        for ident in (deleted, withdrawn):
            it.until_state(ident, "failed")
            assert "entry is gone" in it.musterctl("explain", ident).stdout
        it.check_once(held)
        # taken since: unknown here, untouched there, and no second account for the person
        assert it.call("GET", f"/v1/registrations/{since['id']}")[0] == 404
        status, body, _ = it.register(person(4), key="since")
        assert status == 409 and body["type"].endswith("account-exists"), (status, body)
        entries = it.accounts(f"(musterRegistrationId={since['id']})")
        assert len(entries) == 1 and entries[0]["musteraccountstatus"] == pending_since, entries


def refusals():
    with restore_box(delay=60) as it:
        it.start_musterd()
        open_folder = os.path.join(it.dir, "open")
        os.mkdir(open_folder)
        os.chmod(open_folder, 0o777)
        open(os.path.join(it.dir, "there"), "w").close()
        os.symlink("/nowhere", os.path.join(it.dir, "link"))
        for name, words in (("there", "not replaced"), ("link", ""),
                            ("no/where", "No such file"), ("open/copy", "everybody may write")):
            out = it.musterctl("journal", "backup", os.path.join(it.dir, name))
            assert out.returncode == 1 and words in out.stderr, (name, out)
        assert os.path.getsize(os.path.join(it.dir, "there")) == 0
        assert not os.path.exists("/nowhere") and os.listdir(open_folder) == []
        assert not os.path.exists(os.path.join(it.dir, "journal.db.backup"))


skip_without("slapd")
run(under_load, what_happened_since, refusals)
