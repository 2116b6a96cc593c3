"""What must be true in the end: the client's history against the journal and against the directory,
which wrote down each change. Every fault found is a line."""
import collections
import json
import re
from datetime import datetime, timezone

from ground import rfc3339

ORDER = {"received": 0, "verified": 1, "pending": 2, "active": 3, "rejected": 3, "cancelled": 3, "failed": 4}


def generalized(text):
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=timezone.utc).timestamp()


def changed_at(body):
    """When the directory made a change, to the microsecond: its own change number says so."""
    when = re.search(r"^entryCSN: (\d{14}\.\d{6})Z", body, re.M)[1]
    return datetime.strptime(when, "%Y%m%d%H%M%S.%f").replace(tzinfo=timezone.utc).timestamp()


class Lives:
    """What the client knows, by registration."""

    def __init__(self, path):
        with open(path) as file:
            lines = [json.loads(line) for line in file]
        self.keys, self.ids, self.people = {}, {}, {}
        self.withdrawn, self.too_late, self.states = set(), set(), collections.defaultdict(list)
        self.due = collections.defaultdict(set)  # the times that were told
        self.bound, self.lost, self.faults = [], 0, []
        self.soonest = float("inf")  # seconds between a time that came and the activation
        for line in lines:
            self.lost += line["what"] == "lost"
            if line["what"] == "bound":
                self.bound.append(line)
            elif line["what"] == "answer":
                self.add(line)
            elif line.get("key"):
                self.people.setdefault(line["key"], line["person"])

    def add(self, line):
        status = line["status"]
        if line["call"] == "POST" and status in (202, 409):
            told = self.keys.setdefault(line["key"], line["id"] if status == 202 else None)
            if told != (line["id"] if status == 202 else None):
                self.faults.append(f"twice: key {line['key']} gave {told} and then {line['id'] or status}")
        if line.get("activates_at"):
            self.due[line["id"]].add(rfc3339(line["activates_at"]))
        if line["call"] == "POST" and status == 202:
            self.ids[line["id"]] = line["key"]
        if line["call"] == "DELETE" and status in (204, 409):
            (self.withdrawn if status == 204 else self.too_late).add(line["ident"])
        if line["call"] == "GET" and status == 200:
            self.states[line["id"]].append((line["at"], line["state"], line["activates_at"]))


class Directory:
    """The directory's own account of what was done to it."""

    def __init__(self, changes):
        self.activations, self.faults = collections.defaultdict(list), []
        self.due = {}  # by the entry as it was added
        owner, password = {}, set()
        for kind, dn, body in changes:
            if not dn.startswith("uid="):
                continue
            if kind == "add":
                owner[dn] = re.search(r"^musterRegistrationId: (.*)$", body, re.M)[1]
                self.due[owner[dn]] = generalized(re.search(r"^musterActivationTime: (.*)$", body, re.M)[1])
                if re.search(r"^userPassword:|^musterAccountStatus: (?!pending)", body, re.M):
                    self.faults.append(f"early: {owner[dn]} was added with a password, or not pending")
            if kind == "modify" and "add: musterAccountStatus\nmusterAccountStatus: active\n" in body:
                self.activations[owner[dn]].append(changed_at(body))
                password.add(dn)
            if kind == "modify" and re.search(r"^(add|replace): userPassword$", body, re.M) and dn not in password:
                self.faults.append(f"early: {owner[dn]} got a password before it was active")


def check_answers(lives, rows, listed):
    """Nothing that was acknowledged is lost or otherwise than it was said; no key counts twice."""
    faults, kept = list(lives.faults), {row["id"]: row for row in rows}
    keys = collections.Counter(lives.people.values())
    served = set()
    for ident, key in lives.ids.items():
        if ident not in kept:
            faults.append(f"lost: {ident} of {key} was acknowledged and is not in the journal")
            continue
        state, reason = kept[ident]["state"], kept[ident]["reason"]
        expected = (("cancelled",) if ident in lives.withdrawn else
                    ("active",) if keys[lives.people[key]] == 1 else ("active", "rejected"))
        if state in ("active", "cancelled"):
            served.add(lives.people[key])
        if state not in expected or reason not in (None, "account-exists"):
            faults.append(f"lost: {ident} of {key} ended {state} ({reason}), not {' or '.join(expected)}")
    faults += [f"lost: nothing became of person {person}, who asked" for person in set(keys) - served]
    if len(rows) != len(lives.keys):
        faults.append(f"twice: {len(lives.keys)} keys made {len(rows)} registrations")
    if listed != {row["id"]: row["state"] for row in rows}:
        faults.append("lost: the list shows others than the journal holds")
    for row in rows:
        if row["step"] != "done" or row["sealed"] is not None or row["set_aside"]:
            faults.append(f"lost: {row['id']} is at {row['step']} ({row['state']}), or its sealed part is kept")
    for ident, seen in lives.states.items():
        ranks = [ORDER[state] for _, state, _ in seen]
        if ranks != sorted(ranks) or len({state for _, state, _ in seen if ORDER[state] == 3}) > 1:
            faults.append(f"twice: {ident} was seen as {[state for _, state, _ in seen]}")
    return faults


def check_people(lives, rows, accounts, claims):
    """One person, one account, one claim: those of the active ones, and nothing of the others."""
    active = {row["id"]: row for row in rows if row["state"] == "active"}
    faults = []
    for what, entries in ("account", accounts), ("claim", claims):
        owners = collections.Counter(entry["musterregistrationid"][0] for entry in entries)
        for ident in set(owners) ^ set(active) | {ident for ident, many in owners.items() if many > 1}:
            faults.append(f"twice: {owners[ident]} times {what} of {ident}, active: {ident in active}")
    keys = collections.Counter(row["person_key"] for row in active.values())
    faults += [f"twice: {many} accounts of one person" for many in keys.values() if many > 1]
    for entry in accounts:
        row = active.get(entry["musterregistrationid"][0])
        whole = (entry["musteraccountstatus"] == ["active"] and "userpassword" in entry and
                 "musterpendingpassword" not in entry and "musteractivationtime" not in entry)
        if row is None or not whole or row["uid"] != entry["uid"][0]:
            faults.append(f"lost: the account of {entry['musterregistrationid'][0]} is not a whole active one")
        elif generalized(entry["musteractivatedat"][0]) * 1000 != row["activated_at"]:
            faults.append(f"twice: {row['id']} was activated at two times")
    return faults


def check_times(lives, rows, accounts, directory, told_nothing):
    """Never before its time, and once: by the directory's own account. told_nothing: so many activations
    may be missing there, for slapd was killed before it wrote them down."""
    faults, missing = list(directory.faults), 0
    due = {}
    for row in rows:
        times = lives.due[row["id"]] | {directory.due.get(row["id"], 0), row["activates_at"] / 1000} - {0}
        due[row["id"]] = max(times, default=0)
        if len(times) > 1:
            faults.append(f"early: {row['id']} was promised for {sorted(times)}")
        times = directory.activations.get(row["id"], [])
        missing += row["state"] == "active" and not times
        if len(times) > 1 or (times and row["state"] != "active"):
            faults.append(f"twice: {row['id']} ({row['state']}) was made active {len(times)} times")
        lives.soonest = min([lives.soonest] + [at - due[row["id"]] for at in times])
        faults += [f"early: {row['id']} was made active {due[row['id']] - at:.6f} s before its time"
                   for at in times if at < due[row["id"]]]
    if missing > told_nothing:
        faults.append(f"lost: {missing} accounts are active by no change of the directory's")
    for entry in accounts:
        ident = entry["musterregistrationid"][0]
        if generalized(entry["musteractivatedat"][0]) < due.get(ident, 0):
            faults.append(f"early: {ident} says that it was active before its time")
    faults += [f"early: {line['uid']} could log in at {line['at']}, before {line['activates_at']}"
               for line in lives.bound if line["at"] < rfc3339(line["activates_at"])]
    faults += [f"early: {ident} was shown as active at {at}, before {activates}"
               for ident, seen in lives.states.items() for at, state, activates in seen
               if state == "active" and at < rfc3339(activates)]
    return faults
