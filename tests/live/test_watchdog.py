#!/usr/bin/env python3
"""A supervisor restarts a musterd that hangs, whatever of it does: its loop, the journal's thread, all
of it. What was acknowledged before becomes active all the same."""
import os
import signal
import socket
import subprocess
import threading
import time

from live import JOHN, MUSTERD, run, sandbox, skip_without, until

WAIT = 2  # seconds without a ping


class Supervisor:
    """What systemd does for Type=notify, WatchdogSec=2 and Restart=on-failure."""

    def __init__(self, box):
        self.box = box
        self.path = os.path.join(box.dir, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(0.1)
        self.heard, self.kills, self.ending = [], 0, False
        self.tracer = None
        self.thread = threading.Thread(target=self.watch)
        self.start()
        self.thread.start()

    def start(self):
        environment = dict(os.environ, NOTIFY_SOCKET=self.path, WATCHDOG_USEC=str(WAIT * 1000000))
        with open(os.path.join(self.box.dir, "musterd-watched.log"), "ab") as log:
            self.process = subprocess.Popen([MUSTERD, "-c", self.box.endpoints["config"], "-f"], stdout=log,
                                            stderr=log, env=environment)
        self.pinged = None

    def watch(self):
        while not self.ending:
            triggered = False
            try:
                word = self.socket.recv(4096).decode()
                self.heard.append(word)
                triggered = word == "WATCHDOG=trigger"
                if word in ("READY=1", "WATCHDOG=1"):
                    self.pinged = time.monotonic()
            except socket.timeout:
                pass
            if triggered or (self.pinged and time.monotonic() - self.pinged > WAIT):
                self.kills += 1
                self.process.kill()
                self.stop_tracing()
                self.process.wait(20)
                self.start()

    def trace(self, *arguments):
        """Delays system calls of the daemon by a minute."""
        self.tracer = subprocess.Popen(["strace", "-qq", "-o", "/dev/null", *arguments, "-p", str(self.process.pid)])

    def stop_tracing(self):
        """A traced process that was killed ends when its tracer has."""
        if self.tracer:
            self.tracer.kill()
            self.tracer.wait(20)
            self.tracer = None

    def stop(self):
        self.ending = True
        self.thread.join(30)
        self.stop_tracing()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        self.socket.close()

    def log(self):
        with open(os.path.join(self.box.dir, "musterd-watched.log"), errors="replace") as file:
            return file.read()


def hang(freeze):
    """A registration, then freeze(supervisor) makes musterd hang; what it said and logged."""
    with sandbox(delay=4) as box:
        box.kill_musterd()
        supervisor = Supervisor(box)
        try:
            until(box.is_ready, 20, "the start")
            status, answer, _ = box.register(JOHN)
            assert status == 202, answer
            freeze(supervisor)
            until(lambda: supervisor.kills == 1, 30, "the restart")
            until(box.is_ready, 20, "the new start")
            registration = box.until_state(answer["id"], "active", 30)
            assert box.can_bind(registration["uid"])
            assert len(box.accounts()) == len(box.claims()) == 1
            until(lambda: supervisor.heard[-1] == "WATCHDOG=1", 10, "a ping of the new one")
            assert supervisor.kills == 1, supervisor.heard
            return supervisor.log(), supervisor.heard
        finally:
            supervisor.stop()


def all_of_it_is_stopped():
    log, heard = hang(lambda supervisor: os.kill(supervisor.process.pid, signal.SIGSTOP))
    assert "WATCHDOG=trigger" not in heard and "is stuck" not in log


def the_loop_hangs():
    _, heard = hang(lambda supervisor: supervisor.trace(
        "-e", "trace=epoll_wait", "-e", "inject=epoll_wait:delay_enter=60s"))
    assert "WATCHDOG=trigger" not in heard, "the loop can't have said so itself"


def the_journals_thread_hangs():
    """The loop lives and says what is stuck."""
    log, heard = hang(lambda supervisor: supervisor.trace(
        "-f", "-P", os.path.join(supervisor.box.dir, "journal.db-wal"),
        "-e", "trace=fdatasync,fsync", "-e", "inject=fdatasync,fsync:delay_enter=60s"))
    assert "WATCHDOG=trigger" in heard, heard
    assert "the journal thread is stuck" in log, log


def words_to_the_supervisor():
    with sandbox(delay=2) as box:
        box.kill_musterd()
        supervisor = Supervisor(box)
        try:
            until(box.is_ready, 20, "the start")
            until(lambda: supervisor.heard[:2] == ["READY=1", "WATCHDOG=1"], 10, "the first words")
            supervisor.process.send_signal(signal.SIGHUP)
            reloading = until(lambda: [w for w in supervisor.heard if w.startswith("RELOADING=1\n")], 10, "reload")
            assert 0 < int(reloading[0].split("MONOTONIC_USEC=")[1]) / 1e6 <= time.monotonic(), reloading
            until(lambda: supervisor.heard.count("READY=1") == 2, 10, "the end of the reload")
            assert supervisor.kills == 0
            supervisor.process.send_signal(signal.SIGTERM)
            until(lambda: "STOPPING=1" in supervisor.heard, 10, "the word of the end")
        finally:
            supervisor.stop()


skip_without("strace")
run(words_to_the_supervisor, all_of_it_is_stopped, the_loop_hangs, the_journals_thread_hangs)
