#!/usr/bin/env python3
"""What can't be read in the journal is found at the start, set aside, listed and counted; nothing
is guessed about it, and everybody else goes on."""
import os
import signal
import tempfile
import time

import disk
from disk import box, person, until
from live import run, skip_without

PEOPLE = 40
ROWS = 0x0d  # the kind of page of a SQLite file that holds rows of a table


def registered(it, count):
    """So many registrations that wait for their time, musterd ended by itself."""
    it.start_musterd()
    idents = [it.register(person(number), key=f"damage {number}")[1]["id"] for number in range(count)]
    for ident in idents:
        it.until_state(ident, "pending")
    it.kill_musterd(signal.SIGTERM)
    return idents


def make_due(it, seconds):
    """While nobody runs: their time is in so many seconds from now, and not in the long delay."""
    when = int((time.time() + seconds) * 1000)
    it.sql("UPDATE registration SET activates_at = ?, due_at = ?", when, when)


class damage_box(box):
    def __init__(self, **arguments):
        self.folder = tempfile.TemporaryDirectory()
        super().__init__(people=disk.people(os.path.join(self.folder.name, "people"), PEOPLE), **arguments)

    def __exit__(self, *what):
        super().__exit__(*what)
        self.folder.cleanup()


def rows_that_do_not_unseal():
    """Long before their time they are known, and whoever asks is told what is the matter."""
    with damage_box(delay=60) as it:
        idents = registered(it, 5)
        bad, stateless = idents[1], idents[2]
        make_due(it, 3)
        it.sql("UPDATE registration SET due_at = due_at + 3600000 WHERE id IN (?, ?)", bad, stateless)
        it.sql("UPDATE registration SET sealed = zeroblob(length(sealed)) WHERE id = ?", bad)
        it.sql("UPDATE registration SET state = 'pendinh' WHERE id = ?", stateless)
        it.start_musterd()
        until(lambda: it.status()["set_aside"] == 2, 5, "the check at the start")
        assert it.log_text().count("set aside: ") == 2, it.log_text()
        assert "failed" not in it.log_text() and "could not save" not in it.log_text()
        listed = it.musterctl("list", "--set-aside").stdout
        assert bad in listed and stateless in listed and idents[0] not in listed, listed
        assert "set aside" in listed
        code, found = it.check()
        assert code == 1 and found["sound"] and found["set_aside"] == 2, found
        whys = {finding["id"]: finding["what"] for finding in found["findings"]}
        assert set(whys) == {bad, stateless} and "set aside" in whys[bad] and "state" in whys[stateless], whys
        shown = it.musterctl("show", bad).stdout
        assert "set aside" in shown and "detail" in shown, shown
        assert "can't be read" in it.musterctl("explain", bad).stdout
        for verb in ("activate", "hold", "release", "retry"):
            out = it.musterctl(verb, bad)
            assert out.returncode == 1 and "set aside" in out.stderr, out
        for ident in (idents[0], *idents[3:]):
            it.check_once(ident)
        assert it.get(bad)["state"] == "pending" and it.get(stateless)["state"] == "failed"
        assert it.status()["set_aside"] == 2
        for ident in (bad, stateless):
            entries = it.accounts(f"(musterRegistrationId={ident})")
            assert entries[0]["musteraccountstatus"] == ["pending"], "guessed"
            assert it.musterctl("cancel", ident).returncode == 0
            until(lambda: it.accounts(f"(musterRegistrationId={ident})") == [], 20, "the withdrawal")
        until(lambda: it.check()[0] == 0, 10, "an end to what was set aside")


def mended_and_tried_again():
    with damage_box(delay=60) as it:
        idents = registered(it, 2)
        make_due(it, 0)
        it.sql("UPDATE registration SET sealed_key = 'x' || sealed_key WHERE id = ?", idents[0])
        it.start_musterd()
        it.check_once(idents[1])
        until(lambda: it.status()["set_aside"] == 1, 5, "the check at the start")
        # due at once, the driver met it first, and did nothing with it
        assert "failed" not in it.log_text() and "could not save" not in it.log_text()
        it.kill_musterd(signal.SIGTERM)
        it.sql("UPDATE registration SET sealed_key = substr(sealed_key, 2) WHERE id = ?", idents[0])
        it.start_musterd()
        code, found = it.check()
        assert code == 1 and "can be read again" in found["findings"][0]["what"], found
        assert it.get(idents[0])["state"] == "pending", "goes on only when it is told to"
        assert it.musterctl("retry", idents[0]).returncode == 0
        it.check_once(idents[0])
        assert it.check()[0] == 0


def a_page_of_rows():
    """Who stands on it can't be read: that is what is said of them, and no 404."""
    with damage_box(delay=60) as it:
        idents = registered(it, 12)
        make_due(it, 1)
        page = it.spoil_page(ROWS, idents[6].encode())
        lost = {ident for ident in idents if ident.encode() in page}
        assert 0 < len(lost) < 11, lost
        it.start_musterd()
        until(lambda: it.status()["journal"]["damage"], 5, "the check at the start")
        assert "the journal is damaged" in it.log_text()
        code, found = it.check()
        assert code == 1 and not found["sound"], found
        assert {finding["id"] for finding in found["findings"]} - {None} == lost, (found, lost)
        for ident in idents:
            assert it.call("GET", f"/v1/registrations/{ident}")[0] == (503 if ident in lost else 200)
        out = it.musterctl("list")
        assert out.returncode == 1 and "may be missing" in out.stderr, out
        assert it.musterctl("explain", min(lost)).returncode == 1
        assert it.musterctl("cancel", min(lost)).returncode == 1
        status, body, _ = it.register(person(39), key="after")
        assert status == 202, (status, body)
        it.until_state(body["id"], "pending")
        assert it.musterctl("activate", body["id"]).returncode == 0
        for ident in [ident for ident in idents if ident not in lost] + [body["id"]]:
            it.check_once(ident)
        for ident in lost:
            assert it.accounts(f"(musterRegistrationId={ident})")[0]["musteraccountstatus"] == ["pending"]
        assert it.ready() == (200, [])
        out = it.musterctl("journal", "backup", os.path.join(it.dir, "copy"))
        assert out.returncode == 1 and not [name for name in os.listdir(it.dir) if name.startswith("copy")], out
        it.kill_musterd(signal.SIGTERM)
        it.restore(it.rescue())
        it.start_musterd()
        assert it.check()[0] == 0
        assert it.status()["counts"]["active"] == 13 - len(lost) and it.status()["counts"]["pending"] == 0
        for ident in idents:
            assert it.call("GET", f"/v1/registrations/{ident}")[0] == (404 if ident in lost else 200)


def a_page_of_an_index():
    """What is due is hidden by it: said at once. The index can be made anew from the rows."""
    with damage_box(delay=60) as it:
        idents = registered(it, 12)
        due = it.sql("SELECT rootpage FROM sqlite_schema WHERE name = 'registration_due'")[0][0]
        with open(it.journal, "r+b") as file:
            file.seek((due - 1) * disk.PAGE)
            file.write(bytes(64))
        it.start_musterd()
        until(lambda: it.status()["journal"]["damage"], 5, "the check at the start")
        code, found = it.check()
        assert code == 1 and not found["sound"] and found["rows"] == 12, found
        it.kill_musterd(signal.SIGTERM)
        it.restore(it.rescue())
        make_due(it, 0)
        it.start_musterd()
        assert it.check()[0] == 0
        for ident in idents:
            it.check_once(ident)


def no_journal_at_all():
    """A file whose head is gone is refused in words; the file stays as it is."""
    with damage_box() as it:
        registered(it, 3)
        with open(it.journal, "r+b") as file:
            file.write(b"x" * 100)
        it.start_musterd(wait=False)
        assert it.restarted.wait(20) == 1
        assert "not a database" in it.log_text(), it.log_text()
        it.restarted = None
        with open(it.journal, "rb") as file:
            assert file.read(100) == b"x" * 100


skip_without("slapd", "sqlite3")
run(rows_that_do_not_unseal, mended_and_tried_again, a_page_of_rows, a_page_of_an_index, no_journal_at_all)
