#!/usr/bin/env python3
"""etc/university.conf, as it is but for addresses and paths, over a small campus directory: students,
staff, both at once in two entries or in one, guests, and people who have left."""
import os
import shutil
import signal
import subprocess
from datetime import datetime

from directories import ETC, WRITE_ALL, Database, Slapd, entry, house, unit, write_secret
from live import MUSTERD, PASSWORD, run, until

CAMPUS, MEMBERS = "dc=example,dc=edu", "ou=members,dc=example,dc=edu"
SERVICE = "uid=musterd,ou=services,dc=example,dc=edu"
SCHEMA = """dn: cn=campus,cn=schema,cn=config
objectClass: olcSchemaConfig
cn: campus
olcAttributeTypes: ( 2.25.184223116.1.1 NAME 'dateOfBirth' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
olcAttributeTypes: ( 2.25.184223116.1.2 NAME 'employeeStatus' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
olcObjectClasses: ( 2.25.184223116.2.1 NAME 'campusPerson' SUP top AUXILIARY
  MAY ( dateOfBirth $ employeeStatus ) )

"""


def member(uid, place, number, birth, given, family, kind, status="active", **more):
    return entry(f"uid={uid},ou={place},{MEMBERS}", "inetOrgPerson campusPerson", uid=uid, cn=f"{given} {family}",
                 givenName=given, sn=family, employeeNumber=number, dateOfBirth=birth, employeeType=kind,
                 employeeStatus=status, **more)


PEOPLE = (
    member("s1", "students", "900200001", "2004-02-29", "Ada", "Lindqvist", "undergraduate",
           departmentNumber="Physics") +
    member("f1", "staff", "900200002", "1970-07-07", "Boris", "O'Hara", "faculty", status="on-leave",
           o="School of Law", title="Professor") +
    # a member of staff who studies: two entries
    member("s2", "students", "900200003", "1990-03-03", "Chen", "Wu", "graduate", departmentNumber="Chemistry") +
    member("a2", "staff", "900200003", "1990-03-03", "Chen", "Wu", "administration", departmentNumber="Registry",
           title="Clerk") +
    # and one entry that says both
    member("b1", "staff", "900200004", "1985-05-05", "Dora", "Klein", ["graduate", "faculty"]) +
    member("g1", "students", "900200005", "1999-09-09", "Emil", "Gast", "guest", businessCategory="visiting") +
    member("g2", "students", "900200006", "1999-09-10", "Eva", "Gast", "guest", businessCategory="Exchange") +
    member("l1", "students", "900200007", "2000-01-01", "Finn", "Gone", "graduate", status="left") +
    # staff once, and still a student: left counts for the record that it is in
    member("l2", "staff", "900200008", "1995-05-05", "Gina", "Half", "administration", status="left") +
    member("s3", "students", "900200008", "1995-05-05", "Gina", "Half", "graduate") +
    member("s4", "students", "900200009", "2005-05-05", "Anna", "Lindqvist", "undergraduate"))


def person(number, birth, given, family):
    return {"ssn": number, "birth": birth, "name": {"given": given, "family": family}}


ADA = person("900-20-0001", "2004-02-29", "Ada", "Lindqvist")
BORIS = person("900-20-0002", "1970-07-07", "Boris", "O'Hara")
CHEN = person("900-20-0003", "1990-03-03", "Chen", "Wu")
DORA = person("900-20-0004", "1985-05-05", "Dora", "Klein")


def directories(folder):
    top = entry(CAMPUS, "domain", dc="example") + unit("ou=services," + CAMPUS)
    accounts = unit("ou=people," + CAMPUS) + unit("ou=claims," + CAMPUS)
    campus = unit(MEMBERS) + unit("ou=students," + MEMBERS) + unit("ou=staff," + MEMBERS) + PEOPLE
    return {"accounts": Slapd(folder, "accounts", [Database(CAMPUS, SERVICE, top + accounts, WRITE_ALL)]),
            "campus": Slapd(folder, "campus", [Database(CAMPUS, SERVICE, top + campus)], SCHEMA)}


def replaced(text, old, new):
    assert text.count(old) == 1, (old, text.count(old))
    return text.replace(old, new)


def configuration(box):
    """The sample's own text: addresses and paths are replaced, and a portal is added."""
    with open(os.path.join(ETC, "university.conf")) as file:
        text = file.read()
    shutil.copy(os.path.join(ETC, "blocklist.txt"), box.dir)
    for old, new in [
            ('"/run/musterd/admin.sock";', f'"{box.endpoints["admin_socket"]}"; port = {box.port};'),
            ('"ldaps://ldap1.example.edu", "ldaps://ldap2.example.edu"', f'"{box.slapds["campus"].uri}"'),
            ('"ldaps://accounts.example.edu"', f'"{box.slapds["accounts"].uri}"'),
            ("/etc/musterd/campus.password", box.slapds["campus"].password_file),
            ("/etc/musterd/accounts.password", box.slapds["accounts"].password_file)]:
        text = replaced(text, old, new)
    return text + f"""
portals = ( {{ name = "campus-portal"; token_sha256 = "{box.token_sha256}";
  rights = [ "register", "identity-check", "status", "cancel" ]; }} );
identity = {{ key_file = "{box.dir}/identity.key"; refusal_delay_ms = 0; }};
journal = {{ path = "{box.dir}/journal.db"; key_file = "{box.dir}/journal.key"; }};
"""


def campus():
    return house(directories, configuration)


QUESTIONS = [{"question": name, "answer": "The " + name} for name in ("first-school", "parents-met", "favorite-book")]


def register(box, who, **changes):
    return box.register(who, security_questions=QUESTIONS, **changes)


def registered(box, who, **changes):
    status, answer, _ = register(box, who, **changes)
    assert status == 202, (status, answer)
    return answer


def refused(box, who, problem, **changes):
    status, answer, _ = register(box, who, **changes)
    assert status == 422 and answer["type"] == "urn:musterd:problem:" + problem, (status, answer)


def account(box, uid):
    entries = box.accounts(f"(uid={uid})")
    assert len(entries) == 1, (uid, entries)
    return {name: sorted(values) for name, values in entries[0].items()}


def seconds_of_wait(answer):
    created, active = (datetime.fromisoformat(answer[name].replace("Z", "+00:00"))
                       for name in ("created_at", "activates_at"))
    return (active - created).total_seconds()


def check_account(box, uid, **wanted):
    found = account(box, uid)
    for name, values in wanted.items():
        assert found.get(name.lower(), []) == values, (uid, name, values, found)


def checked(path):
    """What 'musterd -t' says of a configuration."""
    out = subprocess.run([MUSTERD, "-t", "-c", path], capture_output=True, text=True, timeout=60)
    return out.returncode, out.stderr


def the_sample_is_sound():
    """'musterd -t' finds nothing to say; what it does find in a wrong one is in the manual page."""
    with campus() as box:
        assert checked(box.endpoints["config"]) == (0, "")
        with open(box.endpoints["config"]) as file:
            good = file.read()
        path = os.path.join(box.dir, "wrong.conf")
        wrong = os.path.join(box.dir, "wrong.password")
        write_secret(wrong, "no password of anybody")
        for old, new, says in [
                ("ou=members,", "ou=member,", 'personnel/campus: "ou=member,dc=example,dc=edu" can\'t be read: '
                                              "there is no such entry"),
                (box.slapds["campus"].password_file, wrong, "the bind DN or its password is wrong"),
                ('value = "faculty"; category = "staff"', 'value = "faculty"; category = "faculty"',
                 'personnel.[0].category_map.[3].category: there is no category "faculty"')]:
            with open(path, "w") as file:
                file.write(replaced(good, old, new))
            code, words = checked(path)
            assert code == 3 and says in words, (says, words)


def a_student_is_active_at_once():
    with campus() as box:
        answer = registered(box, ADA)
        assert answer["uid"] == "alindqvist" and answer["mail"] == "alindqvist@mail.example.edu", answer
        assert answer["categories"] == ["student"] and answer["dual"] is False, answer
        assert 0 <= seconds_of_wait(answer) <= 2, answer
        box.until_state(answer["id"], "active", 10)
        assert box.can_bind("alindqvist", PASSWORD)
        check_account(box, "alindqvist", o=["Example University"], ou=["Physics"], musterAccountStatus=["active"],
                      mailLocalAddress=["alindqvist.student@mail.example.edu", "alindqvist@mail.example.edu"])
        # the next of that stem
        anna = registered(box, person("900200009", "2005-05-05", "Anna", "Lindqvist"))
        assert anna["uid"] == "alindqvist2", anna


def staff_wait():
    with campus() as box:
        answer = registered(box, BORIS)
        assert answer["state"] == "pending" and answer["uid"] == "bohara", answer
        assert answer["categories"] == ["staff"] and 900 <= seconds_of_wait(answer) <= 903, answer
        check_account(box, "bohara", o=["School of Law"], title=["Professor"], musterDualAccount=["FALSE"],
                      mailLocalAddress=["bohara@mail.example.edu"])
        assert not box.can_bind("bohara", PASSWORD)
        assert box.musterctl("activate", answer["id"]).returncode == 0
        box.until_state(answer["id"], "active")
        assert box.can_bind("bohara", PASSWORD)


def student_and_staff_is_one_dual_account():
    """Two entries, or one entry with two values: the same."""
    with campus() as box:
        for who, uid, ou, title in [(CHEN, "cwu", ["Registry"], ["Clerk"]), (DORA, "dklein", [], [])]:
            status, looked, _ = box.call("POST", "/v1/identity-checks",
                                         {"identity": {"ssn": who["ssn"], "birth_date": who["birth"]}})
            assert status == 200 and looked["categories"] == ["staff", "student"], looked
            answer = registered(box, who)
            assert answer["dual"] and answer["primary_category"] == "staff" and answer["uid"] == uid, answer
            assert 900 <= seconds_of_wait(answer) <= 903, "the primary category's delay"
            check_account(box, uid, musterDualAccount=["TRUE"], musterCategory=["staff", "student"],
                          musterPrimaryCategory=["staff"], ou=ou, title=title, o=["Example University"],
                          mailLocalAddress=[f"{uid}.student@mail.example.edu", f"{uid}@mail.example.edu"])
            assert register(box, who)[0] == 409
        assert len(box.accounts()) == 2 and len(box.claims()) == 2


def guests_and_who_has_left():
    with campus() as box:
        refused(box, person("900200005", "1999-09-09", "Emil", "Gast"), "not-eligible")
        refused(box, person("900200007", "2000-01-01", "Finn", "Gone"), "not-eligible")
        refused(box, person("900200007", "2000-01-02", "Finn", "Gone"), "identity-not-verified")
        refused(box, ADA, "identity-not-verified", identity__birth_date="2004-02-28")
        eva = registered(box, person("900200006", "1999-09-10", "Eva", "Gast"))
        assert eva["categories"] == ["student"] and eva["uid"] == "egast", eva
        gina = registered(box, person("900200008", "1995-05-05", "Gina", "Half"))
        assert gina["categories"] == ["student"] and gina["dual"] is False, gina
        for answer in eva, gina:
            box.until_state(answer["id"], "active")


def what_trouble_looks_like():
    """The lines that musterd.conf(5) shows to who maps a directory."""
    with campus() as box:
        directory = box.slapds["campus"]
        dn = f"uid=s1,ou=students,{MEMBERS}"
        directory.replace(dn, "dateOfBirth", "29.02.2004")
        answer = registered(box, ADA)
        shown, _ = box.show(answer["id"])
        assert shown["state"] == "failed", shown
        assert shown["reason"] == "a record in campus has a dateOfBirth that can't be read", shown
        assert shown["reason"] in chapter()
        assert "29.02" not in str(shown), "no value of a record"
        directory.replace(dn, "dateOfBirth", "2004-02-29")
        assert box.musterctl("retry", answer["id"]).returncode == 0
        box.until_state(answer["id"], "active")
        # who differs is refused, and the helpdesk reads in what
        refused(box, BORIS, "identity-not-verified", identity__birth_date="1970-07-08")
        listed = box.musterctl("--json", "list", "--state", "rejected").stdout
        assert "birth date differs" in listed, listed
        # a hidden base waits, with its cause
        directory.set_access(CAMPUS, ["to attrs=userPassword by anonymous auth", "to * by * none"])
        chen = registered(box, CHEN)
        shown, _ = box.show(chen["id"])
        assert shown["state"] == "received" and shown["detail"].startswith("personnel/campus: the base is missing"), shown
        assert shown["detail"] in chapter()


def the_map_is_reloaded():
    with campus() as box:
        emil = person("900200005", "1999-09-09", "Emil", "Gast")
        refused(box, emil, "not-eligible")
        with open(box.endpoints["config"]) as file:
            text = file.read()
        with open(box.endpoints["config"], "w") as file:
            file.write(replaced(text, '[ "exchange" ]', '[ "exchange", "visiting" ]'))
        os.kill(box.musterd_pid(), signal.SIGHUP)
        identity = {"identity": {"ssn": emil["ssn"], "birth_date": emil["birth"]}}
        until(lambda: box.call("POST", "/v1/identity-checks", identity)[0] == 200, 10, "the reload")
        assert registered(box, emil)["categories"] == ["student"]


def chapter():
    with open(os.path.join(ETC, "..", "doc", "musterd.conf.5")) as file:
        return file.read().split(".Sh MAPPING A PERSONNEL DIRECTORY\n")[1].split(".Sh PORTALS\n")[0]


def the_manual_quotes_the_sample():
    """Its configuration is the sample's, line by line, and its entries are those of this test."""
    with open(os.path.join(ETC, "university.conf")) as file:
        known = [line.strip() for line in file] + PEOPLE.splitlines()
    blocks = [block.split(".Ed\n")[0].splitlines() for block in chapter().split(".Bd -literal -offset indent\n")[1:]]
    own = ("olcAccess", "$ curl", "personnel = (", "musterd.conf:", '{"legal_name"')
    quoted = [line for block in blocks if not block[0].startswith(own) for line in block]
    for line in quoted:
        shell = line.startswith(("$ ", "    -", "    employeeType |"))
        assert shell or not line or line.strip() in known, line
    assert len([line for line in quoted if line.strip() in known]) > 50, quoted


run(the_sample_is_sound, a_student_is_active_at_once, staff_wait, student_and_staff_is_one_dual_account,
    guests_and_who_has_left, what_trouble_looks_like, the_map_is_reloaded, the_manual_quotes_the_sample)
