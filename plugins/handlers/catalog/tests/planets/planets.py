"""Makes planets.csv: where JPL's ephemeris DE421 has the Sun, the Moon and the planets. See README.md beside this file."""

import csv
import pathlib
import random

import de421
import erfa
import numpy as np
from jplephem import Ephemeris
from skyfield import magnitudelib

ephemeris = Ephemeris(de421)
AU = ephemeris.AU  # km
LIGHT = erfa.CMPS / 1e3 * 86400  # km a day
MOON_IN_EARTHS = 1 / (1 + ephemeris.EMRAT)  # share of the way from the Earth to the Moon that their barycentre is at
GREENWICH = (51.4779, 0.0, 46.0)
ALL = ["Sun", "Moon", "Mercury", "Venus", "Mars", "Jupiter", "Saturn", "Uranus", "Neptune"]


def barycentric(body, tdb):
    """km; the Julian date in two parts."""
    place = lambda name: ephemeris.position(name, *tdb).ravel()
    if body == "Earth":
        return place("earthmoon") - MOON_IN_EARTHS * place("moon")
    if body == "Moon":
        return barycentric("Earth", tdb) + place("moon")
    return place(body.lower())


def direction(body, observer, tdb):
    """From the observer (km from the barycentre), with the time that the light takes."""
    time = 0.0
    for _ in range(4):
        seen = barycentric(body, (tdb[0], tdb[1] - time)) - observer
        time = np.linalg.norm(seen) / LIGHT
    return seen


def seen_from(site, utc, tt):
    """From the Earth's centre to the site, km, in the axes of J2000; UT1 is UTC."""
    latitude, longitude, elevation = site
    fixed = erfa.gd2gc(1, np.radians(longitude), np.radians(latitude), elevation) / 1e3
    turned = erfa.rz(-erfa.gst06a(*utc, *tt), np.eye(3)) @ fixed
    return erfa.pnm06a(*tt).T @ turned


def apparent(place, earth, velocity, sun, tt):
    """True equator and equinox of date."""
    heliocentric = (earth - sun) / AU
    astrom = erfa.apcg(*tt, np.array((earth / AU, velocity / AU), dtype=erfa.dt_pv), heliocentric)
    astrom["bpn"] = erfa.pnm06a(*tt)
    ra, dec = erfa.atciqz(*erfa.c2s(place), astrom)
    return ra % (2 * np.pi), dec


def magnitude(body, place, from_sun):
    r, delta = np.linalg.norm(from_sun) / AU, np.linalg.norm(place) / AU
    angle = lambda one, other: np.degrees(erfa.sepp(one, other))
    phase = angle(place, from_sun)
    tilts = lambda pole: [angle(pole, way) - 90 for way in (from_sun, place)]
    match body:
        case "Sun" | "Moon":
            return ""
        case "Saturn":
            tilt = tilts(magnitudelib._SATURN_POLE)
        case "Uranus":
            tilt = tilts(magnitudelib._URANUS_POLE)
        case "Neptune":
            tilt = [2020.0]  # of a year since 2000
        case _:
            tilt = []
    return f"{getattr(magnitudelib, f'_{body.lower()}_magnitude')(r, delta, phase, *tilt):.2f}"


def row(body, moment, site=None):
    utc = erfa.dtf2d("UTC", *moment)
    tt = erfa.taitt(*erfa.utctai(*utc))
    earth = barycentric("Earth", tt)
    step = 0.01
    around = [barycentric("Earth", (tt[0], tt[1] + away)) for away in (-step, step)]
    velocity = (around[1] - around[0]) / (2 * step)
    observer = earth + (seen_from(site, utc, tt) if site else 0.0)
    sun = barycentric("Sun", tt)
    place = direction(body, observer, tt)
    ra, dec = erfa.c2s(place)
    ra_now, dec_now = apparent(place, earth, velocity, sun, tt)
    year, month, day, hour, minute, _ = moment
    return [
        body, f"{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:00Z", *(site or ("", "", "")),
        f"{np.degrees(ra % (2 * np.pi)) / 15:.7f}", f"{np.degrees(dec):.6f}",
        f"{np.degrees(ra_now) / 15:.7f}", f"{np.degrees(dec_now):.6f}",
        f"{np.linalg.norm(place) / AU:.8f}", magnitude(body, place, observer + place - sun),
    ]


def some_moment(number):
    """One of each year from 1975 on."""
    return 1975 + number, random.randint(1, 12), random.randint(1, 28), random.randint(0, 23), random.randint(0, 59), 0.0


random.seed(421)
rows = [row(body, some_moment(number)) for body in ALL for number in range(125)]
rows += [row(body, (2026, 11, 23, 22, 0, 0.0), GREENWICH) for body in ALL]
rows += [row("Moon", (2026, 12, day, 3 * day % 24, 0, 0.0), GREENWICH) for day in range(1, 29)]
with pathlib.Path(__file__).with_name("planets.csv").open("w", newline="") as file:
    table = csv.writer(file, lineterminator="\n")
    table.writerow([
        "body", "utc", "latitude_deg", "longitude_east_deg", "elevation_m", "ra_j2000_hours", "dec_j2000_deg",
        "ra_jnow_hours", "dec_jnow_deg", "distance_au", "magnitude",
    ])
    table.writerows(rows)
