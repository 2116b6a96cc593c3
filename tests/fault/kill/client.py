"""The client: people who register, some of whom change their mind, and who ask again until they are
answered, with the same key. What was sent, answered and seen goes into a history, a line each."""
import json
import random
import threading
import time

from ground import can_bind, person, rfc3339
from live import PASSWORD, registration

ENDED = ("active", "rejected", "cancelled", "failed")
PLANS = {"stay": 6, "withdraw": 6, "repeat": 2, "twins": 2, "again": 1}
ACTORS = 6


class Client:
    def __init__(self, box, seed, path):
        self.box = box
        self.seed = seed
        self.history = open(path, "w")
        self.lock = threading.Lock()
        self.numbers = iter(range(10**6))
        self.served = []    # people who had an answer
        self.sent = {}      # key: POSTs that are on their way
        self.known = set()  # ids that were told
        self.waiting = {}   # uid: when it may become active
        self.rounds = 0     # answers, of any kind
        self.busy = 0       # actors at work
        self.quiet = self.stopping = False
        self.fault = None

    def note(self, what, **more):
        with self.lock:
            self.history.write(json.dumps({"at": time.time(), "what": what, **more}) + "\n")

    def call(self, method, path, body=None, key=None, **more):
        """Until it is answered; 503 promises that nothing was kept, or that it can be asked again."""
        while True:
            self.note("sent", call=method, key=key, **more)
            try:
                status, answer, _ = self.box.call(method, path, body, key)
            except OSError:
                self.note("lost", call=method, key=key, **more)
                time.sleep(0.01)
                continue
            self.rounds += 1
            self.note("answer", call=method, key=key, status=status, **more,
                      **{name: answer.get(name) for name in ("id", "state", "uid", "activates_at") if answer})
            if status != 503:
                return status, answer
            time.sleep(0.02)

    def post(self, number, key):
        self.sent[key] = number
        status, answer = self.call("POST", "/v1/registrations", registration(person(number)), key, person=number)
        del self.sent[key]
        if status != 202:
            assert status == 409, (status, answer)
            return None
        self.known.add(answer["id"])
        if answer["state"] == "pending":
            self.waiting[answer["uid"]] = answer["activates_at"]
        return answer["id"]

    def follow(self, ident):
        while True:
            status, answer = self.call("GET", f"/v1/registrations/{ident}", ident=ident)
            assert status in (200, 404), (status, answer)
            if status == 404 or answer["state"] in ENDED:
                return
            if answer["state"] == "pending":
                self.waiting[answer["uid"]] = answer["activates_at"]
                time.sleep(max(0, rfc3339(answer["activates_at"]) - time.time()))
            time.sleep(0.1)

    def twins(self, number, key):
        """Two at once for one person: one of them is too many."""
        other = threading.Thread(target=self.guard, args=(self.register, number, key + "-twin"))
        other.start()
        self.register(number, key)
        other.join()

    def register(self, number, key):
        ident = self.post(number, key)
        if ident:
            self.follow(ident)

    def course(self, chance, key):
        plan = chance.choices(list(PLANS), PLANS.values())[0]
        with self.lock:
            number = chance.choice(self.served) if plan == "again" and self.served else next(self.numbers)
        if plan == "twins":
            self.twins(number, key)
            return
        ident = self.post(number, key)
        with self.lock:
            self.served.append(number)
        if ident and plan == "repeat":
            self.post(number, key)
        elif ident and plan == "withdraw":
            time.sleep(chance.uniform(0, 1.8))
            status, _ = self.call("DELETE", f"/v1/registrations/{ident}", ident=ident)
            assert status in (204, 404, 409), status
        if ident:
            self.follow(ident)

    def guard(self, act, *arguments):
        try:
            act(*arguments)
        except BaseException as fault:
            self.fault = fault
            raise

    def act(self, actor):
        chance, course = random.Random(f"{self.seed} {actor}"), 0
        while not self.stopping:
            if self.quiet:
                time.sleep(0.02)
                continue
            course += 1
            with self.lock:
                self.busy += 1
            self.guard(self.course, chance, f"{actor}-{course}")
            with self.lock:
                self.busy -= 1

    def probe(self):
        """Tries to log in where it is too early for it."""
        base, port = self.box.endpoints["accounts_base"], self.box.slapds["accounts"].port
        while not self.stopping:
            for uid, due in list(self.waiting.items()):
                try:
                    bound = can_bind(port, f"uid={uid},{base}", PASSWORD)
                except OSError:
                    continue
                if bound:
                    self.note("bound", uid=uid, activates_at=due)
                    self.waiting.pop(uid, None)
            time.sleep(0.05)

    def start(self):
        targets = [(self.act, (actor,)) for actor in range(ACTORS)] + [(self.guard, (self.probe,))]
        self.threads = [threading.Thread(target=target, args=arguments, daemon=True) for target, arguments in targets]
        for thread in self.threads:
            thread.start()

    def finish(self, seconds):
        """Begins nothing new, and sees everything to its end."""
        self.stopping = True
        end = time.monotonic() + seconds
        for thread in self.threads:
            thread.join(max(0, end - time.monotonic()))
        assert not any(thread.is_alive() for thread in self.threads), "something never came to an end"
        assert self.fault is None, self.fault
        self.history.close()
