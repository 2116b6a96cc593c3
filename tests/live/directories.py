"""Private directories of any kind, and musterd over them by a configuration that the test writes.

Slapd is one slapd with some databases, whose access rules, limits and entries a test changes while
it runs. House is a Sandbox (live.py) whose directories are such ones: the same hands drive it.
"""
import hashlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

from live import BUILD, Sandbox, parse_ldif, skip_without, until

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
ETC = os.path.abspath(os.path.join(SOURCE, "etc"))
SCHEMAS = "/etc/ldap/schema"
TOOLS = dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin:/sbin")
ADMIN = "cn=admin,cn=config"
READ_ALL = ["to attrs=userPassword by anonymous auth by * none", "to * by dn.exact={reader} read by * none"]
WRITE_ALL = ["to attrs=userPassword by dn.exact={reader} write by anonymous auth by * none",
             "to * by dn.exact={reader} write by * none"]

CONFIG = """dn: cn=config
objectClass: olcGlobal
cn: config
olcPidFile: {folder}/slapd.pid
{extra}
dn: cn=module{{0}},cn=config
objectClass: olcModuleList
cn: module{{0}}
olcModulePath: /usr/lib/ldap
olcModuleLoad: back_mdb

dn: cn=schema,cn=config
objectClass: olcSchemaConfig
cn: schema

include: file://{schemas}/core.ldif

include: file://{schemas}/cosine.ldif

include: file://{schemas}/inetorgperson.ldif

include: file://{schemas}/misc.ldif

include: file://{build}/schema/muster.ldif

{schema}
dn: olcDatabase={{-1}}frontend,cn=config
objectClass: olcDatabaseConfig
objectClass: olcFrontendConfig
olcDatabase: {{-1}}frontend
olcAccess: {{0}}to dn.base="" by * read
olcAccess: {{1}}to dn.base="cn=Subschema" by * read

dn: olcDatabase={{0}}config,cn=config
objectClass: olcDatabaseConfig
olcDatabase: {{0}}config
olcRootDN: {admin}
olcRootPW: {password}

"""

DATABASE = """dn: olcDatabase={{{number}}}mdb,cn=config
objectClass: olcDatabaseConfig
objectClass: olcMdbConfig
olcDatabase: {{{number}}}mdb
olcSuffix: {suffix}
olcRootDN: {admin}
olcDbDirectory: {folder}
olcDbMaxSize: 67108864
olcDbIndex: objectClass eq
{access}

"""


def write_secret(path, text):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def entry(dn, classes, **attributes):
    """An entry in LDIF, which begins at its DN; a list gives several values, None none."""
    lines = [f"dn: {dn}"] + [f"objectClass: {name}" for name in classes.split()]
    for name, values in attributes.items():
        if values is None:
            continue
        lines += [f"{name}: {value}" for value in (values if isinstance(values, list) else [values])]
    return "\n".join(lines) + "\n\n"


def unit(dn):
    return entry(dn, "organizationalUnit", ou=dn.split(",")[0].split("=")[1])


class Database:
    """What one suffix holds: entries in LDIF, who reads it (None: nobody yet) and by which rules."""

    def __init__(self, suffix, reader, ldif, access=None):
        self.suffix = suffix
        self.reader = reader
        self.ldif = ldif
        self.access = READ_ALL if access is None else access


class Slapd:
    def __init__(self, folder, name, databases, schema="", extra=""):
        self.name = name
        self.folder = os.path.join(folder, name)
        self.log = os.path.join(folder, name + ".log")
        self.databases = databases
        self.port = free_port()
        self.uri = f"ldap://127.0.0.1:{self.port}"
        self.password = secrets.token_hex(16)
        self.process = None
        os.makedirs(os.path.join(self.folder, "conf"), mode=0o700)
        self.password_file = os.path.join(self.folder, "password")
        write_secret(self.password_file, self.password)
        self.build(schema, extra)
        self.start()

    def tool(self, program, *words, text):
        path = os.path.join(self.folder, "input.ldif")
        write_secret(path, text)
        out = subprocess.run([program, "-F", os.path.join(self.folder, "conf"), *words, "-l", path], env=TOOLS,
                             capture_output=True, text=True, timeout=60)
        assert out.returncode == 0, out.stderr + text

    def build(self, schema, extra):
        text = CONFIG.format(folder=self.folder, schemas=SCHEMAS, build=BUILD, schema=schema, admin=ADMIN,
                             password=self.password, extra=extra)
        for number, database in enumerate(self.databases, 1):
            folder = os.path.join(self.folder, f"database{number}")
            os.mkdir(folder)
            rules = "\n".join(f"olcAccess: {{{i}}}{rule}" for i, rule in enumerate(self.rules(database)))
            text += DATABASE.format(number=number, suffix=database.suffix, admin=ADMIN, folder=folder, access=rules)
        self.tool("slapadd", "-n0", text=text)
        for database in self.databases:
            self.tool("slapadd", "-q", "-b", database.suffix, text=database.ldif + self.reader_entry(database))

    def reader_entry(self, database):
        if database.reader is None:
            return ""
        name = database.reader.split(",")[0].split("=")[1]
        return entry(database.reader, "account simpleSecurityObject", uid=name, userPassword=self.password)

    @staticmethod
    def rules(database, rules=None):
        return [rule.format(reader=f'"{database.reader}"') for rule in rules or database.access]

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                ["slapd", "-F", os.path.join(self.folder, "conf"), "-h", self.uri + "/", "-d", "0"], stdout=log,
                stderr=log, env=TOOLS)
        until(lambda: answers(self.port) or self.process.poll() is not None, 20, "slapd's start")
        assert self.process.poll() is None, f"slapd {self.name} ended"

    def stop(self, number=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(20)

    def modify(self, ldif, *options):
        out = subprocess.run(["ldapmodify", "-x", "-H", self.uri, "-D", ADMIN, "-y", self.password_file, *options],
                             input=ldif.encode(), capture_output=True, timeout=30)
        assert out.returncode == 0, out.stderr.decode() + ldif

    def replace(self, dn, attribute, *values):
        self.modify(f"dn: {dn}\nchangetype: modify\nreplace: {attribute}\n" +
                    "".join(f"{attribute}: {value}\n" for value in values))

    def database_dn(self, suffix):
        number = [database.suffix for database in self.databases].index(suffix) + 1
        return f"olcDatabase={{{number}}}mdb,cn=config", self.databases[number - 1]

    def set_access(self, suffix, rules=None):
        """Other rules in force at once; none: those of the beginning."""
        dn, database = self.database_dn(suffix)
        self.replace(dn, "olcAccess", *self.rules(database, rules))

    def set_limits(self, suffix, *limits):
        dn, database = self.database_dn(suffix)
        self.replace(dn, "olcLimits", *[f'dn.exact="{database.reader}" {limit}' for limit in limits])

    def search_as_reader(self, suffix, base, filter_text, *attributes, scope="sub"):
        """What the service's own bind sees: for tests that check their own access rules."""
        _, database = self.database_dn(suffix)
        out = subprocess.run(
            ["ldapsearch", "-LLL", "-x", "-o", "ldif-wrap=no", "-H", self.uri, "-D", database.reader, "-y",
             self.password_file, "-b", base, "-s", scope, filter_text, *attributes], capture_output=True, timeout=30)
        return out.returncode, parse_ldif(out.stdout.decode())


class House(Sandbox):
    """Directories by name, and the text of a configuration made from them and a few places."""

    def __init__(self, make_directories, make_configuration):
        skip_without("slapd", "slapadd", "ldapsearch", "ldapmodify")
        self.dir = tempfile.mkdtemp(prefix="musterd-live-")
        self.restarted = self.process = None
        self.slapds = {}
        try:
            self.slapds = make_directories(self.dir)
            self.make_places(make_configuration)
            self.start_musterd()
        except BaseException:
            self.print_logs()
            self.close()
            raise

    def make_places(self, make_configuration):
        accounts = self.slapds["accounts"]
        token = secrets.token_hex(32)
        config, port = os.path.join(self.dir, "musterd.conf"), free_port()
        self.token_sha256 = hashlib.sha256(token.encode()).hexdigest()
        self.port = port
        self.admin_password = accounts.password_file
        self.endpoints = {
            "api": f"http://127.0.0.1:{port}", "token": token, "ldap": accounts.uri, "ldap_admin_dn": ADMIN,
            "accounts_base": "ou=people," + accounts.databases[0].suffix,
            "admin_socket": os.path.join(self.dir, "admin.sock"), "config": config}
        with open(config, "w") as file:
            file.write(make_configuration(self))

    def stop(self):
        self.stop_restarted(signal.SIGTERM)
        for slapd in self.slapds.values():
            slapd.stop()

    def close(self):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def show(self, ident):
        """What the helpdesk sees, in JSON and in words, of a registration."""
        shown = self.musterctl("--json", "show", ident)
        words = self.musterctl("show", ident)
        assert shown.returncode == 0 and words.returncode == 0, (shown, words)
        return json.loads(shown.stdout), words.stdout


def together(*calls):
    """Each call in a thread of its own; their results in order."""
    results = [None] * len(calls)

    def make(i):
        results[i] = calls[i]()

    threads = [threading.Thread(target=make, args=(i,)) for i in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


class house:
    """with house(directories, configuration) as box: … prints the logs where the body fails."""

    def __init__(self, *arguments):
        self.arguments = arguments

    def __enter__(self):
        self.box = House(*self.arguments)
        return self.box

    def __exit__(self, kind, value, trace):
        if kind:
            self.box.print_logs()
        self.box.close()
