#!/usr/bin/env python3
"""Smart cards: a good one is accepted and may stand in for a pay entry base date; another person's
never passes; whatever is wrong with one is told to the helpdesk, and to nobody else."""
import hashlib
import json
import os
import signal
import socket
import subprocess

from live import JOHN, MUSTERD, registration, run, sandbox, skip_without, until

TOKEN = "a portal that may send cards"
MAKE_PKI = os.path.join(os.environ.get("srcdir", os.path.join(os.path.dirname(__file__), "..", "..")),
                        "tests", "pki", "make-pki")
RELOADS = ("configuration reloaded", "reload refused")
POLICY = "2.16.840.1.101.2.1.11.42"

# A few of each kind; tests/unit/card/test_card.c has them all.
BAD = {
    "two-blocks": "more than one PEM block",
    "private-key": "a private key was sent: it is no longer secret",
    "trailing": "something stands after the PEM block",
    "not-base64": "the PEM block is not in base64",
    "no-pem": "not a certificate in PEM",
    "truncated": "not a certificate in DER",
    "other-signature": "a signature does not match",
    "authority": "the certificate of an authority",
    "without-eku": "not for client authentication",
    "card-auth": "the card's own certificate, which proves no person",
    "policy-other": "no certificate policy that is allowed",
    "san-none": "no subject alternative name",
    "upn-two": "more than one user principal name",
    "upn-suffix": "the user principal name has another suffix",
    "cn-without-edipi": "the common name does not end with an EDIPI after a name",
    "disagree": "the common name and the user principal name disagree",
    "expired": "expired",
    "not-yet": "not yet valid",
    "sha1": "signed with a weak algorithm",
    "rsa-1024": "a weak key",
    "root-unknown": "its root is not trusted",
    "issuer-unknown": "its issuer is not known",
    "revoked": "revoked",
    "issuer-revoked": "an issuer is revoked",
    "crl-stale": "the revocation list of an issuer is stale",
    "crl-none": "no revocation list of an issuer",
}


class Cards:
    """A sandbox that trusts the authorities of make-pki, and a portal that may send cards."""

    def __init__(self, box, holders=(), **settings):
        """holders: categories of which one person each gets a good card, in self.holders."""
        self.box = box
        with open(box.endpoints["config"]) as file:
            self.before = file.read()
        self.people = people_of(box)
        self.pki = os.path.join(box.dir, "pki")
        self.holders = [self.one(category) for category in holders]
        subprocess.run(["bash", MAKE_PKI, self.pki, *(f"{p['edipi']}={p['edipi']}" for p in self.holders)],
                       check=True, timeout=120)
        self.configure(**settings)

    def configuration(self, **settings):
        keys = {"roots_file": f"{self.pki}/roots.pem", "intermediates_file": f"{self.pki}/intermediates.pem",
                "crl_folder": f"{self.pki}/crls", "policies": [POLICY], **settings}
        group = "".join(f" {key} = {json.dumps(value)};" for key, value in keys.items())
        hashed = hashlib.sha256(TOKEN.encode()).hexdigest()
        end = '"reset"];\n    rate = 20000; burst = 100000; failure_rate = 60000; failure_burst = 100000; }'
        portal = (f'{end}, {{ name = "cards"; token_sha256 = "{hashed}";\n'
                  '    rights = ["register", "status", "identity-check", "assert-certificate"]; } );')
        assert end + " );" in self.before
        return self.before.replace(end + " );", portal) + f"certificates = {{{group} }};\n"

    def configure(self, **settings):
        """A reload, and whether it was taken."""
        taken, refused = (self.log().count(words) for words in RELOADS)
        with open(self.box.endpoints["config"], "w") as file:
            file.write(self.configuration(**settings))
        os.kill(self.box.musterd_pid(), signal.SIGHUP)
        until(lambda: sum(self.log().count(words) for words in RELOADS) > taken + refused, 20, "the reload")
        return self.log().count(RELOADS[0]) > taken

    def log(self):
        with open(os.path.join(self.box.dir, "musterd.log")) as file:
            return file.read()

    def pem(self, name):
        with open(os.path.join(self.pki, "cards", name + ".pem"), newline="") as file:
            return file.read()

    def send(self, person, card=None, token=TOKEN, **changes):
        body = registration(person, **changes)
        if card:
            body["certificate"] = self.pem(card)
        return self.box.call("POST", "/v1/registrations", body, token=token)

    def newest(self):
        out = self.box.musterctl("--json", "list", "--limit", "1")
        assert out.returncode == 0, out
        return json.loads(out.stdout.splitlines()[0])

    def explained(self):
        out = self.box.musterctl("explain", self.newest()["id"])
        assert out.returncode == 0, out
        return out.stdout

    def count(self):
        return len(self.box.musterctl("--json", "list").stdout.splitlines())

    def one(self, *categories):
        """A person of the sample, another one each time, with these current categories alone."""
        for person in self.people:
            if sorted(person["categories"]) == sorted(categories) and person["pebd"]:
                self.people.remove(person)
                return person
        raise AssertionError(f"the sample has nobody left of {categories}")


def dashed(date):
    return f"{date[:4]}-{date[4:6]}-{date[6:8]}"


def people_of(box):
    """Those whose records agree, carry an EDIPI and are all current; John is left out."""
    records = {}
    for entry in box.search(box.endpoints["personnel_base"], "(objectClass=musterPersonnelRecord)"):
        records.setdefault(entry["personnelid"][0], []).append(entry)
    people = []
    for ssn, entries in records.items():
        first = entries[0]
        if ssn == "900123456" or not ssn.startswith("9") or any(
                "edipi" not in e or "givenname" not in e or e["personnelstatus"] != ["current"] or
                e["sn"] != first["sn"] or e["birthdate"][0][:8] != first["birthdate"][0][:8] or
                e["personnelcategory"] == ["rotc-cadet"] for e in entries):
            continue
        dates = {e["payentrybasedate"][0][:8] for e in entries if "payentrybasedate" in e}
        name = {"given": first["givenname"][0], "family": first["sn"][0]}
        for key, attribute in (("middle", "middlename"), ("suffix", "generationqualifier")):
            if attribute in first:
                name[key] = first[attribute][0]
        people.append({"ssn": ssn, "birth": dashed(first["birthdate"][0]), "name": name, "edipi": first["edipi"][0],
                       "pebd": dashed(dates.pop()) if len(dates) == 1 else None,
                       "categories": [e["personnelcategory"][0] for e in entries]})
    return sorted(people, key=lambda p: p["edipi"])


def without_pebd(person):
    return {**person, "pebd": None}


def good_cards_pass():
    with sandbox(delay=1) as box:
        cards = Cards(box, holders=("active-army", "army-retired"))
        status, answer, _ = cards.send(without_pebd(JOHN), "good")
        assert status == 202, (status, answer)
        status, problem, _ = cards.send(without_pebd(JOHN), "good")
        assert status == 409 and problem["type"].endswith(":account-exists"), (status, problem)
        assert [e["employeenumber"] for e in box.accounts("(uid=john.q.doe)")] == [["1000000001"]]

        soldier, other = cards.holders
        card = soldier["edipi"]
        status, problem, _ = cards.send(without_pebd(soldier))
        assert status == 422, "no card, no date"
        status, problem, _ = cards.send({**soldier, "pebd": "1971-01-01"}, card)
        assert status == 422 and "pay entry base date differs" in cards.explained(), problem
        status, answer, _ = cards.send(soldier, card)
        assert status == 202 and answer["state"] == "pending", (status, answer)

        card = other["edipi"]
        status, problem, _ = cards.send(without_pebd(other), card)
        assert status == 422 and "pay entry base date differs" in cards.explained(), "a category that waives nothing"
        status, answer, _ = cards.send(other, card)
        assert status == 202, (status, answer)


def line_ends_may_be_crlf():
    with sandbox(delay=1) as box:
        cards = Cards(box)
        assert "\r\n" in cards.pem("good-crlf")
        assert cards.send(JOHN, "good-crlf")[0] == 202


def another_persons_card_never_passes():
    with sandbox(delay=1) as box:
        cards = Cards(box)
        status, problem, _ = cards.send(JOHN, "other-person")
        assert status == 422 and problem["type"].endswith(":identity-not-verified"), (status, problem)
        assert "card: its EDIPI differs from the record's" in cards.explained()
        victim = cards.one("active-army")
        status, same, _ = cards.send(victim, "good")
        assert status == 422 and str(same) == str(problem)
        assert "card: its EDIPI differs from the record's" in cards.explained()
        assert box.accounts() == [] and box.claims() == []
        assert cards.send(JOHN, "good")[0] == 202


def a_portal_without_the_right():
    with sandbox(delay=1) as box:
        cards = Cards(box)
        status, problem, _ = cards.send(JOHN, "good", token="")
        assert status == 403 and problem["type"].endswith(":forbidden"), (status, problem)
        assert "portal sandbox sent a smart card's certificate without the right" in cards.log()
        assert cards.count() == 0 and box.accounts() == []
        assert cards.send(JOHN, token="")[0] == 202


def bad_cards_tell_the_helpdesk_alone():
    with sandbox(delay=1) as box:
        cards = Cards(box)
        wrong = cards.people.pop()
        reference = cards.send({**wrong, "birth": "1901-01-01"})
        assert reference[0] == 422 and reference[1]["type"].endswith(":identity-not-verified")
        for name, reason in BAD.items():
            status, problem, _ = cards.send(cards.people.pop(), name)
            assert status == 422 and str(problem) == str(reference[1]), (name, status, problem)
            assert f"card: {reason}" in cards.explained(), (name, cards.explained())
            assert cards.newest()["state"] == "rejected"
        status, problem, _ = cards.send(cards.people.pop(), "oversized")
        assert status == 422 and problem["type"].endswith(":invalid"), (status, problem)
        assert [e["pointer"] for e in problem["errors"]] == ["/certificate"], problem
        assert box.accounts() == [] and box.claims() == []
        keep_no_certificate(cards)


def keep_no_certificate(cards):
    """Neither a line of a PEM nor an EDIPI of a card is in the log or, in clear, in the journal."""
    secrets = [line.encode() for name in ("disagree", "private-key") for line in cards.pem(name).splitlines()[2:8]]
    for name in os.listdir(cards.box.dir):
        path = os.path.join(cards.box.dir, name)
        if not os.path.isfile(path) or name.endswith((".ldif", ".mdb")):
            continue
        with open(path, "rb") as file:
            content = file.read()
        for secret in secrets + ([b"1000000001"] if name.startswith(("musterd.log", "journal")) else []):
            assert secret not in content, (name, secret)


def the_configuration_is_checked():
    with sandbox(delay=1) as box:
        cards = Cards(box)
        path = os.path.join(box.dir, "tried.conf")

        def say(**settings):
            with open(path, "w") as file:
                file.write(cards.configuration(**settings))
            out = subprocess.run([MUSTERD, "-t", "-c", path], capture_output=True, text=True, timeout=60)
            return out.returncode, out.stderr

        assert say(intermediates_file=f"{cards.pki}/issuing.pem") == (0, ""), say()
        code, words = say()
        assert code == 3 and "Test without-list CA has no CRL" in words, words
        assert "Test with-stale-list CA has a stale CRL" in words and "issuing" not in words, words
        code, words = say(roots_file="/nowhere.pem", intermediates_file=f"{cards.pki}/leaf.key")
        assert code == 3 and "certificates.roots_file: /nowhere.pem" in words, words
        assert "certificates.intermediates_file: " in words, words

        assert not cards.configure(roots_file="/nowhere.pem")
        assert cards.send(JOHN, "good")[0] == 202, "what was in force stays in force"
        assert cards.configure(roots_file="", crl_folder="")
        assert cards.send(cards.people.pop(), "good")[0] == 422
        assert "card: smart cards are not accepted here" in cards.explained()


def an_ocsp_responder_that_is_away():
    with sandbox(delay=1) as box, socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and never listens
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/"
        cards = Cards(box, ocsp="require", ocsp_url=url, ocsp_timeout=1)
        status, problem, headers = cards.send(JOHN, "good")
        assert status == 503 and problem["type"].endswith(":unavailable"), (status, problem)
        assert headers["Retry-After"]
        assert "the OCSP responder does not answer" in cards.log()
        assert cards.count() == 0 and box.accounts() == [] and box.claims() == []
        assert cards.configure()
        assert cards.send(JOHN, "good")[0] == 202


skip_without("openssl", "bash")
run(good_cards_pass, line_ends_may_be_crlf, another_persons_card_never_passes, a_portal_without_the_right,
    bad_cards_tell_the_helpdesk_alone, the_configuration_is_checked, an_ocsp_responder_that_is_away)
