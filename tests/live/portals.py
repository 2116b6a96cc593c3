"""Portals of a test's own in a sandbox's configuration, by reloads."""
import hashlib
import http.client
import json
import os
import secrets
import signal
import urllib.parse

from live import until

RIGHTS = ("register", "identity-check", "status", "cancel", "reset", "assert-certificate")


class Portal:
    """More keys as they stand in the file: rate=1."""

    def __init__(self, name, rights=RIGHTS, **keys):
        self.name, self.rights, self.keys = name, tuple(rights), keys
        self.token = secrets.token_urlsafe(32)

    def text(self):
        words = ", ".join(f'"{right}"' for right in self.rights)
        keys = "".join(f" {key} = {value};" for key, value in self.keys.items())
        token = hashlib.sha256(self.token.encode()).hexdigest()
        return f'{{ name = "{self.name}"; token_sha256 = "{token}"; rights = [{words}];{keys} }}'


class Configuration:
    """The sandbox's own file with other portals beside its own, and texts replaced by others."""

    def __init__(self, box):
        self.box = box
        with open(box.endpoints["config"]) as file:
            self.text = file.read()

    def set(self, portals, *replaced, says="configuration reloaded"):
        text = self.text.replace("portals = ( ", "portals = ( " + "".join(p.text() + ",\n    " for p in portals), 1)
        for old, new in replaced:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        with open(self.box.endpoints["config"], "w") as file:
            file.write(text)
        before = len(log_lines(self.box, says))
        os.kill(self.box.musterd_pid(), signal.SIGHUP)
        until(lambda: len(log_lines(self.box, says)) > before, 20, "the reload")


def log_lines(box, words):
    with open(os.path.join(box.dir, "musterd.log")) as file:
        return [line for line in file if words in line]


class Client:
    """Many requests on one connection, with headers of the test's own."""

    def __init__(self, box, portal=None, **headers):
        api = urllib.parse.urlsplit(box.endpoints["api"])
        self.connection = http.client.HTTPConnection(api.hostname, api.port, timeout=60)
        self.headers = {"Authorization": "Bearer " + portal.token} if portal else {}
        self.headers.update(headers)

    def call(self, method, path, body=None, **headers):
        """Status, decoded body (or None), headers. Idempotency_Key is the header Idempotency-Key."""
        data = None
        sent = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        self.connection.request(method, path, data, sent)
        answer = self.connection.getresponse()
        text = answer.read()
        return answer.status, (json.loads(text) if text else None), answer.headers

    def close(self):
        self.connection.close()


def is_problem(answer, status, name):
    return answer[0] == status and answer[1]["type"] == f"urn:musterd:problem:{name}"
