"""The people of test_roll.py, and what becomes of each when they register.

A Case is a person: the records that the personnel directory holds, what is claimed, and the
outcome. Everything is made from the tables below with a fixed seed. Every case has an identifier
of its own, and gives at most two wrong answers with it.
"""
import base64
import itertools
import random
import unicodedata
from dataclasses import dataclass, field

BASE = "ou=personnel,dc=example,dc=mil"
# Highest precedence first, with the persona of each.
PERSONAS = {
    "active-army": "mil", "usma-cadet": "cadet", "national-guard": "ng", "army-reserve": "ar", "da-civilian": "civ",
    "naf-civilian": "naf", "individual-ready-reserve": "irr", "rotc-cadet": "rotc", "future-soldier": "fs",
    "army-retired": "ret", "da-civilian-retired": "civret"}
LABELS = {
    "active-army": "Active Army", "usma-cadet": "USMA Cadet", "national-guard": "Army National Guard",
    "army-reserve": "Army Reserve", "da-civilian": "DA Civilian", "naf-civilian": "NAF Civilian",
    "individual-ready-reserve": "Individual Ready Reserve", "rotc-cadet": "ROTC Cadet (MS III and IV)",
    "future-soldier": "Future Soldier", "army-retired": "Army Retired", "da-civilian-retired": "DA Civilian Retired"}
ORDER = list(PERSONAS)
# Their records carry no pay entry base date.
UNDATED = {"da-civilian", "da-civilian-retired", "naf-civilian", "future-soldier", "rotc-cadet"}

ACCOUNT, UNPROVED, INELIGIBLE, CONFLICT, INVALID, MALFORMED = (
    "account", "identity-not-verified", "not-eligible", "failed", "invalid", "malformed")

GIVEN = "Ada Bruno Clara Dexter Elena Felix Greta Hugo Irene Jonas Karla Liam Mona Nils Olga Paul Rosa Simon".split()
FAMILY = """Abbott Barker Calloway Denham Easton Fairley Garner Hadley Ingram Jarvis Keaton Lawson Mercer Norwood
Osborne Preston Quimby Ransome Sheldon Thatcher Upton Vaughan Whitlock Yardley""".split()

# language, given, middle, family, initials as displayed, uid, the given name otherwise written
# (canonically equivalent, but neither NFC nor NFD), the family name likewise
NAMES = [
    ("Spanish", "José", "Ramón", "Muñoz Ibáñez", "R.", "jose.r.munozibanez"),
    ("French", "Élodie", "Anaïs", "Lefèvre-Brûlé", "A.", "elodie.a.lefevre-brule"),
    ("German", "Jürgen", "Götz", "Großmüller", "G.", "jurgen.g.grossmuller"),
    ("Polish", "Łukasz", "Żegota", "Wałęsa-Śmiały", "Ż.", "lukasz.z.walesa-smialy"),
    ("Czech", "Řehoř", "Čeněk", "Dvořák", "Č.", "rehor.c.dvorak"),
    ("Turkish", "İsmail", "Işık", "Çelikoğlu Yıldırım", "I.", "ismail.i.celikogluyildirim"),
    ("Vietnamese", "Ngọc", "Thị Hồng", "Nguyễn", "T. H.", "ngoc.t.nguyen"),
    ("Greek", "Γεώργιος", "Χρήστος", "Παπαδόπουλος", "Χ.", "georgios.c.papadopoulos"),
    ("Russian", "Андрей", "Фёдорович", "Королёв", "Ф.", "andrei.f.korolev"),
    ("Ukrainian", "Юрій", "Євгенович", "Їжакевич", "Є.", "iurii.i.izhakevich"),
    ("Arabic", "آمنة", "علي", "الأحمد", "ع.", "user"),
    ("Hebrew", "ש\u05c1לום", "דוד", "בן־גוריון", "ד.", "user", "\ufb2aלום"),
    ("Hindi", "\u0915\u093cमर", "कुमार", "शर्मा", "कु.", "user", "\u0958मर"),
    ("Thai", "ป\u0e39\u0e48ชัย", None, "ศรีสุข", None, "user", "ป\u0e48\u0e39ชัย"),
    ("Chinese", "明", None, "樂", None, "user", "明", "\uf914"),
    ("Japanese", "ガブリエル", None, "大塚", None, "user", "ガブリエル", "大\ufa10"),
    ("Korean", "철수", None, "김", None, "user"),
    ("Hawaiian", "Kalaniʻōpuʻu", "ʻEkolu", "Kaʻahumanu", "E.", "kalaniopuu.e.kaahumanu"),
    ("Irish", "Siobhán", "Nóra", "O’Brien", "N.", "siobhan.n.obrien"),
    ("Icelandic", "Þórður", "Ægir", "Guðmundsson", "Æ.", "thordur.a.gudmundsson"),
    ("Romanian", "Ștefan", "Ionuț", "Brâncuși", "I.", "stefan.i.brancusi"),
    ("Hungarian", "Győző", "Ödön", "Szűcs", "Ö.", "gyozo.o.szucs"),
    ("Swedish", "Åsa", "Örjan", "Kærgård", "Ö.", "asa.o.kaergard"),
    ("Latvian", "Kārlis", "Ģirts", "Ķēniņš", "Ģ.", "karlis.g.kenins"),
    ("Yoruba", "Ọláńrewájú", "Ẹ̀bùn", "Adéṣọlá", "Ẹ̀.", "olanrewaju.e.adesola"),
    ("Maltese", "Ġorġ", "Żaren", "Ħaż-Żebbuġ", "Ż.", "gorg.z.haz-zebbug"),
    ("Armenian", "Արամ", None, "Խաչատրյան", None, "user"),
    ("Amharic", "አበበ", None, "ቢቂላ", None, "user"),
    ("Tamil", "கோபால்", None, "நாராயணன்", None, "user"),
    ("Bengali", "অমিত", None, "চৌধুরী", None, "user"),
]

# What differs of the person: recorded, claimed, and the outcome.
SPELLINGS = [
    ("upper case claimed", {"family": "MacDonald"}, {"family": "MACDONALD"}, ACCOUNT),
    ("lower case claimed", {"family": "MacDonald"}, {"family": "macdonald"}, ACCOUNT),
    ("sharp s in capitals", {"family": "Weiß"}, {"family": "WEISS"}, ACCOUNT),
    ("final sigma in capitals", {"family": "Οδυσσεύς"}, {"family": "ΟΔΥΣΣΕΎΣ"}, ACCOUNT),
    ("white space", {"family": "van der Berg"}, {"family": " van  der\u00a0Berg "}, ACCOUNT),
    ("middle: initial claimed", {"middle": "Quincy"}, {"middle": "Q"}, ACCOUNT),
    ("middle: initial with a dot", {"middle": "Quincy"}, {"middle": "q."}, ACCOUNT),
    ("middle: initial recorded", {"middle": "Q"}, {"middle": "Quincy"}, ACCOUNT),
    ("middle: not claimed", {"middle": "Quincy"}, {"middle": None}, ACCOUNT),
    ("middle: not recorded", {"middle": None}, {"middle": "Quincy"}, ACCOUNT),
    ("middle: two initials", {"middle": "Quincy Adams"}, {"middle": "Q. A."}, ACCOUNT),
    ("middle: another initial", {"middle": "Quincy"}, {"middle": "P"}, UNPROVED),
    ("middle: an initial too many", {"middle": "Quincy"}, {"middle": "Q A"}, UNPROVED),
    ("middle: ʻokina before the initial", {"middle": "ʻEkolu"}, {"middle": "E."}, ACCOUNT),
    ("middle: ʻokina and the initial", {"middle": "ʻEkolu"}, {"middle": "ʻE"}, ACCOUNT),
    ("middle: an ʻokina alone", {"middle": "ʻEkolu"}, {"middle": "ʻ"}, INVALID),
    ("suffix: Jr and JR.", {"suffix": "Jr"}, {"suffix": "JR."}, ACCOUNT),
    ("suffix: Jr. and ', J. R.'", {"suffix": "Jr."}, {"suffix": ", J. R."}, ACCOUNT),
    ("suffix: not claimed", {"suffix": "III"}, {"suffix": None}, ACCOUNT),
    ("suffix: not recorded", {"suffix": None}, {"suffix": "Sr"}, ACCOUNT),
    ("suffix: III and II", {"suffix": "III"}, {"suffix": "II"}, UNPROVED),
    ("hyphen claimed as a space", {"family": "Smith-Jones"}, {"family": "SMITH JONES"}, ACCOUNT),
    ("space claimed as a hyphen", {"family": "Smith Jones"}, {"family": "Smith\u2011Jones"}, ACCOUNT),
    ("hyphen left out", {"family": "Smith-Jones"}, {"family": "SmithJones"}, UNPROVED),
    ("apostrophe left out", {"family": "O'Brien"}, {"family": "OBrien"}, UNPROVED),
    ("typographic apostrophe recorded", {"family": "O’Brien"}, {"family": "O'Brien"}, ACCOUNT),
    ("single name", {"given": None, "middle": None, "family": "Wulandari"}, {}, ACCOUNT),
    ("single name given twice", {"given": None, "middle": None, "family": "Suharto"}, {"given": "Suharto"}, ACCOUNT),
    ("single name and an invented one", {"given": None, "middle": None, "family": "Sukarno"}, {"given": "Ahmed"},
     UNPROVED),
    ("given name not claimed", {"middle": None}, {"given": None}, UNPROVED),
    ("given and family exchanged", {"given": "Martin", "family": "Thomas"}, {"given": "Thomas", "family": "Martin"},
     UNPROVED),
    ("Cyrillic а", {"given": "Anna"}, {"given": "Ann\u0430"}, UNPROVED),
    ("Cyrillic А", {"given": "Anna"}, {"given": "\u0410nna"}, UNPROVED),
    ("Greek ο", {"family": "Doe"}, {"family": "D\u03bfe"}, UNPROVED),
    ("Armenian օ", {"family": "Cole"}, {"family": "C\u0585le"}, UNPROVED),
    ("Cherokee Ꭺ", {"given": "Anna"}, {"given": "\u13aannᎪ"}, UNPROVED),
    ("Latin alpha", {"given": "Anna"}, {"given": "Ann\u0251"}, UNPROVED),
    ("full-width letters", {"family": "Doe"}, {"family": "\uff24\uff4f\uff45"}, UNPROVED),
    ("mathematical letters", {"family": "Doe"}, {"family": "\U0001d403oe"}, UNPROVED),
    ("ı for i", {"family": "Kim"}, {"family": "Kım"}, UNPROVED),
    ("i for ı", {"family": "Yıldız"}, {"family": "Yildiz"}, UNPROVED),
    ("İ for I", {"given": "Ivan"}, {"given": "İvan"}, UNPROVED),
    ("zero for o", {"family": "Doe"}, {"family": "D0e"}, UNPROVED),
    ("l for I", {"given": "Ian"}, {"given": "lan"}, UNPROVED),
    ("rn for m", {"family": "Bames"}, {"family": "Barnes"}, UNPROVED),
    ("a mark left out", {"given": "José"}, {"given": "Jose"}, UNPROVED),
    ("a mark added", {"given": "Jose"}, {"given": "José"}, UNPROVED),
    ("a stroke overlaid", {"family": "Doe"}, {"family": "Doe\u0336"}, UNPROVED),
    # invisible code points say nothing, and canonical equivalents and foldings are one: name.h
    ("zero-width joiner", {"family": "Doe"}, {"family": "D\u200doe"}, ACCOUNT),
    ("zero-width non-joiner recorded", {"family": "علی\u200cرضا"}, {"family": "علیرضا"}, ACCOUNT),
    ("soft hyphen", {"family": "Doe"}, {"family": "D\u00adoe"}, ACCOUNT),
    ("Kelvin sign", {"family": "Kim"}, {"family": "\u212aim"}, ACCOUNT),
    ("ligature", {"family": "Finn"}, {"family": "\ufb01nn"}, ACCOUNT),
    ("right-to-left override", {"family": "Doe"}, {"family": "\u202eDoe"}, MALFORMED),
    ("private use", {"family": "Doe"}, {"family": "Doe\ue000"}, INVALID),
    ("a number for a name", {"family": "Doe"}, {"family": "1234"}, INVALID),
    ("characters of a DN", {"family": "Doe, \"+<Roe>;=#\\"}, {}, ACCOUNT),
    ("as long as can be", {"given": "Maximilian" * 12, "family": "Wolkenstein" * 11}, {}, ACCOUNT),
]
APOSTROPHES = "`´ʹʻʼʽʾʿ‘’‛′＇ꞌ"


@dataclass
class Person:
    """What is true of a person; the claim is made from it."""
    kind: str
    identifier: str
    birth: str
    pebd: str
    edipi: str
    given: str
    middle: str
    family: str
    suffix: str
    dated: bool = False  # some record carries the pay entry base date
    records: list = field(default_factory=list)

    def claim(self, **changes):
        """The members of identity and legal_name; a change to None leaves one out."""
        said = {self.kind: self.identifier, "birth_date": self.birth, "given": self.given, "middle": self.middle,
                "family": self.family, "suffix": self.suffix}
        if self.dated:
            said["pay_entry_base_date"] = self.pebd
        said.update(changes)
        return {name: value for name, value in said.items() if value is not None}


@dataclass
class Case:
    name: str
    person: Person
    outcome: str
    claim: dict
    categories: list  # of the account, highest precedence first
    then: dict = None  # claimed after a refusal: the right one, which must be accepted
    initials: str = None
    uid: str = None
    edipi: str = None
    pointer: str = None  # of an invalid claim
    again: dict = None  # claimed by a person with an account: 409
    answer: dict = None  # filled in by the test: the accepted registration


class Roll:
    def __init__(self, seed=2026):
        self.chance = random.Random(seed)
        self.cases, self.records = [], []
        self.count = 0

    def person(self, kind="ssn", **changes):
        n = self.count = self.count + 1
        area = "000" if kind == "fin" else str(900 + n % 100)
        digits = f"{area}{10 + n % 80}{1000 + 7 * n}"
        spelled = digits if n % 2 else f"{digits[:3]}-{digits[3:5]}-{digits[5:]}"

        def date(first, last):
            return f"{self.chance.randint(first, last)}-{self.chance.randint(1, 12):02}-{self.chance.randint(1, 28):02}"
        person = Person(kind, spelled, date(1940, 1985), date(1986, 2020), str(1000100000 + n),
                        self.chance.choice(GIVEN), self.chance.choice(GIVEN), self.chance.choice(FAMILY), None)
        for name, value in changes.items():
            assert hasattr(person, name), name
            setattr(person, name, value)
        return person

    def record(self, person, category, **changes):
        """One entry of the personnel directory; an attribute changed to None is left out."""
        n = len(self.records)
        form = "{}" if n % 3 else "{}000000Z"
        record = {
            "objectClass": "musterPersonnelRecord", "cn": f"roll {n:04}",
            "personnelId": person.identifier.replace("-", ""),
            "birthDate": form.format(person.birth.replace("-", "")),
            "sn": person.family, "givenName": person.given, "middleName": person.middle,
            "generationQualifier": person.suffix, "edipi": person.edipi, "personnelCategory": category,
            "personnelStatus": "current", "o": f"o of {category}", "ou": f"ou of {category}",
            "title": f"title of {category}"}
        if category not in UNDATED:
            record["payEntryBaseDate"] = form.format(person.pebd.replace("-", ""))
        if category == "rotc-cadet":
            record["rotcYear"] = "34"[n % 2]
        record.update(changes)
        record = {name: value for name, value in record.items() if value is not None}
        person.dated = person.dated or "payEntryBaseDate" in record
        self.records.append(record)
        person.records.append(record)

    def case(self, name, person, outcome, claim=None, **more):
        known = {r["personnelCategory"] for r in person.records
                 if r["personnelStatus"] == "current" and r.get("rotcYear", "3") in ("3", "4")}
        more.setdefault("edipi", person.edipi)
        self.cases.append(Case(name, person, outcome, person.claim() if claim is None else claim,
                               sorted(known, key=ORDER.index), **more))

    def simple(self, name, category="da-civilian", outcome=ACCOUNT, claim=None, record=None, then=False, more=None,
               **changes):
        """One person with one record; claim: what is said otherwise."""
        person = self.person(**changes)
        self.record(person, category, **(record or {}))
        self.case(name, person, outcome, person.claim(**(claim or {})),
                  then=person.claim() if then else None, **(more or {}))
        return person


def add_categories(roll):
    for category in ORDER:
        roll.simple(f"alone: {category}", category)
    for pair in itertools.combinations(ORDER, 2):
        person = roll.person()
        first, second = roll.chance.sample(pair, 2)
        # the one or the other record alone may know the EDIPI
        roll.record(person, first, **({"edipi": None} if roll.count % 3 == 0 else {}))
        roll.record(person, second, **({"edipi": None} if roll.count % 3 == 1 else {}))
        roll.case(f"dual: {first}, {second}", person, ACCOUNT)
    for several in (("army-retired", "da-civilian", "army-reserve"),
                    ("da-civilian-retired", "national-guard", "naf-civilian"), tuple(reversed(ORDER))):
        person = roll.person()
        for category in several:
            roll.record(person, category)
        roll.case(f"{len(several)} categories from {several[0]}", person, ACCOUNT)
    for category in ("active-army", "naf-civilian"):
        person = roll.person()
        roll.record(person, category)
        roll.record(person, category)
        roll.case(f"twice {category}", person, ACCOUNT)
    roll.simple("no EDIPI on record", record={"edipi": None}, more={"edipi": None})
    roll.simple("nine digits where the EDIPI belongs", record={"edipi": "900123456"}, more={"edipi": None})


def add_status(roll):
    for current, lapsed in (("da-civilian", "active-army"), ("army-retired", "active-army"),
                            ("active-army", "future-soldier")):
        person = roll.person()
        roll.record(person, lapsed, personnelStatus="lapsed")
        roll.record(person, current)
        roll.case(f"current {current}, lapsed {lapsed}", person, ACCOUNT)
    person = roll.person()
    roll.record(person, "da-civilian")
    roll.record(person, "active-army", personnelStatus="lapsed", sn="Maidenname")
    roll.case("the lapsed record has another family name", person, ACCOUNT)
    person = roll.person()
    roll.record(person, "da-civilian")
    roll.record(person, "active-army", personnelStatus="lapsed")
    roll.case("PEBD of a lapsed record not claimed", person, UNPROVED, person.claim(pay_entry_base_date=None),
              then=person.claim())
    for category in ("active-army", "da-civilian", "army-retired"):
        roll.simple(f"lapsed alone: {category}", category, INELIGIBLE, record={"personnelStatus": "lapsed"})
    roll.simple("lapsed alone and a wrong birth date", outcome=UNPROVED, record={"personnelStatus": "lapsed"},
                claim={"birth_date": "1939-01-01"})
    for year, outcome in (("1", INELIGIBLE), ("2", INELIGIBLE), ("3", ACCOUNT), ("4", ACCOUNT)):
        roll.simple(f"ROTC, year {year}", "rotc-cadet", outcome, record={"rotcYear": year})
    person = roll.person()
    roll.record(person, "rotc-cadet", rotcYear="2")
    roll.record(person, "naf-civilian")
    roll.case("ROTC, year 2, and NAF civilian: not dual", person, ACCOUNT)


def add_conflicts(roll):
    for name, changes in (("birth date", {"birthDate": "19390102"}), ("family name", {"sn": "Contradiction"})):
        for first in (True, False):
            person = roll.person()
            roll.record(person, "army-retired", **({} if first else changes))
            roll.record(person, "da-civilian", **(changes if first else {}))
            roll.case(f"conflict: {name}, {'first' if first else 'second'} record claimed", person, CONFLICT)
    person = roll.person()
    roll.record(person, "active-army", birthDate=None)
    roll.record(person, "da-civilian")
    roll.record(person, "naf-civilian", birthDate="19390102")
    roll.case("conflict: birth dates of the second and the third record", person, CONFLICT)
    person = roll.person()
    roll.record(person, "army-retired")
    roll.record(person, "da-civilian", birthDate="19390102")
    roll.case("conflict, and nothing proved", person, UNPROVED, person.claim(birth_date="1938-01-01"))


def add_identifiers(roll):
    for n in range(2):
        person = roll.simple(f"FIN holder {n}", "naf-civilian", kind="fin")
        # which of the two it is nobody can tell in the directory: one number, one person, one account
        roll.cases[-1].again = person.claim(fin=None, ssn=person.identifier)
    roll.simple("FIN given as ssn", kind="fin")
    case = roll.cases[-1]
    case.again, case.claim = case.claim, case.person.claim(fin=None, ssn=case.person.identifier)
    person = roll.simple("SSN spelled the other way again")
    digits = person.identifier.replace("-", "")
    other = digits if "-" in person.identifier else f"{digits[:3]}-{digits[3:5]}-{digits[5:]}"
    roll.cases[-1].again = person.claim(ssn=other)
    for name, said, pointer in (
            ("ssn and fin", {"fin": "000112222"}, "/identity"), ("neither ssn nor fin", {"ssn": None}, "/identity"),
            ("hyphens elsewhere", {"ssn": "9-0012-3456"}, "/identity/ssn"),
            ("Arabic digits", {"ssn": "٩٠٠١٢٣٤٥٦"}, "/identity/ssn"), ("eight digits", {"ssn": "90012345"}, "/identity/ssn"),
            ("no leap year", {"birth_date": "1981-02-29"}, "/identity/birth_date"),
            ("no leap century", {"birth_date": "1900-02-29"}, "/identity/birth_date"),
            ("another form of date", {"birth_date": "19800229"}, "/identity/birth_date")):
        roll.simple(f"invalid: {name}", outcome=INVALID, claim=said, then=True, more={"pointer": pointer})


def add_proofs(roll):
    wrong = {"birth date": {"birth_date": "1939-01-01"}, "PEBD": {"pay_entry_base_date": "1985-01-01"},
             "given": {"given": "Zeno"}, "middle": {"middle": "Zeno"}, "family": {"family": "Zweig"},
             "suffix": {"suffix": "Sr"}, "PEBD not claimed": {"pay_entry_base_date": None}}
    together = {name: value for said in list(wrong.values())[:6] for name, value in said.items()}
    wrong["everything"] = together
    wrong["both dates"] = {**wrong["birth date"], **wrong["PEBD"]}
    wrong["the dates exchanged"] = {}
    for name, said in wrong.items():
        person = roll.person(suffix="Jr")
        roll.record(person, "army-retired")
        roll.record(person, "da-civilian")
        if not said:
            said = {"birth_date": person.pebd, "pay_entry_base_date": person.birth}
        roll.case(f"wrong: {name}", person, UNPROVED, person.claim(**said), then=person.claim())
    nobody = roll.person()
    roll.case("nobody has the identifier", nobody, UNPROVED)
    roll.simple("no PEBD on record, one given", claim={"pay_entry_base_date": "2001-06-15"})
    roll.simple("a soldier without PEBD on record", "active-army", record={"payEntryBaseDate": None})
    person = roll.person()
    roll.record(person, "army-retired")
    roll.record(person, "national-guard", payEntryBaseDate="19850203")
    roll.case("two PEBDs, the second claimed", person, ACCOUNT, person.claim(pay_entry_base_date="1985-02-03"))
    for birth, said, outcome in (("1980-02-29", None, ACCOUNT), ("2000-02-29", None, ACCOUNT),
                                 ("1996-02-29", "1996-02-28", UNPROVED), ("1996-02-29", "1996-03-01", UNPROVED)):
        roll.simple(f"leap day {birth}, claimed {said or birth}", "active-army", outcome,
                    {"birth_date": said} if said else None, birth=birth, pebd="2016-02-29", then=said is not None)
    roll.simple("a birth date with hour and zone", birth="1980-02-29", record={"birthDate": "19800229233000-0500"})


def add_names(roll):
    def add(name, row, recorded, claimed):
        _, given, middle, family, initials, uid, *_ = row
        person = roll.person(given=recorded(given), middle=middle and recorded(middle), family=recorded(family))
        roll.record(person, roll.chance.choice(ORDER))
        said = claimed(row)
        roll.case(f"{row[0]}: {name}", person, ACCOUNT, person.claim(**said), initials=initials, uid=uid)

    def said_in(form, change=str):
        return lambda row: dict(zip(("given", "middle", "family"),
                                    (part and unicodedata.normalize(form, change(part)) for part in row[1:4])))

    def composed(text):
        return unicodedata.normalize("NFC", text)

    def decomposed(text):
        return unicodedata.normalize("NFD", text)
    for row in NAMES:
        add("NFC recorded, NFD claimed", row, composed, said_in("NFD"))
        add("NFD recorded, NFC claimed", row, decomposed, said_in("NFC"))
        # ı and İ in the other case are other letters: no language's own rules
        if row[1].upper() != row[1] and row[0] != "Turkish":
            add("capitals claimed", row, composed, said_in("NFD", str.upper))
        for n, part in enumerate(row[6:]):
            if part != row[(1, 3)[n]]:
                add("another equivalent claimed", row, composed, lambda row, n=n, part=part: {("given", "family")[n]: part})
    for name, recorded, claimed, outcome in SPELLINGS:
        pointer = "/legal_name/" + next(iter(claimed)) if outcome == INVALID else None
        then = outcome in (UNPROVED, INVALID, MALFORMED)
        roll.simple(f"spelling: {name}", outcome=outcome, claim=claimed, then=then, more={"pointer": pointer}, **recorded)
    for apostrophe in APOSTROPHES:
        roll.simple(f"spelling: O{apostrophe}Brien (U+{ord(apostrophe):04X})", family="O'Brien",
                    claim={"family": f"O{apostrophe}Brien"}, more={"uid": None})
    # the address of a uid is nobody else's persona address
    roll.simple("uid kai, persona ng", "national-guard", given="Kai", middle=None, family="王", more={"uid": "kai"})
    roll.simple("named as that persona address", given="Kai", middle=None, family="Ng", more={"uid": "kai.ng"})


def make():
    roll = Roll()
    for add in (add_categories, add_status, add_conflicts, add_identifiers, add_proofs, add_names):
        add(roll)
    return roll


def ldif_line(name, value):
    if value.isascii() and value.isprintable() and value[0] not in " :<" and value[-1] != " ":
        return f"{name}: {value}\n"
    return f"{name}:: {base64.b64encode(value.encode()).decode()}\n"


def write(roll, path):
    with open(path, "w", encoding="ascii") as file:
        for record in roll.records:
            file.write(f"dn: cn={record['cn']},{BASE}\n")
            for name, value in record.items():
                file.write(ldif_line(name, value))
            file.write("\n")
