#!/usr/bin/env python3
"""Whom the roll proves and what account they get: some hundreds of people, each with an outcome of
their own, against real slapd. The people and the outcomes are in roll_tables.py."""
import json
import os
import re
import tempfile
from concurrent.futures import ThreadPoolExecutor

import roll_tables
from live import registration, run, sandbox, until
from roll_tables import ACCOUNT, BASE, CONFLICT, INELIGIBLE, LABELS, PERSONAS, UNPROVED

PASSWORD = "7391 4628 5570 1183"  # holds nobody's name
IDENTITY = ("ssn", "fin", "birth_date", "pay_entry_base_date")
DOMAIN = "mail.example.mil"
SOME = {"ssn": "", "birth": "", "name": {}}


def body_of(claim):
    return registration(SOME, password=PASSWORD, identity={k: v for k, v in claim.items() if k in IDENTITY},
                        legal_name={k: v for k, v in claim.items() if k not in IDENTITY})


def problem_name(answer):
    return answer["type"].rsplit(":", 1)[1]


class Trial:
    """One case: what is expected and was not seen goes into faults."""

    def __init__(self, box, case, refusal):
        self.box, self.case, self.refusal = box, case, refusal
        self.faults = []

    def expect(self, what, expected, seen):
        if expected != seen:
            self.faults.append(f"{self.case.name}: {what}: expected {expected!r}, saw {seen!r}")

    def check_identity(self, claim, proved, registered=False):
        """An identity check asks for no name."""
        identity = body_of(claim)["identity"]
        status, answer, _ = self.box.call("POST", "/v1/identity-checks", {"identity": identity})
        if not proved:
            self.expect("identity check", (422, self.refusal), (status, answer))
            return
        person, categories = self.case.person, self.case.categories
        primary = categories[0]
        expected = {
            "legal_name": {k: v for k, v in (("given", person.given), ("middle", person.middle),
                                             ("family", person.family), ("suffix", person.suffix)) if v},
            "organization": {"unit": f"ou of {primary}", "title": f"title of {primary}"},
            "categories": categories, "category_labels": {c: LABELS[c] for c in categories},
            "dual": len(categories) > 1, "registered": registered}
        self.expect("identity check", (200, expected), (status, answer))

    def outcome(self, claim):
        """The status, and the registration at rest or the problem."""
        status, answer, _ = self.box.call("POST", "/v1/registrations", body_of(claim))
        if status == 202 and answer["state"] in ("received", "verified"):
            answer = until(lambda: (lambda r: r if r["state"] not in ("received", "verified") else None)(
                self.box.get(answer["id"])), 20, self.case.name)
        return status, answer

    def accepted(self, claim):
        status, answer = self.outcome(claim)
        if status != 202:
            self.expect("registration", (202, "an account"), (status, answer))
            return
        categories = self.case.categories
        self.expect("registration", (True, categories, categories[0], len(categories) > 1, None),
                    (answer["state"] in ("pending", "active"), answer["categories"], answer["primary_category"],
                     answer["dual"], answer["reason"]))
        self.case.answer = answer
        self.check_identity(claim, True, registered=True)

    def refused(self):
        case = self.case
        status, answer = self.outcome(case.claim)
        if case.outcome == UNPROVED:
            self.expect("registration", (422, self.refusal), (status, answer))
            return
        if status == 202:
            self.expect("registration", case.outcome, (status, answer))
            return
        self.expect("registration", (400 if case.outcome == "malformed" else 422, case.outcome),
                    (status, problem_name(answer)))
        if case.pointer:
            self.expect("pointers", [case.pointer], [e["pointer"] for e in answer.get("errors", [])])

    def conflict(self):
        case, person = self.case, self.case.person
        self.check_identity(case.claim, False)
        status, answer = self.outcome(case.claim)
        self.expect("registration", (202, "failed"), (status, answer.get("state")))
        if status != 202:
            return
        dns = [f"cn={r['cn']},{BASE}" for r in person.records]
        secret = [v for r in person.records for k, v in r.items()
                  if k not in ("objectClass", "personnelCategory", "personnelStatus", "rotcYear")]
        secret += [person.birth, person.pebd, BASE, "cn=", "contradict"]
        public = json.dumps({k: v for k, v in answer.items() if k != "created_at"})
        self.expect("public values", [], [s for s in secret if s in public])
        self.expect("a reason", True, bool(answer["reason"]))
        self.expect("uid and mail", (None, None), (answer["uid"], answer["mail"]))
        out = self.box.musterctl("show", answer["id"], "--json")
        self.expect("show", 0, out.returncode)
        detail = out.returncode == 0 and json.loads(out.stdout)["detail"] or ""
        differ = [dn for dn in dns if dn in detail]
        self.expect("DNs shown", 2, len(differ))
        self.expect("identifier shown", False, person.identifier.replace("-", "") in out.stdout.replace("-", ""))

    def go(self):
        case = self.case
        if case.outcome == CONFLICT:
            self.conflict()
        elif case.outcome == ACCOUNT:
            self.check_identity(case.claim, True)
            self.accepted(case.claim)
        else:
            self.refused()
        if case.then:
            self.accepted(case.then)
        if case.again:
            status, answer = self.outcome(case.again)
            self.expect("again", (409, "account-exists"), (status, problem_name(answer) if status > 299 else answer))
        if case.outcome == INELIGIBLE:
            self.expect("no account", None, case.answer)
        return self.faults

    def display_name(self):
        case, person = self.case, self.case.person
        initials = case.initials
        if initials is None and person.middle:
            initials = " ".join(word.lstrip("ʻ")[0].upper() + "." for word in person.middle.split())
        return " ".join(part for part in (person.given, initials, person.family) if part)

    def check_entry(self, entries):
        case, person = self.case, self.case.person
        uid, mail = case.answer["uid"], case.answer["mail"]
        entry, categories = entries.get(uid, {}), case.categories
        if case.uid:
            self.expect("uid of the stem", True, re.fullmatch(re.escape(case.uid) + r"\d*", uid) is not None or uid)
        self.expect("a uid", True, len(uid) <= 56 and re.fullmatch(r"[a-z0-9]+([._-][a-z0-9]+)*", uid) is not None or uid)
        expected = {
            "musteraccountstatus": ["active"], "musterregistrationid": [case.answer["id"]],
            "mustercategory": sorted(categories), "musterprimarycategory": [categories[0]],
            "employeetype": sorted(LABELS[c] for c in categories),
            "musterdualaccount": ["TRUE" if len(categories) > 1 else "FALSE"], "mail": [f"{uid}@{DOMAIN}"],
            "maillocaladdress": sorted([mail] + [f"{uid}.{PERSONAS[c]}@{DOMAIN}" for c in categories]),
            "displayname": [self.display_name()], "sn": [person.family],
            "givenname": [person.given] if person.given else [], "employeenumber": [case.edipi] if case.edipi else []}
        for name in ("o", "ou", "title"):
            expected[name] = [f"{name} of {categories[0]}"]
        for name, values in expected.items():
            self.expect(name, values, sorted(entry.get(name, [])))
        digits = person.identifier.replace("-", "")
        self.expect("identifier in the entry", False, digits in str(entry).replace("-", ""))


def all_at_once(work, things):
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(work, things))


def check_log(box, people):
    """Neither an identifier nor a birth date is in the log."""
    with open(os.path.join(box.dir, "musterd.log"), errors="replace") as file:
        log = file.read()
    words = set(re.split(r"[^0-9-]+", log))
    return [f"{p.identifier} or {p.birth} is in the log" for p in people
            if words & {p.identifier, p.identifier.replace("-", ""), p.birth, p.birth.replace("-", "")}]


def check_accounts(box, trials):
    count = len(trials)
    until(lambda: not box.accounts("(musterAccountStatus=pending)", "uid"), 30, "everybody's activation")
    accounts = box.accounts()
    entries = {entry["uid"][0]: entry for entry in accounts}
    faults = [] if len(entries) == count else [f"{len(entries)} uids of {count} people"]
    if len(box.claims()) != count:
        faults.append(f"{len(box.claims())} claims of {count} people")
    addresses = [a for entry in accounts for a in entry["maillocaladdress"]]
    faults += [f"{a} is two people's" for a in sorted(set(addresses)) if addresses.count(a) > 1]
    for trial in trials:
        del trial.faults[:]
        trial.check_entry(entries)
        faults += trial.faults
    stems = {trial.case.uid for trial in trials if trial.case.uid} - {"kai.ng"}
    faults += [f"nobody got the uid {stem} itself" for stem in sorted(stems) if stem not in entries]
    faults += [f"{t.case.name}: can't log in" for t in trials[::60] if not box.can_bind(t.case.answer["uid"], PASSWORD)]
    return faults


def everybody_gets_what_is_theirs():
    roll = roll_tables.make()
    assert len(roll.cases) >= 150
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "people.ldif")
        roll_tables.write(roll, path)
        with sandbox(delay=1, people=path) as box:
            stranger = roll.person().claim()
            status, refusal, _ = box.call("POST", "/v1/registrations", body_of(stranger))
            assert status == 422 and problem_name(refusal) == UNPROVED, refusal
            trials = [Trial(box, case, refusal) for case in roll.cases]
            faults = sum(all_at_once(Trial.go, trials), [])
            faults += check_accounts(box, [trial for trial in trials if trial.case.answer])
            faults += check_log(box, [case.person for case in roll.cases])
            print(f"{len(roll.cases)} cases, {len(faults)} faults", *faults, sep="\n  ", flush=True)
    assert not faults, f"{len(faults)} faults, see above"


run(everybody_gets_what_is_theirs)
