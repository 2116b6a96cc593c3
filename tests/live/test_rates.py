#!/usr/bin/env python3
"""Rates: a portal that asks too much is answered 429 and nobody else is; guessing is slowed down long
before honest use is; strangers use up nothing but their own; a reload counts at once.

Buckets fill by the clock while the test runs, and slow machines give them time: what is admitted
is held against the burst and the time that has passed, never against the clock alone.
"""
import json
import time

from live import JOHN, registration, run, sandbox, until
from portals import Client, Configuration, Portal, is_problem, log_lines

PATIENCE = 100  # requests


class Meter:
    """How many requests of a kind were admitted, and how many may have been."""

    def __init__(self, burst, per_second):
        self.burst, self.per_second = burst, per_second
        self.begin = time.monotonic()
        self.admitted = 0

    def most(self):
        return self.burst + self.per_second * (time.monotonic() - self.begin) + 1

    def until_refused(self, send, status, name="rate-limited"):
        """Sends until the first 429; returns it."""
        for _ in range(PATIENCE):
            answer = send()
            if answer[0] == 429:
                assert is_problem(answer, 429, name), answer
                assert self.admitted <= self.most(), (self.admitted, self.most())
                return answer
            assert answer[0] == status, answer
            self.admitted += 1
        raise AssertionError(f"{PATIENCE} requests and no end: {self.most()} at most")


def retry_after(answer, most):
    """Whole seconds, and not for nothing."""
    text = answer[2]["Retry-After"]
    assert text.isdigit() and 1 <= int(text) <= most, answer
    return int(text)


class Guesses:
    """Proofs that fail, each with another identifier, so that none of these is locked."""

    def __init__(self):
        self.number = 0

    def identity(self):
        self.number += 1
        return {"ssn": f"901-{self.number // 9000 + 10:02d}-{self.number % 9000 + 1000}",
                "birth_date": f"19{60 + self.number % 30}-03-{self.number % 28 + 1:02d}"}

    def check(self, client):
        return client.call("POST", "/v1/identity-checks", {"identity": self.identity()})

    def registration(self, client, **headers):
        body = registration(JOHN)
        body["identity"] = self.identity()
        return client.call("POST", "/v1/registrations", body, **headers)


def status_of(box, portal):
    out = box.musterctl("--json", "status")
    assert out.returncode == 0, out
    return next(p for p in json.loads(out.stdout)["portals"] if p["portal"] == portal)


def too_many_requests():
    busy, calm = Portal("busy", rate=1, burst=5), Portal("calm")
    with sandbox(delay=1) as box:
        Configuration(box).set([busy, calm])
        client, other = Client(box, busy), Client(box, calm)
        meter = Meter(5, 1)
        policy = lambda: client.call("GET", "/v1/policy")
        answer = meter.until_refused(policy, 200)
        assert meter.admitted >= 5, meter.admitted
        assert retry_after(answer, 1) == 1
        # whatever it asks for, before anything of it is read
        meter.until_refused(lambda: client.call("POST", "/v1/registrations", b"{"), 400)
        meter.until_refused(lambda: client.call("POST", "/v1/registrations", registration(JOHN)), 409)
        meter.until_refused(lambda: client.call("DELETE", "/v1/registrations/none"), 404)
        # how the daemon is can be asked as ever, and others are not concerned
        for _ in range(20):
            assert client.call("GET", "/healthz")[0] == client.call("GET", "/readyz")[0] == 200
            assert other.call("GET", "/v1/policy")[0] == 200
        until(lambda: policy()[0] == 200, 20, "another token")
        # the admin socket has no rate
        assert box.musterctl("submit", "-", text=(json.dumps(registration(JOHN)) + "\n") * 30).returncode in (0, 1)
        for _ in range(10):
            assert status_of(box, "calm")["refused"] == 0
        assert status_of(box, "busy")["refused"] >= 4
        shown = box.musterctl("status").stdout
        assert "busy" in shown and "over the rate" in shown, shown
        assert len(log_lines(box, "portal busy: too many requests")) == 1


def all_portals_together():
    one, two = Portal("one"), Portal("two")
    with sandbox(delay=1) as box:
        Configuration(box).set([one, two], ("    rate = 20000; burst = 100000; failure_rate = 60000; "
                                            "failure_burst = 100000;\n", "    rate = 1; burst = 6;\n"))
        clients = [Client(box, one), Client(box, two)]
        meter = Meter(6, 1)
        for client in clients * 3:
            meter.until_refused(lambda: client.call("GET", "/v1/policy"), 200)
        assert meter.admitted >= 6


def guessing_is_slowed_down_apart():
    clumsy, honest = Portal("clumsy", failure_rate=1, failure_burst=4), Portal("honest")
    guesses = Guesses()
    with sandbox(delay=300) as box:
        Configuration(box).set([clumsy, honest])
        client, other = Client(box, clumsy), Client(box, honest)
        kept = client.call("POST", "/v1/registrations", registration(JOHN))
        assert kept[0] == 202, kept
        # what is wrong in form, or only proved again, is no guess
        for _ in range(10):
            assert is_problem(client.call("POST", "/v1/registrations", registration(JOHN, password="short")), 422,
                              "invalid")
            assert is_problem(client.call("POST", "/v1/registrations", registration(JOHN)), 409, "account-exists")
        # nor is an answer that is given again
        meter = Meter(4, 1 / 60)
        wrong = registration(JOHN)
        wrong["identity"] = guesses.identity()
        for _ in range(10):
            assert is_problem(client.call("POST", "/v1/registrations", wrong, Idempotency_Key="a guess"), 422,
                              "identity-not-verified")
        meter.admitted = 1
        assert is_problem(guesses.registration(client), 422, "identity-not-verified")
        meter.admitted = 2
        answer = meter.until_refused(lambda: guesses.check(client), 422)
        assert meter.admitted >= 4, meter.admitted
        assert retry_after(answer, 60) > 1
        # nothing that could be a guess, right or wrong; all else as ever
        right = {"identity": {"ssn": JOHN["ssn"], "birth_date": JOHN["birth"], "pay_entry_base_date": JOHN["pebd"]}}
        for answer in (client.call("POST", "/v1/identity-checks", right),
                       client.call("POST", "/v1/registrations", registration(JOHN)),
                       client.call("POST", "/v1/registrations", b"{")):
            assert is_problem(answer, 429, "rate-limited"), answer
        assert client.call("GET", kept[2]["Location"])[0] == 200
        assert client.call("GET", "/v1/policy")[0] == 200
        assert other.call("POST", "/v1/identity-checks", right)[0] == 200
        assert guesses.check(other)[0] == 422
        assert client.call("DELETE", kept[2]["Location"])[0] == 204
        seen = status_of(box, "clumsy")
        assert seen["failures"] == meter.admitted and seen["refused"] >= 4, seen
        assert len(log_lines(box, "portal clumsy: too many failed proofs")) == 1


def at_once(box, portal, bodies):
    """All sent before the first answer is read; the statuses."""
    clients = [Client(box, portal) for _ in bodies]
    for client, body in zip(clients, bodies):
        client.connection.request("POST", "/v1/identity-checks", json.dumps(body),
                                  {**client.headers, "Content-Type": "application/json"})
    return [client.connection.getresponse().status for client in clients]


def many_guesses_at_once_are_paid_for():
    """They come in before the first of them has failed: what was too much is owed."""
    portals = [Portal(f"hasty{number}", failure_rate=30, failure_burst=2) for number in range(10)]
    guesses = Guesses()
    with sandbox(delay=300) as box:
        Configuration(box).set(portals)
        for portal in portals:
            begin = time.monotonic()
            statuses = at_once(box, portal, [{"identity": guesses.identity()} for _ in range(20)])
            failed = statuses.count(422)
            assert failed + statuses.count(429) == 20 and failed >= 2, statuses
            if failed > 4:
                break
        assert failed > 4, "never more than a few at once"
        # each two seconds pay for one
        answer = guesses.check(Client(box, portal))
        assert is_problem(answer, 429, "rate-limited"), answer
        least = 2 * (failed - 1) - (time.monotonic() - begin)
        assert least - 1 <= retry_after(answer, 60) <= 2 * (failed - 1), (failed, answer)


def a_verdict_that_comes_later_counts():
    late = Portal("late", failure_rate=1, failure_burst=2)
    guesses = Guesses()
    with sandbox(delay=300) as box:
        Configuration(box).set([late], ("spray_failures = 0;", "spray_failures = 0; answer_wait_ms = 0;"))
        client = Client(box, late)
        for _ in range(2):
            answer = guesses.registration(client)
            assert answer[0] == 202, answer
            until(lambda: client.call("GET", answer[2]["Location"])[1]["state"] == "rejected", 20, "the verdict")
        Meter(1, 1 / 60).until_refused(lambda: guesses.registration(client), 202)
        assert status_of(box, "late")["failures"] >= 2


def failures_of_all_portals_together():
    one, two, three = (Portal(name, rate=0, failure_rate=0) for name in ("one", "two", "three"))
    guesses = Guesses()
    with sandbox(delay=300) as box:
        Configuration(box).set([one, two, three], (
            "    rate = 20000; burst = 100000; failure_rate = 60000; failure_burst = 100000;\n",
            "    failure_rate = 1; failure_burst = 4;\n"))
        meter = Meter(4, 1 / 60)
        for portal in (one, two):
            client = Client(box, portal)
            for _ in range(2):
                assert guesses.check(client)[0] == 422
                meter.admitted += 1
        for portal in (one, two, three):
            client = Client(box, portal)
            answer = meter.until_refused(lambda: guesses.check(client), 422)
            retry_after(answer, 60)
            assert client.call("GET", "/v1/policy")[0] == 200


def strangers_use_up_their_own():
    known = Portal("known", rate=1, burst=50)
    with sandbox(delay=1) as box:
        Configuration(box).set([known], ("stranger_rate = 60000; stranger_burst = 100000;",
                                         "stranger_rate = 1; stranger_burst = 5;"))
        client = Client(box, known)
        meter = Meter(5, 1 / 60)
        answer = meter.until_refused(lambda: box.call("GET", "/v1/policy", token="wrong"), 401)
        assert meter.admitted >= 5
        assert retry_after(answer, 60) > 1 and answer[2]["WWW-Authenticate"] is None, answer
        for token in (None, "other"):
            meter.until_refused(lambda: box.call("POST", "/v1/registrations", registration(JOHN), token=token), 401)
            assert box.call("GET", "/healthz", token=token)[0] == box.call("GET", "/readyz", token=token)[0] == 200
        assert client.call("GET", "/v1/policy")[0] == 200
        assert status_of(box, None)["refused"] >= 3
        assert status_of(box, "known")["refused"] == 0
        assert "(none known)" in box.musterctl("status").stdout
        assert len(log_lines(box, "without the credential of a portal")) == 1


def a_reload_keeps_what_was_spent():
    portal = Portal("steady", failure_rate=1, failure_burst=3)
    guesses = Guesses()
    with sandbox(delay=300) as box:
        configuration = Configuration(box)
        configuration.set([portal])
        client = Client(box, portal)
        meter = Meter(3, 1 / 60)
        guess = lambda: guesses.check(client)
        meter.until_refused(guess, 422)
        # with another before it in the list: as empty as before
        configuration.set([Portal("new", failure_rate=1, failure_burst=3), portal])
        meter.until_refused(guess, 422)
        # two more, and no more than these
        portal.keys["failure_burst"] = meter.burst = 5
        configuration.set([portal])
        meter.until_refused(guess, 422)
        assert meter.admitted >= 5, meter.admitted
        # without a limit; and with one that holds less than was spent: no longer than that takes
        portal.keys["failure_rate"] = 0
        configuration.set([portal])
        for _ in range(10):
            assert guess()[0] == 422
        portal.keys.update(failure_rate=1, failure_burst=1)
        configuration.set([portal])
        answer = Meter(1, 1 / 60).until_refused(guess, 422)
        retry_after(answer, 60)
        # a file with a fault changes nothing
        portal.keys["failure_burst"] = 0
        configuration.set([portal], says="reload refused")
        assert len(log_lines(box, "failure_burst")) > 0
        Meter(1, 1 / 60).until_refused(guess, 422)


def the_sandbox_is_generous():
    """A test client's 1,000 failures and hundreds of requests a second, as promised."""
    guesses = Guesses()
    with sandbox(delay=300) as box:
        portal = Portal("own", rights=())
        portal.token = box.endpoints["token"]
        for _ in range(20):
            statuses = at_once(box, portal, [{"identity": guesses.identity()} for _ in range(50)])
            assert statuses == [422] * 50, statuses
        client, stranger = Client(box, portal), Client(box)
        for _ in range(1000):
            assert client.call("GET", "/v1/policy")[0] == 200
            assert stranger.call("GET", "/v1/policy")[0] == 401
        assert status_of(box, "sandbox") == {"portal": "sandbox", "failures": 1000, "refused": 0}


run(too_many_requests, all_portals_together, guessing_is_slowed_down_apart, many_guesses_at_once_are_paid_for,
    a_verdict_that_comes_later_counts, failures_of_all_portals_together, strangers_use_up_their_own,
    a_reload_keeps_what_was_spent, the_sandbox_is_generous)
