"""Makes openngc.csv of the file pyongc/ongc.db of PyOngc 1.2.2: python3 openngc.py ongc.db"""

import hashlib
import math
import pathlib
import re
import sqlite3
import sys

SOURCE = "22143102cd4ba1cafd17041541e5f3921dc40cbd8c42a588b291fe66e6a01d0b"
COLUMNS = "name, type, ra, dec, const, vmag, bmag, majax, minax, messier, ngc, ic, identifiers, commonnames"
# Identifiers that people use at a telescope; those of surveys are left out.
USED = re.compile(r"(C|Cl|HD|HIP|LBN|Mel|SH|UGC) ?[0-9]")
HALVES_OF_SERPENS = {"Se1": "Ser", "Se2": "Ser"}


def spaced(name):
    """NGC0224 as NGC 224; what is not letters and a number stays, such as ESO056-115."""
    found = re.fullmatch(r"([A-Za-z]+) ?0*([0-9]+)( ?[A-Z].*)?", name)
    return f"{found[1]} {found[2]}{found[3] or ''}" if found else name


def listed(text):
    return [item.strip() for item in (text or "").split(",") if item.strip()]


def references(row):
    """The objects that this one is too, or of which it is a duplicate."""
    for catalogue, column in (("M", "messier"), ("NGC", "ngc"), ("IC", "ic")):
        yield from (f"{catalogue}{number}" for number in listed(row[column]))


def names(row, duplicates):
    """The best known first."""
    all_names = [spaced(name) for name in [row["name"], *references(row), *duplicates]]
    all_names += [spaced(name) for name in listed(row["identifiers"]) if USED.match(name)]
    unique = dict.fromkeys(all_names + listed(row["commonnames"]))
    best = {"M": 0, "NGC": 1, "IC": 2, "C": 3}
    return sorted(unique, key=lambda name: best.get(name.split(" ")[0], 4))


def number(value, digits):
    return "" if value is None else f"{value:.{digits}f}".rstrip("0").rstrip(".")


def line(row, duplicates):
    band = "V" if row["vmag"] is not None else "B" if row["bmag"] is not None else ""
    return ";".join([
        ",".join(names(row, duplicates)), row["type"],
        f"{math.degrees(row['ra']):.5f}", f"{math.degrees(row['dec']):.5f}",
        HALVES_OF_SERPENS.get(row["const"], row["const"]),
        number(row["vmag"] if band == "V" else row["bmag"], 2), band,
        number(row["majax"], 2), number(row["minax"], 2),
    ])


def original(row, by_name):
    """What a duplicate is a duplicate of."""
    while row["type"] == "Dup":
        row = next(by_name[name] for name in references(row) if name in by_name and by_name[name] is not row)
    return row["name"]


source = pathlib.Path(sys.argv[1])
if hashlib.sha256(source.read_bytes()).hexdigest() != SOURCE:
    sys.exit(f"{source} is not the ongc.db of PyOngc 1.2.2")
database = sqlite3.connect(source)
database.row_factory = sqlite3.Row
rows = database.execute(f"select {COLUMNS} from objects order by id").fetchall()
by_name = {row["name"]: row for row in rows}
by_name.update({f"M{row['messier']}": row for row in rows if row["messier"] and row["type"] != "Dup"})
duplicates = {}
for row in rows:
    if row["type"] == "Dup":
        duplicates.setdefault(original(row, by_name), []).append(row["name"])
objects = [row for row in rows if row["type"] != "Dup" and row["ra"] is not None]
with pathlib.Path(__file__).with_name("openngc.csv").open("w") as file:
    print("names;type;ra;dec;constellation;mag;band;major;minor", file=file)
    for row in objects:
        print(line(row, duplicates.get(row["name"], [])), file=file)
