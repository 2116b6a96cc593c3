#!/usr/bin/env python3
"""One person, one account: duplicates, a hundred copies at once, refusals that tell nothing, and a
cancel that leaves nothing behind."""
import copy
import os
import tempfile
import threading
import time
from datetime import datetime

from live import JOHN, people_ldif, run, sandbox, until


def different(person, **changes):
    other = copy.deepcopy(person)
    other.update(changes)
    return other


def duplicate_person():
    with sandbox(delay=1) as box:
        status, answer, _ = box.register(JOHN)
        assert status == 202
        status, problem, headers = box.register(JOHN)
        assert status == 409 and problem["type"] == "urn:musterd:problem:account-exists", problem
        assert headers["Content-Type"].startswith("application/problem+json")
        box.until_state(answer["id"], "active")
        assert box.register(JOHN)[0] == 409
        # the other spelling of the identifier is the same person
        assert box.register(different(JOHN, ssn="900123456"))[0] == 409
        assert len(box.accounts()) == 1


def many_at_once(box, count, key):
    answers = []

    def send():
        answers.append(box.register(JOHN, key=key))

    threads = [threading.Thread(target=send) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(answers) == count
    return answers


def hundred_copies_with_a_key():
    with sandbox(delay=1) as box:
        answers = many_at_once(box, 100, "one")
        assert {status for status, _, _ in answers} == {202}, [a[:2] for a in answers if a[0] != 202][:3]
        assert len({body["id"] for _, body, _ in answers}) == 1
        assert len(box.accounts()) == 1 and len(box.claims()) == 1
        again = box.register(JOHN, key="one")
        assert again[0] == 202 and again[1] == answers[0][1], "the same answer again"
        other = box.register(different(JOHN, pebd="2001-06-16"), key="one")
        assert other[0] == 422 and other[1]["type"] == "urn:musterd:problem:idempotency-mismatch", other


def hundred_copies_without_a_key():
    with sandbox(delay=1) as box:
        answers = many_at_once(box, 100, None)
        good = [body for status, body, _ in answers if status == 202]
        ids = {body["id"] for body in good}
        until(lambda: all(box.get(i)["state"] in ("active", "rejected") for i in ids), 30, "all ends")
        states = [box.get(i)["state"] for i in ids]
        assert states.count("active") == 1, states
        assert {status for status, _, _ in answers} <= {202, 409}, {s for s, _, _ in answers}
        assert len(box.accounts()) == 1 and len(box.claims()) == 1


def refusals_tell_nothing():
    """Each wrong part is another person's who is just like John: three failures would lock one."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "people.ldif")
        people_ldif([{"personnelId": ssn, "birthDate": "19800229", "payEntryBaseDate": "20010615", "sn": "Doe",
                      "givenName": "John", "middleName": "Quincy", "generationQualifier": "Jr",
                      "personnelCategory": category, "personnelStatus": "current"}
                     for ssn in [900123456, *range(901000001, 901000006)]
                     for category in ("da-civilian", "army-retired")], path)
        refusals_of(path)


def refusals_of(people):
    with sandbox(delay=1, people=people) as box:
        wrong = [
            different(JOHN, ssn="901-00-0001", birth="1980-02-28"),
            different(JOHN, ssn="901-00-0002", pebd="2001-06-16"),
            different(JOHN, ssn="901-00-0003", name=dict(JOHN["name"], family="Dough")),
            different(JOHN, ssn="900-99-9999"),
            different(JOHN, ssn="901-00-0004", birth="1979-01-01", pebd="1999-01-01"),
            different(JOHN, ssn="901-00-0005", pebd=None),
        ]
        answers = [box.register(person) for person in wrong]
        assert {status for status, _, _ in answers} == {422}, answers
        assert len({str(body) for _, body, _ in answers}) == 1, [body for _, body, _ in answers]
        assert answers[0][1]["type"] == "urn:musterd:problem:identity-not-verified"
        names = [sorted(k for k, _ in headers.items()) for _, _, headers in answers]
        assert all(n == names[0] for n in names), names
        checks = [box.call("POST", "/v1/identity-checks", {"identity": {
            "ssn": p["ssn"], "birth_date": p["birth"], **({"pay_entry_base_date": p["pebd"]} if p["pebd"] else {})}})
            for p in (wrong[0], wrong[1], wrong[3])]
        assert {str(c[1]) for c in checks} == {str(answers[0][1])}, checks
        good = box.call("POST", "/v1/identity-checks", {"identity": {
            "ssn": JOHN["ssn"], "birth_date": JOHN["birth"], "pay_entry_base_date": JOHN["pebd"]}})
        assert good[0] == 200 and good[1]["dual"] is True and good[1]["registered"] is False, good
        assert good[1]["categories"] == ["da-civilian", "army-retired"], good
        assert good[1]["legal_name"]["family"] == "Doe", good
        assert box.register(JOHN)[0] == 202
        assert not box.accounts("(&(objectClass=musterAccount)(!(uid=john.q.doe)))")


def cancel_leaves_nothing():
    with sandbox(delay=30) as box:
        status, answer, _ = box.register(JOHN)
        assert status == 202 and len(box.accounts()) == 1 and len(box.claims()) == 1
        assert box.call("DELETE", f"/v1/registrations/{answer['id']}")[0] == 204
        assert box.accounts() == [] and box.claims() == []
        assert box.get(answer["id"])["state"] == "cancelled"
        assert box.call("DELETE", f"/v1/registrations/{answer['id']}")[0] == 204, "asked again"
        status, again, _ = box.register(JOHN)
        assert status == 202, again
        out = box.musterctl("activate", again["id"])
        assert out.returncode == 0, out
        box.until_state(again["id"], "active")
        status, problem, _ = box.call("DELETE", f"/v1/registrations/{again['id']}")
        assert status == 409 and problem["type"] == "urn:musterd:problem:already-active", problem
        assert len(box.accounts()) == 1


def due_time(answer):
    return datetime.fromisoformat(answer["activates_at"].replace("Z", "+00:00")).timestamp()


def hold_and_release():
    with sandbox(delay=5) as box:
        _, answer, _ = box.register(JOHN)
        assert box.musterctl("hold", answer["id"]).returncode == 0
        until(lambda: box.get(answer["id"])["held"], 5, "the hold")
        until(lambda: time.time() > due_time(answer) + 1, 20, "the due time")
        assert box.get(answer["id"])["state"] == "pending" and not box.can_bind("john.q.doe")
        assert box.musterctl("release", "john.q.doe").returncode == 0
        box.until_state(answer["id"], "active")


def lapsed_meanwhile():
    with sandbox(delay=6) as box:
        _, answer, _ = box.register(JOHN)
        records = box.search(box.endpoints["personnel_base"], "(personnelId=900123456)", "cn")
        assert len(records) == 2
        for record in records:
            out = box.modify(f"dn: {record['dn'][0]}\nchangetype: modify\nreplace: personnelStatus\n"
                             "personnelStatus: lapsed\n")
            assert out.returncode == 0, out
        rejected = box.until_state(answer["id"], "rejected")
        assert rejected["reason"] == "not-eligible", rejected
        until(lambda: box.accounts() == [] and box.claims() == [], 10, "the removal")
        status, problem, _ = box.register(JOHN)
        assert status == 422 and problem["type"] == "urn:musterd:problem:not-eligible", problem


def many_of_one_name():
    people = [{"personnelId": 901000000 + i, "birthDate": "19700101", "sn": "Smith", "givenName": "John",
               "middleName": "Q", "personnelCategory": "da-civilian", "personnelStatus": "current",
               "edipi": 1000050000 + i} for i in range(30)]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "people.ldif")
        people_ldif(people, path)
        with sandbox(delay=1, people=path) as box:
            answers = []

            def send(i):
                answers.append(box.register({"ssn": str(901000000 + i), "birth": "1970-01-01",
                                             "name": {"given": "John", "middle": "Q", "family": "Smith"}}))

            threads = [threading.Thread(target=send, args=(i,)) for i in range(30)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
            assert [a for a in answers if a[0] != 202] == [], answers[:2]
            for _, body, _ in answers:
                box.until_state(body["id"], "active")
            uids = [e["uid"][0] for e in box.accounts()]
            assert len(set(uids)) == 30 and "john.q.smith" in uids, sorted(uids)


def reserved_names_are_nobodys():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "people.ldif")
        people_ldif([{"personnelId": 901000001, "birthDate": "19700101", "sn": "Postmaster",
                      "personnelCategory": "da-civilian", "personnelStatus": "current"}], path)
        with sandbox(delay=1, people=path) as box:
            status, answer, _ = box.register({"ssn": "901000001", "birth": "1970-01-01",
                                              "name": {"family": "Postmaster"}})
            assert status == 202 and answer["uid"] == "postmaster2", (status, answer)


run(duplicate_person, hundred_copies_with_a_key, hundred_copies_without_a_key, refusals_tell_nothing,
    cancel_leaves_nothing, hold_and_release, lapsed_meanwhile, many_of_one_name,
    reserved_names_are_nobodys)
