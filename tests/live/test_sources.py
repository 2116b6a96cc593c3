#!/usr/bin/env python3
"""A person's records in several personnel directories, each with names and values of its own: all
of them count, by the map alone. A source that is away, hides something, has limits or refers to
another server is trouble with a cause: never a refusal, and never 'no such person'."""
import signal
import subprocess

from directories import ADMIN, ETC, WRITE_ALL, Database, Slapd, entry, house, together, unit
from live import PASSWORD, run, until

ARMY, CIVIL, DEPOT, MAIL = ("dc=army,dc=example,dc=mil", "dc=civil,dc=example,dc=mil", "dc=example,dc=com",
                            "dc=mail,dc=example,dc=mil")
BASES = {"soldiers": "ou=soldiers," + ARMY, "civilians": "ou=staff," + CIVIL, "depot": "ou=People," + DEPOT}
SUFFIXES = {"soldiers": ARMY, "civilians": CIVIL, "depot": DEPOT}

# What the civilians' and the depot's own schema adds to inetOrgPerson.
SCHEMA = """dn: cn=test,cn=schema,cn=config
objectClass: olcSchemaConfig
cn: test
""" + "".join(
    f"olcAttributeTypes: ( 2.25.184223115.1.{number} NAME '{name}' EQUALITY {equality} SYNTAX"
    f" 1.3.6.1.4.1.1466.115.121.1.{syntax} SINGLE-VALUE )\n" for number, (name, equality, syntax) in enumerate([
        ("civilianNumber", "caseIgnoreMatch", 15), ("dateOfBirth", "caseIgnoreMatch", 15),
        ("serviceComputationDate", "generalizedTimeMatch", 24), ("employmentStatus", "caseIgnoreMatch", 15),
        ("bornAt", "generalizedTimeMatch", 24)], 1)) + "\n"


def soldier(number, ssn, birth, pebd, given, family, category="army-retired", status="current", **more):
    return entry(f"cn={family} {number},{BASES['soldiers']}", "musterPersonnelRecord", cn=f"{family} {number}",
                 personnelId=ssn, birthDate=birth, payEntryBaseDate=pebd, givenName=given, sn=family,
                 personnelCategory=category, personnelStatus=status, **more)


def civilian(uid, office, ssn, birth, given, family, pay="GS", status="active", **more):
    return entry(f"uid={uid},ou={office},{BASES['civilians']}", "inetOrgPerson extensibleObject", uid=uid,
                 cn=f"{given} {family}", givenName=given, sn=family, civilianNumber=ssn, dateOfBirth=birth,
                 employeeType=pay, employmentStatus=status, **more)


def worker(uid, number, born, given, family, department, place, **more):
    """In the style of 389-ds's example entries: two values of ou, l and roomNumber."""
    return entry(f"uid={uid},{BASES['depot']}", "top person organizationalPerson inetOrgPerson extensibleObject",
                 uid=uid, cn=f"{given} {family}", givenName=given, sn=family, ou=[department, "People"], l=place,
                 roomNumber="0117", employeeNumber=number, departmentNumber="D-42", bornAt=born,
                 mail=f"{uid}@example.com", **more)


SOLDIERS = (
    soldier(1, "900110001", "19800229", "20010615", "John", "Doe", edipi="1000000001", title="LTC (Ret)") +
    soldier(2, "900110002", "19910704", "20120101", "Rosa", "Vega", "active-army") +
    soldier(3, "900110003", "19790101", "19990101", "Paul", "Abel") +  # Abel here, Cain among civilians
    soldier(4, "900110004", "19790101", "19990101", "Vera", "Lund") +  # born on another day there
    soldier(5, "900110005", "19650505", "19850505", "Gone", "Away", status="lapsed") +
    soldier(6, "900110006", "19700606", "19900606", "Ida", "Twofold") +
    soldier(7, "900110006", "19700606", "19900606", "Ida", "Twofold", "national-guard") +
    soldier(8, "900110007", "19600101", "19800101", "Max", "Everywhere"))
CIVILIANS = (
    unit("ou=plans," + BASES["civilians"]) + unit("ou=budget,ou=plans," + BASES["civilians"]) +
    civilian("jdoe", "budget,ou=plans", "900-11-0001", "1980-02-29", "John", "Doe",
             serviceComputationDate="20010615000000Z", ou="Materiel Command", title="Budget Analyst") +
    civilian("lkim", "plans", "900-12-0002", "1988-08-08", "Lena", "Kim", status="On-Leave") +
    civilian("pcain", "plans", "900-11-0003", "1979-01-01", "Paul", "Cain") +
    civilian("vlund", "plans", "900-11-0004", "1979-01-02", "Vera", "Lund") +
    civilian("ogre", "plans", "900-12-0005", "1970-10-10", "Otto", "Gray", status="separated") +
    civilian("mevery", "plans", "900-11-0007", "1960-01-01", "Max", "Everywhere", pay="NF") +
    civilian("wage", "plans", "900-12-0008", "1971-01-01", "Wanda", "Wages", pay="KT") +  # no rule for KT
    civilian("ndate", "plans", "900-12-0009", None, "Nora", "Dateless", serviceComputationDate="2015050500Z"))
DEPOT_PEOPLE = (
    worker("tmarsh", "900130001", "19750302000000Z", "Tess", "Marsh", "Warehousing", "Fort Example", initials="Q") +
    worker("rrigg", "900130002", "197503020000Z", "Ray", "Rigg", "Warehousing", "Elsewhere") +
    worker("mever", "900110007", "19600101120000+0200", "Max", "Everywhere", "Payroll", "Fort Example"))

# Her record has no birth date, though others have: it is not asked for, the other date is.
NORA = {"ssn": "900-12-0009", "birth": "1999-09-09", "pebd": "2015-05-05",
        "name": {"given": "Nora", "family": "Dateless"}}
JOHN = {"ssn": "900-11-0001", "birth": "1980-02-29", "pebd": "2001-06-15", "name": {"given": "John", "family": "Doe"}}
ROSA = {"ssn": "900110002", "birth": "1991-07-04", "pebd": "2012-01-01", "name": {"given": "Rosa", "family": "Vega"}}
LENA = {"ssn": "900-12-0002", "birth": "1988-08-08", "name": {"given": "Lena", "family": "Kim"}}
TESS = {"ssn": "900-13-0001", "birth": "1975-03-02", "name": {"given": "Tess", "middle": "Q", "family": "Marsh"}}
MAX = {"ssn": "900-11-0007", "birth": "1960-01-01", "pebd": "1980-01-01",
       "name": {"given": "Max", "family": "Everywhere"}}
IDA = {"ssn": "900110006", "birth": "1970-06-06", "pebd": "1990-06-06", "name": {"given": "Ida", "family": "Twofold"}}


def reader(suffix):
    return f"uid=musterd,ou=services,{suffix}"


def database(suffix, base, people, access=None):
    top = entry(suffix, "domain", dc=suffix.split(",")[0].split("=")[1])
    return Database(suffix, reader(suffix), top + unit("ou=services," + suffix) + unit(base) + people, access)


def directories(folder):
    """Three slapds: accounts beside the soldiers (two suffixes of one server), civilians, the depot."""
    mail = database(MAIL, "ou=people," + MAIL, unit("ou=claims," + MAIL), WRITE_ALL)
    return {"accounts": Slapd(folder, "accounts", [mail, database(ARMY, BASES["soldiers"], SOLDIERS)]),
            "civilians": Slapd(folder, "civilians", [database(CIVIL, BASES["civilians"], CIVILIANS)], SCHEMA),
            "depot": Slapd(folder, "depot", [database(DEPOT, BASES["depot"], DEPOT_PEOPLE)], SCHEMA)}


def at(slapd, suffix):
    return (f'uris = [ "{slapd.uri}" ]; bind_dn = "{reader(suffix)}"; bind_password_file = "{slapd.password_file}";\n'
            "  connections = 1; retry_min_ms = 20; retry_max_ms = 200; operation_timeout = 3;")


def configuration(box, delay=1):
    army, civil, depot = box.slapds["accounts"], box.slapds["civilians"], box.slapds["depot"]
    return f"""
@include "{ETC}/army.conf"
listen = {{ port = {box.port}; admin_socket = "{box.endpoints['admin_socket']}"; }};
portals = ( {{ name = "test"; token_sha256 = "{box.token_sha256}";
  rights = [ "register", "identity-check", "status", "cancel" ]; }} );
personnel = (
  {{ name = "soldiers"; {at(army, ARMY)}
    base = "{BASES['soldiers']}"; date_form = "compact"; }},
  {{ name = "civilians"; {at(civil, CIVIL)}
    base = "{BASES['civilians']}"; filter = "(objectClass=inetOrgPerson)"; scope = "subtree";
    identifier_form = "hyphens";
    attributes = {{ identifier = "civilianNumber"; birth_date = "dateOfBirth"; edipi = "";
      pay_entry_base_date = "serviceComputationDate"; middle_name = ""; suffix = "";
      category = "employeeType"; status = "employmentStatus"; o = ""; }};
    current_values = [ "active", "on-leave" ];
    category_map = ( {{ value = "GS"; category = "da-civilian"; }},
      {{ value = "NF"; category = "naf-civilian"; }} ); }},
  {{ name = "depot"; {at(depot, DEPOT)}
    base = "{BASES['depot']}"; filter = "(objectClass=person)"; date_form = "generalized";
    attributes = {{ identifier = "employeeNumber"; birth_date = "bornAt"; pay_entry_base_date = "";
      middle_name = "initials"; suffix = ""; edipi = ""; category = "ou"; status = ""; o = "";
      ou = "departmentNumber"; title = ""; }};
    current_values = [ ];
    category_map = (
      {{ value = "Warehousing"; category = "naf-civilian";
        where_attribute = "l"; where_values = [ "Fort Example", "Depot West" ]; }},
      {{ value = "Payroll"; category = "da-civilian"; }} ); }}
);
accounts = {{ {at(army, MAIL)}
  base = "ou=people,{MAIL}"; claims_base = "ou=claims,{MAIL}"; mail_domain = "mail.example.mil"; }};
identity = {{ key_file = "{box.dir}/identity.key"; refusal_delay_ms = 0; }};
activation = {{ delay = {delay}; }};
journal = {{ path = "{box.dir}/journal.db"; key_file = "{box.dir}/journal.key"; }};
"""


def slow_configuration(box):
    return configuration(box, delay=2)


def sources(make=configuration):
    return house(directories, make)


def slapd_of(box, source):
    return box.slapds["accounts" if source == "soldiers" else source]


def account_of(box, ident):
    entries = box.accounts(f"(musterRegistrationId={ident})")
    assert len(entries) == 1, entries
    return entries[0]


def registered(box, person, **changes):
    status, answer, _ = box.register(person, **changes)
    assert status == 202, (status, answer)
    return answer


def check_identity(box, person):
    identity = {"ssn": person["ssn"], "birth_date": person["birth"]}
    if person.get("pebd"):
        identity["pay_entry_base_date"] = person["pebd"]
    return box.call("POST", "/v1/identity-checks", {"identity": identity})


def refused(box, person, problem, **changes):
    status, answer, _ = box.register(person, **changes)
    assert status == 422 and answer["type"] == "urn:musterd:problem:" + problem, (status, answer)


def records_in_all_of_them_count():
    with sources() as box:
        john, everywhere = registered(box, JOHN), registered(box, MAX)
        assert john["dual"] and john["categories"] == ["da-civilian", "army-retired"], john
        assert everywhere["categories"] == ["da-civilian", "naf-civilian", "army-retired"], everywhere
        account = account_of(box, john["id"])
        assert account["musterdualaccount"] == ["TRUE"] and account["musterprimarycategory"] == ["da-civilian"]
        assert sorted(account["maillocaladdress"]) == [
            "john.doe.civ@mail.example.mil", "john.doe.ret@mail.example.mil", "john.doe@mail.example.mil"], account
        # the primary record's words, and the EDIPI that only the other one knows
        assert account["title"] == ["Budget Analyst"] and account["ou"] == ["Materiel Command"], account
        assert account["employeenumber"] == ["1000000001"], account
        box.until_state(john["id"], "active")
        assert box.can_bind(john["uid"])
        status, answer, _ = check_identity(box, MAX)
        assert status == 200 and answer["dual"] and answer["registered"] is True, answer


def one_directory_is_enough():
    with sources() as box:
        answers = [registered(box, person) for person in (ROSA, LENA, NORA, TESS)]
        for answer, category in zip(answers, ["active-army", "da-civilian", "da-civilian", "naf-civilian"]):
            assert answer["categories"] == [category] and answer["dual"] is False, answer
        ida = registered(box, IDA)
        assert ida["categories"] == ["national-guard", "army-retired"], ida
        for answer in answers:
            box.until_state(answer["id"], "active")
        assert account_of(box, answers[-1]["id"])["ou"] == ["D-42"]


def each_map_has_its_own_refusals():
    with sources() as box:
        gone = {"ssn": "900110005", "birth": "1965-05-05", "pebd": "1985-05-05",
                "name": {"given": "Gone", "family": "Away"}}
        otto = {"ssn": "900-12-0005", "birth": "1970-10-10", "name": {"given": "Otto", "family": "Gray"}}
        wanda = {"ssn": "900-12-0008", "birth": "1971-01-01", "name": {"given": "Wanda", "family": "Wages"}}
        ray = {"ssn": "900130002", "birth": "1975-03-02", "name": {"given": "Ray", "family": "Rigg"}}
        for person in gone, otto, wanda, ray:
            refused(box, person, "not-eligible")
        for person, birth in [(JOHN, "1980-02-28"), (ROSA, "1991-07-05"), (LENA, "1988-08-09"), (TESS, "1975-03-01"),
                              (otto, "1970-10-11")]:
            refused(box, person, "identity-not-verified", identity__birth_date=birth)
        refused(box, ROSA, "identity-not-verified", identity__ssn="900119999")
        refused(box, NORA, "identity-not-verified", identity__pay_entry_base_date="2015-05-06")
        refused(box, MAX, "identity-not-verified", identity__pay_entry_base_date="1981-01-01")
        assert box.accounts() == [] and box.claims() == []


def conflict_is_for_the_helpdesk():
    with sources() as box:
        paul = {"ssn": "900110003", "birth": "1979-01-01", "pebd": "1999-01-01",
                "name": {"given": "Paul", "family": "Abel"}}
        vera = {"ssn": "900110004", "birth": "1979-01-01", "pebd": "1999-01-01",
                "name": {"given": "Vera", "family": "Lund"}}
        for person, there in [(paul, "uid=pcain,"), (vera, "uid=vlund,")]:
            answer = registered(box, person)
            assert answer["state"] == "failed" and answer["uid"] is None, answer
            assert "ou=" not in str(answer), "no DN for the client"
            shown, words = box.show(answer["id"])
            here = f"cn={person['name']['family']} "
            for text in shown["detail"], words:
                assert here in text and there in text, (shown, words)
            refused(box, person, "identity-not-verified", identity__birth_date="1979-01-03")
            assert check_identity(box, person)[0] == 422
        assert box.accounts() == [] and box.claims() == []
        # mended in the directory, and tried again
        slapd_of(box, "civilians").replace(f"uid=vlund,ou=plans,{BASES['civilians']}", "dateOfBirth", "1979-01-01")
        assert box.musterctl("retry", answer["id"]).returncode == 0
        mended = box.until_state(answer["id"], "active")
        assert mended["categories"] == ["da-civilian", "army-retired"], mended


def assert_waits(box, ident, *causes, attempts=1):
    """Still received, tried again and again, and the helpdesk reads why."""
    shown, words = until(lambda: (lambda s: s if s[0]["attempts"] >= attempts else None)(box.show(ident)), 20,
                         f"try {attempts}")
    assert shown["state"] == "received" and shown["reason"] is None and shown["due_at"], shown
    for cause in causes:
        assert cause in f"{shown['waits_for']} {shown['detail']}" and cause in words, (cause, shown, words)
    assert box.accounts(f"(musterRegistrationId={ident})") == []
    return shown


def in_trouble(box, source, make, mend, people, *causes, nobody="received"):
    """While the source is in trouble nobody who asks is refused, or taken for somebody single. Of a
    person without any record it is the same where the source hides what it has."""
    make()
    answers = together(*[lambda p=person: box.register(p) for person in people])
    for status, answer, _ in answers:
        assert status == 202 and answer["state"] == "received", (status, answer)
    idents = [answer["id"] for _, answer, _ in answers]
    for ident in idents:
        assert_waits(box, ident, source, *causes, attempts=2)
    for person in people:
        status, answer, _ = check_identity(box, person)
        assert status == 503 and answer["type"] == "urn:musterd:problem:unavailable", (status, answer)
    missing = box.register({"ssn": "900-99-0001", "birth": "1970-01-01", "name": {"family": "Nobody"}})[1]
    if nobody == "received":
        assert missing.get("state") == "received", missing
        idents.append(missing["id"])
    else:
        assert missing["type"] == "urn:musterd:problem:" + nobody, missing
    mend()
    for ident in idents:
        box.musterctl("retry", ident)
    ends = [until_end(box, ident) for ident in idents]
    if nobody == "received":
        end = ends.pop()
        assert (end["state"], end["reason"]) == ("rejected", "identity-not-verified"), end
    return ends


def until_end(box, ident):
    ends = ("active", "rejected", "failed")
    return until(lambda: (lambda r: r if r["state"] in ends else None)(box.get(ident)), 40, f"an end of {ident}")


def check_john_and_rosa(ends):
    assert [end["state"] for end in ends] == ["active", "active"], ends
    assert ends[0]["dual"] is True and ends[0]["categories"] == ["da-civilian", "army-retired"], ends
    assert ends[1]["dual"] is False and ends[1]["categories"] == ["active-army"], ends


def away_and_back():
    with sources() as box:
        civil = slapd_of(box, "civilians")
        civil.stop(signal.SIGKILL)
        john, rosa = registered(box, JOHN), registered(box, ROSA)
        for ident in john["id"], rosa["id"]:
            shown = assert_waits(box, ident, "personnel/civilians", attempts=2)
            assert shown["waits_for"] == "personnel/civilians", shown
        ready = box.call("GET", "/readyz", token=None)
        assert ready[0] == 200 and ready[1]["down"] == ["personnel/civilians"], ready
        assert check_identity(box, JOHN)[0] == 503
        # musterd started again meanwhile: they wait on
        box.kill_musterd()
        box.start_musterd()
        assert box.get(john["id"])["state"] == "received"
        civil.start()
        check_john_and_rosa([box.until_state(ident, "active", 60) for ident in (john["id"], rosa["id"])])
        assert account_of(box, john["id"])["musterdualaccount"] == ["TRUE"]


def away_at_the_activation():
    with sources(slow_configuration) as box:
        john = registered(box, JOHN)
        assert john["state"] == "pending", john
        civil = slapd_of(box, "civilians")
        civil.stop()
        until(lambda: box.show(john["id"])[0]["waits_for"] == "personnel/civilians", 20, "the waiting")
        assert box.get(john["id"])["state"] == "pending" and not box.can_bind(john["uid"])
        civil.start()
        end = box.until_state(john["id"], "active", 60)
        assert end["dual"] is True and box.can_bind(john["uid"])


def base_is_hidden():
    with sources() as box:
        civil = slapd_of(box, "civilians")
        hide = ["to attrs=userPassword by anonymous auth", "to * by * none"]
        check_john_and_rosa(in_trouble(box, "civilians", lambda: civil.set_access(CIVIL, hide),
                                       lambda: civil.set_access(CIVIL), [JOHN, ROSA], "access rules hide it"))


def limit_is_reached():
    """One entry at most (result 4); and one candidate at most where nothing is indexed (11)."""
    with sources() as box:
        army = slapd_of(box, "soldiers")
        army.set_limits(ARMY, "size=1")
        rosa = registered(box, ROSA)
        assert rosa["state"] == "pending", "one record is within the limit"
        ends = in_trouble(box, "soldiers", lambda: None, lambda: army.set_limits(ARMY), [IDA], "size limit",
                          nobody="identity-not-verified")
        assert ends[0]["categories"] == ["national-guard", "army-retired"], ends
    with sources() as box:
        army = slapd_of(box, "soldiers")
        check_john_and_rosa(in_trouble(box, "soldiers", lambda: army.set_limits(ARMY, "size.unchecked=1"),
                                       lambda: army.set_limits(ARMY), [JOHN, ROSA], "administrative limit"))


def referral_is_no_answer():
    """A reference among the entries, and a server that has the base elsewhere (result 10)."""
    elsewhere = f"ou=elsewhere,{BASES['civilians']}"
    with sources() as box:
        civil = slapd_of(box, "civilians")
        reference = entry(elsewhere, "referral extensibleObject", ou="elsewhere", ref="ldap://127.0.0.1:9/dc=x")
        add, delete = reference.replace("\n", "\nchangetype: add\n", 1), f"dn: {elsewhere}\nchangetype: delete\n"
        check_john_and_rosa(in_trouble(box, "civilians", lambda: manage(civil, add), lambda: manage(civil, delete),
                                       [JOHN, ROSA], "refers us to another server"))
    with house(directories, lambda box: configuration(box).replace(BASES["civilians"], "ou=staff,dc=moved")) as box:
        slapd_of(box, "civilians").modify("dn: cn=config\nchangetype: modify\nadd: olcReferral\n"
                                          "olcReferral: ldap://127.0.0.1:9\n")
        john = registered(box, JOHN)
        assert_waits(box, john["id"], "civilians", "refers us to another server", attempts=2)


def manage(slapd, ldif):
    """ldapmodify with ManageDsaIT: a referral is an entry."""
    out = subprocess.run(["ldapmodify", "-x", "-M", "-H", slapd.uri, "-D", ADMIN, "-y", slapd.password_file],
                         input=ldif.encode(), capture_output=True, timeout=30)
    assert out.returncode == 0, out.stderr.decode() + ldif


def identifier_is_hidden():
    """The search succeeds and finds nothing, for everybody: an alarm, not a verdict."""
    for rule in "none", "auth":
        with sources() as box:
            civil = slapd_of(box, "civilians")
            rules = ["to attrs=userPassword by anonymous auth by * none",
                     "to attrs=civilianNumber by dn.exact={reader} " + rule + " by * none",
                     "to * by dn.exact={reader} read by * none"]
            civil.set_access(CIVIL, rules)
            seen = civil.search_as_reader(CIVIL, BASES["civilians"], "(civilianNumber=900-11-0001)", "sn")
            assert seen == (0, []), "what is tried here is an empty success"
            check_john_and_rosa(in_trouble(box, "civilians", lambda: None, lambda: civil.set_access(CIVIL),
                                           [JOHN, ROSA], "access rules hide it"))


def birth_date_is_hidden():
    """A part that can't be read is not a part that is not recorded: it is still to be proved."""
    for rule in "none", "search":
        with sources() as box:
            civil = slapd_of(box, "civilians")
            rules = ["to attrs=userPassword by anonymous auth by * none",
                     "to attrs=dateOfBirth by dn.exact={reader} " + rule + " by * none",
                     "to * by dn.exact={reader} read by * none"]
            civil.set_access(CIVIL, rules)
            _, seen = civil.search_as_reader(CIVIL, BASES["civilians"], "(civilianNumber=900-12-0002)")
            assert len(seen) == 1 and "dateofbirth" not in seen[0] and "sn" in seen[0], seen
            ends = in_trouble(box, "civilians", lambda: None, lambda: civil.set_access(CIVIL), [LENA, JOHN],
                              "access rules hide it")
            assert [(end["state"], end["dual"]) for end in ends] == [("active", False), ("active", True)], ends


def hidden_at_the_activation():
    """What lapsed in one directory while the other hid everything is not all that there is."""
    with sources(slow_configuration) as box:
        john = registered(box, JOHN)
        assert john["state"] == "pending", john
        civil = slapd_of(box, "civilians")
        civil.set_access(CIVIL, ["to attrs=civilianNumber by * none", "to * by dn.exact={reader} read by * none"])
        slapd_of(box, "soldiers").replace(f"cn=Doe 1,{BASES['soldiers']}", "personnelStatus", "lapsed")
        until(lambda: box.show(john["id"])[0]["attempts"] >= 1 or box.get(john["id"])["state"] != "pending", 20,
              "the look at the records")
        shown, _ = box.show(john["id"])
        assert shown["state"] in ("pending", "failed"), shown
        assert "civilians" in f"{shown['waits_for']} {shown['detail']}", shown
        assert len(box.accounts()) == 1 and len(box.claims()) == 1 and not box.can_bind(john["uid"], PASSWORD)
        civil.set_access(CIVIL)
        box.musterctl("retry", john["id"])
        box.until_state(john["id"], "active", 40)


run(records_in_all_of_them_count, one_directory_is_enough, each_map_has_its_own_refusals,
    conflict_is_for_the_helpdesk, away_and_back, away_at_the_activation, base_is_hidden, limit_is_reached,
    referral_is_no_answer, identifier_is_hidden, birth_date_is_hidden, hidden_at_the_activation)
