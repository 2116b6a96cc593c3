#!/usr/bin/env python3
"""kill -9 at any moment, and directories that are away, change nothing: the same end, once."""
import itertools
import json
import os
import signal
import subprocess
import tempfile
import threading

from live import JOHN, MUSTERD, people_ldif, run, sandbox, until


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
    with sandbox(delay=5) as box:
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


def withdraw(box, ident):
    status, problem, headers = box.call("DELETE", f"/v1/registrations/{ident}")
    if status != 204:
        assert status == 503 and problem["type"] == "urn:musterd:problem:unavailable", (status, problem)
        assert headers["Retry-After"], headers
    return status, problem


def withdrawn_while_slapd_is_stopped():
    """204 is said once entry and claim are gone, and not before."""
    with sandbox(delay=60) as box:
        status, answer, _ = box.register(JOHN)
        assert status == 202 and answer["state"] == "pending"
        pid = box.endpoints["pids"]["slapd"]
        os.kill(pid, signal.SIGSTOP)
        try:
            status, problem = withdraw(box, answer["id"])
            assert status == 503 and "kept" in problem["detail"], problem
            assert box.get(answer["id"])["state"] == "cancelled"
            status, problem = withdraw(box, answer["id"])
            assert status == 503 and "ask again" in problem["detail"], problem
        finally:
            os.kill(pid, signal.SIGCONT)
        until(lambda: withdraw(box, answer["id"])[0] == 204, 40, "the end of the withdrawal")
        assert box.accounts() == [] and box.claims() == []
        assert withdraw(box, answer["id"])[0] == 204, "asked again after the end"
        assert box.get(answer["id"])["state"] == "cancelled"


def whole_sandbox_again():
    with sandbox(delay=3) as box:
        status, answer, _ = box.register(JOHN)
        assert status == 202
        box.stop()
        box.start()
        check_once(box, answer["id"])


def ends_under_load():
    """SIGTERM between many requests: the end is in order (and leaks nothing, in a build that looks)."""
    people = [{"personnelId": 901000000 + i, "birthDate": "19700101", "sn": "Load", "givenName": "Lee",
               "personnelCategory": "da-civilian", "personnelStatus": "current"} for i in range(400)]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "people.ldif")
        people_ldif(people, path)
        with sandbox(delay=1, people=path) as box:
            box.kill_musterd()
            box.start_musterd()
            numbers = itertools.count()

            def send():
                """Registers one person after the other, and withdraws every other one."""
                try:
                    for i in iter(lambda: next(numbers), 400):
                        status, answer, _ = box.register({"ssn": str(901000000 + i), "birth": "1970-01-01",
                                                          "name": {"given": "Lee", "family": "Load"}})
                        if status == 202 and i % 2:
                            box.call("DELETE", f"/v1/registrations/{answer['id']}")
                except OSError:
                    pass

            threads = [threading.Thread(target=send) for _ in range(16)]
            for thread in threads:
                thread.start()
            try:
                until(lambda: len(box.accounts()) >= 8, 20, "some accounts")
                box.restarted.send_signal(signal.SIGTERM)
                assert box.restarted.wait(60) == 0, box.restarted.returncode
                assert next(numbers) < 400, "too fast: nothing was open"
            finally:
                for thread in threads:
                    thread.join(60)


def who_waits_is_answered_at_the_end():
    """SIGTERM while a directory keeps checks and a withdrawal waiting: each is told, none is cut off."""
    with sandbox(delay=60) as box:
        box.kill_musterd()
        # None of them may be told by the directory's own deadline first.
        with open(box.endpoints["config"], "r+") as file:
            text = file.read().replace(' bind = "simple";', ' operation_timeout = 120; bind = "simple";')
            file.seek(0)
            file.write(text)
        box.start_musterd()
        ident = box.register(JOHN)[1]["id"]
        os.kill(box.endpoints["pids"]["slapd"], signal.SIGSTOP)
        try:
            identity = {"identity": {"ssn": "900123456", "birth_date": "1980-02-29"}}
            answers = []
            threads = [threading.Thread(target=lambda: answers.append(
                box.call("POST", "/v1/identity-checks", identity)[0])) for _ in range(20)]
            threads.append(threading.Thread(target=lambda: answers.append(
                box.call("DELETE", f"/v1/registrations/{ident}")[0])))
            for thread in threads:
                thread.start()
            until(lambda: json.loads(box.musterctl("status", "--json").stdout)["directories"][1]["depth"] >= 40 and
                  box.get(ident)["state"] == "cancelled", 20, "two questions a check, and the withdrawal")
            box.restarted.send_signal(signal.SIGTERM)
            for thread in threads:
                thread.join(20)
            assert answers == [503] * 21, answers
            assert box.restarted.wait(20) == 0
        finally:
            os.kill(box.endpoints["pids"]["slapd"], signal.SIGCONT)


def second_daemon_is_refused():
    with sandbox(delay=1) as box:
        out = subprocess.run([MUSTERD, "-c",
                              box.endpoints["config"], "-f"], capture_output=True, text=True, timeout=20)
        assert out.returncode == 1 and "another musterd" in out.stderr, out
        assert box.is_ready()


run(kill_in_the_delay, kill_at_many_moments, slapd_away_and_back, slapd_stopped_at_the_activation,
    withdrawn_while_slapd_is_stopped, ends_under_load, who_waits_is_answered_at_the_end,
    whole_sandbox_again, second_daemon_is_refused)
