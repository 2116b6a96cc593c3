#!/usr/bin/env python3
"""A dual person's registration becomes a mail account that can log in; not a moment early."""
import time

from live import JOHN, run, sandbox, until


def main_job():
    with sandbox(delay=3) as box:
        status, answer, headers = box.register(JOHN, key="main")
        assert status == 202, (status, answer)
        assert headers["Location"] == "/v1/registrations/" + answer["id"]
        assert answer["state"] == "pending", answer
        assert answer["uid"] == "john.q.doe" and answer["mail"] == "john.q.doe@mail.example.mil", answer
        assert answer["categories"] == ["da-civilian", "army-retired"], answer
        assert answer["primary_category"] == "da-civilian" and answer["dual"] is True, answer
        assert answer["activated_at"] is None and answer["reason"] is None, answer

        (entry,) = box.accounts("(uid=john.q.doe)")
        assert entry["musteraccountstatus"] == ["pending"], entry
        assert "userpassword" not in entry and "musterpendingpassword" in entry, entry.keys()
        assert len(entry["musteractivationtime"]) == 1 and "musteractivatedat" not in entry
        due = int(time.mktime(time.strptime(entry["musteractivationtime"][0], "%Y%m%d%H%M%SZ"))) - time.timezone
        while True:
            bound, state = box.can_bind("john.q.doe"), box.get(answer["id"])["state"]
            if time.time() >= due:
                break  # what was asked before may have been answered after
            assert not bound, "a pending account logged in"
            assert state == "pending", state
        until(lambda: box.can_bind("john.q.doe"), 15, "the login")

        active = box.until_state(answer["id"], "active")
        assert active["activated_at"] is not None
        (entry,) = box.accounts("(uid=john.q.doe)")
        assert entry["objectclass"] == ["inetOrgPerson", "inetLocalMailRecipient", "musterAccount"], entry
        assert entry["musteraccountstatus"] == ["active"]
        assert sorted(entry["mustercategory"]) == ["army-retired", "da-civilian"]
        assert entry["musterprimarycategory"] == ["da-civilian"]
        assert entry["musterdualaccount"] == ["TRUE"]
        assert entry["mail"] == ["john.q.doe@mail.example.mil"]
        assert sorted(entry["maillocaladdress"]) == [
            "john.q.doe.civ@mail.example.mil", "john.q.doe.ret@mail.example.mil", "john.q.doe@mail.example.mil"]
        assert "musterpendingpassword" not in entry and "musteractivationtime" not in entry
        assert entry["musterregistrationid"] == [answer["id"]]
        assert len(entry["musterpersonkey"][0]) == 64 and "900123456" not in str(entry)
        assert len(entry["mustersecurityanswer"]) == 3
        assert entry["musterexternalmail"] == ["someone@example.org"]
        assert entry["sn"] == ["Doe"] and entry["givenname"] == ["John"] and entry["initials"] == ["Q"]
        assert entry["employeenumber"][0].isdigit() and len(entry["employeenumber"][0]) == 10
        assert not box.can_bind("john.q.doe", "another password 12345")

        shown = box.musterctl("--json", "show", "john.q.doe")
        assert shown.returncode == 0 and '"timeline"' in shown.stdout, shown
        assert "900" + "123456" not in shown.stdout and "900-12-3456" not in shown.stdout


run(main_job)
