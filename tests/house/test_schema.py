#!/usr/bin/env python3
"""The three forms of the schema say the same, and 98muster.ldif is in the strict syntax (RFC 4512,
section 4.1, a definition on one line) that 389-ds wants, with rules and syntaxes that it has."""
import os
import re
import sys

ARC = "2.25.135057666935846444629688967741943476619"
BUILT = sys.argv[1] if len(sys.argv) > 1 else "schema"
RULES = {"EQUALITY": {"caseIgnoreMatch", "caseIgnoreIA5Match", "caseExactIA5Match", "octetStringMatch",
                      "booleanMatch", "generalizedTimeMatch"},
         "ORDERING": {"generalizedTimeOrderingMatch"},
         "SUBSTR": {"caseIgnoreSubstringsMatch"}}
SYNTAXES = {"1.3.6.1.4.1.1466.115.121.1." + n for n in ("7", "15", "24", "26", "40")}
STANDARD = {"cn", "sn", "givenName", "generationQualifier", "displayName", "employeeNumber",
            "employeeType", "o", "ou", "title", "description"}
# Numbers that were given, for ever: add to these, and never change one.
GIVEN = {
    "1.1": "musterAccountStatus", "1.2": "musterCategory", "1.3": "musterPrimaryCategory",
    "1.4": "musterDualAccount", "1.5": "musterActivationTime", "1.6": "musterActivatedAt",
    "1.7": "musterRegistrationId", "1.8": "musterPersonKey", "1.9": "musterPendingPassword",
    "1.10": "musterExternalMail", "1.11": "musterSecurityAnswer", "1.101": "personnelId",
    "1.102": "birthDate", "1.103": "payEntryBaseDate", "1.104": "middleName", "1.105": "edipi",
    "1.106": "personnelCategory", "1.107": "personnelStatus", "1.108": "rotcYear",
    "2.1": "musterAccount", "2.2": "musterClaim", "2.3": "musterPersonnelRecord"}
OID = r"[0-2](?:\.(?:0|[1-9][0-9]*))+"
NAME = r"[A-Za-z][A-Za-z0-9-]*"
QUOTED = r"'(?:[^'\\]|\\27|\\5[Cc])+'"
OIDS = r"(?:{0}|\( {0}(?: \$ {0})* \))".format(NAME)
ATTRIBUTE = re.compile(r"\( (?P<oid>{0}) NAME '(?P<name>{1})' DESC {2}(?: EQUALITY (?P<EQUALITY>{1}))?"
                       r"(?: ORDERING (?P<ORDERING>{1}))?(?: SUBSTR (?P<SUBSTR>{1}))?"
                       r" SYNTAX (?P<syntax>{0})(?P<one> SINGLE-VALUE)?(?: X-ORIGIN {2})? \)"
                       .format(OID, NAME, QUOTED))
CLASS = re.compile(r"\( (?P<oid>{0}) NAME '(?P<name>{1})' DESC {2} SUP top (?P<kind>STRUCTURAL|AUXILIARY)"
                   r"(?: MUST (?P<must>{3}))?(?: MAY (?P<may>{3}))?(?: X-ORIGIN {2})? \)"
                   .format(OID, NAME, QUOTED, OIDS))
faults = []


def read(name):
    with open(os.path.join(BUILT, name), encoding="ascii") as file:
        return [line for line in file.read().splitlines() if not line.startswith("#")]


def definitions(lines, attribute, cls):
    """(kind, definition) without origin, for comparing."""
    text = re.sub(r"\n[ \t]+", " ", "\n".join(lines))
    for line in text.splitlines():
        for kind, word in (("attribute", attribute), ("class", cls)):
            if line.startswith(word + " "):
                yield kind, re.sub(r" X-ORIGIN 'musterd'", "", line[len(word) + 1:])


strict = read("98muster.ldif")
if strict[0] != "dn: cn=schema":
    faults.append("98muster.ldif does not begin with dn: cn=schema")
found, known, used = {}, set(STANDARD), set()
for line in strict[1:]:
    word, _, text = line.partition(": ")
    match = {"attributeTypes": ATTRIBUTE, "objectClasses": CLASS}.get(word, re.compile("$^")).fullmatch(text)
    if match is None:
        faults.append("not in the strict syntax: " + line)
        continue
    parts = match.groupdict()
    if not parts["oid"].startswith(ARC + "."):
        faults.append("outside the arc: " + line)
    found[parts["oid"][len(ARC) + 1:]] = parts["name"]
    if word == "attributeTypes":
        known.add(parts["name"])
        for rule, names in RULES.items():
            if parts[rule] and parts[rule] not in names:
                faults.append("another rule: " + line)
        if parts["syntax"] not in SYNTAXES:
            faults.append("another syntax: " + line)
    else:
        used.update(re.findall(NAME, (parts["must"] or "") + " " + (parts["may"] or "")))
if found != GIVEN:
    faults.append("numbers differ from those given: %s" % sorted(set(found.items()) ^ set(GIVEN.items())))
if used - known:
    faults.append("classes name unknown attributes: %s" % sorted(used - known))

forms = [list(definitions(strict, "attributeTypes:", "objectClasses:")),
         list(definitions(read("muster.ldif"), "olcAttributeTypes:", "olcObjectClasses:")),
         list(definitions(read("muster.schema"), "attributetype", "objectclass"))]
if not forms[0] or forms[0] != forms[1] or forms[0] != forms[2]:
    faults.append("the three forms differ")
print("\n".join(faults) or "%d definitions" % len(forms[0]))
sys.exit(1 if faults else 0)
