"""The place of the directory faults: slapd with an audit log and overlays that misbehave, a proxy
before it, musterd over both; and what must be true in the end, whatever happened."""
import calendar
import json
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "live"))
from directories import ETC, WRITE_ALL, Database, House, Slapd, entry, unit  # noqa: E402
from live import until  # noqa: E402
from proxy import Proxy  # noqa: E402

MAIL, CORPS = "dc=mail,dc=example,dc=mil", "dc=corps,dc=example,dc=mil"
PEOPLE, CLAIMS, RECORDS = "ou=people," + MAIL, "ou=claims," + MAIL, "ou=records," + CORPS
MDB = "olcDatabase={1}mdb,cn=config"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
OPERATION_TIMEOUT = 1


def reader(suffix):
    return f"uid=musterd,ou=services,{suffix}"


def seconds(text, form):
    """Whole seconds since the epoch."""
    return calendar.timegm(time.strptime(text, form))


def given_name(number):
    """A name of letters for a number: 'Kbb'; its owner's uid is 'kbb.test'."""
    text = ""
    while number or len(text) < 2:
        number, digit = divmod(number, 26)
        text = LETTERS[digit] + text
    return "K" + text


class Person(dict):
    def __init__(self, number, given=None, title="Clerk"):
        given = given or given_name(number)
        super().__init__(ssn=str(900200000 + number), birth="1980-01-01", name={"given": given, "family": "Test"})
        self.number, self.title, self.uid = number, title, given.lower() + ".test"
        self.dn = f"uid={self.uid},{PEOPLE}"
        self.marker = self.dn.encode()
        self.answers = []
        self.ident = None

    def record(self):
        return entry(f"cn=test {self.number},{RECORDS}", "musterPersonnelRecord", cn=f"test {self.number}",
                     personnelId=self["ssn"], birthDate="19800101", givenName=self["name"]["given"], sn="Test",
                     personnelCategory="da-civilian", personnelStatus="current", title=self.title)


def database(suffix, more, access=None):
    top = entry(suffix, "domain", dc=suffix.split(",")[0].split("=")[1])
    return Database(suffix, reader(suffix), top + unit("ou=services," + suffix) + more, access)


class Place(House):
    def __init__(self, people, delay=1, behind=True):
        self.proxy = None
        self.delay = delay
        self.people = people

        def directories(folder):
            accounts = Slapd(folder, "accounts", [database(MAIL, unit(PEOPLE) + unit(CLAIMS), WRITE_ALL)])
            self.audit = os.path.join(folder, "audit.ldif")
            add_overlays(accounts, self.audit)
            self.proxy = Proxy(accounts.port)
            records = unit(RECORDS) + "".join(person.record() for person in people)
            return {"accounts": accounts, "records": Slapd(folder, "records", [database(CORPS, records)])}

        super().__init__(directories, configuration)

    def close(self):
        if self.proxy:
            self.proxy.close()
        super().close()

    def restart_slapd(self):
        self.slapds["accounts"].start()

    # what the helpdesk and the operator see
    def explain(self, person):
        out = self.musterctl("explain", person.ident)
        assert out.returncode == 0, out.stderr
        return out.stdout

    def status(self):
        listed = json.loads(self.musterctl("status", "--json").stdout)["directories"]
        return next(it for it in listed if it["name"] == "accounts")

    def alarms(self):
        with open(os.path.join(self.dir, "musterd-again.log")) as log:
            return [line for line in log if "is stopped for all" in line]

    # the history
    def register(self, person, **changes):
        """Keeps what was acknowledged; the same key, however often it is sent."""
        answer = super().register(person, key=f"key-{person.number}", **changes)
        person.answers.append(answer)
        if answer[0] == 202:
            assert person.ident in (None, answer[1]["id"]), "a second registration for one key"
            person.ident = answer[1]["id"]
        return answer

    def all_in(self, people, state, seconds=40):
        for person in people:
            self.until_state(person.ident, state, seconds)

    def audited(self):
        """uid → [when it was made active], by the server's own word, in seconds. The change's entryCSN says
        it: the log's own times come from time(2), which is late by a tick of the kernel."""
        found = {}
        for dn, body in re.findall(r"^# modify .*?\ndn: (\S.*?)\n(.*?)^# end modify", open(self.audit).read(),
                                   re.M | re.S):
            if re.search(r"^add: musterAccountStatus\nmusterAccountStatus: active$", body, re.M):
                when = seconds(re.search(r"^entryCSN: (\d{14})", body, re.M)[1], "%Y%m%d%H%M%S")
                found.setdefault(dn.split(",")[0].split("=")[1], []).append(when)
        return found

    def check_active(self, people, audit_is_whole=True):
        """Every one active: one entry, one claim, made active once, and not before its time. A slapd
        that is killed may have carried out what its audit log does not say: then the entry does."""
        audited, entries = self.audited(), self.accounts()
        claims = [claim["musterregistrationid"][0] for claim in self.claims()]
        for person in people:
            registration = self.get(person.ident)
            assert registration["state"] == "active", registration
            mine = [it for it in entries if it["musterregistrationid"] == [person.ident]]
            assert len(mine) == 1 and mine[0]["musteraccountstatus"] == ["active"], (person, mine)
            assert claims.count(person.ident) == 1, (person, claims)
            times = audited.get(registration["uid"], [])
            if not times and not audit_is_whole:
                times = [seconds(mine[0]["musteractivatedat"][0], "%Y%m%d%H%M%SZ")]
            assert len(times) == 1, f"{registration['uid']} was made active {len(times)} times"
            due = seconds(registration["activates_at"][:19], "%Y-%m-%dT%H:%M:%S")
            assert times[0] >= due, f"{registration['uid']} was early: {times[0]} before {due}"

    def check_gone(self, people):
        entries = {ident for it in self.accounts() + self.claims() for ident in it["musterregistrationid"]}
        audited = self.audited()
        for person in people:
            shown = self.musterctl("show", person.ident).stdout
            assert person.ident not in entries, f"{person.uid} was withdrawn, and is there: {shown}"
            assert person.uid not in audited, f"{person.uid} was withdrawn, and was active"


def add_overlays(slapd, audit):
    slapd.modify("dn: cn=module{0},cn=config\nchangetype: modify\nadd: olcModuleLoad\n" +
                 "".join(f"olcModuleLoad: {name}\n" for name in ("auditlog", "constraint", "retcode")))
    slapd.modify(f"dn: {MDB}\nchangetype: modify\nadd: olcDbIndex\n" + "".join(
        f"olcDbIndex: {name} eq\n" for name in ("uid", "mail", "mailLocalAddress", "musterRegistrationId",
                                                "musterPersonKey")))
    slapd.modify(f"dn: olcOverlay=auditlog,{MDB}\nchangetype: add\nobjectClass: olcAuditlogConfig\n"
                 f"olcOverlay: auditlog\nolcAuditlogFile: {audit}\n\n"
                 f"dn: olcOverlay=constraint,{MDB}\nchangetype: add\nobjectClass: olcConstraintConfig\n"
                 "olcOverlay: constraint\nolcConstraintAttribute: title regex ^Clerk$\n\n"
                 f"dn: olcOverlay=retcode,{MDB}\nchangetype: add\nobjectClass: olcRetcodeConfig\n"
                 f"olcOverlay: retcode\nolcRetcodeParent: ou=codes,{MAIL}\nolcRetcodeInDir: TRUE\n")


def configuration(box):
    def at(port, suffix, password):
        return (f'uris = [ "ldap://127.0.0.1:{port}" ]; bind_dn = "{reader(suffix)}";\n  bind_password_file = '
                f'"{password}"; connections = 2; connect_timeout = 1; retry_min_ms = 20; retry_max_ms = 500;\n'
                f"  operation_timeout = {OPERATION_TIMEOUT};")

    accounts, records = box.slapds["accounts"], box.slapds["records"]
    return f"""
@include "{ETC}/army.conf"
listen = {{ port = {box.port}; admin_socket = "{box.endpoints['admin_socket']}"; }};
portals = ( {{ name = "test"; token_sha256 = "{box.token_sha256}";
  rights = [ "register", "identity-check", "status", "cancel" ]; rate = 0; failure_rate = 0; }} );
limits = {{ rate = 0; failure_rate = 0; }};
personnel = ( {{ name = "records"; {at(records.port, CORPS, records.password_file)}
  base = "{RECORDS}"; date_form = "compact"; }} );
accounts = {{ {at(box.proxy.port, MAIL, accounts.password_file)}
  base = "{PEOPLE}"; claims_base = "{CLAIMS}"; mail_domain = "mail.example.mil"; }};
identity = {{ key_file = "{box.dir}/identity.key"; refusal_delay_ms = 0; }};
activation = {{ delay = {box.delay}; }};
password = {{ cost = 1; }};
journal = {{ path = "{box.dir}/journal.db"; key_file = "{box.dir}/journal.key"; }};
"""


class place:
    """with place(people) as box: … prints the logs where the body fails."""

    def __init__(self, people, **arguments):
        self.people, self.arguments = people, arguments

    def __enter__(self):
        self.box = Place(self.people, **self.arguments)
        return self.box

    def __exit__(self, kind, value, trace):
        if kind:
            self.box.print_logs()
        self.box.close()
