#!/usr/bin/env python3
"""What a portal is told can be used as it is: a check's names fill a registration, a text area's
lines are taken, and an event comes once a change."""
import http.client
import json
import urllib.parse

from live import JOHN, registration, run, sandbox


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


run(one_event_a_change, a_check_fills_a_registration, lines_of_a_text_area)
