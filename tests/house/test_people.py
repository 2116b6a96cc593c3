#!/usr/bin/env python3
"""The sample personnel directory: made again it is the same, and it holds what tests rely on."""
import base64
import os
import subprocess
import sys
import unicodedata
from collections import Counter, defaultdict

SAMPLE = os.path.join(os.environ.get("srcdir", "."), "schema", "sample")
CATEGORIES = """active-army army-retired army-reserve individual-ready-reserve national-guard
da-civilian da-civilian-retired naf-civilian usma-cadet rotc-cadet future-soldier""".split()
faults = []


def check(holds, words):
    if not holds:
        faults.append(words)


def records(text):
    for block in text.replace("\n ", "").split("\n\n"):
        record = {}
        for line in block.splitlines():
            if line.startswith("#") or not line:
                continue
            name, value = line.split(":", 1)
            if value.startswith(":"):
                value = base64.b64decode(value[1:]).decode()
            record[name] = value.strip()
        if record:
            yield record


made = subprocess.run([sys.executable, SAMPLE + "/make-people"], stdout=subprocess.PIPE, check=True).stdout
with open(SAMPLE + "/people.ldif", "rb") as file:
    kept = file.read()
check(made == kept, "make-people makes something else than people.ldif")
all_records = list(records(kept.decode()))
of_person = defaultdict(list)
for record in all_records:
    of_person[record["personnelId"]].append(record)


def same(group):
    names = ["sn", "givenName", "middleName", "generationQualifier", "edipi"]
    return all(record["birthDate"][:8] == group[0]["birthDate"][:8] and
               all(record.get(n) == group[0].get(n) for n in names if n != "edipi" or
                   (record.get(n) and group[0].get(n))) for record in group)


def current(group):
    return [r for r in group if r["personnelStatus"] == "current"]


check(len(of_person) >= 220, "fewer than 220 people")
per_category = Counter(r["personnelCategory"] for r in all_records)
for category in CATEGORIES:
    check(per_category[category] >= 12, "fewer than 12 of " + category)
check(set(per_category) == set(CATEGORIES), "another category")

dual = [g for g in of_person.values() if len(current(g)) > 1 and same(g)]
check(len(dual) >= 24, "fewer than 24 dual people")
kinds = {tuple(sorted(r["personnelCategory"] for r in g)) for g in dual}
check(len(kinds) >= 8, "fewer than 8 kinds of dual people")
check(all(len({r["personnelCategory"] for r in g}) == len(g) for g in dual), "two of one category")
check(sum(not same(g) for g in of_person.values()) == 1, "not exactly one conflict")
check(any(len(g) > 1 and len(current(g)) == 1 for g in of_person.values()), "nobody half lapsed")
check(any(not current(g) for g in of_person.values()), "nobody lapsed")

doe = of_person["900123456"]
check([r["personnelCategory"] for r in doe] == ["army-retired", "da-civilian"] and same(doe) and
      all(r["birthDate"][:8] == "19800229" and r["payEntryBaseDate"][:8] == "20010615" for r in doe),
      "John Quincy Doe Jr is not as the papers say")

for record in all_records:
    digits = record["personnelId"]
    check(len(digits) == 9 and digits.isdigit() and (digits >= "900" or digits[:3] == "000"),
          "an identifier that may be issued: " + record["cn"])
    check("edipi" not in record or 1000000001 <= int(record["edipi"]) < 1000010000, "an EDIPI")
    check(record["dn"] == "cn=%s,ou=personnel,dc=example,dc=mil" % record["cn"], "a DN")
    check(all(unicodedata.is_normalized("NFC", v) for v in record.values()), "a name not in NFC")
    check((record["personnelCategory"] == "rotc-cadet") == ("rotcYear" in record), "a rotcYear")
check(len({r["cn"] for r in all_records}) == len(all_records), "a cn twice")


def some(words, holds, least=1):
    check(sum(map(bool, map(holds, all_records))) >= least, "too few: " + words)


for year in "1234":
    some("ROTC year " + year, lambda r: r.get("rotcYear") == year, 3)
for length in (8, 15):
    some("dates of %d characters" % length, lambda r: len(r["birthDate"]) == length, 50)
some("without PEBD", lambda r: "payEntryBaseDate" not in r, 20)
some("soldiers without PEBD", lambda r: "payEntryBaseDate" not in r and
     r["personnelCategory"] == "active-army")
some("FIN holders", lambda r: r["personnelId"].startswith("000"), 4)
some("single-name people", lambda r: "givenName" not in r)
some("born on a leap day", lambda r: r["birthDate"][4:8] == "0229", 3)
some("suffixes", lambda r: "generationQualifier" in r, 5)
some("without middle names", lambda r: "middleName" not in r, 20)
some("accents", lambda r: any(0xc0 <= ord(c) < 0x250 for c in r["sn"] + r.get("givenName", "")), 10)
some("apostrophes", lambda r: "'" in r["sn"], 3)
some("hyphens", lambda r: "-" in r["sn"] + r.get("givenName", ""), 3)
some("names that are not Latin", lambda r: any(ord(c) >= 0x370 for c in r["sn"]), 4)

print("\n".join(faults) or "%d people, %d records, %d dual" % (len(of_person), len(all_records), len(dual)))
sys.exit(1 if faults else 0)
