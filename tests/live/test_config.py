#!/usr/bin/env python3
"""'musterd -t' says every fault of a configuration and of what it names; SIGHUP reloads a good file,
and a bad one changes nothing."""
import os
import signal
import subprocess

from live import MUSTERD, run, sandbox, until


def say_of(box, text):
    """What 'musterd -t' says of a configuration: exit code and words."""
    path = os.path.join(box.dir, "tried.conf")
    with open(path, "w") as file:
        file.write(text)
    out = subprocess.run([MUSTERD, "-t", "-c", path], capture_output=True, text=True, timeout=60)
    return out.returncode, out.stderr


def configuration_is_checked():
    with sandbox(delay=3) as box:
        with open(box.endpoints["config"]) as file:
            good = file.read()
        assert say_of(box, good) == (0, "")
        for old, new, says in [
                ("service.password", "none.password", "none.password"),
                ("ou=claims,", "ou=nowhere,", "claims_base"),
                ("{given}.{mi}.{sn}", "{nobody}", "uid_template"),
                ("journal.db", "nowhere/journal.db", "journal.path"),
                ("delay = 3", "delay = 99999999999", "activation.delay"),
                ("delay = 3", "delay = 3; dealy = 3", "dealy"),
                ('identifier = "personnelId"', 'identifier = "employeeNumber"', "no entry that fits"),
                ('birth_date = "birthDate"', 'birth_date = "birthday"', "personnel/sample"),
                ("%2Fldapi", "%2Fnobody", "accounts")]:
            assert old in good, old
            code, words = say_of(box, good.replace(old, new))
            assert code == 3 and says in words, (old, new, code, words)
        code, words = say_of(box, good.replace("delay = 3", "delay = true").replace("port = ", "prot = "))
        assert code == 3 and "activation.delay" in words and "prot" in words, words
        code, words = say_of(box, good.replace("ou=people,", "ou=nobody,").replace("ou=claims,", "ou=nowhere,"))
        assert code == 3 and "ou=nobody," in words and "claims_base" in words, words


def delay(box):
    return box.call("GET", "/v1/policy")[1]["activation_delay_seconds"]


def log_has(box, words):
    with open(os.path.join(box.dir, "musterd.log")) as file:
        return words in file.read()


def reload_takes_a_good_file_alone():
    with sandbox(delay=3) as box:
        with open(box.endpoints["config"]) as file:
            good = file.read()

        def reload(text):
            with open(box.endpoints["config"], "w") as file:
                file.write(text)
            os.kill(box.musterd_pid(), signal.SIGHUP)

        assert delay(box) == 3
        reload(good.replace("delay = 3", "delay = 7"))
        until(lambda: delay(box) == 7, 10, "the reload")
        reload(good.replace("delay = 3", "delay = 9") + "oops = 1;\n")
        until(lambda: log_has(box, "oops"), 10, "the refusal")
        assert delay(box) == 7
        reload(good.replace("port = ", "port = 1; prot = ").replace("delay = 3", "delay = 9"))
        until(lambda: log_has(box, "prot"), 10, "the refusal")
        reload(good.replace("delay = 3", "delay = 9").replace("journal.db", "other.db"))
        until(lambda: log_has(box, "only a restart can change it"), 10, "the refusal")
        assert delay(box) == 7
        for _ in range(50):
            os.kill(box.musterd_pid(), signal.SIGHUP)
        assert delay(box) == 7 and box.is_ready()


run(configuration_is_checked, reload_takes_a_good_file_alone)
