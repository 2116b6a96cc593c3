#!/usr/bin/env python3
"""The attempt budget: three failures in a row lock an identifier for a time, ten for ever, whatever
way it is written, whoever the person is, however many come at once, and through kill -9."""
import copy
import json
import os
import sqlite3
import threading
import time

from live import JOHN, run, sandbox, until

NOBODY = "900-99-9999"
SHORT = 2
WINDOW = 12


def person(**changes):
    return {**copy.deepcopy(JOHN), **changes}


def wrong(number=0, **changes):
    """A claim whose birth date is not right."""
    return person(birth=f"19{60 + number % 20}-01-{number % 28 + 1:02d}", **changes)


def identity_check(box, who):
    return box.call("POST", "/v1/identity-checks", {"identity": {
        "ssn": who["ssn"], "birth_date": who["birth"], "pay_entry_base_date": who["pebd"]}})


def is_problem(answer, status, name):
    return answer[0] == status and answer[1]["type"] == f"urn:musterd:problem:{name}"


def not_verified(answer):
    return is_problem(answer, 422, "identity-not-verified")


def is_locked(answer, most=900):
    return is_problem(answer, 429, "rate-limited") and 1 <= int(answer[2]["Retry-After"]) <= most


def form(answer):
    """An answer but for what differs from request to request, and the seconds."""
    headers = [(name, "" if name in ("X-Request-Id", "Date", "Retry-After") else value)
               for name, value in answer[2].items()]
    return answer[0], answer[1], headers


def configure(box, identity):
    """musterd started again with more in its group 'identity'."""
    with open(box.endpoints["config"]) as file:
        text = file.read()
    old = "spray_failures = 0;"
    assert text.count(old) == 1
    box.kill_musterd()
    with open(box.endpoints["config"], "w") as file:
        file.write(text.replace(old, identity))
    box.start_musterd()


def attempts(box, ident):
    out = box.musterctl("--json", "show", ident)
    assert out.returncode == 0, out
    return json.loads(out.stdout)["failures"]


def shown_all(box):
    out = box.musterctl("--json", "list", "--limit", "1000")
    assert out.returncode == 0, out
    return [json.loads(line) for line in out.stdout.splitlines()]


def is_refused(answer, most=900):
    """Or received, on a machine too busy to give a verdict in time."""
    return not_verified(answer) or is_locked(answer, most) or (answer[0] == 202 and answer[1]["state"] == "received")


def details_of_all(box):
    """What the helpdesk reads of each registration, once all were refused."""
    until(lambda: {r["state"] for r in shown_all(box)} == {"rejected"}, 30, "the verdicts")
    assert {r["reason"] for r in shown_all(box)} == {"identity-not-verified"}
    return [r["detail"] for r in shown_all(box)]


def unlock(box, *arguments, text=None):
    out = box.musterctl("--json", "unlock", *arguments, text=text)
    assert out.returncode == 0, out
    return json.loads(out.stdout)["was"]


def at_once(count, send):
    answers = []
    threads = [threading.Thread(target=lambda i=i: answers.append(send(i))) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(answers) == count
    return answers


def three_lock_whoever_it_is():
    with sandbox(delay=1) as box:
        forms = []
        for ssn in (JOHN["ssn"], NOBODY):
            for i in range(3):
                answer = box.register(wrong(i, ssn=ssn))
                assert not_verified(answer), answer
            # what is wrong in form is told as ever, and is no failure
            assert is_problem(box.register(wrong(ssn=ssn), password="short"), 422, "invalid")
            refused = [box.register(person(ssn=ssn)), box.register(wrong(4, ssn=ssn)),
                       identity_check(box, person(ssn=ssn))]
            assert all(is_locked(answer) for answer in refused), refused
            forms += [form(answer) for answer in refused]
        assert all(f == forms[0] for f in forms), forms
        assert len(box.accounts()) == 0
        # another person is not concerned
        assert box.register({"ssn": "900-23-4567", "birth": "1990-01-01", "pebd": None,
                             "name": {"given": "No", "family": "Body"}})[0] == 422


def invalid_is_not_counted():
    with sandbox(delay=1) as box:
        for _ in range(5):
            assert is_problem(box.register(wrong(), password="short"), 422, "invalid")
        assert box.register(JOHN)[0] == 202


def spellings_and_endpoints_are_one():
    with sandbox(delay=1) as box:
        assert not_verified(box.register(wrong(1)))
        assert not_verified(identity_check(box, wrong(2, ssn="900123456")))
        assert not_verified(box.register(wrong(3, ssn="900123456")))
        for ssn in ("900-12-3456", "900123456"):
            assert is_locked(box.register(person(ssn=ssn)))
            assert is_locked(identity_check(box, person(ssn=ssn)))


def a_known_key_is_answered_first():
    with sandbox(delay=1) as box:
        first = box.register(wrong(1), key="one")
        assert not_verified(first)
        for i in (2, 3):
            assert not_verified(box.register(wrong(i)))
        again = box.register(wrong(1), key="one")
        assert again[:2] == first[:2], again
        assert is_locked(box.register(wrong(1), key="two"))


def holds_through_kill():
    with sandbox(delay=1) as box:
        assert not_verified(box.register(wrong(1)))
        box.kill_musterd()
        box.start_musterd()
        assert not_verified(identity_check(box, wrong(2)))
        box.kill_musterd()
        box.start_musterd()
        assert not_verified(box.register(wrong(3)))
        box.kill_musterd()
        box.start_musterd()
        assert is_locked(box.register(JOHN)) and is_locked(identity_check(box, JOHN))


def in_journal(box, statement):
    journal = sqlite3.connect(os.path.join(box.dir, "journal.db"), timeout=10)
    journal.execute(statement)
    journal.commit()
    journal.close()


def not_told_before_it_is_kept():
    """A failure that can't be written is not told, and counts all the same."""
    with sandbox(delay=1) as box:
        in_journal(box, "CREATE TRIGGER no BEFORE INSERT ON attempts BEGIN SELECT RAISE(ABORT, 'no'); END")
        assert is_problem(identity_check(box, wrong(1)), 503, "unavailable")
        in_journal(box, "DROP TRIGGER no")
        for i in (2, 3):
            assert not_verified(identity_check(box, wrong(i)))
        assert is_locked(box.register(JOHN))


def unlocked_by_id_and_by_identifier():
    with sandbox(delay=1) as box:
        for i in range(3):
            assert not_verified(box.register(wrong(i)))
        assert is_locked(box.register(JOHN))
        rejected = shown_all(box)
        assert len(rejected) == 3 and {r["reason"] for r in rejected} == {"identity-not-verified"}
        ident = rejected[0]["id"]
        told = attempts(box, ident)
        assert (told["in_row"], told["total"], told["locked_for_ever"]) == (3, 3, False) and told["locked_until"], told
        assert "3 in a row, 3 in all; locked until" in box.musterctl("show", ident).stdout
        assert unlock(box, ident) == told
        assert attempts(box, ident) == {"in_row": 0, "total": 0, "locked_until": None, "locked_for_ever": False}
        for i in range(3):
            assert not_verified(box.register(wrong(i)))
        assert is_locked(box.register(JOHN))
        assert unlock(box, "-", text="900-12-3456\n")["total"] == 3
        assert box.register(JOHN)[0] == 202
        # by uid too; what is no registration or no identifier is said, and nothing of it repeated
        assert unlock(box, "john.q.doe")["total"] == 0
        assert unlock(box, "-", text=NOBODY)["total"] == 0
        assert box.musterctl("unlock", "nobody.at.all").returncode == 1
        for text in ("", "900-12-345\n", "x" * 200):
            out = box.musterctl("unlock", "-", text=text)
            assert out.returncode == 1 and out.stdout == "" and "900-12-345\n" not in out.stderr, out
        out = box.musterctl("unlock", "900-12-3456")
        assert out.returncode == 2 and "3456" not in out.stderr, out
        for body in ({}, {"id": 5}, {"identifier": "900"}, {"id": "a", "identifier": "900123456"}):
            assert admin_post(box, body) == 400, body


def admin_post(box, body):
    import http.client
    import socket
    connection = http.client.HTTPConnection("localhost", timeout=20)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(20)
    connection.sock.connect(box.endpoints["admin_socket"])
    connection.request("POST", "/v1/admin/unlock", json.dumps(body), {"Content-Type": "application/json"})
    status = connection.getresponse().status
    connection.close()
    return status


def ten_lock_for_ever():
    with sandbox(delay=1) as box:
        configure(box, f"spray_failures = 0; lock = {SHORT};")
        ident = None
        for total in range(10):
            answer = until(lambda: (lambda a: a if not_verified(a) else None)(box.register(wrong(total))), 30,
                           "the end of a lock")
            assert not_verified(answer)
            ident = ident or shown_all(box)[0]["id"]
            told = attempts(box, ident)
            assert told["total"] == total + 1, told
        told = attempts(box, ident)
        assert told["locked_for_ever"] and told["in_row"] == 1 and told["locked_until"] is None, told
        # longer than a lock, and a new start: still locked, in the same form
        box.kill_musterd()
        box.start_musterd()
        end = time.monotonic() + SHORT + 1
        while time.monotonic() < end:
            answer = box.register(JOHN)
            assert is_locked(answer) and answer[2]["Retry-After"] == str(SHORT), answer
        assert attempts(box, ident)["total"] == 10
        assert unlock(box, ident)["locked_for_ever"]
        assert box.register(JOHN)[0] == 202


def success_ends_the_row():
    with sandbox(delay=1) as box:
        for i in range(2):
            assert not_verified(box.register(wrong(i)))
        assert identity_check(box, JOHN)[0] == 200
        for i in range(2):
            assert not_verified(identity_check(box, wrong(i)))
        assert box.register(JOHN)[0] == 202
        for i in range(2):
            assert not_verified(box.register(wrong(i)))
        assert box.register(JOHN)[0] == 409
        told = attempts(box, "john.q.doe")
        assert (told["in_row"], told["total"]) == (0, 6), told


def hundred_guesses_get_three_comparisons():
    with sandbox(delay=1) as box:
        answers = at_once(100, lambda i: box.register(wrong(i)))
        assert all(is_refused(a) for a in answers), [a[:2] for a in answers if not is_refused(a)]
        details = details_of_all(box)
        compared = [d for d in details if d != "not compared: locked after too many failures"]
        assert len(compared) == 3 and all("birth date differs" in d for d in compared), details
        assert len(details) == sum(a[0] != 429 for a in answers)
        assert attempts(box, shown_all(box)[0]["id"])["total"] == 3
        # mixed with checks, for another identifier
        answers = at_once(100, lambda i: (box.register if i % 2 else lambda p: identity_check(box, p))(
            wrong(i, ssn=NOBODY)))
        assert all(is_refused(a) for a in answers), [a[:2] for a in answers if not is_refused(a)]
        details_of_all(box)
        assert unlock(box, "-", text=NOBODY)["total"] == 3


def spraying_is_limited():
    with sandbox(delay=1) as box:
        configure(box, f"spray_failures = 5; spray_window = {WINDOW};")
        answers = at_once(40, lambda i: box.register(person(ssn=f"901-00-{i:04d}")))
        assert all(is_refused(a, WINDOW) for a in answers), [a[:2] for a in answers]
        details = details_of_all(box)
        assert details.count("no record with that identifier") == 5, details
        assert is_locked(box.register(person(ssn="901-00-9999")), WINDOW)
        # these dates and this name alone; the checks, which carry no name, count for themselves
        assert not_verified(box.register(wrong(1, ssn="901-00-9999")))
        for i in range(5):
            assert not_verified(identity_check(box, person(ssn=f"902-00-{i:04d}")))
        assert is_locked(identity_check(box, JOHN), WINDOW)
        box.kill_musterd()
        box.start_musterd()
        until(lambda: box.register(JOHN)[0] == 202, WINDOW + 30, "the end of the window")


run(three_lock_whoever_it_is, invalid_is_not_counted, spellings_and_endpoints_are_one,
    a_known_key_is_answered_first, holds_through_kill, not_told_before_it_is_kept,
    unlocked_by_id_and_by_identifier, ten_lock_for_ever, success_ends_the_row,
    hundred_guesses_get_three_comparisons, spraying_is_limited)
