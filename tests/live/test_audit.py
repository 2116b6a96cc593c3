#!/usr/bin/env python3
"""The audit log: a line for every decision, none missing over kill -9, restart and rotation; what was
done to it is named; nothing of a person is in it."""
import json
import os
import signal

from live import JOHN, MUSTERCTL, PASSWORD, registration, run, sandbox, until

import subprocess

NOBODY = {**JOHN, "ssn": "900-99-9999"}
JANE = {**JOHN, "ssn": "900-23-4567"}


def log_of(box, name="audit.log"):
    with open(os.path.join(box.dir, name)) as file:
        return [json.loads(line) for line in file]


def verify(box, *arguments):
    """Exit code, what it says in JSON, standard error."""
    out = box.musterctl("--json", "audit", "verify", *arguments)
    return out.returncode, json.loads(out.stdout) if out.stdout else None, out.stderr


def has(lines, **members):
    return [line for line in lines if all(line.get(name) == value for name, value in members.items())]


def is_sound(box, *files):
    code, result, why = verify(box, *files)
    assert code == 0 and result["sound"] and result["checked"] == {"macs": True, "heads": True, "end": True}, why
    return result


def every_decision_has_its_line():
    with sandbox(delay=1) as box:
        ident = box.register(JOHN, key="one")[1]["id"]
        assert box.register(JOHN, key="one")[1]["id"] == ident
        assert box.register(NOBODY)[0] == 422
        assert box.register(JOHN, password="short")[0] == 422
        assert box.register(JOHN, certificate="-----BEGIN CERTIFICATE-----")[0] == 403
        assert box.call("GET", "/v1/policy", token="nobody's")[0] == 401
        assert box.call("POST", "/v1/identity-checks", {"identity": {
            "ssn": JOHN["ssn"], "birth_date": JOHN["birth"], "pay_entry_base_date": JOHN["pebd"]}})[0] == 200
        for verb in ("hold", "release"):
            assert box.musterctl(verb, ident).returncode == 0
        box.until_state(ident, "active")
        assert box.musterctl("cancel", ident).returncode == 1
        assert box.musterctl("unlock", ident).returncode == 0
        assert box.musterctl("journal", "backup", box.dir + "/copy.db").returncode == 0
        assert box.call("DELETE", f"/v1/registrations/{ident}")[0] == 409
        for _ in range(3):
            assert box.register({**JANE, "birth": "1971-01-01"})[0] == 422
        lines = log_of(box)
        portal, me = "portal:sandbox", f"admin:{os.getuid()}"
        person = has(lines, event="registration", registration=ident)[0]["person"]
        for members in (
                {"event": "start", "actor": "musterd"},
                {"event": "registration", "actor": portal, "registration": ident, "outcome": "accepted"},
                {"event": "registration", "registration": ident, "outcome": "accepted-before"},
                {"event": "step", "registration": ident, "what": "prove-identity", "outcome": "verified"},
                {"event": "step", "registration": ident, "what": "claim-person"},
                {"event": "step", "registration": ident, "what": "add-entry", "outcome": "pending"},
                {"event": "step", "registration": ident, "what": "activate", "outcome": "active"},
                {"event": "refused", "actor": portal, "reason": "invalid", "what": "POST /v1/registrations"},
                {"event": "refused", "actor": portal, "reason": "forbidden"},
                {"event": "refused", "actor": "unknown", "reason": "unauthenticated", "what": "GET /v1/policy"},
                {"event": "identity-check", "actor": portal, "outcome": "verified", "person": person},
                {"event": "admin", "actor": me, "what": "hold", "outcome": "granted", "registration": ident},
                {"event": "admin", "actor": me, "what": "release", "outcome": "granted", "registration": ident},
                {"event": "admin", "actor": me, "what": "cancel", "outcome": "refused", "registration": ident},
                {"event": "admin", "actor": me, "what": "unlock", "person": person},
                {"event": "admin", "actor": me, "what": "journal-backup"},
                {"event": "withdrawal", "actor": portal, "registration": ident, "outcome": "refused"},
                {"event": "locked", "what": "identifier", "outcome": "for-a-time"}):
            assert len(has(lines, **members)) == 1, members
        rejected = has(lines, event="step", outcome="rejected", reason="identity-not-verified")
        assert len(rejected) == 4 and len(has(rejected, person=person)) == 0
        assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
        is_sound(box)


def a_withdrawal_is_told_to_its_end():
    with sandbox(delay=600) as box:
        ident = box.register(JOHN)[1]["id"]
        box.until_state(ident, "pending")
        assert box.call("DELETE", f"/v1/registrations/{ident}")[0] == 204
        lines = has(log_of(box), registration=ident)
        assert has(lines, event="withdrawal", outcome="granted")
        for row in ("remove-entry", "remove-claim"):
            assert has(lines, event="step", what=row, outcome="cancelled"), lines
        is_sound(box)


def a_flood_is_counted():
    with sandbox(delay=1) as box:
        for _ in range(60):
            assert box.call("GET", "/v1/policy", token="nobody's")[0] == 401
        assert len(has(log_of(box), reason="unauthenticated")) == 10
        box.kill_musterd(signal.SIGTERM)
        told = has(log_of(box), reason="unauthenticated")
        assert len(told) == 11 and told[-1]["count"] == 50, told
        assert len(has(log_of(box), event="stop")) == 1
        box.start_musterd()
        is_sound(box)


def nothing_is_missing_over_kills():
    with sandbox(delay=600) as box:
        told = []
        for i in range(6):
            answer = box.register({**JOHN, "ssn": f"900-99-{1000 + i}"})
            assert answer[0] == 422
            box.kill_musterd()
            box.start_musterd()
            told.append(len(has(log_of(box), event="step", outcome="rejected")))
        # what a client was told is in the log, whenever the daemon was killed after that
        assert told == list(range(1, 7)), told
        lines = log_of(box)
        assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
        assert len(has(lines, event="start")) == 7 and not has(lines, event="torn") and not has(lines, event="changed")
        is_sound(box)


def a_rotation_leaves_no_gap():
    with sandbox(delay=600) as box:
        path = box.dir + "/audit.log"
        box.register(JOHN)
        os.rename(path, path + ".1")
        box.register(NOBODY)  # still in the old file
        os.kill(box.musterd_pid(), signal.SIGHUP)
        until(lambda: os.path.exists(path) and has(log_of(box), event="reload"), 20, "the new file")
        box.register(NOBODY)
        result = is_sound(box, path + ".1", path)
        assert result["first_seq"] == 1 and result["heads"] >= 1, result
        is_sound(box)  # the newest alone
        assert is_sound(box, path + ".1")["last_seq"] + 1 == log_of(box)[0]["seq"]
        code, result, _ = verify(box, path, path + ".1")
        assert code == 1 and result["bad"]["line"] == 1 and result["bad"]["file"] == path + ".1"
        # heads are in the daemon's log too, for who looks from elsewhere
        with open(box.dir + "/musterd.log") as log:
            head = [line for line in log if "audit: head " in line][-1].split("audit: head ")[1].split('"')[0]
        is_sound(box, "--head", head, path + ".1", path)
        code, result, why = verify(box, "--head", "99999:" + head.split(":")[1], path + ".1", path)
        assert code == 1 and result["bad"]["fault"] == "truncated" and "--head" in why


def what_was_done_to_it_is_named():
    with sandbox(delay=600) as box:
        for person in (JOHN, NOBODY):
            box.register(person)
        box.kill_musterd(signal.SIGTERM)
        path = box.dir + "/audit.log"
        with open(path) as file:
            lines = file.readlines()
        for fault, number, changed in (
                ("edited", 5, lines[:4] + [lines[4].replace("musterd", "mustard")] + lines[5:]),
                ("missing", 4, lines[:3] + lines[4:]),
                ("reordered", 4, lines[:3] + [lines[4], lines[3]] + lines[5:]),
                ("repeated", 5, lines[:4] + [lines[3]] + lines[4:]),
                ("truncated", len(lines), lines[:-1]),
                ("truncated", 3, lines[:2]),
                ("form", 2, [lines[0], "{}\n"] + lines[1:])):
            with open(path, "w") as file:
                file.writelines(changed)
            out = subprocess.run([MUSTERCTL, "-c", box.endpoints["config"], "audit", "verify"], capture_output=True,
                                 text=True, timeout=60)
            assert out.returncode == 1 and f"{path}:{number}: line {number} of the log: {fault}:" in out.stderr, \
                (fault, out)
        with open(path, "w") as file:
            file.writelines(lines)
        copies = ["--key", "audit.key", "--public", "audit.sign.pub"]
        out = subprocess.run([MUSTERCTL, "audit", "verify", *copies, path], capture_output=True, text=True, timeout=60,
                             cwd=box.dir)
        assert out.returncode == 0 and "nothing says where it must end" in out.stdout, out
        # the first key is not needed to go on: then heads and the end are checked alone
        os.rename(box.dir + "/audit.key", box.dir + "/elsewhere.key")
        box.start_musterd()
        code, result, why = verify(box)
        assert code == 0 and result["checked"] == {"macs": False, "heads": True, "end": True}, why
        assert not os.path.exists(box.dir + "/audit.key")
        is_sound(box, "--key", box.dir + "/elsewhere.key")


def nothing_of_a_person_is_in_it():
    with sandbox(delay=1) as box:
        ident = box.register(JOHN, key="a key of ours")[1]["id"]
        box.register({**JOHN, "birth": "1971-02-03"})
        box.register(NOBODY, password="short one")
        box.call("GET", "/v1/policy", token="a-canary-token")
        box.musterctl("unlock", "-", text=NOBODY["ssn"] + "\n")
        box.until_state(ident, "active")
        body = registration(JOHN)
        with open(box.dir + "/audit.log") as file:
            text = file.read()
        secrets = [JOHN["ssn"], JOHN["ssn"].replace("-", ""), NOBODY["ssn"], NOBODY["ssn"].replace("-", ""),
                   JOHN["birth"], JOHN["pebd"], "1971-02-03", PASSWORD, "short one", "a-canary-token",
                   box.endpoints["token"], "a key of ours", "Quincy", "someone@example.org", "555 0100", "{CRYPT}"]
        secrets += [question["answer"] for question in body["security_questions"]]
        found = [secret for secret in secrets if secret in text]
        assert not found, found


run(every_decision_has_its_line, a_withdrawal_is_told_to_its_end, a_flood_is_counted, nothing_is_missing_over_kills,
    a_rotation_leaves_no_gap, what_was_done_to_it_is_named, nothing_of_a_person_is_in_it)
