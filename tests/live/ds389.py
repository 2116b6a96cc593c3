"""A private 389-ds: dse.ldif from the package's own template, no root, no systemd, loopback only.

It has the hands of directories.Slapd that House needs: uri, databases, password_file, modify, start
and stop.
"""
import base64
import hashlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess

from directories import ADMIN, SOURCE, TOOLS, answers, free_port, write_secret
from live import BUILD, until

SHARE = "/usr/share/dirsrv"
FOLDERS = ("config", "lock", "tmp", "cert", "ldif", "bak", "run", "inst", "log", "db")

DATABASE = """dn: cn=database{number},cn=ldbm database,cn=plugins,cn=config
objectClass: top
objectClass: extensibleObject
objectClass: nsBackendInstance
cn: database{number}
nsslapd-suffix: {suffix}

dn: cn="{suffix}",cn=mapping tree,cn=config
objectClass: top
objectClass: extensibleObject
objectClass: nsMappingTree
cn: {suffix}
nsslapd-state: backend
nsslapd-backend: database{number}

"""


def hashed(password):
    """dse.ldif holds no password in clear; a scheme that costs nothing at each bind."""
    salt = os.urandom(8)
    return "{SSHA512}" + base64.b64encode(hashlib.sha512(password.encode() + salt).digest() + salt).decode()


class Ds389:
    def __init__(self, folder, name, databases):
        self.name = name
        self.folder = os.path.join(folder, name)
        self.log = os.path.join(folder, name + ".log")
        self.databases = databases
        self.port = free_port()
        self.uri = f"ldap://127.0.0.1:{self.port}"
        self.password = secrets.token_hex(16)
        self.process = None
        os.mkdir(self.folder, mode=0o700)
        for place in FOLDERS:
            os.mkdir(os.path.join(self.folder, place))
        self.password_file = os.path.join(self.folder, "password")
        write_secret(self.password_file, self.password)
        self.build()
        self.start()
        for number, database in enumerate(databases, 1):
            self.modify(DATABASE.format(number=number, suffix=database.suffix) + database.ldif, "-a")

    def build(self):
        schema = os.path.join(self.folder, "config", "schema")
        values = {f"{place}_dir": os.path.join(self.folder, place) for place in FOLDERS}
        values.update(
            schema_dir=schema, db_home_dir=values["db_dir"], db_lib="bdb", fqdn="localhost", ds_port=self.port,
            rootdn=ADMIN, ds_passwd=hashed(self.password), ds_user=pwd.getpwuid(os.getuid()).pw_name, ldapi_enabled="off",
            ldapi=os.path.join(self.folder, "ldapi"), ldapi_autobind="off", ds_suffix=self.databases[0].suffix)
        with open(SHARE + "/data/template-dse.ldif") as file:
            text = file.read()
        text = text.replace("cn: config\n", "cn: config\nnsslapd-listenhost: 127.0.0.1\n", 1)
        for name, value in values.items():
            text = text.replace(f"%{name}%", str(value))
        write_secret(os.path.join(self.folder, "config", "dse.ldif"), text)
        # ns-slapd reads the schema beside dse.ldif, whatever nsslapd-schemadir says there.
        os.mkdir(schema)
        for path in (os.path.join(SOURCE, "schema", "97mail.ldif"), os.path.join(BUILD, "schema", "98muster.ldif")):
            shutil.copy(path, schema)

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                ["ns-slapd", "-D", os.path.join(self.folder, "config"), "-i", os.path.join(self.folder, "run", "pid"),
                 "-d", "0"], stdout=log, stderr=log, env=TOOLS)
        until(lambda: answers(self.port) or self.process.poll() is not None, 60, "ns-slapd's start")
        assert self.process.poll() is None, f"ns-slapd {self.name} ended"

    def stop(self, number=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(60)

    def modify(self, ldif, *options):
        out = subprocess.run(["ldapmodify", "-x", "-H", self.uri, "-D", ADMIN, "-y", self.password_file, *options],
                             input=ldif.encode(), capture_output=True, timeout=60)
        assert out.returncode == 0, out.stderr.decode() + ldif
