#!/usr/bin/env python3
"""Nothing out: what a person sends is nowhere but where it belongs.

A sandbox lives through registrations of every end, identity checks, crashes, bad requests, directories that
quote what they were sent, and the verbs of musterctl, all at debug level; then its whole folder, every command
line and environment, all that was answered or printed, and the daemon's memory are searched for the secrets.
"""
import base64
import http.client
import json
import os
import re
import resource
import signal
import socket
import subprocess
import tempfile
import urllib.parse

from canary import Cage
from live import MUSTERD, people_ldif, registration, run, sandbox, skip_without, until

# In the words of a directory alone.
QUOTED = "Vom-Verzeichnis-zitiert-5563"


class Person:
    """Everything about this person is a canary."""

    def __init__(self, cage, number, family, born, entered):
        self.ssn = cage.add("ssn", f"9{number}-4{number % 10}-18{number}")
        self.birth, self.pebd = cage.add("date", born), cage.add("date", entered)
        self.name = {"given": "Canary", "family": family}
        self.password = cage.add("password", f"Quittenmus trocknet 77{number} im Turm")
        self.answers = [cage.add("answer", f"{word}-am-Montag-88{number}")
                        for word in ("Zwiebelkuchen", "Regenpfeifer", "Kellertreppe")]
        self.contact = {"external_mail": cage.add("contact", f"heimlich.{number}@post.example.net"),
                        "phone": cage.add("contact", f"+1 555 {number}77 4410"),
                        "postal_address": cage.add("contact", f"Verborgene Gasse {number}, 12 Hinterhof")}

    def entries_named_by_ssn(self, other_birth):
        """Two records that contradict each other: both names are shown to the helpdesk."""
        return "".join(f"dn: cn={name},ou=personnel,dc=example,dc=mil\nobjectClass: musterPersonnelRecord\ncn: {name}\n" +
                       "".join(f"{key}: {value}\n" for key, value in {**self.entry(), "birthDate": born}.items()) + "\n"
                       for name, born in ((self.ssn, self.birth.replace("-", "")),
                                          (self.ssn.replace("-", ""), other_birth.replace("-", ""))))

    def entry(self):
        return {"personnelId": self.ssn.replace("-", ""), "birthDate": self.birth.replace("-", ""),
                "payEntryBaseDate": self.pebd.replace("-", ""), "sn": self.name["family"], "givenName": "Canary",
                "personnelCategory": "da-civilian", "personnelStatus": "current"}

    def body(self, **changes):
        body = registration({"ssn": self.ssn, "birth": self.birth, "pebd": self.pebd, "name": self.name},
                            **{"password": self.password, "contact": self.contact, **changes})
        for question, answer in zip(body["security_questions"], self.answers):
            question["answer"] = answer
        return body

    def identity(self, **changes):
        return {"identity": {"ssn": self.ssn, "birth_date": self.birth, "pay_entry_base_date": self.pebd, **changes}}


class Story:
    def __init__(self, box, cage):
        self.box, self.cage = box, cage
        self.told = []  # all that was answered or printed
        self.portal = http.client.HTTPConnection(urllib.parse.urlsplit(box.endpoints["api"]).netloc, timeout=30)

    def post(self, body, path="/v1/registrations", key=None):
        status, answer, headers = self.box.call("POST", path, body, key)
        self.told.append((path, f"{status} {json.dumps(answer)} {headers}"))
        return status, answer

    def musterctl(self, *words, text=None):
        out = self.box.musterctl(*words, text=text)
        self.told.append((f"musterctl {words}", out.stdout + out.stderr))
        return out

    def raw(self, content):
        """Bytes as they are; the answer, if any comes."""
        api = urllib.parse.urlsplit(self.box.endpoints["api"])
        with socket.create_connection((api.hostname, api.port), 10) as link:
            try:
                link.sendall(content)
                link.shutdown(socket.SHUT_WR)
                answer = b""
                while piece := link.recv(65536):
                    answer += piece
            except OSError:
                pass
        self.told.append((repr(content[:40]), answer.decode(errors="replace")))


# The ends that a registration can come to

def registrations(story, people):
    box = story.box
    good, wrong, cancelled, failed, twice = people
    status, answer = story.post(good.body(), key=good.password)
    assert status == 202, answer
    assert story.post(good.body(), key=good.password)[1]["id"] == answer["id"]
    assert story.post(good.body(password="Another long sentence"), key=good.password)[0] == 422
    status, refused = story.post(wrong.body(identity__birth_date="1951-05-05"))
    assert status == 422 and refused["type"].endswith("identity-not-verified"), refused
    status, gone = story.post(cancelled.body())
    status, trouble, _ = box.call("DELETE", f"/v1/registrations/{gone['id']}")
    assert status == 204, trouble
    bad = refused_with_quotes(story, failed)
    assert story.post(good.identity(), "/v1/identity-checks")[0] == 200
    assert story.post(good.identity(birth_date="1952-06-06"), "/v1/identity-checks")[0] == 422
    assert story.post(twice.identity(ssn=wrong.ssn), "/v1/identity-checks")[0] == 422
    status, conflict = story.post(twice.body())
    assert status == 202 and conflict["state"] == "failed", conflict
    box.until_state(answer["id"], "active")
    return [answer["id"], gone["id"], bad, conflict["id"]]


def refused_with_quotes(story, person):
    """The account directory refuses the activation, in words that hold a canary; held meanwhile."""
    box = story.box
    status, answer = story.post(person.body())
    assert status == 202, answer
    assert story.musterctl("hold", answer["id"]).returncode == 0
    dn = box.accounts(f"(musterRegistrationId={answer['id']})")[0]["dn"][0]
    out = box.modify(f"dn: {dn}\nchangetype: modify\nadd: objectClass\nobjectClass: errAuxObject\n-\nadd: errCode\n"
                     f"errCode: 19\n-\nadd: errOp\nerrOp: modify\n-\nadd: errText\n"
                     f"errText: value {QUOTED} of {person.name['family']} is not allowed\n")
    assert out.returncode == 0, out.stderr
    assert story.musterctl("release", answer["id"]).returncode == 0
    failed = box.until_state(answer["id"], "failed")
    assert "constraint" in failed["reason"], failed
    return answer["id"]


def load_retcode(box):
    """The overlay by which an entry says itself how the directory answers who changes it."""
    out = box.modify("dn: cn=module{0},cn=config\nchangetype: modify\nadd: olcModuleLoad\nolcModuleLoad: retcode\n\n"
                     "dn: olcOverlay=retcode,olcDatabase={2}mdb,cn=config\nchangetype: add\n"
                     "objectClass: olcOverlayConfig\nobjectClass: olcRetcodeConfig\nolcOverlay: retcode\n"
                     "olcRetcodeParent: ou=none,dc=example,dc=mil\nolcRetcodeInDir: TRUE\n")
    assert out.returncode == 0, out.stderr


def crashes(story, person):
    """Ends at several moments of a registration, of every kind; no core is left."""
    box = story.box
    for number, wait in ((signal.SIGKILL, 0.002), (signal.SIGSEGV, 0.02), (signal.SIGABRT, 0.06),
                         (signal.SIGKILL, 0.2), (signal.SIGBUS, 0.4)):
        api = urllib.parse.urlsplit(box.endpoints["api"])
        body = json.dumps(person.body()).encode()
        with socket.create_connection((api.hostname, api.port), 10) as link:
            link.sendall(b"POST /v1/registrations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                         b"Idempotency-Key: crash\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s" %
                         (box.endpoints["token"].encode(), len(body), body))
            link.settimeout(wait)
            try:
                link.recv(65536)
            except OSError:
                pass
            box.kill_musterd(number)
        box.start_musterd()
    status, answer = story.post(person.body(), key="crash")
    assert status == 202, answer


# What is no good request

def spoiled(person):
    """Bodies that hold everything, and are wrong in one way each."""
    text = json.dumps(person.body())
    body = person.body()
    yield from (text[:cut].encode() for cut in (1, 60, 200, len(text) // 2, len(text) - 1))
    yield text.encode() + b"}"
    yield text.replace('"', "'").encode()
    yield text.replace("{", '{"password": 1, ', 1).encode()
    yield text.encode("utf-16")
    yield text.encode()[:-1] + b', "x": "\xff\xfe ' + person.password.encode() + b'"}'
    yield text.encode()[:-1] + b', "x": "\\ud800 ' + person.password.encode() + b'"}'
    yield b"[" * 40 + text.encode() + b"]" * 40
    yield json.dumps([body]).encode()
    yield json.dumps(person.ssn).encode()
    for member in list(body):
        yield json.dumps({**body, member: person.ssn}).encode()
        yield json.dumps({**body, member: [person.password]}).encode()
        yield json.dumps({**body, member: None}).encode()
        yield json.dumps({**body, member: {person.password: person.ssn}}).encode()
    yield json.dumps({**body, person.password: person.ssn, person.ssn: person.birth}).encode()
    yield json.dumps({**body, "password": person.password * 20}).encode()
    yield json.dumps({**body, "password": person.password[:9]}).encode()
    yield json.dumps({**body, "certificate": person.password}).encode()
    yield json.dumps({**body, "padding": person.password * 9000}).encode()
    for member, value in (("ssn", person.ssn + "0"), ("ssn", person.password), ("birth_date", person.birth + "x"),
                          ("birth_date", person.ssn), ("fin", person.ssn), (person.ssn, person.birth)):
        yield json.dumps({**body, "identity": {**body["identity"], member: value}}).encode()
    for question, answer in (("first-car", person.answers[1]), (person.answers[0], person.answers[0]),
                             (person.ssn, ""), ("first-car", "\u202e" + person.answers[0])):
        items = [{"question": question, "answer": answer}] + body["security_questions"][1:]
        yield json.dumps({**body, "security_questions": items}).encode()


def bad_requests(story, person):
    token = story.box.endpoints["token"]
    for content in spoiled(person):
        status, answer = story.post(content)
        assert 400 <= status < 500, (status, answer, content[:80])
    text = json.dumps(person.body())
    word, form = urllib.parse.quote(person.password), urllib.parse.urlencode({"ssn": person.ssn, "p": person.password})
    head = f"Host: x\r\nAuthorization: Bearer {token}\r\n"
    sized = f"Content-Length: {len(text)}\r\n\r\n{text}"
    json_type = "Content-Type: application/json\r\n"
    for content in (
            f"POST /v1/registrations?{form} HTTP/1.1\r\n{head}{json_type}{sized}",
            f"POST /v1/registrations HTTP/1.1\r\n{head}Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(form)}\r\n\r\n{form}",
            f"POST /v1/registrations HTTP/1.1\r\n{head}Content-Type: {word}\r\n{sized}",
            f"POST /v1/registrations HTTP/1.1\r\n{head}{json_type}Content-Encoding: {word}\r\n{sized}",
            f"POST /v1/registrations HTTP/1.1\r\nHost: {word}\r\nAuthorization: Basic {word}\r\n{json_type}{sized}",
            f"POST /v1/registrations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {word}\r\n{json_type}{sized}",
            f"POST /v1/registrations HTTP/1.1\r\n{head}{json_type}Idempotency-Key: {person.password * 12}\r\n{sized}",
            f"POST /v1/registrations HTTP/1.1\r\n{head}{json_type}Transfer-Encoding: chunked\r\n\r\n"
            f"{len(text):x}\r\n{text}\r\n0\r\n\r\n",
            f"POST /v1/registrations HTTP/1.1\r\n{head}{json_type}Content-Length: {person.ssn}\r\n\r\n{text}",
            f"POST /v1/registrations HTTP/1.1\r\n{head}{json_type}X-Password: {person.password}\r\nCookie: {form}\r\n"
            f"Content-Length: 9999\r\n\r\n{text}",
            f"POST /v1/registrations HTTP/1.1\r\n{head}{json_type}Content-Length: 99999999\r\n\r\n{text}",
            f"GET /v1/registrations/{person.ssn} HTTP/1.1\r\n{head}\r\n",
            f"GET /v1/{word}/{form} HTTP/1.1\r\n{head}\r\n",
            f"GET /v1/policy?{form} HTTP/1.1\r\n{head}\r\n",
            f"{word[:20]} /v1/policy HTTP/1.1\r\n{head}\r\n",
            f"DELETE /v1/registrations/{word} HTTP/1.1\r\n{head}\r\n",
            f"GET /v1/policy {word} HTTP/1.1\r\n{head}\r\n",
            f"{text}\r\n\r\n", person.password, f"GET / HTTP/1.1\r\n{text}: {person.ssn}\r\n\r\n",
            f"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: {person.password * 900}\r\n\r\n",
            f"GET /healthz HTTP/1.1\r\n{head}\r\nPOST /v1/registrations HTTP/1.1\r\n{head}{json_type}{sized[:-9]}"):
        story.raw(content.encode())
    for path in (f"/v1/registrations/{person.ssn}", f"/v1/registrations/{word}"):
        story.told.append((path, str(story.box.call("GET", path))))


def verbs(story, idents, person, folder):
    """Everything that an administrator may say; a file with good and bad lines."""
    lines = [json.dumps(person.body()).encode(), *spoiled(person), b"x" * 70000 + person.password.encode()]
    path = os.path.join(folder, "lines")
    with open(path, "wb") as file:
        file.write(b"\n".join(line.replace(b"\n", b" ") for line in lines) + b"\n")
    out = story.musterctl("submit", path)
    assert out.returncode == 1 and out.stdout.count("\n") == len(lines), out
    story.musterctl("--json", "submit", path)
    for ident in idents:
        for words in (["show", ident], ["--json", "show", ident], ["explain", ident], ["unlock", ident]):
            assert story.musterctl(*words).returncode == 0, words
    story.musterctl("unlock", "-", text=person.ssn + "\n")
    story.musterctl("unlock", "-", text=person.password + "\n")
    for words in (["list"], ["--json", "list"], ["config"], ["--json", "config"], ["status"], ["journal", "check"],
                  ["journal", "backup", os.path.join(story.box.dir, "backup.db")], ["schema", "check"]):
        assert story.musterctl(*words).returncode == 0, words


def bad_configurations(story, box, cage):
    """Secrets that stand in the configuration itself, and whatever is wrong there."""
    with open(box.endpoints["config"]) as file:
        good = file.read()
    path = os.path.join(box.dir, "bad.conf")
    inline = cage.add("inline", "Sauerampfer-im-Klartext-3391")
    for old, new in (("token_sha256 = \"", f"token_sha256 = \"{inline}"), ("token_sha256", f"token = \"{inline}\"; x"),
                     ("token_sha256 = \"", f"token_sha256 = {inline} \""), ("delay = ", f"delay = \"{inline}\"; x = "),
                     ("bind_password_file", f"password = \"{inline}\"; bind_password_file"),
                     ("bind_password_file = ", f"bind_password_file = \"{inline}\" "), ("port = ", f"\"{inline}\" = "),
                     ("bind = \"simple\"", f"bind = \"{inline}\""), ("rights = [\"", f"rights = [\"{inline}"),
                     ("@include", f"{inline} @include"), ("@include", f"@include \"{inline}")):
        assert old in good, old
        with open(path, "w") as file:
            file.write(good.replace(old, new, 1))
        out = subprocess.run([MUSTERD, "-c", path, "-t"], capture_output=True, timeout=60)
        assert out.returncode == 3 and out.stderr, (new, out)
        story.told.append((f"musterd -t, {new}", out.stderr.decode() + out.stdout.decode()))
    os.unlink(path)


# And where to look

ALLOWED = {
    r"slapd/personnel/data\.mdb": {"ssn", "date"},      # the personnel directory's own entries
    r"slapd/accounts/data\.mdb": {"contact", "quoted"},  # an account carries its person's addresses
    r"endpoints\.json": {"token", "admin-password"},    # made for who tries the sandbox
    r"token": {"token"},
    r"(test-admin-password|admin\.password)": {"admin-password"},
    r"service\.password": {"service-password"},
    r"webmail\.password": {"webmail-password"},
    r"journal\.key": {"journal-key"},
    r"identity\.key": {"identity-key"},
}


def add_sandbox_secrets(cage, box):
    for kind, name in (("token", "token"), ("admin-password", "admin.password"),
                       ("service-password", "service.password"), ("webmail-password", "webmail.password"),
                       ("journal-key", "journal.key"), ("identity-key", "identity.key")):
        with open(os.path.join(box.dir, name)) as file:
            cage.add(kind, file.read().split()[-1])


def look_everywhere(story, box, cage):
    found, looked = cage.find_in_files(box.dir, ALLOWED)
    for name in ("journal.db", "journal.db-wal", "journal.db-shm", "backup.db", "musterd-again.log", "sandbox.out"):
        assert name in looked, (name, looked)
    assert not [name for name in looked if re.fullmatch(r"(.*/)?core([.].*)?", name)], looked
    found += cage.search([(place, text.encode()) for place, text in story.told])
    found += cage.find_in_proc()
    assert not found, "\n".join(map(str, found))
    # What is not found where it must be would not be found elsewhere either.
    there = {canary.kind for _, canary, _ in cage.find_in_files(box.dir, {})[0]}
    assert {"ssn", "date", "contact", "quoted", "token", "journal-key"} <= there, there


def look_into_memory(cage, pid):
    """Once all is done nothing is left in what the daemon may write, freed or not, stacks too."""
    with open(MUSTERD, "rb") as file:
        if re.search(rb"__[at]san_init", file.read()):
            print("a sanitizer keeps frames and memory of its own: the daemon's memory was not looked at")
            return
    try:
        until(lambda: not cage.find_in_memory(pid), 20, "an empty memory")
    except PermissionError:
        print("not root: the daemon's memory, which nobody else may read, was not looked at")
    except AssertionError:
        raise AssertionError("\n".join(map(str, cage.find_in_memory(pid)))) from None


def nothing_out():
    skip_without("slapd", "ldapmodify")
    here = os.getcwd()
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2)
    cage = Cage()
    people = [Person(cage, number, family, born, entered) for number, family, born, entered in (
        (11, "Hailey", "1953-07-19", "1974-11-23"), (22, "Iverson", "1948-03-27", "1969-12-13"),
        (33, "Jansson", "1957-11-26", "1978-04-17"), (44, "Kirwan", "1961-08-29", "1983-02-21"),
        (55, "Lindqvist", "1944-09-28", "1963-01-24"))]
    crashed = Person(cage, 66, "Morgan", "1965-05-31", "1986-06-18")
    spoilt = Person(cage, 77, "Naismith", "1967-12-25", "1988-08-16")
    cage.add("quoted", QUOTED)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "people.ldif")
        people_ldif([person.entry() for person in [*people[:-1], crashed, spoilt]], path)
        with open(path, "a") as file:
            file.write(people[-1].entries_named_by_ssn(cage.add("date", "1944-12-28")))
        try:
            with sandbox(delay=3, people=path) as box:
                os.chdir(box.dir)
                box.kill_musterd()
                with open(box.endpoints["config"], "a") as file:
                    file.write('log = { level = "debug"; };\n')
                box.start_musterd()
                add_sandbox_secrets(cage, box)
                story = Story(box, cage)
                load_retcode(box)
                crashes(story, crashed)
                idents = registrations(story, people)
                look_into_memory(cage, box.musterd_pid())
                bad_requests(story, spoilt)
                verbs(story, idents, spoilt, folder)
                bad_configurations(story, box, cage)
                look_everywhere(story, box, cage)
                look_into_memory(cage, box.musterd_pid())
        finally:
            os.chdir(here)
            cage.close()


def every_form_is_found():
    """The looking itself: whatever a canary was put into."""
    cage = Cage()
    cage.close()
    cage.add("password", "Quittenmus trocknet")
    cage.add("ssn", "911-41-1811")
    cage.add("date", "1953-07-19")
    for word in (b"Quittenmus trocknet", b"911-41-1811", b"911411811", b"1953-07-19", b"19530719"):
        for before in (b"", b"x", b"xy"):
            whole = before + word + b"z"
            for content in (whole, base64.b64encode(whole), base64.urlsafe_b64encode(whole), whole.hex().encode(),
                            whole.hex().upper().encode(), whole.decode().encode("utf-16")):
                assert len(cage.search([("a", b"-"), ("b", content), ("c", b"-")])) >= 1, (word, content)
    assert cage.search([("a", b"Quittenmus-trocknet 911411812 1953-07-18")]) == []


run(every_form_is_found, nothing_out)
