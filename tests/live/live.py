"""What the live tests share: a sandbox with real slapd and musterd, and hands to drive it.

Everything is found by trying until a deadline, never by sleeping a fixed time. A failed test
prints the logs; Sandbox.close ends every process by its own pid.
"""
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

BUILD = os.path.abspath(os.environ.get("MUSTER_BUILD", os.getcwd()))
MUSTERCTL = os.path.join(BUILD, "musterctl")
MUSTERD = os.path.join(BUILD, "musterd")
PASSWORD = "A plain long sentence 7"


def skip_without(*programs):
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    for program in programs:
        if shutil.which(program, path=path) is None:
            print(f"SKIP: no {program} on this machine")
            sys.exit(77)


def until(check, seconds=15, what="it"):
    """Tries until check() is true; returns what it gave."""
    end = time.monotonic() + seconds
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not happen within {seconds} s")
        time.sleep(0.02)


class Sandbox:
    def __init__(self, delay=3, people=None, directory=None):
        self.dir = directory or tempfile.mkdtemp(prefix="musterd-live-")
        self.delay = delay
        self.people = people
        self.process = None
        self.restarted = None
        self.start()

    def start(self):
        command = [MUSTERCTL, "sandbox", self.dir, "--delay", str(self.delay)]
        if self.people:
            command += ["--people", self.people]
        self.log = open(os.path.join(self.dir, "sandbox.out"), "ab")
        path = os.path.join(self.dir, "endpoints.json")
        if os.path.exists(path):
            os.unlink(path)
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        try:
            until(lambda: os.path.exists(path) or self.process.poll() is not None, 60, "the sandbox")
            assert os.path.exists(path), "the sandbox ended"
        except AssertionError:
            self.print_logs()
            raise
        with open(path) as file:
            self.endpoints = json.load(file)
        self.admin_password = os.path.join(self.dir, "test-admin-password")
        with open(os.open(self.admin_password, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(self.endpoints["ldap_admin_password"])

    def stop(self):
        """Ends the sandbox; the folder stays."""
        self.stop_restarted(signal.SIGTERM)
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)
        self.log.close()

    def close(self):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def print_logs(self):
        for name in sorted(os.listdir(self.dir)):
            if name.endswith((".log", ".out")):
                print(f"--- {name}")
                with open(os.path.join(self.dir, name), errors="replace") as file:
                    print(file.read()[-8000:])

    # musterd alone, killed and started by hand
    def musterd_pid(self):
        return self.restarted.pid if self.restarted else self.endpoints["pids"]["musterd"]

    def kill_musterd(self, number=signal.SIGKILL):
        if self.restarted:
            self.stop_restarted(number)
            return
        os.kill(self.musterd_pid(), number)
        until(lambda: not alive(self.musterd_pid()), 20, "musterd's end")

    def stop_restarted(self, number):
        if self.restarted:
            if self.restarted.poll() is None:
                self.restarted.send_signal(number)
            self.restarted.wait(20)
            self.restarted = None

    def start_musterd(self, wait=True):
        log = open(os.path.join(self.dir, "musterd-again.log"), "ab")
        self.restarted = subprocess.Popen([MUSTERD, "-c", self.endpoints["config"], "-f"], stdout=log, stderr=log)
        log.close()
        if wait:
            until(self.is_ready, 20, "musterd's start")

    def is_ready(self):
        try:
            return self.call("GET", "/readyz", token=None)[0] == 200
        except OSError:
            return False

    # the API
    def call(self, method, path, body=None, key=None, token="", timeout=30):
        """Status, decoded body (or None), headers; token None sends none."""
        api = urllib.parse.urlsplit(self.endpoints["api"])
        connection = http.client.HTTPConnection(api.hostname, api.port, timeout=timeout)
        headers = {}
        if token is not None:
            headers["Authorization"] = "Bearer " + (token or self.endpoints["token"])
        if key:
            headers["Idempotency-Key"] = key
        data = None
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        try:
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, (json.loads(text) if text else None), answer.headers
        except http.client.HTTPException as error:
            raise ConnectionError(str(error)) from error
        finally:
            connection.close()

    def register(self, person, key=None, **changes):
        return self.call("POST", "/v1/registrations", registration(person, **changes), key)

    def get(self, ident):
        return self.call("GET", f"/v1/registrations/{ident}")[1]

    def until_state(self, ident, state, seconds=20):
        return until(lambda: (lambda r: r if r["state"] == state else None)(self.get(ident)), seconds,
                     f"state {state} of {ident}")

    # the directory
    def search(self, base, filter_text, *attributes, scope="sub"):
        """Entries as {attribute lower case: [values]}, 'dn' too."""
        out = subprocess.run(
            ["ldapsearch", "-LLL", "-x", "-o", "ldif-wrap=no", "-o", "nettimeout=5", "-H", self.endpoints["ldap"],
             "-D", self.endpoints["ldap_admin_dn"], "-y", self.admin_password, "-b", base, "-s", scope, filter_text,
             *attributes], capture_output=True, timeout=30)
        if out.returncode == 32:
            return []
        assert out.returncode == 0, out.stderr.decode()
        return parse_ldif(out.stdout.decode())

    def accounts(self, filter_text="(objectClass=musterAccount)", *attributes):
        return self.search(self.endpoints["accounts_base"], filter_text, *attributes)

    def claims(self):
        base = self.endpoints["accounts_base"].replace("ou=people", "ou=claims", 1)
        return self.search(base, "(objectClass=musterClaim)")

    def modify(self, ldif):
        return subprocess.run(
            ["ldapmodify", "-x", "-H", self.endpoints["ldap"], "-D", self.endpoints["ldap_admin_dn"], "-y",
             self.admin_password], input=ldif.encode(), capture_output=True, timeout=30)

    def can_bind(self, uid, password=PASSWORD):
        path = os.path.join(self.dir, "test-password")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(password)
        return subprocess.run(
            ["ldapwhoami", "-x", "-o", "nettimeout=5", "-H", self.endpoints["ldap"], "-D",
             f"uid={uid},{self.endpoints['accounts_base']}", "-y", path], capture_output=True,
            timeout=30).returncode == 0

    def musterctl(self, *arguments, timeout=60, text=None):
        return subprocess.run([MUSTERCTL, "-s", self.endpoints["admin_socket"], *arguments], capture_output=True,
                              timeout=timeout, input=text, text=True)


def alive(pid):
    """A process killed is a zombie first while its other threads still end: until they have, its
    locks are held."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            ended = file.read().rsplit(")", 1)[1].split()[0] in "ZX"
        return not ended or len(os.listdir(f"/proc/{pid}/task")) > 1
    except OSError:
        return False


def parse_ldif(text):
    import base64
    entries = []
    for block in text.split("\n\n"):
        entry = {}
        for line in block.splitlines():
            if not line or line.startswith("#"):
                continue
            name, _, value = line.partition(":")
            value = base64.b64decode(value[1:].strip()).decode() if value.startswith(":") else value.strip()
            entry.setdefault(name.lower(), []).append(value)
        if entry:
            entries.append(entry)
    return entries


JOHN = {"ssn": "900-12-3456", "birth": "1980-02-29", "pebd": "2001-06-15",
        "name": {"given": "John", "middle": "Quincy", "family": "Doe", "suffix": "Jr"}}


def registration(person, **changes):
    body = {
        "agreement": {"version": "2026-01", "accepted": True},
        "identity": {"birth_date": person["birth"]},
        "legal_name": dict(person["name"]),
        "contact": {"external_mail": "someone@example.org", "phone": "+1 555 0100"},
        "password": PASSWORD,
        "security_questions": [
            {"question": "first-car", "answer": "A green one"},
            {"question": "What was the name of the first ship?", "answer": "Beagle"},
            {"question": "Which street had the blue door?", "answer": "Elm Street"}],
    }
    body["identity"]["ssn"] = person["ssn"]
    if person.get("pebd"):
        body["identity"]["pay_entry_base_date"] = person["pebd"]
    for path, value in changes.items():
        node, parts = body, path.split("__")
        for part in parts[:-1]:
            node = node[part]
        node[parts[-1]] = value
    return body


def people_ldif(people, path):
    """Personnel entries of our own: dicts of attribute → value or list."""
    with open(path, "w") as file:
        for number, person in enumerate(people):
            file.write(f"dn: cn=test {number},ou=personnel,dc=example,dc=mil\nobjectClass: musterPersonnelRecord\n"
                       f"cn: test {number}\n")
            for name, value in person.items():
                file.write(f"{name}: {value}\n")
            file.write("\n")


def run(*tests):
    """Runs each test with a sandbox that it makes itself; prints one line a test."""
    failed = 0
    for test in tests:
        begin = time.monotonic()
        try:
            test()
            print(f"ok   {test.__name__} ({time.monotonic() - begin:.1f} s)", flush=True)
        except Exception:
            import traceback
            failed += 1
            traceback.print_exc()
            print(f"FAIL {test.__name__}", flush=True)
    sys.exit(1 if failed else 0)


class sandbox:
    """with sandbox(delay=3) as box: … prints the logs where the body fails."""

    def __init__(self, **arguments):
        self.arguments = arguments

    def __enter__(self):
        self.box = Sandbox(**self.arguments)
        return self.box

    def __exit__(self, kind, value, trace):
        if kind:
            self.box.print_logs()
        self.box.close()
