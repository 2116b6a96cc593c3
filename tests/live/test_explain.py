#!/usr/bin/env python3
"""Why an account is not active, in words and in JSON: musterctl explain, and what the entry says of
the categories."""
import copy
import json
import os
import signal

from live import JOHN, run, sandbox, until

ROTC = {"ssn": "900-70-0001", "birth": "2004-05-06", "pebd": None, "name": {"given": "Ada", "family": "Cadet"}}


def explain(box, name):
    def both():
        facts = json.loads(box.musterctl("explain", name, "--json").stdout)
        words = box.musterctl("explain", name)
        assert words.returncode == 0, words.stderr
        # it may have gone on between the two
        return (facts, words.stdout) if words.stdout.splitlines() == facts["says"] else None

    return until(both, 10, "the same in words and in JSON")


def no_identity(text, person):
    for value in (person["ssn"], person["ssn"].replace("-", ""), person["birth"], person["birth"].replace("-", ""),
                  person["pebd"] or "none"):
        assert value not in text, (value, text)


def pending_and_active():
    with sandbox(delay=3) as box:
        _, answer, _ = box.register(JOHN)
        facts, words = explain(box, answer["id"])
        records = facts["findings"]["records"]
        assert {r["category"] for r in records} == {"army-retired", "da-civilian"}, records
        for record in records:
            assert record["current"] and record["source"] and record["dn"].startswith("cn="), record
            assert "makes" in record["rule"], record
            assert {"birth_date", "legal_name"} <= set(record["asked"]) and record["differs"] == [], record
        assert words.startswith("Pending: the account john.q.doe is in the directory"), words
        assert "dual account" in words and "(wait)" in words, words
        no_identity(json.dumps(facts), JOHN)
        entry = box.accounts("(uid=john.q.doe)")[0]
        assert sorted(entry["employeetype"]) == ["Army Retired", "DA Civilian"], entry
        box.until_state(answer["id"], "active")
        assert explain(box, "john.q.doe")[1].startswith("Active: the account john.q.doe may log in since ")


def what_differed():
    with sandbox(delay=1) as box:
        wrong = copy.deepcopy(JOHN)
        wrong["birth"] = "1980-02-28"
        wrong["name"]["family"] = "Dough"
        assert box.register(wrong)[0] == 422
        newest = json.loads(box.musterctl("list", "--json").stdout.splitlines()[0])
        facts, words = explain(box, newest["id"])
        assert all(set(r["differs"]) == {"birth_date", "legal_name"} for r in facts["findings"]["records"]), facts
        assert "Differs: birth date, legal name." in words and words.startswith("Rejected: what was claimed"), words
        no_identity(words, wrong)
        assert "Failed proofs of this identifier: 1 in a row, 1 in all." in words, words
        assert box.register(wrong)[0] == 422 and box.register(wrong)[0] == 422
        words = explain(box, newest["id"])[1]
        assert "3 in a row, 3 in all; it is locked until 20" in words and "or 'musterctl unlock'." in words, words


def not_eligible_names_the_rule():
    people = os.path.join(os.environ.get("TMPDIR", "/tmp"), f"musterd-explain-{os.getpid()}.ldif")
    with open(people, "w") as file:
        file.write("dn: cn=one,ou=personnel,dc=example,dc=mil\nobjectClass: musterPersonnelRecord\ncn: one\n"
                   "personnelId: 900700001\nbirthDate: 20040506\nsn: Cadet\ngivenName: Ada\n"
                   "personnelCategory: rotc-cadet\npersonnelStatus: current\nrotcYear: 2\n")
    try:
        with sandbox(delay=1, people=people) as box:
            assert box.register(ROTC)[1]["type"].endswith(":not-eligible")
            newest = json.loads(box.musterctl("list", "--json").stdout.splitlines()[0])
            _, words = explain(box, newest["id"])
            assert 'makes rotc-cadet only where rotcYear "3" or "4"' in words, words
    finally:
        os.unlink(people)


def waits_for_a_directory():
    with sandbox(delay=1) as box:
        os.kill(box.endpoints["pids"]["slapd"], signal.SIGSTOP)
        try:
            status, answer, _ = box.register(JOHN)
            assert status == 202 and answer["state"] == "received", answer
            words = until(lambda: (lambda w: w if "came to nothing" in w else None)(explain(box, answer["id"])[1]), 30,
                          "a try that came to nothing")
            assert "It waits for the directory personnel/" in words and "Next, " in words, words
        finally:
            os.kill(box.endpoints["pids"]["slapd"], signal.SIGCONT)
        box.until_state(answer["id"], "active", 90)


def held():
    with sandbox(delay=30) as box:
        _, answer, _ = box.register(JOHN)
        assert box.musterctl("hold", answer["id"]).returncode == 0
        assert "An administrator holds it" in explain(box, answer["id"])[1]
        assert box.musterctl("explain", "nobody").returncode == 1


run(pending_and_active, what_differed, not_eligible_names_the_rule, waits_for_a_directory, held)
