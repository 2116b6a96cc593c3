#!/usr/bin/env python3
"""The directory changed under us: an administrator's hand between the entry's making and the
activation. Nobody is active whom somebody has stopped, one person has one account, and explain says
in words what was found; the others are not touched."""
import os
import tempfile

from live import people_ldif, run, sandbox, until

PEOPLE = "ou=people,dc=example,dc=mil"
NAMES = ("Deleted", "Disabled", "Suspended", "Renamed", "Moved", "Edited", "Password", "Unhashed", "Untimed",
         "Unclaimed", "Replaced", "Statusless", "Untouched", "Late")


def change(dn, *lines):
    return f"dn: {dn}\nchangetype: modify\n" + "\n-\n".join(lines) + "\n"


def replace(attribute, value):
    return f"replace: {attribute}\n{attribute}: {value}"


def hand(name):
    """What the administrator does to the entry."""
    dn = f"uid={name.lower()}.changed,{PEOPLE}"
    other = f"dn: {dn}\nchangetype: add\nobjectClass: inetOrgPerson\nuid: {name.lower()}.changed\ncn: Another\nsn: Person\n"
    return {
        "Deleted": f"dn: {dn}\nchangetype: delete\n",
        "Disabled": change(dn, replace("musterAccountStatus", "disabled")),
        "Suspended": change(dn, replace("musterAccountStatus", "suspended")),
        "Renamed": f"dn: {dn}\nchangetype: modrdn\nnewrdn: uid=new.name\ndeleteoldrdn: 0\n",
        "Moved": f"dn: {dn}\nchangetype: modrdn\nnewrdn: uid=moved.changed\ndeleteoldrdn: 0\n"
                 "newsuperior: ou=claims,dc=example,dc=mil\n",
        "Edited": change(dn, replace("sn", "Amended"), replace("title", "Major")),
        "Password": change(dn, "add: userPassword\nuserPassword: somebody's own"),
        "Unhashed": change(dn, "delete: musterPendingPassword"),
        "Untimed": change(dn, "delete: musterActivationTime"),
        "Replaced": f"dn: {dn}\nchangetype: delete\n\n{other}",
        "Statusless": change(dn, replace("musterAccountStatus", "asleep")),
    }.get(name)


FAILS = {
    "Deleted": "the account's entry is gone: somebody has deleted or moved it",
    "Disabled": "somebody has disabled the entry before its activation",
    "Suspended": "somebody has suspended the entry before its activation",
    "Moved": "the account's entry is gone: somebody has deleted or moved it",
    "Password": "the entry has a userPassword already, though it is pending",
    "Unhashed": "the entry has lost its musterPendingPassword",
    "Replaced": "the account's entry is gone, and another has its uid now",
    "Statusless": "somebody has taken the entry's status away, or given it one that is none",
}


def people():
    return {name: {"ssn": str(902000000 + i), "birth": "1970-01-01", "name": {"given": name, "family": "Changed"}}
            for i, name in enumerate(NAMES)}


def records(persons):
    return [{"personnelId": person["ssn"], "birthDate": "19700101", "sn": "Changed",
             "givenName": person["name"]["given"], "personnelCategory": "da-civilian", "personnelStatus": "current"}
            for person in persons]


def explained(box, ident):
    out = box.musterctl("explain", ident)
    assert out.returncode == 0, out.stderr
    return out.stdout


def claim_of(box, ident):
    return next(claim for claim in box.claims() if claim["musterregistrationid"] == [ident])["dn"][0]


def changed_before_the_activation():
    persons = people()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "people.ldif")
        people_ldif(records(persons.values()), path)
        with sandbox(delay=8, people=path) as box:
            idents = {}
            for name, person in persons.items():
                status, answer, _ = box.register(person)
                assert status == 202, (name, answer)
                idents[name] = answer["id"]
            for name, ident in idents.items():
                box.until_state(ident, "pending")
                ldif = hand(name)
                if name == "Unclaimed":
                    ldif = f"dn: {claim_of(box, ident)}\nchangetype: delete\n"
                if ldif:
                    out = box.modify(ldif)
                    assert out.returncode == 0, (name, out.stderr)
            assert all(box.get(ident)["state"] == "pending" for ident in idents.values()), "the test was too slow"
            for name, ident in idents.items():
                box.until_state(ident, "failed" if name in FAILS else "active", 30)
            for name, words in FAILS.items():
                said = explained(box, idents[name])
                assert said.startswith("Failed, and waits for a person: " + words), (name, said)
                assert "musterctl retry" in said, said
                assert not box.accounts(f"(&(musterRegistrationId={idents[name]})(musterAccountStatus=active))")
            check_active(box, idents)
            mended(box, idents)


def check_active(box, idents):
    renamed = box.get(idents["Renamed"])
    assert renamed["uid"] == "new.name" and box.can_bind("new.name"), renamed
    assert renamed["mail"] == "renamed.changed@mail.example.mil", renamed
    edited = box.accounts(f"(musterRegistrationId={idents['Edited']})")[0]
    assert edited["sn"] == ["Amended"] and edited["title"] == ["Major"], edited
    for name in ("Edited", "Untimed", "Unclaimed", "Untouched"):
        assert box.can_bind(f"{name.lower()}.changed"), name
    assert claim_of(box, idents["Unclaimed"]), "the claim is there again"


def mended(box, idents):
    """Once somebody has put it right, retry goes on; what is withdrawn instead leaves nothing."""
    dn = "uid={}.changed," + PEOPLE
    box.modify(change(dn.format("disabled"), replace("musterAccountStatus", "pending")))
    box.modify(change(dn.format("password"), "delete: userPassword"))
    for name in ("Disabled", "Password"):
        assert box.musterctl("retry", idents[name]).returncode == 0
        box.until_state(idents[name], "active")
        assert box.can_bind(f"{name.lower()}.changed")
    for name in ("Deleted", "Statusless", "Replaced"):
        assert box.musterctl("cancel", idents[name]).returncode == 0
        box.until_state(idents[name], "cancelled")
        until(lambda: not any(claim["musterregistrationid"] == [idents[name]] for claim in box.claims()), 10, "the end")
        assert not box.accounts(f"(musterRegistrationId={idents[name]})")
    assert box.accounts("(&(uid=replaced.changed)(!(objectClass=musterAccount)))"), "another's entry is not touched"


def one_person_one_account():
    """A claim that somebody takes away lets nobody have two accounts: neither while the first is
    pending nor after it is active."""
    person = people()["Late"]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "people.ldif")
        people_ldif(records([person]), path)
        with sandbox(delay=3, people=path) as box:
            first = box.register(person)[1]["id"]
            box.until_state(first, "pending")
            for state in ("pending", "active"):
                box.until_state(first, state)
                assert box.modify(f"dn: {claim_of(box, first)}\nchangetype: delete\n").returncode == 0
                status, answer, _ = box.register(person)
                assert status == 202 or answer["type"].endswith("account-exists"), (status, answer)
                newest = box.musterctl("list", "--json", "--limit", "1").stdout.split('"id":')[1].split('"')[1]
                box.until_state(newest, "rejected")
                assert "the person has an account already" in explained(box, newest)
            assert len(box.accounts("(musterAccountStatus=active)")) == 1


def taken_by_another():
    """Somebody else's entry under the wanted uid, or with the address that it would have."""
    persons = people()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "people.ldif")
        people_ldif(records(persons.values()), path)
        with sandbox(delay=1, people=path) as box:
            plain = "dn: uid={0}," + PEOPLE + "\nchangetype: add\nobjectClass: inetOrgPerson\n" \
                "objectClass: inetLocalMailRecipient\nuid: {0}\ncn: x\nsn: x\n"
            box.modify(plain.format("late.changed"))
            box.modify(plain.format("printer") + "mail: edited.changed@mail.example.mil\n")
            box.modify(plain.format("list") + "mailLocalAddress: renamed.changed@mail.example.mil\n")
            for name in ("Late", "Edited", "Renamed"):
                ident = box.register(persons[name])[1]["id"]
                registration = box.until_state(ident, "active")
                assert registration["uid"] == name.lower() + ".changed2", registration


run(changed_before_the_activation, one_person_one_account, taken_by_another)
