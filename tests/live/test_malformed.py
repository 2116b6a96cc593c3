#!/usr/bin/env python3
"""What is no proper request is refused before any handler: each carries a good registration in its
body, and another one behind it for who would misread where it ends. Every answer is a problem with
an id, whatever follows it is never carried out, and in the end the journal is empty."""
import json
import socket
import urllib.parse

from live import JOHN, registration, run, sandbox

BODY = json.dumps(registration(JOHN)).encode()
SIZE = b"Content-Length: %d\r\n" % len(BODY)
LINE = b"POST /v1/registrations HTTP/1.1\r\n"
HOST, JSON = b"Host: musterd\r\n", b"Content-Type: application/json\r\n"


def head(line=LINE, host=HOST, auth=True, media=JSON, size=SIZE, more=b""):
    return lambda token: line + host + (token if auth else b"") + media + size + more + b"\r\n"


def post(body=BODY, **parts):
    made = head(**parts)
    return lambda token: made(token) + body


def sized(body, **parts):
    return post(body, size=b"Content-Length: %d\r\n" % len(body), **parts)


def get(target, method=b"GET"):
    return head(line=method + b" " + target + b" HTTP/1.1\r\n", media=b"", size=b"")


def raw(data):
    return lambda token: data


def swapped(old, new, **parts):
    made = post(**parts)
    return lambda token: made(token).replace(old, new, 1)


def line(text):
    return post(line=text + b"\r\n")


def more(text):
    return post(more=text)


CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
DEEP = b"[" * 40 + b"]" * 40

# Closed after the answer: nothing that follows could be told apart for sure.
CLOSED = [
    ("Content-Length twice, the same", more(SIZE), 400),
    ("Content-Length twice, the second 0", more(b"Content-Length: 0\r\n"), 400),
    ("Content-Length twice, the first 0", post(size=b"Content-Length: 0\r\n" + SIZE), 400),
    ("Content-Length with a sign", post(size=SIZE.replace(b": ", b": +")), 400),
    ("Content-Length below 0", post(size=b"Content-Length: -1\r\n"), 400),
    ("Content-Length as a list", post(size=SIZE.replace(b"\r", b", %d\r" % len(BODY))), 400),
    ("Content-Length in hex", post(size=b"Content-Length: 0x10\r\n"), 400),
    ("Content-Length of nothing", post(size=b"Content-Length:\r\n"), 400),
    ("Content-Length in two words", post(size=b"Content-Length: 1 0\r\n"), 400),
    ("Content-Length that wraps at 64 bits", post(size=b"Content-Length: %d\r\n" % (2**64 + len(BODY))), 400),
    ("Content-Length in quotes", post(size=b'Content-Length: "10"\r\n'), 400),
    ("Content-Length before white space", post(size=SIZE.replace(b":", b" :")), 400),
    ("Content-Length before a tab", post(size=SIZE.replace(b":", b"\t:")), 400),
    ("Content-Length folded", post(size=SIZE.replace(b": ", b":\r\n ")), 400),
    ("Content-Length beyond the bound", post(size=b"Content-Length: 99999999\r\n"), 413),
    ("Transfer-Encoding", post(CHUNKED, size=b"Transfer-Encoding: chunked\r\n"), 400),
    ("Transfer-Encoding beside Content-Length", more(b"Transfer-Encoding: chunked\r\n"), 400),
    ("Transfer-Encoding before Content-Length", post(size=b"Transfer-Encoding: chunked\r\n" + SIZE), 400),
    ("Transfer-Encoding that is none", more(b"Transfer-Encoding: identity\r\n"), 400),
    ("Transfer-Encoding of nothing", more(b"Transfer-Encoding:\r\n"), 400),
    ("Transfer-Encoding before white space", more(b"Transfer-Encoding : chunked\r\n"), 400),
    ("Transfer-Encoding in other letters", more(b"tRANSFER-eNCODING: xchunked\r\n"), 400),
    ("no Host", post(host=b""), 400),
    ("two Hosts", post(host=HOST + HOST), 400),
    ("an empty Host", post(host=b"Host:\r\n"), 400),
    ("a list of Hosts", post(host=b"Host: a, b\r\n"), 400),
    ("a Host with a path", post(host=b"Host: a/b\r\n"), 400),
    ("a Host with a user", post(host=b"Host: a@b\r\n"), 400),
    ("NUL in a value", more(b"X: a\0b\r\n"), 400),
    ("NUL in a name", more(b"X\0: a\r\n"), 400),
    ("NUL in the path", line(b"POST /v1/registrations\0x HTTP/1.1"), 400),
    ("NUL in Content-Length", post(size=SIZE.replace(b"\r", b"\0\r")), 400),
    ("a folded line", more(b"X: a\r\n b\r\n"), 400),
    ("a line folded by a tab", more(b"X: a\r\n\tContent-Length: 0\r\n"), 400),
    ("white space after the request line", post(line=LINE + b" "), 400),
    ("lines that end with LF", swapped(b"\r\n", b"\n"), 400),
    ("one line that ends with LF", more(b"X: a\nContent-Length: 0\r\n"), 400),
    ("the head's end of LF", swapped(b"\r\n\r\n", b"\r\n\n"), 400),
    ("CR within a line", more(b"X: a\rContent-Length: 0\r\n"), 400),
    ("a control character", more(b"X: a\x08b\r\n"), 400),
    ("DEL", more(b"X: a\x7fb\r\n"), 400),
    ("a field without a name", more(b": a\r\n"), 400),
    ("a field without a colon", more(b"Nonsense\r\n"), 400),
    ("a name with a space", more(b"X Y: a\r\n"), 400),
    ("a name with a bracket", more(b"X(: a\r\n"), 400),
    ("a name beyond ASCII", more("Ä: a\r\n".encode()), 400),
    ("two Authorizations", more(b"Authorization: Bearer other\r\n"), 400),
    ("two Content-Types", more(JSON), 400),
    ("two Idempotency-Keys", more(b"Idempotency-Key: a\r\nIdempotency-Key: b\r\n"), 400),
    ("two Expects", more(b"Expect: 100-continue\r\nExpect: 100-continue\r\n"), 400),
    ("an Expect that can't be met", more(b"Expect: 200-ok\r\n"), 400),
    ("101 fields", more(b"X: a\r\n" * 101), 431),
    ("a value of 100 kB", more(b"X: %s\r\n" % (b"a" * 100000)), 431),
    ("a path of 100 kB", line(b"POST /v1/%s HTTP/1.1" % (b"a" * 100000)), 431),
    ("a method of 100 kB", line(b"%s /v1/registrations HTTP/1.1" % (b"A" * 100000)), 431),
    ("HTTP/2.0", line(b"POST /v1/registrations HTTP/2.0"), 400),
    ("HTTP/1.2", line(b"POST /v1/registrations HTTP/1.2"), 400),
    ("HTTP/0.9", line(b"POST /v1/registrations"), 400),
    ("HTTP/01.1", line(b"POST /v1/registrations HTTP/01.1"), 400),
    ("HTTP/1.1 of 32 bits more", line(b"POST /v1/registrations HTTP/4294967297.1"), 400),
    ("http/1.1", line(b"POST /v1/registrations http/1.1"), 400),
    ("white space after the version", line(b"POST /v1/registrations HTTP/1.1 "), 400),
    ("two spaces before the path", line(b"POST  /v1/registrations HTTP/1.1"), 400),
    ("a tab before the path", line(b"POST\t/v1/registrations HTTP/1.1"), 400),
    ("a space before the method", line(b" POST /v1/registrations HTTP/1.1"), 400),
    ("a method that is no word", line(b"PO{ST /v1/registrations HTTP/1.1"), 400),
    ("an absolute URI", line(b"POST http://musterd/v1/registrations HTTP/1.1"), 400),
    ("a host for a path", line(b"CONNECT musterd:443 HTTP/1.1"), 400),
    ("a star for a path", line(b"OPTIONS * HTTP/1.1"), 400),
    ("a path without its slash", line(b"POST v1/registrations HTTP/1.1"), 400),
    ("a path with a space", line(b"POST /v1/registrations x HTTP/1.1"), 400),
    ("a path with a fragment", line(b"POST /v1/registrations#x HTTP/1.1"), 400),
    ("a path with a backslash", line(b"POST /v1\\registrations HTTP/1.1"), 400),
    ("a path beyond ASCII", line("POST /v1/registrations/ä HTTP/1.1".encode()), 400),
    ("%00 in a path", line(b"POST /v1/registrations%00 HTTP/1.1"), 400),
    ("%0d%0a in a path", line(b"POST /v1/registrations%0d%0aX:%20a HTTP/1.1"), 400),
    ("% and no digits", line(b"POST /v1/registrations%zz HTTP/1.1"), 400),
    ("% at the end", line(b"POST /v1/registrations% HTTP/1.1"), 400),
    ("a slash in overlong UTF-8", get(b"/v1/registrations/%c0%af"), 400),
    ("a surrogate in UTF-8", get(b"/v1/registrations/%ed%a0%80"), 400),
    ("%00 in a query", get(b"/v1/policy?a=%00"), 400),
    ("HTTP/2's preface", raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 400),
    ("TLS", raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), 400),
    ("nothing but empty lines", raw(b"\r\n\r\n"), 400),
    ("no token", post(auth=False), 401),
    ("another's token", post(auth=False, more=b"Authorization: Bearer other\r\n"), 401),
    ("HTTP/1.0 that does not ask to stay", head(line=b"GET /nothing HTTP/1.0\r\n", media=b"", size=b""), 404),
    ("Connection: close in a list", head(line=b"GET /nothing HTTP/1.1\r\n", media=b"", size=b"",
                                         more=b"Connection: te, close\r\n"), 404),
]

# Where it ends is sure: the portal's next request on the connection is answered.
KEPT = [
    ("an unknown path", post(line=b"POST /v1/nothing HTTP/1.1\r\n"), 404),
    ("the admin API", get(b"/v1/admin/status"), 404),
    ("two slashes", post(line=b"POST //v1/registrations HTTP/1.1\r\n"), 404),
    ("dots in a path", post(line=b"POST /v1/x/../registrations HTTP/1.1\r\n"), 404),
    ("%2e%2e in a path", get(b"/v1/registrations/%2e%2e"), 404),
    ("%2f in a path", get(b"/v1%2fpolicy"), 404),
    ("%2f in an id", get(b"/v1/registrations/x%2fevents"), 404),
    ("a path percent-encoded", get(b"/v1/%70olicy"), 404),
    ("a path in capitals", get(b"/V1/POLICY"), 404),
    ("a method in small letters", get(b"/v1/policy", b"get"), 405),
    ("HEAD", get(b"/v1/policy", b"HEAD"), 405),
    ("OPTIONS", get(b"/v1/policy", b"OPTIONS"), 405),
    ("TRACE", get(b"/v1/policy", b"TRACE"), 405),
    ("CONNECT", get(b"/v1/policy", b"CONNECT"), 405),
    ("PUT", post(line=b"PUT /v1/registrations HTTP/1.1\r\n"), 405),
    ("PATCH", post(line=b"PATCH /v1/registrations HTTP/1.1\r\n"), 405),
    ("a body of text", post(media=b"Content-Type: text/plain\r\n"), 415),
    ("a body of a form", post(media=b"Content-Type: application/x-www-form-urlencoded\r\n"), 415),
    ("a body of many parts", post(media=b"Content-Type: multipart/form-data; boundary=x\r\n"), 415),
    ("a body of a type nearly right", post(media=b"Content-Type: application/jsonx\r\n"), 415),
    ("a body of two types", post(media=b"Content-Type: application/json, text/plain\r\n"), 415),
    ("a body of no type", post(media=b""), 415),
    ("a body that is compressed", post(more=b"Content-Encoding: gzip\r\n"), 415),
    ("no body", post(b"", size=b""), 400),
    ("half a body", sized(BODY[:-1]), 400),
    ("a body and more", sized(BODY + b"x"), 400),
    ("two bodies", sized(BODY + BODY), 400),
    ("a key twice", sized(BODY[:-1] + b',"password":"A plain long sentence 8"}'), 400),
    ("a body 40 deep", sized(BODY[:-1] + b',"x":' + DEEP + b"}"), 400),
    ("a body with NUL", sized(BODY.replace(b"John", b"Jo\0n")), 400),
    ("a body with an escaped NUL", sized(BODY.replace(b"John", b"Jo\\u0000n")), 400),
    ("a body with half a pair", sized(BODY.replace(b"John", b"Jo\\ud800n")), 400),
    ("a body in Latin-1", sized(BODY.replace(b"John", b"J\xf6hn")), 400),
    ("a body in overlong UTF-8", sized(BODY.replace(b"John", b"J\xc1\xafhn")), 400),
    ("a body in UTF-16", sized(BODY.decode().encode("utf-16")), 400),
    ("a body behind a byte order mark", sized(b"\xef\xbb\xbf" + BODY), 400),
    ("a body with a noncharacter", sized(BODY.replace(b"John", "Jo\uffffhn".encode())), 400),
    ("a body with a bidi control", sized(BODY.replace(b"John", "Jo\u202ehn".encode())), 400),
    ("a body with a comment", sized(b"/* */" + BODY), 400),
    ("a body with a number beyond bounds", sized(b'{"x":' + b"9" * 400 + b"}"), 400),
]


def connect(box):
    api = urllib.parse.urlsplit(box.endpoints["api"])
    return socket.create_connection((api.hostname, api.port), 20)


def read_answer(reader, what, bodiless=False):
    """Status, fields and body of the next answer."""
    status = reader.readline()
    assert status.startswith(b"HTTP/1."), (what, status)
    fields = {}
    for text in iter(reader.readline, b"\r\n"):
        name, _, value = text.decode().partition(":")
        fields[name.lower()] = value.strip()
    body = b"" if bodiless else reader.read(int(fields["content-length"]))
    return int(status.split()[1]), fields, body


def check_problem(what, wanted, status, fields, body, bodiless):
    assert status == wanted, (what, status, body)
    assert fields["content-type"] == "application/problem+json", (what, fields)
    assert len(fields["x-request-id"]) == 36, (what, fields)
    assert "html" not in str(fields).lower(), (what, fields)
    if not bodiless:
        problem = json.loads(body)
        assert problem["status"] == wanted and problem["type"].startswith("urn:musterd:problem:"), (what, problem)
        assert "900-12-3456" not in body.decode() and "Quincy" not in body.decode(), (what, problem)


def ask(box, what, data, wanted, behind):
    """Sends it and what is to follow, and checks the answer; how the connection goes on."""
    connection = connect(box)
    try:
        connection.sendall(data + behind)
    except OSError:
        pass  # refused before it was all sent
    reader = connection.makefile("rb")
    bodiless = data.startswith(b"HEAD ")
    status, fields, body = read_answer(reader, what, bodiless)
    check_problem(what, wanted, status, fields, body, bodiless)
    return connection, reader, fields


def nothing_comes_past_the_gate():
    assert len(CLOSED) + len(KEPT) >= 40
    with sandbox(delay=1) as box:
        token = b"Authorization: Bearer " + box.endpoints["token"].encode() + b"\r\n"
        behind = post()(token)
        for what, make, wanted in CLOSED:
            connection, reader, fields = ask(box, what, make(token), wanted, behind)
            assert fields["connection"] == "close", (what, fields)
            try:
                rest = reader.read()
            except ConnectionResetError:
                rest = b""
            assert rest == b"", (what, rest)
            connection.close()
        policy = get(b"/v1/policy")(token)
        for what, make, wanted in KEPT:
            connection, reader, fields = ask(box, what, make(token), wanted, policy)
            assert "connection" not in fields, (what, fields)
            status, _, body = read_answer(reader, what)
            assert status == 200 and "agreement" in json.loads(body), (what, status, body)
            connection.close()
        listed = box.musterctl("--json", "list")
        assert listed.returncode == 0 and listed.stdout.strip() in ("", "[]"), listed
        assert box.accounts() == [] and box.claims() == []
        # The very same that was behind each of them is carried out when it stands alone, once.
        connection = connect(box)
        connection.sendall(behind)
        status, _, body = read_answer(connection.makefile("rb"), "a good one")
        assert status == 202 and json.loads(body)["uid"] == "john.q.doe", (status, body)
        connection.close()


def odd_but_right_requests_pass():
    with sandbox(delay=1) as box:
        token = b"Authorization: Bearer " + box.endpoints["token"].encode() + b"\r\n"
        for what, data in [
                ("an upgrade that is not wanted", head(
                    line=b"GET /v1/policy HTTP/1.1\r\n", media=b"", size=b"",
                    more=b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQ\r\n")),
                ("an empty line before", lambda token: b"\r\n" + get(b"/v1/policy")(token)),
                ("100 fields", head(line=b"GET /v1/policy HTTP/1.1\r\n", media=b"", size=b"", more=b"X: a\r\n" * 98)),
                ("values beyond ASCII", head(line=b"GET /v1/policy HTTP/1.1\r\n", media=b"", size=b"",
                                             more="X: ä\r\n".encode())),
                ("names in capitals", lambda token: get(b"/v1/policy")(token).replace(b"Host", b"HOST"))]:
            connection = connect(box)
            connection.sendall(data(token) * 2)
            reader = connection.makefile("rb")
            for _ in range(2):
                status, _, body = read_answer(reader, what)
                assert status == 200, (what, status, body)
            connection.close()


run(nothing_comes_past_the_gate, odd_but_right_requests_pass)
