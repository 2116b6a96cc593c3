#!/usr/bin/env python3
"""What a portal is told can be used as it is: a check's names fill a registration, a text area's
lines are taken, and an event comes once a change."""
import gzip
import http.client
import json
import subprocess
import threading
import urllib.parse

from live import JOHN, MUSTERCTL, registration, run, sandbox, until


def events(box, ident):
    """The registrations of the stream's events, until the daemon ends it."""
    api = urllib.parse.urlsplit(box.endpoints["api"])
    connection = http.client.HTTPConnection(api.hostname, api.port, timeout=20)
    connection.request("GET", f"/v1/registrations/{ident}/events",
                       headers={"Authorization": "Bearer " + box.endpoints["token"]})
    text = connection.getresponse().read().decode()
    connection.close()
    return [json.loads(line[5:]) for line in text.splitlines() if line.startswith("data:")]


def one_event_a_change():
    with sandbox(delay=2) as box:
        ident = box.register(JOHN)[1]["id"]
        seen = events(box, ident)
        assert [event["state"] for event in seen] == ["pending", "active"], seen
        assert seen[-1] == box.get(ident), seen[-1]


def watch_shows_each_state_once():
    with sandbox(delay=1) as box:
        watch = subprocess.Popen([MUSTERCTL, "-s", box.endpoints["admin_socket"], "--json", "watch"],
                                 stdout=subprocess.PIPE, text=True)
        seen = []
        reader = threading.Thread(target=lambda: seen.extend(iter(watch.stdout.readline, "")))
        reader.start()
        try:
            nobody = iter(range(20))
            until(lambda: seen or box.register(dict(JOHN, ssn=f"900-99-00{next(nobody):02}")) is None, 20,
                  "the stream's beginning")
            ident = box.register(JOHN)[1]["id"]
            until(lambda: any('"active"' in line for line in seen), 20, "the activation's line")
        finally:
            watch.terminate()
            watch.wait(10)
            reader.join(10)
        states = [event["state"] for event in map(json.loads, seen) if event["id"] == ident]
        assert states == ["received", "verified", "pending", "active"], states


def compressed_bodies_are_not_taken():
    with sandbox(delay=1) as box:
        api = urllib.parse.urlsplit(box.endpoints["api"])
        connection = http.client.HTTPConnection(api.hostname, api.port, timeout=10)
        connection.request("POST", "/v1/identity-checks", gzip.compress(b"{}"), {
            "Authorization": "Bearer " + box.endpoints["token"], "Content-Type": "application/json",
            "Content-Encoding": "gzip"})
        answer = connection.getresponse()
        problem = json.loads(answer.read())
        connection.close()
        assert answer.status == 415 and problem["type"].endswith(":unsupported-media-type"), problem


def a_check_fills_a_registration():
    with sandbox(delay=1) as box:
        body = registration(JOHN)
        status, check, _ = box.call("POST", "/v1/identity-checks", {"identity": body["identity"]})
        assert status == 200, check
        assert check["legal_name"] == JOHN["name"], check
        assert check["organization"] == {"unit": "Materiel Command", "title": "Budget Analyst"}, check
        # Kevin has no suffix: it is not there
        kevin = {"ssn": "914121026", "birth_date": "1989-08-07", "pay_entry_base_date": "2011-09-25"}
        status, check, _ = box.call("POST", "/v1/identity-checks", {"identity": kevin})
        assert status == 200 and "suffix" not in check["legal_name"], check
        body.update(identity=kevin, legal_name=check["legal_name"], organization=check["organization"])
        status, answer, _ = box.call("POST", "/v1/registrations", body)
        assert status == 202 and answer["uid"] == "kevin.z.brown", answer


def lines_of_a_text_area():
    with sandbox(delay=1) as box:
        address = "1 Main Street\r\nSpringfield"
        status, problem, _ = box.register(JOHN, contact__external_mail="a@example.org\r\nBcc: b@example.org")
        assert status == 422, problem
        assert [fault["pointer"] for fault in problem["errors"]] == ["/contact/external_mail"], problem
        status, answer, _ = box.register(JOHN, contact__postal_address=address)
        assert status == 202, answer


run(one_event_a_change, watch_shows_each_state_once, compressed_bodies_are_not_taken, a_check_fills_a_registration, lines_of_a_text_area)
