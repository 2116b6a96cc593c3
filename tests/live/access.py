"""Who may do what in the directories, by the access rules that are shipped.

musterd makes an account that is active, one that is pending, one that is withdrawn again and a
refusal, as its own service account. Then each kind of user logs in and tries everything: what it
sees is exactly what it should, nothing hidden is found by a filter or told by a comparison, and
what it must not write is refused.
"""
import os
import re
import subprocess

from directories import ADMIN, ETC, SOURCE, TOOLS, entry, house, unit, write_secret
from live import BUILD, PASSWORD, parse_ldif

SUFFIX = "dc=example,dc=mil"
PEOPLE, CLAIMS, SERVICES, PERSONNEL = (f"ou={name},{SUFFIX}" for name in ("people", "claims", "services", "personnel"))
MUSTERD, WEBMAIL, OTHER = (f"cn={name},{SERVICES}" for name in ("musterd", "webmail", "other"))
LISTED = f"uid=listed,{PEOPLE}"  # an entry among the people that is no account of musterd's
KEPT = f"ou=kept,{PEOPLE}"
DEEP = [f"uid={status},{KEPT}" for status in ("active", "pending")]  # not right below the base: nobody's here

ACCOUNTS = (entry(SUFFIX, "domain", dc="example") + unit(PEOPLE) + unit(CLAIMS) + unit(SERVICES) +
            entry(LISTED, "inetOrgPerson", uid="listed", cn="Lis Ted", sn="Ted", mail="lis.ted@mail.example.mil") +
            unit(KEPT) + "".join(
                entry(dn, "inetOrgPerson musterAccount", uid=dn.split(",")[0][4:], cn="De Ep", sn="Ep",
                      mail="deep@mail.example.mil", musterAccountStatus=dn.split(",")[0][4:], musterPersonKey="dd",
                      musterRegistrationId="0", userPassword="{SSHA}x") for dn in DEEP))
ROLL = unit(PERSONNEL) + "".join(
    entry(f"cn={name},{PERSONNEL}", "musterPersonnelRecord", cn=name, personnelId=number, birthDate="19700101",
          payEntryBaseDate="19900101", givenName=name, sn="Access", personnelCategory="army-retired",
          personnelStatus="current", title="SGT", displayName=name, description="not mapped")
    for name, number in (("Active", "901000001"), ("Pending", "901000002"), ("Withdrawn", "901000003")))

# What musterd sees of the two bases. 389-ds says noSuchObject only to who may read any attribute of
# the entry above: the rule for that shows the operational ones too, though not the access rules.
BASE_SLAPD = {"objectclass"}
BASE_389DS = {"objectclass", "ou", "createtimestamp", "creatorsname", "dsentrydn", "entrydn", "entryid",
              "modifiersname", "modifytimestamp", "nsuniqueid", "numsubordinates", "parentid"}
PLANTED = "planted by somebody"
SECRETS = {"musterpendingpassword", "mustersecurityanswer", "musterpersonkey", "musterexternalmail"}
WEBMAIL_SEES = {"objectclass", "uid", "cn", "sn", "givenname", "displayname", "mail", "maillocaladdress",
                "musteraccountstatus"}
MAPPED = {"objectclass", "personnelid", "birthdate", "payentrybasedate", "givenname", "sn", "personnelcategory",
          "personnelstatus", "title"}
# insufficientAccessRights; and, to who is not logged in, strongerAuthRequired (slapd) and
# inappropriateAuthentication (389-ds); noSuchObject where even the entry is hidden.
REFUSED = {50, 8, 48, 32}
COMPARED = {5, 6}


def read_shipped(name):
    with open(os.path.join(SOURCE, "schema", name)) as file:
        return file.read()


def add_services(server):
    server.modify("".join(
        entry(dn, "organizationalRole simpleSecurityObject", cn=dn[3:].split(",")[0], userPassword=server.password)
        for dn in (MUSTERD, WEBMAIL, OTHER)), "-a")


def configuration(box):
    server = box.slapds["accounts"]
    box.endpoints["accounts_base"] = PEOPLE
    at = (f'uris = [ "{server.uri}" ]; bind_dn = "{MUSTERD}"; bind_password_file = "{server.password_file}";\n'
          "  retry_min_ms = 20; retry_max_ms = 200;")
    return f"""
@include "{ETC}/army.conf"
listen = {{ port = {box.port}; admin_socket = "{box.endpoints['admin_socket']}"; }};
portals = ( {{ name = "test"; token_sha256 = "{box.token_sha256}"; rights = [ "register", "status", "cancel" ]; }} );
personnel = ( {{ name = "roll"; {at}
  base = "{PERSONNEL}"; date_form = "compact"; }} );
accounts = {{ {at}
  base = "{PEOPLE}"; claims_base = "{CLAIMS}"; mail_domain = "mail.example.mil"; }};
identity = {{ key_file = "{box.dir}/identity.key"; refusal_delay_ms = 0; }};
activation = {{ delay = 3600; }};
journal = {{ path = "{box.dir}/journal.db"; key_file = "{box.dir}/journal.key"; }};
"""


def person(given, number):
    return {"ssn": number, "birth": "1970-01-01", "pebd": "1990-01-01", "name": {"given": given, "family": "Access"}}


class Login:
    """One kind of user, with the words of the LDAP tools."""

    def __init__(self, box, name, dn, password=None):
        self.uri = box.slapds["accounts"].uri
        self.name, self.dn, self.words = name, dn, []
        if dn:
            path = os.path.join(box.dir, f"{name}.password")
            write_secret(path, password or box.slapds["accounts"].password)
            self.words = ["-D", dn, "-y", path]

    def tool(self, program, *words, text=None):
        return subprocess.run([program, "-x", "-o", "nettimeout=20", "-H", self.uri, *self.words, *words], env=TOOLS,
                              input=text, capture_output=True, text=True, timeout=60)

    def sees(self, base, filter_text="(objectClass=*)", scope="sub"):
        """What a search shows: by DN the names of the attributes, operational ones too."""
        out = self.tool("ldapsearch", "-LLL", "-o", "ldif-wrap=no", "-b", base, "-s", scope, filter_text, "*", "+")
        assert out.returncode in REFUSED | {0}, (self.name, base, out)
        return {found["dn"][0].lower(): set(found) - {"dn"} for found in parse_ldif(out.stdout) if "dn" in found}

    def finds(self, base, filters):
        """Which of the filters, without their parentheses, find anything; all on one connection."""
        out = self.tool("ldapsearch", "-c", "-L", "-o", "ldif-wrap=no", "-b", base, "-f", "/dev/stdin", "(%s)", "1.1",
                        text="\n".join(filters) + "\n")
        parts = re.split(r"(?m)^# filter: ", out.stdout)[1:]
        assert len(parts) == len(filters), (self.name, filters, out)
        return {text for text, part in zip(filters, parts) if "\ndn: " in part}

    def compares(self, dn, attribute, value):
        return self.tool("ldapcompare", dn, f"{attribute}:{value}").returncode

    def changes(self, ldif):
        return self.tool("ldapmodify", text=ldif).returncode


def escaped(value):
    return re.sub(r"[\\*()]", lambda match: "\\%02x" % ord(match.group()), value)


def change(dn, kind, *lines):
    return f"dn: {dn}\nchangetype: {kind}\n" + "\n".join(lines) + "\n"


def replace(dn, attribute, value):
    return change(dn, "modify", f"replace: {attribute}", f"{attribute}: {value}")


def rename(dn, name, *more):
    return change(dn, "modrdn", f"newrdn: {name}", "deleteoldrdn: 1", *more)


def new_account(dn, *more):
    uid = dn.split(",")[0].split("=")[1]
    return change(dn, "add", "objectClass: inetOrgPerson", "objectClass: musterAccount", f"uid: {uid}", "cn: Some Body",
                  "sn: Body", "musterAccountStatus: active", "userPassword: planted", *more)


def new_claim(key, *more, base=CLAIMS):
    return change(f"musterPersonKey={key},{base}", "add", "objectClass: musterClaim", f"musterPersonKey: {key}",
                  "musterRegistrationId: 0", *more)


def new_service(dn):
    return change(dn, "add", "objectClass: organizationalRole", "cn: evil")


class Scene:
    """What musterd has made, as the administrator sees it, and what each kind should see of it."""

    def __init__(self, box, is_389ds):
        self.base = BASE_389DS if is_389ds else BASE_SLAPD
        # True of whatever there is (RFC 4526), it needs no right to an attribute; 389-ds has no such filter.
        self.true = "(objectClass=*)" if is_389ds else "(&)"
        self.admin = Login(box, "admin", ADMIN)
        self.active, self.pending = self.account("active.access"), self.account("pending.access")
        self.claims = parse_ldif(self.admin.tool("ldapsearch", "-LLL", "-o", "ldif-wrap=no", "-b", CLAIMS, "-s",
                                                 "one").stdout)
        self.active_dn, self.pending_dn = self.active["dn"][0], self.pending["dn"][0]
        self.claim_dn = self.claims[0]["dn"][0]
        self.person = Login(box, "person", self.active_dn, PASSWORD)
        self.musterd, self.webmail = Login(box, "musterd", MUSTERD), Login(box, "webmail", WEBMAIL)
        self.strangers = [Login(box, "anonymous", None), Login(box, "another service", OTHER)]

    def account(self, uid):
        out = self.admin.tool("ldapsearch", "-LLL", "-o", "ldif-wrap=no", "-b", PEOPLE, f"(uid={uid})")
        return parse_ldif(out.stdout)[0]

    def logins(self):
        return [self.musterd, self.webmail, self.person, *self.strangers]

    def visible(self, login):
        """By DN, the attributes that the login should see; what is not there is hidden."""
        active, pending = set(self.active) - {"dn"}, set(self.pending) - {"dn"}
        if login is self.webmail:
            return {self.active_dn: active & WEBMAIL_SEES}
        if login is self.person:
            return {self.active_dn: active - SECRETS - {"userpassword"}}
        if login is self.musterd:
            seen = {self.active_dn: active - {"userpassword"}, self.pending_dn: pending,
                    LISTED: {"objectclass", "uid", "mail"}, KEPT: {"objectclass"}, PEOPLE: self.base, CLAIMS: self.base,
                    PERSONNEL: {"objectclass", "ou"}}
            seen.update({claim["dn"][0]: set(claim) - {"dn"} for claim in self.claims})
            seen.update({f"cn={name},{PERSONNEL}": MAPPED for name in ("Active", "Pending", "Withdrawn")})
            return seen
        return {}


def check_reading(scene, login):
    expected = {dn.lower(): names for dn, names in scene.visible(login).items()}
    seen = {}
    for base in (SUFFIX, PEOPLE, CLAIMS, SERVICES, PERSONNEL, scene.active_dn, scene.pending_dn, scene.claim_dn, LISTED,
                 "cn=config"):
        for scope, text in (("base", scene.true), ("one", "(objectClass=*)"), ("sub", "(objectClass=*)")):
            if base != "cn=config" or scope != "sub":
                for dn, names in login.sees(base, text, scope).items():
                    seen.setdefault(dn, set()).update(names)
    for dn in set(expected) | set(seen):
        more, less = seen.get(dn, set()) - expected.get(dn, set()), expected.get(dn, set()) - seen.get(dn, set())
        assert dn in seen and dn in expected and not more and not less, (
            f"{login.name} sees of {dn}: {'' if dn in seen else 'nothing'}, too much: {more}, too little: {less}")


def check_finding(scene, login):
    """Nothing is found by a filter on what the login may not see, by its value or by its presence."""
    for subject in (scene.active, scene.pending, scene.claims[0]):
        dn = subject["dn"][0]
        visible = scene.visible(login).get(dn, set())
        filters = {}
        for name, values in subject.items():
            if name != "dn":
                filters[f"{name}=*"] = name
                filters[f"{name}={escaped(values[0])}"] = name
        found = login.finds(dn, list(filters))
        for text, name in filters.items():
            assert (text in found) == (name in visible), f"{login.name}: {text} of {dn}: {text in found}"


def check_comparing(scene, login):
    for subject in (scene.active, scene.pending, scene.claims[0]):
        visible = scene.visible(login).get(subject["dn"][0], set())
        for name in (SECRETS | {"userpassword", "mail"}) & set(subject):
            code = login.compares(subject["dn"][0], name, subject[name][0])
            if name not in visible:
                assert code not in COMPARED, f"{login.name} compares {name} of {subject['dn'][0]}: {code}"
    for dn in (MUSTERD, WEBMAIL, OTHER):
        assert login.compares(dn, "userPassword", "x") not in COMPARED, f"{login.name} compares the password of {dn}"


def check_refused(login, changes):
    for ldif in changes:
        code = login.changes(ldif)
        assert code in REFUSED, f"{login.name} got {code} for\n{ldif}"


def forbidden_to_all(scene):
    """What nobody may, musterd neither: outside of its bases, names, its own rights."""
    lower = [ldif for dn in DEEP for ldif in (
        replace(dn, "mail", "x@mail.example.mil"), change(dn, "delete"), replace(dn, "userPassword", "planted"),
        change(dn, "modify", "add: uid", "uid: second"), change(dn, "modify", "delete: userPassword"))]
    return lower + [
        replace(MUSTERD, "userPassword", "another"), replace(WEBMAIL, "userPassword", "another"),
        replace(MUSTERD, "description", "more rights"), change(OTHER, "delete"), new_service(f"cn=evil,{SERVICES}"),
        replace(f"cn=Active,{PERSONNEL}", "personnelStatus", "lapsed"), change(f"cn=Active,{PERSONNEL}", "delete"),
        replace(PERSONNEL, "description", "x"), new_account(f"uid=evil,{SUFFIX}"), new_account(f"uid=evil,{PERSONNEL}"),
        new_account(f"uid=evil,{SERVICES}"), new_account(f"uid=evil,{scene.active_dn}"),
        new_service(f"cn=evil,{PEOPLE}"), new_service(f"cn=evil,{CLAIMS}"), new_account(f"uid=evil,{CLAIMS}"),
        new_account(f"musterPersonKey=evil,{CLAIMS}", "musterPersonKey: evil"), replace(SUFFIX, "description", "x"),
        replace(PEOPLE, "description", "x"), replace(CLAIMS, "description", "x"), change(PEOPLE, "delete"),
        change(CLAIMS, "delete"), new_claim("00", base=scene.claim_dn), new_claim("00", base=PEOPLE),
        rename(scene.active_dn, "uid=renamed"), rename(scene.active_dn, "uid=active.access", f"newsuperior: {CLAIMS}"),
        rename(scene.active_dn, "uid=active.access", f"newsuperior: {SERVICES}"),
        rename(scene.claim_dn, "musterPersonKey=00"), replace(scene.active_dn, "musterPersonKey", "00"),
        change(LISTED, "modify", "add: uid", "uid: second"), replace(LISTED, "mail", "x@mail.example.mil"),
        replace(LISTED, "userPassword", "planted"), change(LISTED, "delete"),
        change(LISTED, "modify", "add: objectClass", "objectClass: musterAccount", "-", "add: musterAccountStatus",
               "musterAccountStatus: active"),
        new_account(f"uid=evil,{KEPT}"), replace("cn=config", "description", "x")]


def forbidden_to_others(scene):
    """What musterd alone may."""
    changes = [new_account(f"uid=evil,{PEOPLE}"), new_claim("00"), change(scene.pending_dn, "delete"),
               change(scene.active_dn, "delete"), change(scene.claim_dn, "delete"),
               replace(scene.claim_dn, "musterRegistrationId", "0"),
               change(scene.active_dn, "modify", "add: userPassword", "userPassword: planted")]
    for subject in (scene.active, scene.pending):
        for name in set(subject) - {"dn", "objectclass", "uid"} | {"userpassword"}:
            changes.append(replace(subject["dn"][0], name, subject.get(name, ["planted"])[0]))
    return changes


def make_scene(box, is_389ds):
    registered = {}
    for given, number in (("Active", "901000001"), ("Pending", "901000002"), ("Withdrawn", "901000003")):
        status, answer, _ = box.register(person(given, number))
        assert status == 202, answer
        registered[given] = box.until_state(answer["id"], "pending", 60)["id"]
    assert box.musterctl("activate", registered["Active"]).returncode == 0
    box.until_state(registered["Active"], "active", 60)
    assert box.call("DELETE", f"/v1/registrations/{registered['Withdrawn']}")[0] == 204
    box.until_state(registered["Withdrawn"], "cancelled", 60)
    status, answer, _ = box.register(person("Active", "901000001"))
    assert status == 409 and answer["type"].endswith("account-exists"), answer
    status, answer, _ = box.register(person("Wrong", "901000002"))
    assert status == 422 and answer["type"].endswith("identity-not-verified"), answer
    # Somebody's hand: musterd must see it, or the activation would add a second password.
    assert box.modify(change(f"uid=pending.access,{PEOPLE}", "modify", "add: userPassword",
                             f"userPassword: {PLANTED}")).returncode == 0
    scene = Scene(box, is_389ds)
    assert len(scene.claims) == 2 and not box.accounts("(uid=withdrawn.access)"), "nothing is left of the withdrawn"
    return scene


def check_logins(box, scene, is_389ds):
    assert box.can_bind("active.access"), "an active account logs in"
    assert box.accounts("(uid=active.access)")[0]["userpassword"] == scene.active["userpassword"], "the hash stays"
    assert not box.can_bind("pending.access"), "a pending one does not"
    assert box.can_bind("pending.access", PLANTED) == is_389ds, "with what somebody has put there"
    checked = subprocess.run([os.path.join(BUILD, "musterd"), "-t", "-c", box.endpoints["config"]], capture_output=True,
                             text=True, timeout=60)
    assert checked.returncode == 0, checked.stderr
    for login in scene.logins():
        assert login.dn is None or login.tool("ldapwhoami").returncode == 0, login.name


def check_webmail(scene):
    """By the contract's filter, by a persona's address, and from the suffix as well."""
    by_uid = "(&(objectClass=musterAccount)(musterAccountStatus=active)(uid={}))"
    for base in (PEOPLE, SUFFIX):
        for text, found in ((by_uid.format("active.access"), [scene.active_dn]), (by_uid.format("pending.access"), []),
                            ("(mailLocalAddress=active.access.ret@mail.example.mil)", [scene.active_dn]),
                            ("(uid=pending.access)", [])):
            assert list(scene.webmail.sees(base, text)) == found, (base, text)


def check_access(make_server, is_389ds=False):
    """make_server(folder): the server with ACCOUNTS and ROLL, add_services and the shipped rules. slapd
    has rules for more: for binds, and for what an entry that is added carries."""
    with house(lambda folder: {"accounts": make_server(folder)}, configuration) as box:
        scene = make_scene(box, is_389ds)
        check_logins(box, scene, is_389ds)
        check_webmail(scene)
        for login in scene.logins():
            check_reading(scene, login)
            check_finding(scene, login)
            check_comparing(scene, login)
            check_refused(login, forbidden_to_all(scene))
            if not is_389ds:
                more = "description: not on the list"
                check_refused(login, [new_account(f"uid=evil,{PEOPLE}", more), new_claim("00", more)])
            if login is not scene.musterd:
                check_refused(login, forbidden_to_others(scene))
