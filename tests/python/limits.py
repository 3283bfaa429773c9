"""Random goals over random sites, and whether they are safe: an independent calculation.

Places, sidereal time and the Sun come from ERFA. Every way that a mount may take is followed in small steps, and each step is
held against the limits. Usage: limits.py SEED COUNT; prints a JSON list of cases with their verdicts, a line for each.
"""

import json
import random
import sys

import erfa
import numpy as np

STEP = 0.05  # degrees
POLAR = 0.25  # nearer to a pole the hour angle says nothing
DAY = 86400.0
JD_1970 = 2440587.5

SITES = [  # latitude, longitude
    (51.4779, 0.0),
    (28.76, -17.88),
    (-33.86, 151.2),
    (-70.0, -68.13),
    (78.22, 15.65),
    (89.95, 40.0),
    (-90.0, 0.0),
    (-0.25, 255.0),
]
MASKS = [
    None,
    "0 10",
    "0 5\n90 25\n180 12.5\n270 30",
    "# from the roof\n0,0\n100,0\n100,35\n130,35\n130,0\n200,0\n240,40\n240,3",
    "10 20\n-30 5\n180 15\n355 30",
]


def wrap(degrees):
    return (degrees + 180.0) % 360.0 - 180.0


class Sky:
    """One instant over one site."""

    def __init__(self, at_ms, dut1, latitude, longitude):
        utc = at_ms / 1e3 / DAY
        tai = erfa.utctai(JD_1970, utc)
        self.tt = erfa.taitt(*tai)
        ut1 = erfa.utcut1(JD_1970, utc, dut1)
        self.sidereal = np.degrees(erfa.gst06a(*ut1, *self.tt)) + longitude
        self.latitude = np.radians(latitude)
        self.sun_hour_angle, self.sun_dec = self.sun()
        _, altitude = erfa.hd2ae(self.sun_hour_angle, self.sun_dec, self.latitude)
        self.sun_altitude = np.degrees(altitude)

    def apparent(self, ra, dec):
        """Hour angle and declination (degrees) of a place in ICRS (degrees)."""
        astrom, origins = erfa.apci13(*self.tt)
        right, declination = erfa.atciqz(np.radians(ra), np.radians(dec), astrom)
        return wrap(self.sidereal - np.degrees(right - origins)), np.degrees(declination)

    def sun(self):
        """Hour angle and declination of the apparent Sun, in radians."""
        heliocentric, barycentric = erfa.epv00(*self.tt)
        away = -heliocentric["p"]
        distance = np.linalg.norm(away)
        velocity = barycentric["v"] * erfa.DAU / DAY / erfa.CMPS
        lorentz = np.sqrt(1.0 - velocity @ velocity)
        seen = erfa.ab(away / distance, velocity, distance, lorentz)
        ra, dec = erfa.c2s(erfa.rxp(erfa.pnm06a(*self.tt), seen))
        return np.radians(self.sidereal) - ra, dec

    def horizontal(self, hour_angle, dec):
        azimuth, altitude = erfa.hd2ae(np.radians(hour_angle), np.radians(dec), self.latitude)
        return np.degrees(altitude), np.degrees(azimuth)

    def from_sun(self, hour_angle, dec):
        return np.degrees(
            erfa.seps(np.radians(hour_angle), np.radians(dec), self.sun_hour_angle, self.sun_dec)
        )


def mask_of(text):
    """The points of a mask, one turn before and after as well."""
    lines = [line.split("#")[0].replace(",", " ").split() for line in text.splitlines()]
    points = sorted(
        ((float(a) % 360.0, float(h)) for a, h in filter(None, lines)), key=lambda point: point[0]
    )
    around = [(a + turn, h) for turn in (-360.0, 0.0, 360.0) for a, h in points]
    return np.array(around).T


class Limits:
    def __init__(self, said):
        self.said = said
        self.mask = mask_of(said["horizon"]) if said["horizon"] else None

    def inside(self, sky, hour_angle, dec, with_hour_angle=True):
        """The least margin in degrees along a series of places; outside below zero."""
        altitude, azimuth = sky.horizontal(hour_angle, dec)
        lowest = np.full_like(altitude, self.said["lowest"])
        if self.mask is not None:
            lowest = np.maximum(lowest, np.interp(azimuth % 360.0, *self.mask))
        margins = [altitude - lowest]
        if self.said["highest"] < 90.0:
            margins.append(self.said["highest"] - altitude)
        if self.said["sun"] and sky.sun_altitude > self.said["sun"][1]:
            margins.append(sky.from_sun(hour_angle, dec) - self.said["sun"][0])
        if self.said["hour_angle"] and with_hour_angle:
            least, most = self.said["hour_angle"]
            beyond = np.minimum(hour_angle - least, most - hour_angle)
            margins.append(np.where(np.abs(dec) > 90.0 - POLAR, np.inf, beyond))
        return float(np.min(margins))


def line(*corners):
    """Points on the straight stretches between corners."""
    pieces = []
    for start, end in zip(corners, corners[1:]):
        start, end = np.array(start), np.array(end)
        count = int(np.ceil(np.hypot(*(end - start)) / STEP)) + 1
        pieces.append(start + np.linspace(0.0, 1.0, count)[:, None] * (end - start))
    return np.concatenate(pieces).T


def bent(start, end):
    """Both axes at one rate, until one has arrived."""
    turn = np.array(end) - np.array(start)
    both = np.min(np.abs(turn))
    return line(start, np.array(start) + np.sign(turn) * both, end)


def to_sky(first, second):
    """Hour angle and declination of a German mount's axes, whose second goes on past the pole."""
    over = np.abs(second) > 90.0
    hour_angle = np.where(over, first - 180.0, first)
    dec = np.where(over, np.sign(second) * 180.0 - second, second)
    return wrap(hour_angle), dec


def west(hour_angle, dec, pole):
    """The axes of a telescope that has come over the pole."""
    return (hour_angle + 180.0 if hour_angle < 90.0 else hour_angle - 180.0, 2 * pole - dec)


def east(hour_angle, dec):
    return (hour_angle if hour_angle >= -90.0 else hour_angle + 360.0, dec)


def past_meridian(hour_angle, side):
    """Degrees past the upper or the lower meridian, on a side of the pier."""
    middle = 90.0 if side == "east" else -90.0
    return abs(wrap(hour_angle - middle)) - 90.0


def ways(start, end, side, latitude, meridian):
    """Each way as hour angles and declinations, and whether it leads over the pole."""
    pole = -90.0 if latitude < 0 else 90.0
    axes_of = {"east": east, "west": lambda *place: west(*place, pole)}
    turn = wrap(end[0] - start[0])
    turns = [turn]
    if side and meridian is not None:
        # It stays where it may, and its axis goes from one end of its range to the other.
        stays = past_meridian(end[0], side) <= meridian
        turns = [axes_of[side](*end)[0] - axes_of[side](*start)[0]] if stays else []
    elif abs(start[0] + turn) >= 180.0 or abs(turn) >= 179.0:
        turns.append(turn - 360.0 if turn > 0 else turn + 360.0)
    for turn in turns:
        there = (start[0] + turn, end[1])
        for profile in (line, bent):
            hour_angle, dec = profile(start, there)
            yield wrap(hour_angle), dec, False
    natural = "west" if end[0] < 0.0 else "east"
    if side and side != natural:
        for profile in (line, bent):
            yield *to_sky(*profile(axes_of[side](*start), axes_of[natural](*end))), True


def random_limits(rng):
    return {
        "lowest": rng.choice([0.0, 0.0, 5.0, -2.0, 20.0]),
        "horizon": rng.choice(MASKS),
        "highest": rng.choice([90.0, 90.0, 90.0, 85.0, 75.0]),
        "hour_angle": rng.choice([None, None, None, [-90.0, 90.0], [-60.0, 100.0]]),
        "meridian": rng.choice([None, None, 0.0, 5.0, 20.0]),
        "sun": rng.choice([[30.0, -10.0], [30.0, -10.0], [15.0, 0.0], None]),
    }


def random_place(rng):
    """A place in ICRS, evenly over the sky; now and then close to a pole."""
    if rng.random() < 0.05:
        return rng.uniform(0.0, 360.0), rng.choice([-1.0, 1.0]) * rng.uniform(89.0, 90.0)
    return rng.uniform(0.0, 360.0), float(np.degrees(np.arcsin(rng.uniform(-1.0, 1.0))))


def found(rng, wanted):
    """A place that is wanted, or the last of those tried."""
    for _ in range(300):
        place = random_place(rng)
        if wanted(place):
            break
    return place


def case(rng):
    latitude, longitude = rng.choice(SITES)
    at_ms = float(rng.randrange(1_767_225_600, 1_830_297_600)) * 1e3  # 2026 and 2027
    dut1 = rng.uniform(-0.5, 0.5)
    sky = Sky(at_ms, dut1, latitude, longitude)
    said = random_limits(rng)
    limits = Limits(said)
    margin = lambda place: limits.inside(sky, *map(np.atleast_1d, sky.apparent(*place)))
    side = rng.choice([None, "east", "west"])

    def begins(place):
        hour_angle, _ = sky.apparent(*place)
        past = side and said["meridian"] is not None and past_meridian(hour_angle, side) > said["meridian"]
        return margin(place) > STEP and not past

    start = found(rng, begins)
    if not begins(start):
        start = None
    tight = rng.random() < 0.8
    target = found(rng, lambda place: not tight or margin(place) > 0.0)
    at_target = margin(target)
    on_the_way = float("inf")
    if start:
        begin, end = sky.apparent(*start), sky.apparent(*target)
        for hour_angle, dec, over in ways(begin, end, side, latitude, said["meridian"]):
            on_the_way = min(on_the_way, limits.inside(sky, hour_angle, dec, not over))
    hours = lambda place: [place[0] / 15.0, place[1]]
    return {
        "site": [latitude, longitude],
        "at_ms": at_ms,
        "dut1": dut1,
        "limits": said,
        "pier": side,
        "from": start and hours(start),
        "target": hours(target),
        "at_target": at_target,
        "on_the_way": None if on_the_way == float("inf") else on_the_way,
    }


def main():
    rng = random.Random(int(sys.argv[1]))
    cases = [case(rng) for _ in range(int(sys.argv[2]))]
    print("[" + ",\n".join(map(json.dumps, cases)) + "]")


main()
