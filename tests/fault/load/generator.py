"""A load generator: many keep-alive connections from one thread, and a history of what was answered.

A client registers one person after the other. It is told 202, or 503 or 429 with Retry-After, and then
tries the same person again: at once while the load is offered, after Retry-After once it is honest.
"""
import asyncio
import collections
import itertools
import json
import urllib.parse

from live import people_ldif, registration

FIRST = 904000000


def people(count, path):
    people_ldif([{"personnelId": FIRST + i, "birthDate": "19700101", "sn": "Load", "givenName": "Lee",
                  "personnelCategory": "da-civilian", "personnelStatus": "current"} for i in range(count)], path)


def person(number):
    return {"ssn": str(FIRST + number), "birth": "1970-01-01", "name": {"given": "Lee", "family": "Load"}}


class Load:
    def __init__(self, box):
        self.box = box
        self.numbers = itertools.count()
        self.kept = {}                      # id → person: every 202
        self.answers = collections.Counter()  # by status; 0 for a connection that was cut or refused
        self.bad = []                       # answers that nobody promised
        self.ending = False                 # the clients go home after the answer that they wait for
        self.honest = False

    def request(self, number):
        body = json.dumps(registration(person(number))).encode()
        return (f"POST /v1/registrations HTTP/1.1\r\nHost: load\r\nContent-Type: application/json\r\n"
                f"Authorization: Bearer {self.box.endpoints['token']}\r\nIdempotency-Key: load-{number}\r\n"
                f"Content-Length: {len(body)}\r\n\r\n").encode() + body

    async def connect(self):
        api = urllib.parse.urlsplit(self.box.endpoints["api"])
        return await asyncio.open_connection(api.hostname, api.port)

    async def read(self, reader):
        """Status, headers and body of one answer."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:-2])}
        return int(head[0].split()[1]), headers, await reader.readexactly(int(headers["content-length"]))

    def judge(self, number, status, headers, body):
        """Whether the person is done."""
        self.answers[status] += 1
        document = json.loads(body)
        if status == 202:
            if self.kept.setdefault(document["id"], number) != number:
                self.bad.append((number, "another's id"))
            return True
        if status not in (503, 429) or not headers.get("retry-after", "").isdigit() or \
           document["type"] not in ("urn:musterd:problem:unavailable", "urn:musterd:problem:rate-limited"):
            self.bad.append((number, status, headers, document))
        return False

    async def client(self):
        reader = writer = None
        number = next(self.numbers)
        while not (self.ending and not self.honest):
            wait = 0
            try:
                if writer is None:
                    reader, writer = await self.connect()
                writer.write(self.request(number))
                status, headers, body = await self.read(reader)
                done = self.judge(number, status, headers, body)
                wait = 0 if done or not self.honest else int(headers["retry-after"])
                if headers.get("connection") == "close":
                    writer.close()
                    writer = None
                if done and self.ending:
                    break
                if done:
                    number = next(self.numbers)
            except (OSError, asyncio.IncompleteReadError):
                self.answers[0] += 1
                writer = None
                wait = 0.5
            await asyncio.sleep(wait)
        if writer is not None:
            writer.close()

    async def run(self, clients, seconds, meanwhile=None):
        """Offers the load for so long; with meanwhile a coroutine that goes on beside it, and ends it.
        Afterwards each is honest until its person is kept too."""
        tasks = [asyncio.create_task(self.client()) for _ in range(clients)]
        if meanwhile is not None:
            await meanwhile
        else:
            await asyncio.sleep(seconds)
        self.honest = self.ending = True
        await asyncio.wait_for(asyncio.gather(*tasks), 180)
        self.honest = self.ending = False

    def check(self, until):
        """Every 202 is active, once; nobody was told anything else."""
        assert not self.bad, self.bad[:3]

        def all_active():
            found = {entry["musterregistrationid"][0] for entry in
                     self.box.accounts("(musterAccountStatus=active)", "musterRegistrationId")}
            return found >= set(self.kept)

        until(all_active, 120, "that every acknowledged registration is active")
        assert len(self.kept) == len(set(self.kept.values())) == len(self.box.accounts("(objectClass=musterAccount)", "uid"))
