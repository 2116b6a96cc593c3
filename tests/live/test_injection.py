#!/usr/bin/env python3
"""Every text that somebody sends stays a text: it is refused with 4xx, or it is in the directory as it was
sent, and neither directory, journal, log nor a terminal takes a part of it for anything else.

Each of STRINGS goes through each of FIELDS (what a portal sends), the parts of a name (which the personnel
directory has too), whatever else the personnel directory says of a person, paths, queries and headers.
"""
import base64
import concurrent.futures
import contextlib
import itertools
import json
import os
import re
import socket
import sqlite3
import tempfile
import unicodedata
import urllib.parse

from live import registration, run, sandbox, until

STRINGS = {
    "ldap filter": "*)(uid=*",
    "ldap filter, all of it": "x)(|(objectClass=*",
    "ldap filter, escaped": "\\2a\\29\\28uid=\\2a",
    "dn": "x,ou=claims,dc=example,dc=mil",
    "dn, two values": "x+musterAccountStatus=active",
    "dn, quoted": "\"x\",ou=people;dc=example",
    "dn, NUL escaped": "x\\00",
    "dn, hexadecimal": "#04024869",
    "dn, blanks at its ends": "\\20x\\20",
    "ldif": "x\nmusterAccountStatus: active\nuserPassword: x",
    "ldif, base64": ": PHNjcmlwdD4=",
    "sql": "'; DROP TABLE registration; --",
    "sql, a union": "' UNION SELECT sealed FROM registration --",
    "sql, like": "%_\" OR 1=1 --",
    "log": "x\r\n{\"time\":\"2026-01-01T00:00:00.000Z\",\"level\":\"info\",\"message\":\"forged\"}",
    "header": "x\r\nX-Injected: yes\r\n\r\n<p>forged",
    "html": "<script>alert(1)</script>",
    "html, an attribute": "\" onmouseover=\"alert(1)",
    "csv": "=cmd|' /C calc'!A0",
    "csv, other beginnings": "@SUM(1+1)*cmd",
    "format": "%s%n%08x%99999d",
    "format of others": "{0}{{7*7}}${7*7}#{7*7}",
    "shell": "$(id)`id`;id|id&id",
    "path": "../../../../etc/passwd",
    "json": "\",\"state\":\"active\",\"x\":\"",
    "json, escapes": "\\u0022\\u0000\\n",
    "NUL": "x\0y",
    "line separators": "x\u2028y\u2029z",
    "bidi override": "x\u202egnp.exe",
    "bidi isolate": "\u2066x\u2069",
    "terminal": "\x1b[31mred\x1b]0;title\x07",
    "terminal, one byte": "\u009b31mred",
    "backspaces": "x\b\b\bactive",
    "invisible": "x\u200b\u2060\ufeffy",
    "delete": "x\x7f",
}

# What a portal sends, and the attribute in which the account has it (None: in none).
FIELDS = {
    "organization__unit": "ou",
    "organization__title": "title",
    "contact__phone": "telephoneNumber",
    "contact__external_mail": "musterExternalMail",
    "contact__postal_address": None,
    "question": "musterSecurityAnswer",
    "answer": None,
    "password": None,
    "identity__ssn": None,
    "identity__birth_date": None,
    "agreement__version": None,
    "unknown member": None,
}
# The parts of a name by what a portal calls them and what a personnel record does.
PARTS = {"given": "givenName", "middle": "middleName", "family": "sn", "suffix": "generationQualifier"}

ATTRIBUTES = set("""dn objectclass uid cn sn givenname initials displayname o ou title telephonenumber employeenumber
    mail maillocaladdress musteraccountstatus mustercategory employeetype musterprimarycategory musterdualaccount
    musteractivationtime musterregistrationid musterpersonkey musterpendingpassword musterexternalmail
    mustersecurityanswer""".split())
CLASSES = {"inetOrgPerson", "inetLocalMailRecipient", "musterAccount"}
ROOT = "dc=example,dc=mil"


class Person:
    """With a record of its own. The string is its unit and title, part of its DN, and part of its name where
    part says so; a second record has it as category, which fits no rule."""

    def __init__(self, number, string="", part=None):
        self.number = number
        self.string = string
        self.ssn = f"902-{number // 9000 + 10:02d}-{number % 9000 + 1000}"
        self.name = {"given": "Pat", "middle": "Lee", "family": f"Sample{number}", "suffix": "Jr"}
        if part in PARTS:
            self.name[part] = string

    def claim(self):
        return {"ssn": self.ssn, "birth": "1980-02-29", "pebd": None, "name": self.name}

    def identity(self):
        return {"ssn": self.ssn, "birth_date": "1980-02-29"}

    def records(self):
        yield self.record(0, "da-civilian")
        if self.string:
            yield self.record(1, self.string)

    def record(self, index, category):
        cn = f"{self.number}-{index} {self.string}".strip()
        escaped = "".join(f"\\{byte:02x}" for byte in cn.encode())
        values = [("dn", f"cn={escaped},ou=personnel,{ROOT}"), ("objectClass", "musterPersonnelRecord"), ("cn", cn),
                  ("personnelId", self.ssn.replace("-", "")), ("birthDate", "19800229"),
                  ("personnelCategory", category), ("personnelStatus", "current")]
        values += [(PARTS[part], text) for part, text in self.name.items()]
        values += [(name, self.string) for name in ("o", "ou", "title") if self.string]
        return "".join(f"{name}:: {base64.b64encode(text.encode()).decode()}\n" for name, text in values) + "\n"


def tries():
    """(string, where it is, person): one person for each, so that nothing hangs on another."""
    numbers = itertools.count(1)
    for string in STRINGS.values():
        for field in FIELDS:
            yield string, field, Person(next(numbers))
        # no LDAP server has a NUL in a text
        for part in (*PARTS, "record") if "\0" not in string else ():
            yield string, part, Person(next(numbers), string, part)


@contextlib.contextmanager
def sandbox_of(people):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "people.ldif")
        with open(path, "w") as file:
            for person in people:
                file.writelines(person.records())
        with sandbox(delay=3600, people=path) as box:
            yield box


def body_of(string, field, person):
    body = registration(person.claim())
    if field not in FIELDS:
        return body
    if field in ("question", "answer"):
        body["security_questions"][1][field] = string
    elif field == "unknown member":
        body[string] = string
    else:
        node = body
        *above, last = field.split("__")
        for name in above:
            node = node.setdefault(name, {})
        node[last] = string
    return body


def post_all(box, bodies):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda body: box.call("POST", "/v1/registrations", body), bodies))


def check_refusal(answer, where):
    """A problem in JSON which doesn't quote what was sent."""
    assert 400 <= answer[0] < 500 and answer[1]["type"].startswith("urn:musterd:problem:"), where
    assert answer[2]["Content-Type"] == "application/problem+json" and answer[2]["X-Injected"] is None, where


def is_there(box, ident):
    state = box.get(ident)["state"]
    assert state in ("received", "verified", "pending"), (ident, state, box.musterctl("show", ident).stdout)
    return state == "pending"


def tree(box):
    return box.search(ROOT, "(objectClass=*)")


def check_tree(box, before, accepted):
    """Nothing is there but what was there, and an account and a claim for each that was accepted."""
    new = {entry["dn"][0]: entry for entry in tree(box) if entry["dn"][0] not in before}
    accounts = {}
    for dn, entry in new.items():
        if dn.endswith(",ou=people," + ROOT):
            assert re.fullmatch(r"uid=[a-z0-9._-]+", dn[:-len(",ou=people," + ROOT)]), dn
            assert set(entry) <= ATTRIBUTES, set(entry) - ATTRIBUTES
            assert set(entry["objectclass"]) == CLASSES and entry["musteraccountstatus"] == ["pending"], entry
            assert all(re.fullmatch(r"[a-z0-9._-]+@mail\.example\.mil", mail) for mail in entry["maillocaladdress"])
            assert all(len(entry.get(name, [])) <= 1 for name in ("ou", "title", "sn", "givenname", "telephonenumber"))
            accounts[entry["musterregistrationid"][0]] = entry
        else:
            assert re.fullmatch(r"musterPersonKey=[0-9a-f]{64},ou=claims," + ROOT, dn), dn
    assert set(accounts) == set(accepted), set(accounts) ^ set(accepted)
    assert len(new) == 2 * len(accepted), len(new)
    return accounts


def check_journal(box, accepted):
    journal = sqlite3.connect(f"file:{box.dir}/journal.db?mode=ro", uri=True)
    tables = [row[0] for row in journal.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
    assert tables == ["attempts", "counts", "facts", "registration", "timeline"], tables
    rows = journal.execute("SELECT id, portal, state FROM registration").fetchall()
    journal.close()
    assert {row[0] for row in rows if row[2] == "pending"} == set(accepted)
    assert {row[1] for row in rows} == {"sandbox"}, {row[1] for row in rows}


def check_log(box):
    """Each line is one object of the daemon's own making."""
    with open(os.path.join(box.dir, "musterd.log"), "rb") as file:
        lines = file.read().split(b"\n")
    assert lines.pop() == b""
    for line in lines:
        entry = json.loads(line)
        assert set(entry) <= {"time", "level", "registration", "message"}, line
        assert entry["message"] != "forged" and is_harmless(entry["message"]), line
        assert all(byte >= 0x20 for byte in line), line


def is_harmless(text):
    """Nothing that a terminal would carry out, or that hides or turns round what stands there."""
    return all(unicodedata.category(c) not in ("Cc", "Cf", "Zl", "Zp") for c in text)


def check_screen(box, *arguments):
    """In words: only lines of plain text; with --json: ASCII that is JSON."""
    words = box.musterctl(*arguments)
    shown = box.musterctl("--json", *arguments)
    assert words.returncode == shown.returncode and words.returncode in (0, 1), (arguments, words, shown)
    for line in (words.stdout + words.stderr).split("\n"):
        assert is_harmless(line), (arguments, line)
    assert shown.stdout.isascii(), (arguments, shown.stdout)
    return words, [json.loads(line) for line in shown.stdout.splitlines()] if arguments[0] == "list" else (
        json.loads(shown.stdout) if shown.stdout else None)


def what_is_sent_and_recorded():
    every = list(tries())
    with sandbox_of([person for _, _, person in every]) as box:
        before = {entry["dn"][0] for entry in tree(box)}
        accepted = {}
        for one, answer in zip(every, post_all(box, [body_of(*one) for one in every])):
            if answer[0] == 202:
                accepted[answer[1]["id"]] = one
            else:
                check_refusal(answer, (one[:2], answer))
        for ident in accepted:
            until(lambda: is_there(box, ident), 60, f"the entry of {accepted[ident][:2]}")
        accounts = check_tree(box, before, accepted)
        check_journal(box, accepted)
        for ident, (string, field, _) in accepted.items():
            check_account(accounts[ident], string, field)
        listed = check_screen(box, "list", "--limit", "10000")[1]
        assert {one["id"] for one in listed} == set(accepted), len(listed)
        check_helpdesk(box, accepted)
        check_identity_checks(box, [one for one in every if one[2].string])
        check_log(box)
    kept = {field: sum(1 for one in accepted.values() if one[1] == field) for field in [*FIELDS, *PARTS, "record"]}
    print(f"     {len(accepted)} of {len(every)} kept as they were: {kept}")
    # or else nothing of this was shown
    assert all(kept[field] > 10 for field in [*PARTS, "organization__unit", "organization__title", "question",
                                              "contact__postal_address", "answer", "password"]), kept
    assert kept["record"] == sum("\0" not in string for string in STRINGS.values()), kept


def check_account(entry, string, field):
    attribute = FIELDS.get(field) or {"given": "givenName", "family": "sn", "record": "title"}.get(field)
    where = (string, field, entry)
    if field == "question":
        assert sum(value.endswith(" " + string) for value in entry["mustersecurityanswer"]) == 1, where
    elif attribute:
        assert entry[attribute.lower()] == [string], where
    if field in PARTS:
        assert entry["title"] == entry["ou"] == entry["o"] == [string], where
        assert len(entry["cn"]) == 1 and string in entry["cn"][0], where
    if field in ("answer", "password", "contact__postal_address"):
        assert all(string not in value for values in entry.values() for value in values), where


def check_helpdesk(box, accepted):
    """Where the string is in the records' DNs and categories, which the helpdesk is shown."""
    for ident, (_, field, _) in accepted.items():
        if field == "record":
            words, shown = check_screen(box, "show", ident)
            assert shown["id"] == ident and "pending" in words.stdout
            words, shown = check_screen(box, "explain", ident)
            # a line of its own for each sentence, and no more
            assert len(words.stdout.split("\n")) == len(shown["says"]) + 1, words.stdout


def check_identity_checks(box, recorded):
    for string, field, person in recorded:
        answer = box.call("POST", "/v1/identity-checks", {"identity": person.identity()})
        assert answer[0] == 200, (string, field, answer)
        assert answer[1]["legal_name"] == person.name, (string, field, answer)
        assert answer[1]["organization"] == {"unit": string, "title": string}, (string, field, answer)
        assert set(answer[1]) == {"legal_name", "organization", "categories", "category_labels", "dual",
                                  "registered"}, answer


def raw(box, request):
    """What is answered to bytes that no client of a library would send; all of it, to the end."""
    api = urllib.parse.urlsplit(box.endpoints["api"])
    with socket.create_connection((api.hostname, api.port), 30) as link:
        link.sendall(request)
        got = b""
        while piece := link.recv(65536):
            got += piece
    return got


def answer_heads(box, target=b"/v1/policy", **headers):
    """The heads of all answers, and the statuses."""
    lines = [b"GET " + target + b" HTTP/1.1", b"Host: localhost", b"Connection: close",
             b"Authorization: Bearer " + box.endpoints["token"].encode()]
    lines += [name.replace("_", "-").encode() + b": " + value for name, value in headers.items()]
    got = raw(box, b"\r\n".join(lines) + b"\r\n\r\n")
    heads = re.findall(rb"HTTP/1\.1 (\d\d\d)[^\r]*\r\n((?:[^\r\n]+\r\n)*)\r\n", got)
    assert len(heads) == 1, got
    status, head = int(heads[0][0]), heads[0][1]
    names = [line.split(b":")[0].lower() for line in head.split(b"\r\n") if line]
    assert set(names) <= {b"content-type", b"content-length", b"x-request-id", b"cache-control", b"connection", b"date",
                          b"x-content-type-options", b"allow", b"www-authenticate"}, got
    return status, got


def paths_queries_and_headers():
    person = Person(1)
    with sandbox_of([person]) as box:
        before = {entry["dn"][0] for entry in tree(box)}
        for string in STRINGS.values():
            encoded = urllib.parse.quote(string, safe="")
            for method, end in (("GET", ""), ("DELETE", ""), ("GET", "/events")):
                answer = box.call(method, f"/v1/registrations/{encoded}{end}")
                assert answer[0] in (400, 404), (string, answer)
                check_refusal(answer, (string, answer))
            for query in (encoded, "q=" + encoded, encoded + "=q"):
                status, _ = answer_heads(box, b"/v1/policy?" + query.encode())
                assert status in (200, 400), (string, status)
            sent = string.encode()
            for target in (b"/v1/policy?" + sent, b"/v1/registrations/" + sent):
                status, got = answer_heads(box, target)
                assert status in (200, 400, 404) and b"forged" not in got, (string, got)
            for name in ("User_Agent", "X_Forwarded_For", "X_Request_Id", "Referer", "Cookie"):
                status, got = answer_heads(box, **{name: sent})
                assert status in (200, 400) and (b"forged" not in got), (string, name, got)
            for verb in ("show", "explain", "activate"):
                check_screen(box, verb, "--", string.replace("\0", ""))
        bodies = [json.dumps(body_of(string, "unknown member", person)) for string in STRINGS.values()]
        submitted = box.musterctl("submit", "-", text="\n".join(bodies) + "\n")
        assert submitted.returncode == 1 and submitted.stdout.count("422") >= 1, submitted
        assert all(is_harmless(line) for line in submitted.stdout.split("\n")), submitted.stdout
        assert {entry["dn"][0] for entry in tree(box)} == before
        check_log(box)


def keys_of_idempotency():
    """Each string is a key of its own, or refused; the same one is the same again."""
    people = [Person(number) for number in range(1, len(STRINGS) + 1)]
    with sandbox_of(people) as box:
        before = {entry["dn"][0] for entry in tree(box)}
        accepted = {}
        for string, person in zip(STRINGS.values(), people):
            answers = [post_with_key(box, string, person) for _ in range(2)]
            assert answers[0] == answers[1], (string, answers)
            status, ident = answers[0]
            assert status in (202, 400), (string, status)
            if status == 202:
                assert ident not in accepted
                accepted[ident] = string
        assert len(accepted) > 20, len(accepted)
        for ident in accepted:
            until(lambda: is_there(box, ident), 60, "the entry")
        # nor is it another one's beginning
        for string, person in zip(STRINGS.values(), people):
            if "\n" not in string:
                assert post_with_key(box, string + "x", person)[1] not in accepted, string
        check_tree(box, before, accepted)
        check_journal(box, accepted)
        check_log(box)


def post_with_key(box, key, person):
    body = json.dumps(registration(person.claim())).encode()
    head = (b"POST /v1/registrations HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer " +
            box.endpoints["token"].encode() + b"\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
            b"Idempotency-Key: %s\r\n\r\n" % (len(body), key.encode()))
    got = raw(box, head + body)
    assert b"X-Injected" not in got and len(re.findall(rb"HTTP/1\.1 \d\d\d", got)) == 1, got
    status = int(got.split()[1])
    return status, json.loads(got.split(b"\r\n\r\n", 1)[1])["id"] if status == 202 else None


run(what_is_sent_and_recorded, paths_queries_and_headers, keys_of_idempotency)
