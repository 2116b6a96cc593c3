#!/usr/bin/env python3
"""Every verb of musterctl against a stand-in of the admin socket, with and without --json.

Run from the build directory; $MUSTERCTL is the command otherwise (words, so valgrind may lead)."""
import hashlib
import json
import os
import pty
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from datetime import datetime, timezone

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, HERE)
import standin  # noqa: E402

COMMAND = shlex.split(os.environ.get("MUSTERCTL", os.path.join(os.getcwd(), "musterctl")))
DOC = os.path.join(HERE, "..", "..", "..", "doc")
PATIENCE = 60


def line(number):
    return json.dumps({"identity": {"ssn": f"900-00-{number:04d}"}, "password": "not a real one"})


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="ctl")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.socket = os.path.join(folder.name, "admin.sock")
        self.desk = standin.Desk(self.socket)
        self.desk.start()
        self.addCleanup(self.stop_desk)
        self.environment = {**os.environ, "TZ": "Europe/Berlin", "LC_ALL": "C.UTF-8"}

    def stop_desk(self):
        if self.desk is not None:
            self.desk.stop()
            self.desk = None

    def file(self, text, name="lines"):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as made:
            made.write(text)
        return path

    def run_ctl(self, *words, code=0, desk=True, given=None):
        command = COMMAND + (["-s", self.socket] if desk else []) + list(words)
        done = subprocess.run(command, capture_output=True, encoding="utf-8", input=given,
                              env=self.environment, timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, code, f"{command}\n{done.stdout}\n{done.stderr}")
        for harmful in ("\x1b", "\x9b", "\u202e"):
            self.assertNotIn(harmful, done.stdout + done.stderr)
        if code in (1, 2, 3, 4):
            self.assertNotEqual(done.stderr, "", "a failure has its reason on stderr")
        return done

    def on_a_terminal(self, *words):
        """With a terminal as standard error: exit code, output, and what was drawn."""
        master, terminal = pty.openpty()
        self.environment["TERM"] = "xterm"
        with subprocess.Popen(COMMAND + ["-s", self.socket, *words], stderr=terminal,
                              stdout=subprocess.PIPE, env=self.environment) as process:
            os.close(terminal)
            drawn = b""
            try:
                while piece := os.read(master, 4096):
                    drawn += piece
            except OSError:
                pass  # Linux: the other end is closed
            out = process.stdout.read()
        os.close(master)
        return process.returncode, out, drawn

    def run_json(self, *words, **more):
        return json.loads(self.run_ctl(*words, "--json", **more).stdout)

    def run_lines(self, *words, **more):
        done = self.run_ctl(*words, "--json", **more)
        return [json.loads(line) for line in done.stdout.splitlines()]


class Usage(Case):
    def test_help_and_version(self):
        self.assertIn("submit FILE|-", self.run_ctl("--help", desk=False).stdout)
        self.assertRegex(self.run_ctl("--version", desk=False).stdout, r"^musterctl \d")
        self.assertIn("--overdue", self.run_ctl("list", "--help").stdout)
        self.assertIn("389ds", self.run_ctl("schema", "print", "-h").stdout)
        for words in (["sandbox", "--help"], ["sandbox", "dir", "--port", "1", "-h"]):
            self.assertIn("--people", self.run_ctl(*words, desk=False).stdout)
        self.run_ctl("sandbox", code=2)  # -s makes no sense there

    def test_wrong_usage(self):
        for words in ([], ["nonsense"], ["schema"], ["schema", "nonsense"], ["show"],
                      ["show", "a", "b"], ["list", "--nonsense"], ["list", "--state", "gone"],
                      ["list", "--state", ""], ["list", "--limit", "0"], ["list", "--limit", "x"],
                      ["list", "--limit", "10001"],
                      ["--nonsense"], ["status", "more"], ["schema", "print", "other"],
                      ["sandbox", "a", "b"],
                      ["list", "--state"], ["list", "--state", "active|failed"]):
            with self.subTest(words=words):
                self.assertEqual(self.run_ctl(*words, code=2).stdout, "")
        self.assertEqual(self.desk.requests, [])

    def test_options_before_and_after(self):
        first = standin.ID % 1
        for words in (["--json", "show", first], ["show", "--json", first],
                      ["show", first, "--json"], ["show", "--json", "--", first]):
            with self.subTest(words=words):
                self.assertEqual(json.loads(self.run_ctl(*words).stdout)["id"], first)
        self.assertTrue(json.loads(self.run_ctl("schema", "--json", "check").stdout)["present"])

    def test_configuration(self):
        missing = os.path.join(self.folder, "none.conf")
        for words in (["-c", missing, "status"], ["status", "--config", missing],
                      ["-c", missing, "submit", "-"], ["-c", missing, "watch"]):
            with self.subTest(words=words):
                self.assertEqual(self.run_ctl(*words, code=3, desk=False).stdout, "")

    def test_socket_of_the_configuration(self):
        with open(os.path.join(HERE, "..", "..", "..", "etc", "musterd.conf"),
                  encoding="utf-8") as file:
            text = file.read().replace('"/run/musterd/admin.sock"', f'"{self.socket}"')
        self.file("", "blocklist.txt")
        path = self.file(text, "musterd.conf")
        for words in (["-c", path, "status"], ["status", "--config", path]):
            self.run_ctl(*words, desk=False)
        self.run_ctl("-c", self.file(text + "nonsense = 1;\n", "wrong"), "status", code=3,
                     desk=False)

    def test_made_files_are_up_to_date(self):
        with open(os.path.join(DOC, "musterctl.bash"), encoding="utf-8") as file:
            self.assertEqual(file.read(), self.run_ctl("--print-completion").stdout)
        with open(os.path.join(DOC, "musterctl.8"), encoding="utf-8") as file:
            page = file.read()
        self.assertEqual(page.split('.\\" verbs begin\n')[1].split('.\\" verbs end\n')[0],
                         self.run_ctl("--print-verbs").stdout)

    @unittest.skipUnless(shutil.which("mandoc"), "mandoc is not installed")
    def test_manual_pages(self):
        pages = [os.path.join(DOC, name) for name in os.listdir(DOC) if name.endswith(".8")]
        done = subprocess.run(["mandoc", "-Tlint", "-Wstyle", *pages], capture_output=True,
                              encoding="utf-8", timeout=PATIENCE, check=False)
        faults = [line for line in done.stdout.splitlines()
                  if "referenced manual not found" not in line]  # it is not installed yet
        self.assertEqual(faults, [])

    def complete(self, *words):
        script = (f"source {shlex.quote(os.path.join(DOC, 'musterctl.bash'))}; "
                  f"COMP_WORDS=({shlex.join(words)}); COMP_CWORD={len(words) - 1}; "
                  '_musterctl; echo "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "--norc", "-c", script], capture_output=True,
                              encoding="utf-8", timeout=PATIENCE, check=True)
        return done.stdout.split()

    def test_completion(self):
        self.assertEqual(self.complete("musterctl", "re"), ["release", "retry"])
        self.assertEqual(self.complete("musterctl", "-s", "x", "--json", "schema", "p"), ["print"])
        self.assertEqual(self.complete("musterctl", "schema", "print", "3"), ["389ds"])
        self.assertEqual(sorted(self.complete("musterctl", "list", "--s")),
                         ["--set-aside", "--socket", "--state"])
        self.assertEqual(self.complete("musterctl", "list", "--state", "re"),
                         ["received", "rejected"])


class Reading(Case):
    def test_status(self):
        self.assertEqual(self.run_json("status"), self.desk.pages["/v1/admin/status"])
        text = self.run_ctl("status").stdout
        self.assertIn("musterd 0.1.0, process 4711, up 3 h 12 min", text)
        self.assertRegex(text, r"active +17\n")
        self.assertRegex(text, r"accounts +DOWN +12 in the queue +evil\?\[2J\?\?end\n")
        self.assertRegex(text, r"more +STOPPED +0 in the queue +prove-identity: evil\?\[2J\?\?end\n")
        self.assertRegex(text, r"in flight +2\n")
        self.assertRegex(text, r"written +NO: the disk is full\n")
        self.assertRegex(text, r"sound +NO: see 'musterctl journal check'\n")
        self.assertIn("2026-01-31 09:00:00+01:00", text)

    def test_list(self):
        text = self.run_ctl("list").stdout
        rows = text.splitlines()
        self.assertEqual(len(rows), 4)
        self.assertEqual(len({row.index(cell) for row, cell in
                              zip(rows, ("STATE", "received", "failed", "pending"))}), 1)
        self.assertIn("overdue, dual, waits for personnel", rows[1])
        self.assertEqual(self.run_lines("list"), self.desk.registrations[::-1])
        found = self.run_lines("list", "--state", "failed")
        self.assertEqual([r["state"] for r in found], ["failed"])
        self.assertEqual(len(self.run_lines("list", "--limit", "2")), 2)
        self.assertEqual([r["id"] for r in self.run_lines("list", "--overdue")],
                         [standin.ID % 3])
        self.run_ctl("list", "--set-aside")
        self.assertIn(("GET", "/v1/admin/registrations?set_aside=true"), self.desk.requests)
        self.desk.registrations[0]["set_aside"] = True
        self.assertIn("set aside, dual", self.run_ctl("list").stdout)
        self.assertIn("no registrations", self.run_ctl("list", "--state", "active").stdout)
        self.assertEqual(self.run_lines("list", "--state", "active"), [])

    def test_show(self):
        for name in (standin.ID % 1, "john.q.doe1"):
            shown = self.run_json("show", name)
            self.assertEqual(shown["uid"], "john.q.doe1")
            self.assertEqual(len(shown["timeline"]), 1)
        text = self.run_ctl("show", "john.q.doe1").stdout
        self.assertRegex(text, r"created +2026-01-31 09:00:00\+01:00 \(.* ago\)\n")
        self.assertIn("da-civilian (primary), army-retired", text)
        self.assertRegex(text, r"2026-01-31 09:00:00\+01:00  prove  verified  identity proved")
        self.assertIn("evil?[2J??end", self.run_ctl("show", standin.ID % 3).stdout)

    def test_show_what_is_now(self):
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.999Z")
        self.desk.registrations.append(standin.registration(9, created_at=now))
        self.assertRegex(self.run_ctl("show", standin.ID % 9).stdout, r"created +\S+ \S+ \(\d s ago\)\n")

    def test_show_what_is_not_there(self):
        for name in ("nobody", "..", "a/b?c", "\x1b[2J"):
            for more in ([], ["--json"]):
                with self.subTest(name=name):
                    done = self.run_ctl("show", name, *more, code=1)
                    self.assertEqual(done.stdout, "")
                    self.assertIn("not-found: there is no such", done.stderr)
        self.assertIn(("GET", "/v1/admin/registrations/a%2Fb%3Fc"), self.desk.requests)

    def test_config(self):
        self.assertIn("\tport = 8080;\n", self.run_ctl("config").stdout)
        self.assertEqual(self.run_json("config"), self.desk.pages["/v1/admin/config"])

    def test_schema_check(self):
        self.run_ctl("schema", "check")
        self.assertTrue(self.run_json("schema", "check")["present"])
        lacks = {"present": False, "missing": ["musterAccount"]}
        self.desk.pages["/v1/admin/schema"] = lacks
        self.assertIn("musterAccount", self.run_ctl("schema", "check", code=1).stdout)
        self.assertEqual(self.run_json("schema", "check", code=1), lacks)

    def test_schema_print(self):
        for server in ("openldap", "389ds"):
            text = self.run_ctl("schema", "print", server, desk=False).stdout
            self.assertIn("musterAccountStatus", text)
            self.assertEqual(self.run_json("schema", "print", server, desk=False),
                             {"server": server, "text": text})

    def test_standard_output_full(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run(COMMAND + ["-s", self.socket, "status"], stdout=full,
                                  stderr=subprocess.PIPE, env=self.environment, timeout=PATIENCE,
                                  check=False)
        self.assertEqual(done.returncode, 1)


class Acting(Case):
    def test_acts(self):
        first = standin.ID % 1
        for verb, field, value in (("hold", "held", True), ("release", "held", False),
                                   ("retry", "state", "pending"),
                                   ("activate", "state", "active"),
                                   ("cancel", "state", "cancelled")):
            with self.subTest(verb=verb):
                self.assertEqual(self.run_json(verb, first)[field], value)
                self.assertIn(("POST", f"/v1/admin/registrations/{first}/{verb}"),
                              self.desk.requests)
        self.assertIn("cancelled", self.run_ctl("cancel", first).stdout)

    def test_refused(self):
        done = self.run_ctl("activate", standin.ID % 2, code=1)
        self.assertIn("conflict: it is not pending", done.stderr)
        self.run_ctl("hold", standin.ID % 99, "--json", code=1)


class Unlocking(Case):
    LOCKED = {"in_row": 3, "total": 7, "locked_until": "2026-01-31T08:15:00.123Z",
              "locked_for_ever": False}

    def test_by_name(self):
        self.desk.attempts = self.LOCKED
        self.assertEqual(self.run_json("unlock", standin.ID % 1), {"was": self.LOCKED})
        self.assertRegex(self.run_ctl("unlock", "john.q.doe1").stdout,
                         r"3 in a row, 7 in all; locked until 2026-01-31 09:15:00\+01:00")
        self.assertEqual(self.desk.unlocks, [{"id": standin.ID % 1}, {"id": "john.q.doe1"}])
        self.run_ctl("unlock", "nobody", code=1)

    def test_by_identifier(self):
        self.desk.attempts = {"in_row": 1, "total": 10, "locked_until": None,
                              "locked_for_ever": True}
        for given in ("900-12-3456\n", "900123456", "900123456\r\nmore\n"):
            text = self.run_ctl("unlock", "-", given=given).stdout
            self.assertIn("1 in a row, 10 in all; locked until it is unlocked", text)
        self.assertEqual(self.desk.unlocks, [{"identifier": "900123456"}] * 3)

    def test_no_identifier(self):
        for given in ("", "\n", "900-12-345\n", "9" * 5000):
            done = self.run_ctl("unlock", "-", given=given, code=1)
            self.assertNotIn("900-12-345\n", done.stderr)
        for words in (["900123456"], ["900-12-3456"], ["--json", "900-12-3456"], []):
            self.run_ctl("unlock", *words, code=2)
        self.assertEqual(self.desk.requests, [])

    def test_not_shown_on_a_terminal(self):
        ours, theirs = pty.openpty()
        done = subprocess.Popen(COMMAND + ["-s", self.socket, "unlock", "-"], stdin=theirs,
                                stdout=subprocess.PIPE, stderr=theirs, env=self.environment)
        os.close(theirs)
        seen = b""
        while b"Identifier: " not in seen:
            seen += os.read(ours, 1000)
        os.write(ours, b"900-12-3456\n")
        self.assertIn(b"0 in a row", done.communicate(timeout=PATIENCE)[0])
        try:
            while more := os.read(ours, 1000):
                seen += more
        except OSError:
            pass  # the other end is closed
        os.close(ours)
        self.assertNotIn(b"900", seen)
        self.assertEqual(self.desk.unlocks, [{"identifier": "900123456"}])

    def test_shown(self):
        self.desk.attempts = self.LOCKED
        self.assertEqual(self.run_json("show", standin.ID % 1)["failures"], self.LOCKED)
        self.assertRegex(self.run_ctl("show", standin.ID % 1).stdout,
                         r"failures +3 in a row, 7 in all; locked until 2026")
        self.assertRegex(self.run_ctl("show", standin.ID % 3).stdout, r"tries +4\n")


class Unreachable(Case):
    VERBS = (["status"], ["list"], ["show", "x"], ["watch"], ["activate", "x"], ["config"],
             ["schema", "check"], ["unlock", "x"], ["journal", "check"],
             ["journal", "backup", "x"])

    def each(self, hint):
        lines = self.file(line(1))
        for words in (*self.VERBS, ["submit", lines]):
            with self.subTest(words=words):
                done = self.run_ctl(*words, code=4)
                self.assertEqual(done.stdout, "")
                self.assertIn(hint, done.stderr)

    def test_no_socket(self):
        self.stop_desk()
        self.each("there is no such socket")

    def test_nobody_listens(self):
        self.stop_desk()
        with socket.socket(socket.AF_UNIX) as left_behind:
            left_behind.bind(self.socket)
        self.each("nobody listens there")

    def test_journal_without_a_daemon(self):
        self.stop_desk()
        self.assertIn("musterd -t", self.run_ctl("journal", "check", code=4).stderr)

    def test_name_too_long(self):
        self.run_ctl("-s", "/" + "x" * 200, "status", code=4, desk=False)

    def test_something_else_answers(self):
        self.desk.pages["/v1/admin/status"] = b"<html>"
        self.assertIn("no JSON", self.run_ctl("status", code=1).stderr)


class Journal(Case):
    CHECK, BACKUP = "/v1/admin/journal/check", "/v1/admin/journal/backup"

    def test_check(self):
        self.desk.looks = 3
        self.assertIn("the journal is sound: 3 reg", self.run_ctl("journal", "check").stdout)
        self.assertEqual([r for r in self.desk.requests if r[1] == self.CHECK],
                         [("POST", self.CHECK)] + 3 * [("GET", self.CHECK)])
        self.assertEqual(self.run_json("journal", "check"),
                         self.desk.tasks[self.CHECK]["result"])

    def test_check_finds(self):
        aside = {"sound": True, "rows": 3, "damage": 0, "set_aside": 1, "findings": [
            {"id": standin.ID % 3, "what": f"set aside: {standin.ESCAPE}"}]}
        self.desk.tasks[self.CHECK]["result"] = aside
        done = self.run_ctl("journal", "check", code=1)
        self.assertRegex(done.stdout, f"{standin.ID % 3}  set aside: evil")
        self.assertIn("1 registrations are set aside", done.stderr)
        self.desk.tasks[self.CHECK]["result"] = {
            **aside, "sound": False, "damage": 1, "findings": [{"id": None, "what": "page 7"}]}
        done = self.run_ctl("journal", "check", code=1)
        self.assertRegex(done.stdout, "DAMAGED.*\nthe file  page 7\n")
        self.assertIn("is damaged", done.stderr)
        self.assertFalse(self.run_json("journal", "check", code=1)["sound"])

    def test_check_comes_to_nothing(self):
        self.desk.tasks[self.CHECK] = {"ended_at": None, "fault": "it can't be opened"}
        self.assertIn("can't be opened", self.run_ctl("journal", "check", code=1).stderr)

    def test_backup(self):
        path = os.path.join(self.folder, "copy")
        self.desk.looks = 2
        self.assertIn(path, self.run_ctl("journal", "backup", path).stdout)
        with open(path) as file:
            self.assertEqual(file.read(), standin.JOURNAL)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        self.assertFalse(os.path.exists(self.desk.copy))
        path = f"copy-{os.getpid()}"
        self.addCleanup(os.unlink, path)
        self.assertEqual(self.run_json("journal", "backup", path), {"path": os.path.abspath(path)})

    def test_backup_comes_to_nothing(self):
        self.desk.tasks[self.BACKUP]["fault"] = "there is no room"
        self.assertIn("no room", self.run_ctl("journal", "backup", "/x", code=1).stderr)
        self.desk.tasks[self.BACKUP] = {"ended_at": None, "fault": None}
        self.assertIn("started anew", self.run_ctl("journal", "backup", "/x", code=1).stderr)

    def test_backup_has_no_place(self):
        there = os.path.join(self.folder, "there")
        open(there, "w").close()
        self.assertIn("not replaced", self.run_ctl("journal", "backup", there, code=1).stderr)
        self.assertIsNone(self.desk.copy)
        nowhere = os.path.join(self.folder, "no", "where")
        self.assertIn("No such file", self.run_ctl("journal", "backup", nowhere, code=1).stderr)
        self.assertFalse(os.path.exists(self.desk.copy))

    def test_bar_on_a_terminal(self):
        self.desk.looks = 4
        code, out, drawn = self.on_a_terminal("journal", "backup", os.path.join(self.folder, "copy"))
        self.assertEqual((code, out.count(b"\n")), (0, 1))
        self.assertRegex(drawn, rb"\[[#.]+\] +\d+ %  \d+ of 100 bytes")


class Watching(Case):
    def watch(self, *more):
        return subprocess.Popen(COMMAND + ["-s", self.socket, "watch", *more],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
                                env=self.environment)

    def ended_by(self, number, *more):
        with self.watch(*more) as process:
            lines = [process.stdout.readline() for _ in self.desk.registrations]
            process.send_signal(number)
            rest, complaint = process.communicate(timeout=PATIENCE)
        self.assertEqual((process.returncode, rest, complaint), (0, "", ""))
        return lines

    def test_ended_by_a_signal(self):
        lines = self.ended_by(signal.SIGINT, "--json")
        self.assertEqual([json.loads(one) for one in lines], self.desk.registrations)
        lines = self.ended_by(signal.SIGTERM)
        self.assertIn("john.q.doe1", lines[0])
        self.assertIn("the directory said no", lines[1])

    def test_daemon_goes(self):
        self.desk.watch_ends = True
        self.assertIn("ended the stream", self.run_ctl("watch", code=4).stderr)

    def test_reader_goes(self):
        self.desk.registrations *= 2000
        with self.watch() as process:
            process.stdout.readline()
            process.stdout.close()
            process.wait(timeout=PATIENCE)
        self.assertEqual(process.returncode, -signal.SIGPIPE)


class Submitting(Case):
    def test_twice(self):
        count = 700
        lines = self.file("".join(line(n) + "\n" for n in range(count)))
        self.desk.pause = 0.002
        first = self.run_lines("submit", lines)
        self.assertEqual([r["line"] for r in first], list(range(1, count + 1)))
        self.assertEqual({r["status"] for r in first}, {202})
        self.assertGreater(self.desk.most, 4)
        self.assertLessEqual(self.desk.most, 16)
        self.assertEqual(self.run_lines("submit", lines), first)
        self.assertEqual(len(self.desk.registrations), 3 + count)
        digest = hashlib.sha256(line(0).encode()).hexdigest()
        self.assertIn("musterctl-submit-" + digest, self.desk.keys)

    def test_words(self):
        lines = self.file(line(1) + "\r\n\n{}\nno json\n" + line(1))
        done = self.run_ctl("submit", lines, code=1)
        rows = done.stdout.splitlines()
        self.assertEqual(len(rows), 4)
        self.assertRegex(rows[0], r"^ +1  202  " + standin.ID % 4 + "  received ")
        self.assertRegex(rows[1], r"^ +3  422  invalid; /identity: is missing$")
        self.assertRegex(rows[2], r"^ +4  400  malformed: the body is no JSON$")
        self.assertRegex(rows[3], r"^ +5  202  " + standin.ID % 4)
        self.assertIn("4 lines: 2 taken, 2 failed", done.stderr)
        self.assertNotIn("not a real one", done.stdout + done.stderr)

    def test_long_lines(self):
        fits = line(1)[:-1] + " " * (65536 - len(line(1))) + "}"
        lines = self.file(fits + "\n" + fits + " \n" + "x" * 400000 + "\n" + line(2))
        found = self.run_lines("submit", lines, code=1)
        self.assertEqual([(r["line"], r["status"]) for r in found],
                         [(1, 202), (2, None), (3, None), (4, 202)])
        self.assertIn("longer than 65536 bytes", found[1]["problem"]["title"])
        lines = self.file("x" * 400000)
        self.assertEqual(len(self.run_lines("submit", lines, code=1)), 1)

    def test_empty(self):
        self.assertEqual(self.run_lines("submit", self.file("")), [])
        self.assertEqual(self.run_lines("submit", "-", given="\n \r\n"), [])

    def test_later_then_taken(self):
        self.desk.later = {line(2).encode(): 2}
        began = time.monotonic()
        found = self.run_lines("submit", "-", given="".join(line(n) + "\n" for n in range(5)))
        self.assertEqual([r["line"] for r in found], [1, 2, 3, 4, 5])
        self.assertEqual({r["status"] for r in found}, {202})
        self.assertGreaterEqual(time.monotonic() - began, 2, "Retry-After is obeyed")

    def test_later_for_ever(self):
        self.desk.later = {line(2).encode(): 1000000}
        self.desk.retry_after = "3600"
        found = self.run_lines("submit", "-", given="".join(line(n) + "\n" for n in range(5)),
                               code=1)
        self.assertEqual([r["status"] for r in found], [202, 202, 503, 202, 202])
        self.assertEqual(found[2]["problem"]["title"], "unavailable")

    def test_connection_lost(self):
        # The last: others were answered before, so that the daemon counts as reachable.
        self.desk.lost = {line(39).encode(): 2}
        self.run_ctl("submit", "-", given=line(0) + "\n")
        found = self.run_lines("submit", "-", given="".join(line(n) + "\n" for n in range(40)))
        self.assertEqual({r["status"] for r in found}, {202})

    def test_no_such_file(self):
        self.run_ctl("submit", os.path.join(self.folder, "none"), code=1)
        self.run_ctl("submit", self.folder, code=1)

    def test_pipe_that_waits(self):
        with subprocess.Popen(COMMAND + ["-s", self.socket, "submit", "-"], encoding="utf-8",
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, env=self.environment) as process:
            for number in range(3):
                process.stdin.write(line(number) + "\n")
                process.stdin.flush()
                ready, _, _ = select.select([process.stdout], [], [], PATIENCE)
                self.assertTrue(ready, "a result comes before the next line")
                self.assertIn(" 202 ", process.stdout.readline())
            process.stdin.close()
            self.assertEqual(process.wait(timeout=PATIENCE), 0)

    def test_bar_on_a_terminal(self):
        lines = self.file("".join(line(n) + "\n" for n in range(50)))
        self.desk.pause = 0.02
        code, out, drawn = self.on_a_terminal("submit", lines)
        self.assertEqual((code, out.count(b"\n")), (0, 50))
        self.assertRegex(drawn, rb"\[[#.]+\] +\d+ %  \d+ lines, 0 failed")
        self.assertIn(b"50 lines: 50 taken, 0 failed", drawn)


if __name__ == "__main__":
    unittest.main(verbosity=2)
