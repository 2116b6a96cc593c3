"""A stand-in for musterd's admin socket: the admin API over made-up registrations, on a thread."""
import http.server
import json
import os
import socket
import socketserver
import threading
import time

ID = "0190b5a0-0000-7000-8000-%012d"
JOURNAL = "what a journal holds" * 10000
ESCAPE = "evil\x1b[2J\u009b\u202eend"


def registration(number, state="pending", **more):
    fields = {
        "id": ID % number, "state": state, "reason": None,
        "created_at": "2026-01-31T08:00:00.123Z", "activates_at": "2026-01-31T08:15:00.123Z",
        "activated_at": None, "uid": f"john.q.doe{number}",
        "mail": f"john.q.doe{number}@mail.example.mil",
        "categories": ["da-civilian", "army-retired"], "primary_category": "da-civilian",
        "dual": True, "held": False, "overdue": False, "escalated": False,
        "portal": "test", "step": "wait", "due_at": "2026-01-31T08:15:00.123Z", "attempts": 0,
        "waits_for": None, "detail": None}
    fields.update(more)
    return fields


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def address_string(self):
        return "unix"

    def log_message(self, *_):
        pass

    def answer(self, status, document, headers=()):
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        kind = "application/json" if status < 400 else "application/problem+json"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def problem(self, status, name, detail, headers=(), **more):
        self.answer(status, {"type": f"urn:musterd:problem:{name}", "title": name,
                             "status": status, "detail": detail, **more}, headers)

    def do_GET(self):
        desk = self.server.desk
        desk.note(self)
        path, _, query = self.path.partition("?")
        if path == "/v1/admin/watch":
            return self.watch(desk)
        if path == "/v1/admin/registrations":
            return self.answer(200, {"registrations": desk.listed(query)})
        if path.startswith("/v1/admin/registrations/"):
            found = desk.find(path.rsplit("/", 1)[1])
            if found is None:
                return self.problem(404, "not-found", "there is no such registration")
            timeline = [{"at": "2026-01-31T08:00:00.500Z", "step": "prove", "state": "verified",
                         "what": "identity proved"}]
            return self.answer(200, {**found, "failures": desk.attempts, "timeline": timeline})
        if path in desk.tasks:
            return self.answer(200, desk.task(path))
        if path in desk.pages:
            return self.answer(200, desk.pages[path])
        return self.problem(404, "not-found", "no such page")

    def watch(self, desk):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b": connected\n\n")
        for found in desk.registrations:
            # In pieces, as a stream may arrive.
            event = f"event: state\r\ndata: {json.dumps(found)}\r\n\r\n".encode()
            for at in range(0, len(event), 100):
                self.wfile.write(event[at:at + 100])
                self.wfile.flush()
        if not desk.watch_ends:
            desk.stopped.wait(60)
        self.close_connection = True

    def do_POST(self):
        desk = self.server.desk
        desk.note(self)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = self.path.split("/")
        if self.path == "/v1/admin/registrations":
            return desk.register(self, self.headers.get("Idempotency-Key"), body)
        if self.path == "/v1/admin/unlock":
            return desk.unlock(self, json.loads(body))
        if self.path in desk.tasks:
            desk.begin(self.path)
            return self.answer(200, desk.task(self.path))
        if self.path == "/v1/admin/journal/backup/taken":
            os.unlink(desk.copy)
            return self.answer(200, desk.task("/v1/admin/journal/backup"))
        found = desk.find(parts[4])
        if found is None:
            return self.problem(404, "not-found", "there is no such registration")
        if parts[5] == "activate" and found["state"] != "pending":
            return self.problem(409, "conflict", "it is not pending")
        found["held"] = parts[5] == "hold"
        found["state"] = {"activate": "active", "cancel": "cancelled"}.get(
            parts[5], found["state"])
        return self.answer(200, found)


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def get_request(self):
        request, _ = super().get_request()
        return request, ("unix", 0)

    def handle_error(self, request, client_address):
        pass  # a client that went away


class Desk:
    """The registrations, and what the tests bend."""

    def __init__(self, path):
        self.path = path
        self.lock = threading.Lock()
        self.stopped = threading.Event()
        self.registrations = [
            registration(1), registration(2, "failed", reason="the directory said no"),
            registration(3, "received", uid=None, mail=None, waits_for="personnel",
                         overdue=True, detail=ESCAPE, attempts=4)]
        self.requests = []       # (method, path)
        self.keys = {}           # Idempotency-Key: (body, status, answer)
        self.attempts = {"in_row": 0, "total": 0, "locked_until": None, "locked_for_ever": False}
        self.unlocks = []        # bodies
        self.running = self.most = 0
        self.later = {}          # body: how often it is told to come later
        self.lost = {}           # body: how often the connection ends without an answer
        self.retry_after = "1"
        self.pause = 0
        self.watch_ends = False
        self.looks = 0           # until a check or a backup has ended
        self.copy = None         # the path of the backup that waits to be taken
        sound = {"sound": True, "rows": 3, "damage": 0, "set_aside": 0, "findings": []}
        self.tasks = {           # what they come to
            "/v1/admin/journal/check": {"ended_at": "2026-01-31T08:00:00.500Z", "fault": None,
                                        "result": sound},
            "/v1/admin/journal/backup": {"ended_at": "2026-01-31T08:00:00.500Z", "fault": None}}
        self.pages = {
            "/v1/admin/status": {
                "version": "0.1.0", "pid": 4711, "uptime_seconds": 11520,
                "counts": {"received": 1, "verified": 0, "pending": 1, "active": 17,
                           "rejected": 0, "cancelled": 0, "failed": 1},
                "oldest_pending": "2026-01-31T08:00:00.123Z", "next_due": None, "set_aside": 0,
                "journal": {"trouble": "the disk is full", "damage": 1, "unreadable": 0,
                            "checked_at": "2026-01-31T08:00:00.123Z"},
                "directories": [
                    {"name": "personnel", "up": True, "depth": 0, "trouble": ""},
                    {"name": "personnel/more", "up": True, "depth": 0, "trouble": "",
                     "stopped": "prove-identity: " + ESCAPE},
                    {"name": "accounts", "up": False, "depth": 12, "trouble": ESCAPE, "stopped": "add-entry: no"}],
                "queues": {"hash": 3, "journal": 0, "in_flight": 2}},
            "/v1/admin/schema": {"present": True, "missing": []},
            "/v1/admin/config": {"file": "/etc/musterd/musterd.conf",
                                 "text": "listen: {\n\tport = 8080;\n};\n"}}

    def start(self):
        self.server = Server(self.path, Handler)
        self.server.desk = self
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def stop(self):
        self.stopped.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
        os.unlink(self.path)

    def note(self, handler):
        with self.lock:
            self.requests.append((handler.command, handler.path))

    def find(self, name):
        return next((r for r in self.registrations if name in (r["id"], r["uid"])), None)

    def listed(self, query):
        wanted = dict(pair.split("=") for pair in query.split("&") if pair)
        found = [r for r in reversed(self.registrations)
                 if wanted.get("state") in (None, r["state"])
                 and (r["overdue"] or wanted.get("overdue") is None)]
        return found[:int(wanted.get("limit", 1000))]

    def begin(self, path):
        self.copy = None
        if path.endswith("backup"):
            self.copy = self.path + ".backup"
            with open(self.copy, "w") as file:
                file.write(JOURNAL)

    def task(self, path):
        if self.looks > 0:
            self.looks -= 1
            return {"running": True, "done": 100 - self.looks, "total": 100, "path": self.copy}
        return {"running": False, "done": 100, "total": 100, "path": self.copy, **self.tasks[path]}

    def told_later(self, table, body):
        with self.lock:
            left = table.get(body, 0)
            table[body] = left - 1
            return left > 0

    def unlock(self, handler, body):
        self.unlocks.append(body)
        if "id" in body and self.find(body["id"]) is None:
            return handler.problem(404, "not-found", "there is no such registration")
        return handler.answer(200, {"was": self.attempts})

    def register(self, handler, key, body):
        with self.lock:
            self.running += 1
            self.most = max(self.most, self.running)
        try:
            time.sleep(self.pause)
            if self.told_later(self.lost, body):
                handler.close_connection = True
                handler.connection.shutdown(socket.SHUT_RDWR)
                return
            if self.told_later(self.later, body):
                return handler.problem(503, "unavailable", "overloaded",
                                       [("Retry-After", self.retry_after)])
            self.answer_once(handler, key, body)
        finally:
            with self.lock:
                self.running -= 1

    def answer_once(self, handler, key, body):
        with self.lock:
            if key not in self.keys:
                self.keys[key] = (body, *self.first_answer(body))
            known, status, answer = self.keys[key]
        assert known == body
        handler.answer(status, answer)

    def first_answer(self, body):
        try:
            document = json.loads(body)
        except ValueError:
            return 400, {"type": "urn:musterd:problem:malformed", "title": "malformed",
                         "status": 400, "detail": "the body is no JSON"}
        if "identity" not in document:
            return 422, {"type": "urn:musterd:problem:invalid", "title": "invalid", "status": 422,
                         "errors": [{"pointer": "/identity", "code": "missing",
                                     "detail": "is missing"}]}
        made = registration(len(self.registrations) + 1, "received", uid=None)
        self.registrations.append(made)
        return 202, made
