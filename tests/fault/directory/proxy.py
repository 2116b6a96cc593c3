"""A TCP proxy between musterd and slapd that knows LDAP messages apart, and spoils those that it is
told to: by kind of request, by what is in it, and by how many came before."""
import collections
import socket
import struct
import threading

BIND, SEARCH, MODIFY, ADD, DELETE = 0x60, 0x63, 0x66, 0x68, 0x4A
RESULT = {BIND: 0x61, SEARCH: 0x65, MODIFY: 0x67, ADD: 0x69, DELETE: 0x6B}
NAMES = {BIND: "bind", SEARCH: "search", MODIFY: "modify", ADD: "add", DELETE: "delete"}

# What a rule may do with a request, or with what is answered to it.
ACTIONS = (
    "drop",        # it never arrives, and nobody says so
    "rst", "fin",  # instead of it the connection ends
    "half",        # the connection ends in the middle of it
    "delay",       # it arrives later; others overtake it
    "lose",        # it is carried out, and its reply never comes
    "lose_rst",    # … and the connection is reset instead of the reply
    "half_reply",  # … and the connection ends in the middle of the reply
    "slow_reply",  # the reply comes later; others overtake it
    "late",        # the connection is reset, and yet it arrives later and is carried out
)


class Rule:
    """For the nth such request; code: answers it with a result code of its own instead."""

    def __init__(self, op, action, marker=b"", seconds=0.5, code=0, nth=1, lasts=False):
        self.op, self.action, self.marker, self.seconds = op, action, marker, seconds
        self.code, self.nth, self.lasts = code, nth, lasts
        self.met = 0

    def takes(self, op, message):
        if op != self.op or self.marker not in message:
            return False
        self.nth -= 1
        if self.nth > 0 or (self.met and not self.lasts):
            return False
        self.met += 1
        return True


def cut_messages(buffer):
    """The whole messages of a stream, and the rest."""
    messages = []
    while len(buffer) >= 2:
        size, start = buffer[1], 2
        if size & 0x80:
            start += size & 0x7F
            if len(buffer) < start:
                break
            size = int.from_bytes(buffer[2:start], "big")
        if len(buffer) < start + size:
            break
        messages.append(bytes(buffer[:start + size]))
        buffer = buffer[start + size:]
    return messages, buffer


def look(message):
    """Its id and kind (RFC 4511, 4.1.1)."""
    at = 2 + (message[1] & 0x7F if message[1] & 0x80 else 0)
    size = message[at + 1]
    return int.from_bytes(message[at + 2:at + 2 + size], "big"), message[at + 2 + size]


def result(ident, op, code):
    body = bytes([0x0A, 1, code, 4, 0, 4, 0])
    if code == 10:
        uri = b"ldap://127.0.0.1:1/"
        body += bytes([0xA3, len(uri) + 2, 4, len(uri)]) + uri
    number = ident.to_bytes(4, "big")
    inner = bytes([2, 4]) + number + bytes([RESULT[op], len(body)]) + body
    return bytes([0x30, len(inner)]) + inner


def end(sock, reset):
    try:
        if reset:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    sock.close()


class Pair:
    """One connection, both sides of it."""

    def __init__(self, proxy, client):
        self.proxy, self.client = proxy, client
        self.server = socket.create_connection(("127.0.0.1", proxy.target), 5)
        self.server.settimeout(None)
        self.after = {}  # what is to become of the reply to a request
        self.timers = 0
        self.client_gone = False
        self.forgets = False  # what is on its way later never arrives
        self.lock = threading.Lock()
        for method in (self.pump_requests, self.pump_replies):
            threading.Thread(target=method, daemon=True).start()

    def cut(self, reset=True):
        end(self.client, reset)
        self.client_gone = True
        with self.lock:
            if self.timers == 0:
                end(self.server, reset)

    def to(self, sock, message):
        try:
            sock.sendall(message)
        except OSError:
            pass

    def later(self, seconds, sock, message):
        def send():
            if not self.forgets:
                self.to(sock, message)
            with self.lock:
                self.timers -= 1
                last = self.timers == 0 and self.client_gone
            if last:
                # slapd reads what was sent before it meets the end
                end(self.server, False)

        with self.lock:
            self.timers += 1
        timer = threading.Timer(seconds, send)
        timer.daemon = True
        timer.start()

    def pump(self, source, each):
        buffer = bytearray()
        while True:
            try:
                more = source.recv(65536)
            except OSError:
                more = b""
            if not more:
                self.cut(False)
                return
            if self.proxy.hole:
                continue
            messages, buffer = cut_messages(buffer + more)
            for message in messages:
                if not each(message):
                    return

    def pump_requests(self):
        self.pump(self.client, self.request)

    def pump_replies(self):
        self.pump(self.server, self.reply)

    def request(self, message):
        ident, op = look(message)
        rule = self.proxy.rule_for(op, message)
        if rule is None:
            self.to(self.server, message)
            return True
        if rule.code:
            self.to(self.client, result(ident, op, rule.code))
        elif rule.action == "delay":
            self.later(rule.seconds, self.server, message)
        elif rule.action == "late":
            self.later(rule.seconds, self.server, message)
            self.cut()
        elif rule.action == "half":
            self.to(self.server, message[:len(message) // 2])
            self.cut(False)
        elif rule.action in ("rst", "fin"):
            self.cut(rule.action == "rst")
        elif rule.action != "drop":
            self.after[ident] = rule
            self.to(self.server, message)
        return True

    def reply(self, message):
        ident, op = look(message)
        rule = self.after.get(ident)
        if rule is None:
            self.to(self.client, message)
        elif op in (0x64, 0x73):  # an entry or a reference: it comes with the end of the answer
            rule.held = getattr(rule, "held", b"") + message
        elif rule.action == "slow_reply":
            self.later(rule.seconds, self.client, getattr(rule, "held", b"") + message)
        elif rule.action == "lose_rst":
            self.cut()
        elif rule.action == "half_reply":
            self.to(self.client, message[:len(message) // 2])
            self.cut(False)
        return True


class Proxy:
    def __init__(self, target):
        self.target = target
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.rules = []
        self.choose = None  # by chance: called with the kind of each request that no rule takes
        self.hole = False   # takes everything, and passes nothing on
        self.refuses = False
        self.met = collections.Counter()
        self.seen = collections.Counter()
        self.pairs = []
        self.lock = threading.Lock()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if self.refuses:
                end(client, True)
                continue
            try:
                pair = Pair(self, client)
            except OSError:
                end(client, True)
                continue
            with self.lock:
                self.pairs = [it for it in self.pairs if not it.client_gone] + [pair]

    def rule_for(self, op, message):
        with self.lock:
            self.seen[NAMES.get(op, op)] += 1
            rule = next((rule for rule in self.rules if rule.takes(op, message)), None)
            if rule is None and self.choose:
                rule = self.choose(op)
            if rule is not None:
                self.met[rule.code or rule.action] += 1
            return rule

    def cut_all(self, forgets=False):
        with self.lock:
            pairs, self.pairs = self.pairs, []
        for pair in pairs:
            pair.forgets = forgets
            pair.cut()

    def close(self):
        end(self.listener, False)
        self.cut_all()
