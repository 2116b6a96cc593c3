#!/usr/bin/env python3
"""kill -9 at any moment, and directories that are away, change nothing: the same end, once."""
import os
import signal
import subprocess
import threading

from live import JOHN, MUSTERD, run, sandbox, until


def check_once(box, ident):
    registration = box.until_state(ident, "active", 40)
    entries = box.accounts(f"(musterRegistrationId={ident})")
    assert len(entries) == 1 and entries[0]["musteraccountstatus"] == ["active"], entries
    assert box.can_bind(registration["uid"])
    assert len(box.accounts()) == len(box.claims()), (box.accounts(), box.claims())


def kill_in_the_delay():
    with sandbox(delay=4) as box:
        status, answer, _ = box.register(JOHN, key="kill")
        assert status == 202
        box.kill_musterd()
        assert not box.can_bind(answer["uid"])
        box.start_musterd()
        again = box.register(JOHN, key="kill")
        assert again[0] == 202 and again[1]["id"] == answer["id"], again
        check_once(box, answer["id"])


def kill_at_many_moments():
    """From the request's first millisecond to past the activation."""
    with sandbox(delay=1) as box:
        acknowledged = None
        for round_number, wait in enumerate([0.005, 0.03, 0.05, 0.06, 0.07, 0.08, 0.1, 0.15, 1.0, 1.5]):
            done = threading.Event()
            answers = []

            def send():
                try:
                    answers.append(box.register(JOHN, key="moment"))
                except OSError:
                    pass
                done.set()

            thread = threading.Thread(target=send)
            thread.start()
            done.wait(wait)
            box.kill_musterd()
            thread.join(30)
            for status, body, _ in answers:
                assert status == 202, (round_number, status, body)
                assert acknowledged in (None, body["id"]), "a second registration for one key"
                acknowledged = body["id"]
            box.start_musterd()
        status, body, _ = box.register(JOHN, key="moment")
        assert status == 202 and acknowledged in (None, body["id"])
        check_once(box, body["id"])
        assert len(box.accounts()) == 1


def slapd_away_and_back():
    with sandbox(delay=2) as box:
        pid = box.endpoints["pids"]["slapd"]
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            command = file.read().split(b"\0")[:-1]
        os.kill(pid, signal.SIGKILL)
        status, answer, _ = box.register(JOHN, key="away")
        assert status == 202 and answer["state"] == "received", (status, answer)
        ready = box.call("GET", "/readyz", token=None)
        assert ready[0] == 200 and sorted(ready[1]["down"]) == ["accounts", "personnel/sample"], ready
        shown = box.musterctl("--json", "show", answer["id"])
        assert shown.returncode == 0 and "waits_for" in shown.stdout
        # musterd started again while the directory is away
        box.kill_musterd()
        box.start_musterd()
        assert box.get(answer["id"])["state"] == "received"
        slapd = start_slapd(box, command)
        try:
            check_once(box, answer["id"])
        finally:
            slapd.terminate()
            slapd.wait(20)


def start_slapd(box, command):
    """The same command again; the PATH of an administrator."""
    environment = dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin")
    with open(os.path.join(box.dir, "slapd-again.log"), "ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, env=environment)


def slapd_stopped_at_the_activation():
    """A directory that answers nothing when the time comes; then it does."""
    with sandbox(delay=2) as box:
        status, answer, _ = box.register(JOHN)
        assert status == 202 and answer["state"] == "pending"
        pid = box.endpoints["pids"]["slapd"]
        os.kill(pid, signal.SIGSTOP)
        try:
            until(lambda: '"recheck-record"' in box.musterctl("--json", "show", answer["id"]).stdout, 20,
                  "the due time")
            assert box.get(answer["id"])["state"] == "pending"
        finally:
            os.kill(pid, signal.SIGCONT)
        check_once(box, answer["id"])


def whole_sandbox_again():
    with sandbox(delay=3) as box:
        status, answer, _ = box.register(JOHN)
        assert status == 202
        box.stop()
        box.start()
        check_once(box, answer["id"])


def second_daemon_is_refused():
    with sandbox(delay=1) as box:
        out = subprocess.run([MUSTERD, "-c",
                              box.endpoints["config"], "-f"], capture_output=True, text=True, timeout=20)
        assert out.returncode == 1 and "another musterd" in out.stderr, out
        assert box.is_ready()


run(kill_in_the_delay, kill_at_many_moments, slapd_away_and_back, slapd_stopped_at_the_activation,
    whole_sandbox_again, second_daemon_is_refused)
