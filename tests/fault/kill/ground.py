"""What the kills happen to: a private slapd that writes down every change it makes, and musterd over
it, run by strace, which kills it before a chosen system call."""
import glob
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
from datetime import datetime

from directories import ETC, WRITE_ALL, Database, House, Slapd, entry, unit
from live import MUSTERD, until

ROLL, MAIL = "dc=roll,dc=example,dc=mil", "dc=mail,dc=example,dc=mil"
STAFF, CLAIMS = "ou=staff," + ROLL, "ou=claims," + MAIL
DELAY = 1  # seconds from the entry to its activation
GIVEN = ("Ada", "Bruno", "Clara", "Dexter", "Elena")
FAMILY = ("Abbott", "Barker", "Calloway", "Denham", "Easton", "Fairley", "Garner")


def person(number):
    """Many share a name, so that uids collide."""
    return {"ssn": str(910000000 + number), "birth": "1970-01-01",
            "name": {"given": GIVEN[number % len(GIVEN)], "family": FAMILY[number % len(FAMILY)]}}


def rfc3339(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def record(number):
    it = person(number)
    return entry(f"cn=staff {number},{STAFF}", "musterPersonnelRecord", cn=f"staff {number}", personnelId=it["ssn"],
                 birthDate="19700101", givenName=it["name"]["given"], sn=it["name"]["family"],
                 personnelCategory="da-civilian", personnelStatus="current")


def database(suffix, inside, access=None):
    top = entry(suffix, "domain", dc=suffix.split(",")[0].split("=")[1])
    return Database(suffix, f"uid=musterd,ou=services,{suffix}", top + unit("ou=services," + suffix) + inside, access)


def directories(folder, people):
    mail = database(MAIL, unit("ou=people," + MAIL) + unit(CLAIMS), WRITE_ALL)
    roll = database(ROLL, unit(STAFF))
    slapd = Slapd(folder, "accounts", [mail, roll])
    slapd.modify("dn: cn=module{0},cn=config\nchangetype: modify\nadd: olcModuleLoad\nolcModuleLoad: auditlog\n")
    slapd.modify("dn: olcOverlay=auditlog,olcDatabase={1}mdb,cn=config\nchangetype: add\n"
                 f"objectClass: olcAuditlogConfig\nolcOverlay: auditlog\nolcAuditlogFile: {folder}/changes.ldif\n")
    for suffix, attribute in (MAIL, "musterRegistrationId"), (ROLL, "personnelId"):
        slapd.modify(f"dn: {slapd.database_dn(suffix)[0]}\nchangetype: modify\nadd: olcDbIndex\n"
                     f"olcDbIndex: {attribute} eq\n")
    slapd.stop()
    slapd.tool("slapadd", "-q", "-b", ROLL, text="".join(record(number) for number in range(people)))
    slapd.start()
    return {"accounts": slapd}


def configuration(box):
    slapd = box.slapds["accounts"]

    def at(suffix):
        return (f'uris = [ "{slapd.uri}" ]; bind_dn = "uid=musterd,ou=services,{suffix}";'
                f' bind_password_file = "{slapd.password_file}"; retry_min_ms = 20; retry_max_ms = 200;')

    return f"""
@include "{ETC}/army.conf"
listen = {{ port = {box.port}; admin_socket = "{box.endpoints['admin_socket']}"; }};
portals = ( {{ name = "test"; token_sha256 = "{box.token_sha256}"; rights = [ "register", "status", "cancel" ];
    rate = 0; failure_rate = 0; }} );
limits = {{ rate = 0; failure_rate = 0; }};
personnel = ( {{ name = "staff"; {at(ROLL)} base = "{STAFF}"; }} );
accounts = {{ {at(MAIL)} base = "ou=people,{MAIL}"; claims_base = "{CLAIMS}"; mail_domain = "mail.example.mil"; }};
identity = {{ key_file = "{box.dir}/identity.key"; refusal_delay_ms = 20; }};
activation = {{ delay = {DELAY}; }};
password = {{ cost = 1; }};
journal = {{ path = "{box.dir}/journal.db"; key_file = "{box.dir}/journal.key"; }};
"""


def can_bind(port, dn, password):
    """A simple bind in its own few bytes: hundreds of programs a minute would be the whole load."""
    def tlv(tag, value):
        size = bytes([len(value)]) if len(value) < 128 else bytes([0x81, len(value)])
        return bytes([tag]) + size + value

    bind = tlv(0x60, b"\x02\x01\x03" + tlv(0x04, dn.encode()) + tlv(0x80, password.encode()))
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(tlv(0x30, b"\x02\x01\x01" + bind))
        answer = connection.recv(4096)
    place = answer.find(b"\x0a\x01")
    return place >= 0 and answer[place + 2] == 0


class Ground(House):
    def __init__(self, people):
        super().__init__(lambda folder: directories(folder, people), configuration)

    def start_traced(self, *options):
        """Without --seccomp-bpf: strace 6.1 delivers no signal of an inject with it."""
        command = ["strace", "-f", "-qq", *options, MUSTERD, "-c", self.endpoints["config"], "-f"]
        with open(os.path.join(self.dir, "musterd-again.log"), "ab") as log:
            self.restarted = subprocess.Popen(command, stdout=log, stderr=log)

    def signal_musterd(self, number):
        """It is strace's child, and strace passes nothing on."""
        def children():
            pid = self.restarted.pid
            with open(f"/proc/{pid}/task/{pid}/children") as file:
                return file.read().split()

        os.kill(int(until(children, 10, "strace's child")[0]), number)

    def stop_restarted(self, number):
        if self.restarted and self.restarted.args[0] == "strace" and self.restarted.poll() is None:
            self.signal_musterd(number)
        super().stop_restarted(number)

    def wait_for_kill(self, seconds):
        """False where the time was over first: it was killed then, without the point."""
        try:
            code = self.restarted.wait(seconds)
            reached = True
        except subprocess.TimeoutExpired:
            reached = False
            self.signal_musterd(signal.SIGKILL)
            code = self.restarted.wait(20)
        assert code in (-9, 137), f"musterd ended by itself with {code}"
        self.restarted = None
        return reached

    def open_rows(self):
        """How many registrations a musterd that lives is not done with."""
        base = sqlite3.connect(f"file:{self.dir}/journal.db?mode=ro", uri=True)
        try:
            return base.execute("SELECT count(*) FROM registration WHERE step <> 'done'").fetchone()[0]
        finally:
            base.close()

    def journal_rows(self):
        """What the journal of a musterd that was killed holds: read in a copy, for it is musterd that is
        to recover it."""
        copy = os.path.join(self.dir, "copy.db")
        for path in glob.glob(copy + "*"):
            os.unlink(path)
        for suffix in "", "-wal":
            if os.path.exists(self.dir + "/journal.db" + suffix):
                shutil.copy(self.dir + "/journal.db" + suffix, copy + suffix)
        base = sqlite3.connect(copy)
        base.row_factory = sqlite3.Row
        try:
            assert base.execute("PRAGMA integrity_check").fetchone()[0] == "ok", "the journal is not whole"
            return base.execute("SELECT * FROM registration").fetchall()
        finally:
            base.close()

    def listed(self):
        """State by id, as the helpdesk sees it."""
        out = self.musterctl("list", "--json", "--limit", "10000")
        assert out.returncode == 0, out.stderr
        return {line["id"]: line["state"] for line in map(json.loads, out.stdout.splitlines())}

    def claims(self):
        return self.search(CLAIMS, "(objectClass=musterClaim)")

    def changes(self):
        """Every change that the directory made, in order: (kind, DN, text)."""
        with open(os.path.join(self.dir, "changes.ldif")) as file:
            text = file.read().replace("\n ", "")
        return re.findall(r"^# (add|modify|delete|modrdn) .*\ndn: (.*)\n((?:(?!# end).*\n)*)# end", text, re.M)


def counted_calls(box, work, idle):
    """Every system call of one life under work, from the journal's lock on: (name, the how-manieth
    of its thread), each once, in the order of time; and whether there was nothing to do any more."""
    path = os.path.join(box.dir, "calls")
    box.start_traced("-ttt", "-o", path)
    until(box.is_ready, 60, "musterd's start under strace")
    work()
    quiet_from = time.time()
    time.sleep(idle)
    ends = time.time()
    box.stop_restarted(signal.SIGTERM)
    points, counts, begun = {}, {}, False
    with open(path, errors="replace") as file:
        for line in file:
            match = re.match(r"(\d+) +([\d.]+) (\w+)\(", line)
            if match is None or float(match[2]) > ends:
                continue
            thread, at, name = match[1], float(match[2]), match[3]
            counts[thread, name] = number = counts.get((thread, name), 0) + 1
            begun = begun or "journal.db.lock" in line
            if begun and (name, number) not in points:
                points[name, number] = at > quiet_from
    return list(points.items())
