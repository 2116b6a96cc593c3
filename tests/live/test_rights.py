#!/usr/bin/env python3
"""Every route × every right × every kind of credential; and a portal's registrations are its own.

The routes are read from the daemon's own table, so that one that is added without a line here fails.
"""
import json
import os
import re
import uuid

from live import JOHN, registration, run, sandbox, until
from portals import RIGHTS, Client, Configuration, Portal, is_problem

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "src")
ID = str(uuid.uuid4())
OPEN = "open"
ANY = "any"  # whoever is a known portal

# method, route, the right, a path and a body to try it with, what an admitted one is answered
ROUTES = [
    ("POST", "/v1/registrations", "register", "/v1/registrations", {}, 422),
    ("GET", "/v1/registrations/{id}", "status", f"/v1/registrations/{ID}", None, 404),
    ("DELETE", "/v1/registrations/{id}", "cancel", f"/v1/registrations/{ID}", None, 404),
    ("GET", "/v1/registrations/{id}/events", "status", f"/v1/registrations/{ID}/events", None, 404),
    ("POST", "/v1/identity-checks", "identity-check", "/v1/identity-checks", {}, 422),
    ("GET", "/v1/policy", ANY, "/v1/policy", None, 200),
    ("GET", "/healthz", OPEN, "/healthz", None, 200),
    ("GET", "/readyz", OPEN, "/readyz", None, 200),
]

SETS = [(right,) for right in RIGHTS] + [tuple(r for r in RIGHTS if r != right) for right in RIGHTS] + [RIGHTS]
PORTALS = {rights: Portal(f"set{number}", rights) for number, rights in enumerate(SETS)}

# What a request shows of a portal, and whether it is to be taken for that portal. A client's certificate is one
# more kind: a line here, with what the connection needs.
CREDENTIALS = [
    ("the portal's token", lambda token: {"Authorization": f"Bearer {token}"}, True),
    ("the scheme in other case (RFC 9110 section 11.1)", lambda token: {"Authorization": f"bEARER {token}"}, True),
    ("nothing", lambda token: {}, False),
    ("another token", lambda token: {"Authorization": "Bearer " + "A" * len(token)}, False),
    ("a part of the token", lambda token: {"Authorization": f"Bearer {token[:-1]}"}, False),
    ("more than the token", lambda token: {"Authorization": f"Bearer {token}A"}, False),
    ("two tokens", lambda token: {"Authorization": f"Bearer {token} {token}"}, False),
    ("two tokens with a comma", lambda token: {"Authorization": f"Bearer {token},{token}"}, False),
    ("the token in other case", lambda token: {"Authorization": f"Bearer {token.swapcase()}"}, False),
    ("no token", lambda token: {"Authorization": "Bearer"}, False),
    ("an empty token", lambda token: {"Authorization": "Bearer "}, False),
    ("a token without a scheme", lambda token: {"Authorization": token}, False),
    ("no space between them", lambda token: {"Authorization": f"Bearer{token}"}, False),
    ("an empty value", lambda token: {"Authorization": ""}, False),
    ("another scheme", lambda token: {"Authorization": f"Basic {token}"}, False),
    ("the token in another header", lambda token: {"X-Authorization": f"Bearer {token}"}, False),
    ("the token as a cookie", lambda token: {"Cookie": f"Authorization=Bearer {token}"}, False),
]


def rows_of_source(name):
    with open(os.path.join(SOURCE, name)) as file:
        return re.findall(r'\{"([A-Z]+)",\s*"(/[^"]*)",\s*(\w+),', file.read())


def the_table_is_the_daemons():
    words = {"HTTP_OPEN": OPEN, "0": ANY}
    words.update({"CONF_RIGHT_" + right.upper().replace("-", "_"): right for right in RIGHTS})
    found = {(method, path, words[right]) for method, path, right in rows_of_source("intake/intake.c")}
    assert found == {row[:3] for row in ROUTES}, found.symmetric_difference({row[:3] for row in ROUTES})
    # and the daemon serves no other table in public
    for folder, _, names in os.walk(SOURCE):
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), SOURCE)
            if name.endswith(".c") and rows_of_source(path):
                assert path in ("intake/intake.c", "admin/admin.c"), path
    with open(os.path.join(SOURCE, "conf", "rows.c")) as file:
        rights = re.findall(r'\{"([a-z-]+)", CONF_RIGHT_', file.read())
    assert sorted(rights) == sorted(RIGHTS), rights


def expected(right, known, rights, admitted):
    if right == OPEN:
        return admitted
    if not known:
        return 401
    return admitted if right == ANY or right in rights else 403


def every_route_right_and_credential():
    tried = 0
    with sandbox(delay=3) as box:
        Configuration(box).set(PORTALS.values())
        client = Client(box)
        for rights, portal in PORTALS.items():
            for what, headers, known in CREDENTIALS:
                for method, _, right, path, body, admitted in ROUTES:
                    answer = client.call(method, path, body, **headers(portal.token))
                    where = (method, path, what, rights, answer)
                    assert answer[0] == expected(right, known, rights, admitted), where
                    assert answer[2]["X-Request-Id"], where
                    if answer[0] == 401:
                        assert is_problem(answer, 401, "unauthenticated"), where
                        assert answer[2]["WWW-Authenticate"] == "Bearer", where
                    if answer[0] == 403:
                        assert is_problem(answer, 403, "forbidden"), where
                    tried += 1
        client.close()
        all_rights_reach_no_admin(box)
    print(f"     {tried} requests")


def all_rights_reach_no_admin(box):
    """The admin API's routes are those of its socket alone."""
    client = Client(box, PORTALS[RIGHTS])
    routes = rows_of_source("admin/admin.c")
    assert len(routes) > 10
    for method, path, _ in routes:
        answer = client.call(method, path.replace("{id}", ID).replace("{verb}", "activate"))
        assert is_problem(answer, 404, "not-found"), (method, path, answer)
    client.close()


def a_certificate_needs_its_own_right():
    """register alone may not say who the person is by a card; the right alone may not register."""
    both = ("register", "assert-certificate")
    portals = {rights: Portal(f"card{number}", rights) for number, rights in enumerate([both, both[:1], both[1:]])}
    with sandbox(delay=3) as box:
        Configuration(box).set(portals.values())
        for certificate in ("-----BEGIN CERTIFICATE-----", "", None, 1):
            body = registration(JOHN, certificate=certificate)
            for rights, portal in portals.items():
                answer = Client(box, portal).call("POST", "/v1/registrations", body)
                assert answer[0] == (422 if rights == both else 403), (certificate, rights, answer)
        assert box.accounts() == []


def as_told(answer):
    """But for what is another with each request."""
    return answer[0], answer[1], [h for h in answer[2].items() if h[0] not in ("X-Request-Id", "Date")]


def a_portal_sees_its_own_alone():
    mine, other = Portal("mine"), Portal("other")
    with sandbox(delay=300) as box:
        Configuration(box).set([mine, other])
        my, their = Client(box, mine), Client(box, other)
        answer = my.call("POST", "/v1/registrations", registration(JOHN), Idempotency_Key="one key")
        assert answer[0] == 202, answer
        path = answer[2]["Location"]
        until(lambda: my.call("GET", path)[1]["state"] == "pending", 20, "the entry")
        for method, end in (("GET", ""), ("DELETE", ""), ("GET", "/events")):
            got = their.call(method, path + end)
            nothing = their.call(method, f"/v1/registrations/{ID}{end}")
            assert is_problem(got, 404, "not-found") and as_told(got) == as_told(nothing), (method, end, got, nothing)
        assert my.call("GET", path)[1]["state"] == "pending"
        # the same key is another one at another portal, and the same one at its own
        again = my.call("POST", "/v1/registrations", registration(JOHN), Idempotency_Key="one key")
        assert again[0] == 202 and again[1]["id"] == answer[1]["id"], again
        changed = registration(JOHN, contact__phone="+1 555 0101")
        assert is_problem(my.call("POST", "/v1/registrations", changed, Idempotency_Key="one key"), 422,
                          "idempotency-mismatch")
        theirs = their.call("POST", "/v1/registrations", changed, Idempotency_Key="one key")
        assert is_problem(theirs, 409, "account-exists"), theirs
        listed = [json.loads(line)["portal"] for line in box.musterctl("--json", "list").stdout.splitlines()]
        assert sorted(listed) == ["mine", "other"], listed
        assert my.call("DELETE", path)[0] == 204
        my.close()
        their.close()


def what_came_by_the_admin_socket_is_no_portals():
    with sandbox(delay=300) as box:
        out = box.musterctl("--json", "submit", "-", text=json.dumps(registration(JOHN)) + "\n")
        assert out.returncode == 0, out
        ident = json.loads(box.musterctl("--json", "list").stdout.splitlines()[0])["id"]
        for method, end in (("GET", ""), ("DELETE", ""), ("GET", "/events")):
            answer = box.call(method, f"/v1/registrations/{ident}{end}")
            assert is_problem(answer, 404, "not-found"), answer


def a_reload_counts_at_once():
    """Also on a connection that is open, and for a portal that is there no more."""
    portal = Portal("changing", ["status"])
    with sandbox(delay=3) as box:
        configuration = Configuration(box)
        configuration.set([portal])
        client = Client(box, portal)
        path = f"/v1/registrations/{ID}"
        assert client.call("GET", path)[0] == 404
        assert client.call("DELETE", path)[0] == 403
        portal.rights = ("cancel",)
        configuration.set([portal])
        assert client.call("GET", path)[0] == 403
        assert client.call("DELETE", path)[0] == 404
        old, portal.token = portal.token, "another token"
        configuration.set([portal])
        assert client.call("DELETE", path)[0] == 401
        assert Client(box, portal).call("DELETE", path)[0] == 404
        configuration.set([])
        assert Client(box, portal).call("DELETE", path)[0] == 401
        portal.token = old
        assert Client(box, portal).call("DELETE", path)[0] == 401
        client.close()


run(the_table_is_the_daemons, every_route_right_and_credential, a_certificate_needs_its_own_right,
    a_portal_sees_its_own_alone, what_came_by_the_admin_socket_is_no_portals,
    a_reload_counts_at_once)
