#!/usr/bin/env python3
"""schema/slapd-access.ldif gives each kind of user what it says, and no more."""
from access import ACCOUNTS, PERSONNEL, ROLL, SUFFIX, add_services, check_access, read_shipped
from directories import Database, Slapd
from live import run


def make_server(folder):
    server = Slapd(folder, "accounts", [Database(PERSONNEL, None, ROLL, []), Database(SUFFIX, None, ACCOUNTS, [])])
    add_services(server)
    server.modify(read_shipped("slapd-access.ldif"))
    return server


def slapd_access():
    check_access(make_server)


run(slapd_access)
