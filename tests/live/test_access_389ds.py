#!/usr/bin/env python3
"""schema/389ds-access.ldif gives each kind of user what it says, and no more; musterd works on 389-ds."""
from access import ACCOUNTS, ROLL, SUFFIX, add_services, check_access, read_shipped
from directories import Database
from ds389 import Ds389
from live import run, skip_without


def make_server(folder):
    server = Ds389(folder, "accounts", [Database(SUFFIX, None, ACCOUNTS + ROLL)])
    add_services(server)
    server.modify(read_shipped("389ds-access.ldif"))
    return server


def ds389_access():
    check_access(make_server, is_389ds=True)


skip_without("ns-slapd")
run(ds389_access)
