#!/usr/bin/env python3
"""musterctl journal rekey: a new key while people register, killed anywhere, and again; every
registration ends active, and nothing is left under the old key. And who may read the keys."""
import glob
import itertools
import json
import os
import random
import subprocess
import tempfile
import threading
import time

from live import MUSTERCTL, MUSTERD, people_ldif, run, sandbox, until

FIRST = 901000000


def people(count, folder):
    path = os.path.join(folder, "people.ldif")
    people_ldif([{"personnelId": FIRST + i, "birthDate": "19700101", "sn": "Load", "givenName": "Lee",
                  "personnelCategory": "da-civilian", "personnelStatus": "current"} for i in range(count)], path)
    return path


def register(box, number):
    """Its id; tries until it is acknowledged, as a portal does."""
    person = {"ssn": str(FIRST + number), "birth": "1970-01-01", "name": {"given": "Lee", "family": "Load"}}

    def once():
        try:
            status, body, _ = box.register(person, key=f"rekey-{number}")
        except OSError:
            return None
        assert status in (202, 503), (status, body)
        return body["id"] if status == 202 else None
    return until(once, 60, f"registration {number}")


class Load:
    """Registers one after the other in some threads until all are."""

    def __init__(self, box, count):
        self.ids, self.faults, numbers = {}, [], itertools.count()

        def send():
            try:
                for number in iter(lambda: next(numbers), count):
                    if number > count:
                        return
                    self.ids[number] = register(box, number)
            except Exception as error:
                self.faults.append(error)
        self.threads = [threading.Thread(target=send) for _ in range(4)]
        for thread in self.threads:
            thread.start()

    def is_alive(self):
        return any(thread.is_alive() for thread in self.threads)

    def end(self, count):
        for thread in self.threads:
            thread.join(120)
        assert not self.faults, self.faults
        assert len(set(self.ids.values())) == count, len(self.ids)


def keys(box):
    with open(os.path.join(box.dir, "journal.key")) as file:
        return [line.split() for line in file if line.strip()]


def rekey(box, *options):
    """What it says; it may be asked again where a rekey was at work already."""
    out = box.musterctl("journal", "rekey", "--json", *options)
    assert out.returncode == 0, (out.returncode, out.stdout, out.stderr)
    return json.loads(out.stdout)


def expect_gone(box, gone):
    """Neither the ids nor the keys in the journal, its WAL, or a file beside; no key in any log."""
    wanted = [word.encode() for key_id, key in gone for word in (key_id, key)]
    for path in glob.glob(os.path.join(box.dir, "journal*")):
        with open(path, "rb") as file:
            content = file.read()
        found = [word[:4] for word in wanted if word in content]
        assert not found, (path, found)
    secrets = [key.encode() for _, key in [*gone, *keys(box)]]
    for path in glob.glob(os.path.join(box.dir, "*.log")) + glob.glob(os.path.join(box.dir, "*.out")):
        with open(path, "rb") as file:
            content = file.read()
        assert not any(secret in content for secret in secrets), path
    assert not glob.glob(os.path.join(box.dir, "journal.key?*")), "a draft is left"
    status = os.stat(os.path.join(box.dir, "journal.key"))
    assert status.st_mode & 0o7777 == 0o400, oct(status.st_mode)


def expect_active(box, load):
    for ident in load.ids.values():
        box.until_state(ident, "active", 60)
    assert len(box.accounts()) == len(box.claims()) == len(load.ids)


def under_load():
    count = 60
    with tempfile.TemporaryDirectory() as folder, sandbox(delay=3, people=people(count, folder)) as box:
        load, gone, again = Load(box, count), [], 0
        try:
            while load.is_alive() or again < 3:
                gone += keys(box)
                said = rekey(box)
                assert said["dropped"] and said["needed"] == [] and said["not_made"] is None, said
                assert said["key"] == keys(box)[0][0] and len(keys(box)) == 1
                again += 1
        finally:
            load.end(count)
        expect_active(box, load)
        expect_gone(box, gone)
        out = box.musterctl("journal", "rekey")
        assert out.returncode == 0, out.stderr
        assert "is in use" in out.stdout and "keep a copy" in out.stdout and "sound" in out.stdout, out.stdout


def killed_in_the_middle():
    """kill -9 at many moments after the wish; it goes on by itself at the next start."""
    count = 80
    with tempfile.TemporaryDirectory() as folder, sandbox(delay=20, people=people(count, folder)) as box:
        load, gone = Load(box, count), {}
        moments = [0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.06, 0.09, 0.15]
        random.shuffle(moments)
        try:
            until(lambda: len(load.ids) >= 10, 60, "some registrations")
            for moment in moments:
                gone.update(keys(box))
                wish = subprocess.Popen([MUSTERCTL, "-s", box.endpoints["admin_socket"], "journal", "rekey"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                time.sleep(moment)
                box.kill_musterd()
                wish.wait(30)
                box.start_musterd()
        finally:
            load.end(count)
        # One may still be at work, begun at the start.
        said = until(lambda: (lambda r: r if not r["needed"] else None)(rekey(box)), 60, "an end")
        assert said["dropped"] and said["set_aside"] == 0, said
        assert len(keys(box)) == 1, len(keys(box))
        expect_active(box, load)
        gone.pop(keys(box)[0][0], None)
        expect_gone(box, gone.items())


def only_ours():
    """Key files that others may read, and passwords, are refused at the start and by -t."""
    with sandbox(delay=1) as box:
        box.kill_musterd()
        for name, key in [("journal.key", "journal.key_file"), ("identity.key", "identity.key_file"),
                          ("service.password", "bind_password_file")]:
            path = os.path.join(box.dir, name)
            mode = os.stat(path).st_mode & 0o7777
            os.chmod(path, 0o440)
            out = subprocess.run([MUSTERD, "-t", "-c", box.endpoints["config"]], capture_output=True, text=True,
                                 timeout=60)
            assert out.returncode == 3 and key in out.stderr and "chmod 0400" in out.stderr, (name, out)
            if name.endswith(".key"):
                out = subprocess.run([MUSTERD, "-f", "-c", box.endpoints["config"]], capture_output=True, text=True,
                                     timeout=60)
                assert out.returncode != 0 and "chmod 0400" in out.stderr, (name, out)
            os.chmod(path, mode)
        box.start_musterd()


def credentials():
    """As systemd's LoadCredential= gives them: read there, never written, and changed by hand."""
    with tempfile.TemporaryDirectory() as folder, sandbox(delay=1, people=people(20, folder)) as box:
        ident = register(box, 0)
        box.kill_musterd()
        place = os.path.join(box.dir, "credentials")
        os.mkdir(place, 0o700)
        with open(box.endpoints["config"]) as file:
            text = file.read()
        for name in ("journal.key", "identity.key", "service.password"):
            os.rename(os.path.join(box.dir, name), os.path.join(place, name))
            text = text.replace(f'"{box.dir}/{name}"', f'"{name}"')
        with open(box.endpoints["config"], "w") as file:
            file.write(text)
        out = subprocess.run([MUSTERD, "-t", "-c", box.endpoints["config"]], capture_output=True, text=True, timeout=60)
        assert out.returncode == 3 and "$CREDENTIALS_DIRECTORY is not set" in out.stderr, out
        os.environ["CREDENTIALS_DIRECTORY"] = place
        try:
            out = subprocess.run([MUSTERD, "-t", "-c", box.endpoints["config"]], capture_output=True, text=True,
                                 timeout=60)
            assert out.returncode == 0, out.stderr
            box.start_musterd()
            out = box.musterctl("journal", "rekey")
            assert out.returncode == 1 and "in front of the others" in out.stderr, out
            key = os.path.join(place, "journal.key")
            with open(key) as file:
                old = file.read()
            box.kill_musterd()
            os.rename(key, key + ".old")
            with open(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "w") as file:
                file.write(f"second {os.urandom(32).hex()}\n{old}")
            os.unlink(key + ".old")
            box.start_musterd()
            said = rekey(box)
            assert said["key"] == "second" and said["not_made"] and not said["dropped"], said
            assert said["unneeded"] == [old.split()[0]], said
            box.until_state(ident, "active", 30)
            box.until_state(register(box, 1), "active", 30)
        finally:
            box.stop_restarted(9)
            del os.environ["CREDENTIALS_DIRECTORY"]


run(under_load, killed_in_the_middle, only_ours, credentials)
