"""Makes stars.csv of the file stars.6.json of d3-celestial 0.7.35: python3 stars.py stars.6.json"""

import csv
import hashlib
import json
import pathlib
import sys

SOURCE = "0297b8fa3adfbce1dc26566f61c4abcc1df4f29c6a28729ca06b56d1c6d25602"


def row(star):
    ra, dec = star["geometry"]["coordinates"]  # degrees, right ascension from -180 to 180
    properties = star["properties"]
    return star["id"], f"{ra % 360:.4f}", f"{dec:.4f}", f"{properties['mag']:.2f}", properties["bv"]


text = pathlib.Path(sys.argv[1]).read_bytes()
if hashlib.sha256(text).hexdigest() != SOURCE:
    sys.exit(f"{sys.argv[1]} is not the stars.6.json of d3-celestial 0.7.35")
stars = [row(star) for star in json.loads(text)["features"]]
stars.sort(key=lambda star: (float(star[3]), star[0]))  # brightest first
with pathlib.Path(__file__).with_name("stars.csv").open("w", newline="") as file:
    table = csv.writer(file, lineterminator="\n")
    table.writerow(["hip", "ra", "dec", "mag", "bv"])
    table.writerows(stars)
