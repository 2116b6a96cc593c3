#!/usr/bin/env python3
"""Portals come over TLS 1.2 and 1.3 alone, with a certificate whose key is pinned or with a token;
certificates are changed by SIGHUP without dropping anybody; what is wrong with them is said."""
import contextlib
import hashlib
import http.client
import json
import os
import re
import signal
import socket
import ssl
import stat
import subprocess
import urllib.parse
import warnings

from live import JOHN, MUSTERD, registration, run, sandbox, skip_without, until

TOKENS = {"web": "token-of-web", "desk": "token-of-desk"}


def openssl(*arguments, **given):
    out = subprocess.run(["openssl", *arguments], capture_output=True, timeout=60, **given)
    assert out.returncode == 0, out.stderr.decode()
    return out.stdout


class Authority:
    """A private authority, and certificates of it."""

    def __init__(self, folder, name):
        self.path = os.path.join(folder, name)
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                f"/CN={name}", "-days", "400", "-keyout", self.path + ".key", "-out", self.path + ".pem")
        self.pem = self.path + ".pem"

    def issue(self, name, use="clientAuth", days=100):
        """Files NAME.pem and NAME.key (0600); returns their common path."""
        path = f"{self.path}-{name}"
        with open(path + ".ext", "w") as file:
            file.write(f"extendedKeyUsage={use}\nsubjectAltName=IP:127.0.0.1\n")
        request = openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                          f"/CN={name}", "-keyout", path + ".key")
        openssl("x509", "-req", "-CA", self.pem, "-CAkey", self.path + ".key", "-set_serial", str(os.getpid()),
                "-days", str(days), "-extfile", path + ".ext", "-out", path + ".pem", input=request)
        os.chmod(path + ".key", 0o600)
        return path


def pin(path):
    """As the manual page says it is made."""
    key = openssl("x509", "-in", path + ".pem", "-noout", "-pubkey")
    return hashlib.sha256(openssl("pkey", "-pubin", "-outform", "DER", input=key)).hexdigest()


class Place:
    """A sandbox whose configuration is changed to TLS; server.pem and server.key are what it reads."""

    def __init__(self, box):
        self.box = box
        self.folder = os.path.join(box.dir, "tls")
        os.mkdir(self.folder)
        self.servers = Authority(self.folder, "servers")
        self.clients = Authority(self.folder, "clients")
        self.server = os.path.join(self.folder, "server")
        self.web = self.clients.issue("web")
        self.take(self.servers.issue("first", "serverAuth"))
        with open(box.endpoints["config"]) as file:
            self.plain = file.read()
        self.api = urllib.parse.urlsplit(box.endpoints["api"])

    def take(self, path):
        """Puts a certificate and its key where musterd reads them."""
        for suffix in (".pem", ".key"):
            with open(path + suffix, "rb") as file:
                content = file.read()
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.server + suffix)
            with open(os.open(self.server + suffix, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
                file.write(content)

    def text(self, listen="", limits=""):
        tls = (f'certificate_file = "{self.server}.pem"; key_file = "{self.server}.key";\n'
               f'client_ca_file = "{self.clients.pem}"; {listen}')
        portals = ", ".join(
            f'{{ name = "{name}"; token_sha256 = "{hashlib.sha256(token.encode()).hexdigest()}";\n'
            + (f'key_sha256 = "{pin(self.web).upper()}"; ' if name == "web" else "")
            + 'rights = [ "register", "status" ]; }' for name, token in TOKENS.items())
        text = self.plain.replace("listen = {", "listen = { " + tls, 1).replace("portals = (", f"portals = ( {portals},", 1)
        if limits:
            assert "limits = {" in text
            text = text.replace("limits = {", "limits = { " + limits, 1)
        return text

    def write(self, text):
        with open(self.box.endpoints["config"], "w") as file:
            file.write(text)

    def reload(self, text, says="configuration reloaded"):
        before = self.log().count(says)
        self.write(text)
        os.kill(self.box.musterd_pid(), signal.SIGHUP)
        until(lambda: self.log().count(says) > before, 20, f"'{says}' in the log")

    def log(self):
        text = ""
        for name in ("musterd.log", "musterd-again.log"):
            with contextlib.suppress(FileNotFoundError), open(os.path.join(self.box.dir, name)) as file:
                text += file.read()
        return text

    def check(self, text):
        path = os.path.join(self.box.dir, "tried.conf")
        with open(path, "w") as file:
            file.write(text)
        out = subprocess.run([MUSTERD, "-t", "-c", path], capture_output=True, text=True, timeout=60)
        return out.returncode, out.stderr

    def context(self, shows=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.servers.pem)
        if shows:
            context.load_cert_chain(shows + ".pem", shows + ".key")
        return context

    def connect(self, context):
        return http.client.HTTPSConnection(self.api.hostname, self.api.port, timeout=30, context=context)

    def ask(self, context, token=None, method="GET", path="/v1/policy", body=None):
        """Status, body and headers; None where TLS or the connection failed."""
        connection = self.connect(context)
        try:
            return ask(connection, token, method, path, body)
        except (ssl.SSLError, ConnectionError, http.client.RemoteDisconnected):
            return None, None, None
        finally:
            connection.close()


def ask(connection, token=None, method="GET", path="/v1/policy", body=None):
    headers = {"Content-Type": "application/json"} if body else {}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    connection.request(method, path, json.dumps(body) if body else None, headers)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read()), answer.headers


def shown(connection):
    """The certificate that the server showed on it."""
    return connection.sock.getpeercert(binary_form=True)


@contextlib.contextmanager
def place():
    with sandbox(delay=1) as box:
        yield Place(box)


def versions_and_ciphers():
    with place() as it:
        it.reload(it.text())
        good = TOKENS["web"]
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = it.context()
            context.minimum_version = context.maximum_version = version
            assert it.ask(context, good)[0] == 200, version
        for version, ciphers in [
                (ssl.TLSVersion.TLSv1_1, "ALL:@SECLEVEL=0"), (ssl.TLSVersion.TLSv1, "ALL:@SECLEVEL=0"),
                (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-SHA256:@SECLEVEL=0"),
                (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES256-SHA:@SECLEVEL=0"),
                (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0")]:
            context = it.context()
            context.set_ciphers(ciphers)
            context.minimum_version = context.maximum_version = version
            assert it.ask(context, good)[0] is None, (version, ciphers)
        context = it.context()
        context.set_alpn_protocols(["h2"])
        assert it.ask(context, good)[0] is None
        with socket.create_connection((it.api.hostname, it.api.port), timeout=30) as raw:
            raw.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            assert not raw.recv(100).startswith(b"HTTP")


def who_comes():
    with place() as it:
        it.reload(it.text())
        strangers = Authority(it.folder, "strangers")
        web, desk = TOKENS["web"], TOKENS["desk"]
        known, unpinned = it.context(it.web), it.context(it.clients.issue("another"))
        status, made, headers = it.ask(known, None, "POST", "/v1/registrations", registration(JOHN))
        assert status == 202 and "close" not in headers.get("Connection", ""), (status, made)
        ident = made["id"]
        for context, token, says in [
                (known, None, 200), (known, web, 200), (it.context(), web, 200),
                (it.context(), desk, 404), (it.context(), None, 401), (known, desk, 401), (known, "wrong", 401),
                (unpinned, None, 401), (unpinned, web, 401),
                (it.context(strangers.issue("web")), web, None),
                (it.context(it.clients.issue("old", days=-1)), web, None),
                (it.context(it.clients.issue("server", "serverAuth")), web, None)]:
            assert it.ask(context, token, path=f"/v1/registrations/{ident}")[0] == says, (token, says)
        # a key that is no longer pinned is nobody's at once, on an open connection too
        connection = it.connect(known)
        assert ask(connection)[0] == 200
        it.reload(it.text().replace(pin(it.web).upper(), "0" * 64))
        assert ask(connection)[0] == 401
        connection.close()


def handshake_has_a_deadline():
    with place() as it:
        it.write(it.text(limits="handshake_timeout = 1; request_timeout = 600;"))
        it.box.kill_musterd(signal.SIGTERM)
        it.box.start_musterd(wait=False)
        until(lambda: it.ask(it.context(), TOKENS["web"])[0] == 200, 20, "musterd's start")
        for begin in (b"", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"):
            with socket.create_connection((it.api.hostname, it.api.port), timeout=60) as raw:
                raw.sendall(begin)
                assert raw.recv(100) == b""


def reload_drops_nobody():
    with place() as it:
        it.reload(it.text())
        kept = it.connect(it.context())
        assert ask(kept, TOKENS["web"])[0] == 200
        sock, first = kept.sock, shown(kept)
        it.take(it.servers.issue("second", "serverAuth"))
        it.reload(it.text())
        fresh = it.connect(it.context())
        assert ask(fresh, TOKENS["web"])[0] == 200
        second = shown(fresh)
        assert second != first
        assert ask(kept, TOKENS["web"])[0] == 200 and kept.sock is sock and shown(kept) == first

        def refused(says):
            it.reload(it.text().replace("delay = 1", "delay = 9"), says)
            status, policy, _ = it.ask(it.context(), TOKENS["web"])
            assert status == 200 and policy["activation_delay_seconds"] == 1, policy
            assert it.log().count("reload refused") > before
            again = it.connect(it.context())
            assert ask(again, TOKENS["web"])[0] == 200 and shown(again) == second
            again.close()

        before = it.log().count("reload refused")
        os.chmod(it.server + ".key", 0o644)
        refused("others may read or change it")
        it.take(it.servers.issue("old", "serverAuth", days=-1))
        refused("has expired")
        it.take(it.servers.issue("third", "serverAuth"))
        os.rename(it.servers.issue("fourth", "serverAuth") + ".key", it.server + ".key")
        refused("is not the key of listen.certificate_file")
        os.unlink(it.server + ".pem")
        refused("No such file")
        it.take(it.servers.issue("fifth", "serverAuth"))
        it.reload(it.text().replace("delay = 1", "delay = 9"))
        status, policy, _ = it.ask(it.context(), TOKENS["web"])
        assert status == 200 and policy["activation_delay_seconds"] == 9
        assert ask(kept, TOKENS["web"])[0] == 200 and kept.sock is sock and shown(kept) == first
        assert ask(fresh, TOKENS["web"])[0] == 200 and shown(fresh) == second


def configuration_says_what_is_wrong():
    with place() as it:
        text = it.text()
        assert it.check(text) == (0, ""), it.check(text)
        open_to_all = it.plain.replace('address = "127.0.0.1"', 'address = "0.0.0.0"')
        line = 1 + it.plain[:it.plain.index('address = "127.0.0.1"')].count("\n")
        code, words = it.check(open_to_all)
        assert code == 3 and f":{line}: listen.address: must be of the loopback" in words, words
        assert it.check(text.replace('address = "127.0.0.1"', 'address = "0.0.0.0"')) == (0, "")
        os.chmod(it.server + ".key", 0o644)
        code, words = it.check(text)
        assert code == 3 and "listen.key_file" in words and "others may read or change it" in words, words
        it.write(text)
        it.box.kill_musterd(signal.SIGTERM)
        out = subprocess.run([MUSTERD, "-f", "-c", it.box.endpoints["config"]], capture_output=True, text=True,
                             timeout=60)
        assert out.returncode == 1 and "others may read or change it" in out.stderr, out
        os.chmod(it.server + ".key", 0o400)
        it.take(it.web)
        code, words = it.check(text)
        assert code == 3 and "not for a TLS server" in words, words


def ends_are_announced():
    with place() as it:
        it.take(it.servers.issue("soon", "serverAuth", days=12))
        it.reload(it.text())
        assert re.search("listen.certificate_file: .* expires in 1[12] days", it.log())
        code, words = it.check(it.text())
        assert code == 0 and re.search("^warning: listen.certificate_file: .* expires in 1[12] days$", words), words
        it.take(it.servers.issue("old", "serverAuth", days=-1))
        code, words = it.check(it.text())
        assert code == 3 and "has expired" in words, words
        # a machine that comes up again activates all the same; portals see for themselves
        it.box.kill_musterd(signal.SIGTERM)
        it.box.start_musterd(wait=False)
        until(lambda: "has expired" in it.log() and "listens on" in it.log().rsplit("has expired", 1)[1], 20,
              "the start")
        assert it.ask(it.context(), TOKENS["web"])[0] is None
        lax = it.context()
        lax.check_hostname = False
        lax.verify_mode = ssl.CERT_NONE
        assert it.ask(lax, TOKENS["web"])[0] == 200


def a_proxy_comes_by_unix_socket():
    with place() as it:
        path = os.path.join(it.box.dir, "api.sock")
        it.write(it.plain.replace('address = "127.0.0.1"', f'address = "{path}"'))
        it.box.kill_musterd(signal.SIGTERM)
        it.box.start_musterd(wait=False)

        def call(token, line="GET /v1/policy"):
            with socket.socket(socket.AF_UNIX) as raw:
                raw.settimeout(30)
                raw.connect(path)
                raw.sendall(f"{line} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n"
                            "Content-Length: 0\r\nConnection: close\r\n\r\n".encode())
                return raw.makefile("rb").readline().split()[1]

        until(lambda: os.path.exists(path), 20, "the socket")
        assert call(it.box.endpoints["token"]) == b"200"
        assert call("wrong") == b"401"
        assert call(it.box.endpoints["token"], "POST /v1/registrations") == b"400"
        with open(os.path.join(it.box.dir, "audit.log")) as log:
            assert '"actor":"portal:sandbox"' in log.readlines()[-1], "who comes by it is no administrator"
        assert stat.S_IMODE(os.lstat(path).st_mode) == 0o660
        it.box.kill_musterd(signal.SIGTERM)
        assert not os.path.exists(path)


skip_without("openssl")
warnings.simplefilter("ignore", DeprecationWarning)  # of TLS 1.0 and 1.1, as if we liked them
run(versions_and_ciphers, who_comes, handshake_has_a_deadline, reload_drops_nobody,
    configuration_says_what_is_wrong, ends_are_announced, a_proxy_comes_by_unix_socket)
