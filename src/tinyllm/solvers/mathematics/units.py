"""Units of measurement and their conversion, exactly as they are defined."""

import re
from dataclasses import dataclass
from fractions import Fraction

from tinyllm.solvers.mathematics.answers import Answer
from tinyllm.solvers.mathematics.expressions import unclear
from tinyllm.solvers.mathematics.reading import Reading
from tinyllm.solvers.mathematics.rules import query
from tinyllm.solvers.mathematics.shown import ending, fraction, significant, trimmed

_PREFIXES = {
    "nano": -9,
    "micro": -6,
    "milli": -3,
    "centi": -2,
    "deci": -1,
    "hecto": 2,
    "kilo": 3,
    "mega": 6,
    "giga": 9,
}
_SHORT = {"n": -9, "u": -6, "µ": -6, "m": -3, "c": -2, "d": -1, "k": 3}

# one unit a line: kind, size in the first unit of its kind, names
_TABLE = """
length 1 metre,meter
length 0.0254 inch,inches,in
length 0.3048 foot,feet,ft
length 0.9144 yard,yd
length 1609.344 mile,mi
length 1852 nautical mile
mass 1 gram,g,gm
mass 1000000 tonne,t,metric ton,metric tonne
mass 28.349523125 avoirdupois ounce,ounce avoirdupois
mass 453.59237 pound,lb,lbs
mass 6350.29318 stone,stones
time 1 second,sec,s
time 60 minute,min
time 3600 hour,hr,h
time 86400 day
time 604800 week
time 1209600 fortnight
months 1 month
months 3 quarter of a year
months 12 year
months 120 decade
months 1200 century,centuries
months 12000 millennium,millennia,millenniums
volume 1 litre,liter,l
volume 1000 cubic metre,cubic meter
volume 0.001 cubic centimetre,cubic centimeter,cc
volume 3.785411784 US gallon,gallon,gal,us gallons
volume 0.946352946 US quart,quart,us quart
volume 0.473176473 US pint,pint,us pint
volume 0.2365882365 US cup,cup,us cup
volume 0.01478676478125 US tablespoon,tablespoon,tbsp
volume 0.00492892159375 US teaspoon,teaspoon,tsp
volume 0.0295735295625 US fluid ounce,fluid ounce,fl oz
area 1 square metre,square meter,sq m
area 0.0001 square centimetre,square centimeter,sq cm
area 1000000 square kilometre,square kilometer,sq km
area 10000 hectare,ha
area 4046.8564224 acre
area 0.09290304 square foot,square feet,sq ft
area 0.00064516 square inch,square inches
area 0.83612736 square yard
area 2589988.110336 square mile
speed 1 metre per second,meter per second,m/s,metres per second,meters per second
speed 0.44704 mile per hour,miles per hour,mph
speed 5/18 kilometre per hour,kilometer per hour,kilometres per hour,kilometers per hour,km/h,kph,kmh
speed 463/900 knot
angle 1 degree
energy 1 joule,j
energy 4184 kilocalorie,kcal
energy 3600000 kilowatt hour,kwh
pressure 1 pascal,pa
pressure 100000 bar
pressure 101325 atmosphere,atm
data 1 byte
data 1/8 bit
"""


@dataclass(frozen=True)
class Unit:
    kind: str
    size: Fraction
    name: str


def _units() -> dict[str, Unit]:
    found: dict[str, Unit] = {}
    for line in _TABLE.strip().splitlines():
        kind, size, names = line.split(" ", 2)
        for name in names.split(","):
            unit = Unit(kind, Fraction(size), names.split(",")[0])
            found[name.lower()] = unit
            if len(name) > 2 and not name.endswith("s"):
                found.setdefault(f"{name.lower()}s", unit)
    for name, short in (
        ("metre", "m"),
        ("meter", "m"),
        ("gram", "g"),
        ("litre", "l"),
        ("liter", "l"),
        ("second", "s"),
        ("joule", "j"),
        ("watt", "w"),
    ):
        if name in found:
            _prefixed(found, name, short)
    found["m"] = found["metre"]
    return found


def _prefixed(found: dict[str, Unit], name: str, short: str) -> None:
    base = found[name]
    for prefix, power in _PREFIXES.items():
        unit = Unit(base.kind, base.size * Fraction(10) ** power, f"{prefix}{name}")
        found[f"{prefix}{name}"] = found[f"{prefix}{name}s"] = unit
    for prefix, power in _SHORT.items():
        found.setdefault(
            f"{prefix}{short}", Unit(base.kind, base.size * Fraction(10) ** power, f"{prefix}{short}")
        )


UNITS = _units()
WORDS = frozenset(word for name in UNITS for word in re.findall(r"[a-z]{2,}", name)) | {
    "celsius",
    "fahrenheit",
    "kelvin",
    "degrees",
    "usa",
}
_DEGREES = {"celsius": "c", "c": "c", "fahrenheit": "f", "f": "f", "kelvin": "k", "k": "k"}
# A year is 12 months and also 365 or 366 days: between the two there is no exact answer but the school's.
_SCHOOL_YEAR = Fraction(31_536_000, 12)


def unit(text: str) -> Unit:
    name = re.sub(r"^(?:an?|the) ", "", " ".join(text.lower().split()).removesuffix("."))
    if re.fullmatch(r"M[a-z]{1,2}", text.strip()) and name not in ("mi", "min"):
        unclear("mega or milli")
    return UNITS[name] if name in UNITS else unclear(f"{text} is no unit")


def convert(amount: Fraction, source: Unit, target: Unit) -> Fraction:
    if source.kind != target.kind:
        if {source.kind, target.kind} == {"months", "time"}:
            unclear("years have different lengths")
        unclear(f"{source.name} and {target.name} measure different things")
    return amount * source.size / target.size


@query(
    "how many {b:unit} (are|is) [there] (in|equal to) {a:number} {s:unit}",
    "how many {b:unit} (are|is) [there] (in|equal to) {a:number} of {s:unit}",
    "how many {b:unit} (in|make|make up|is|are|equals) {a:number} {s:unit}",
    "how many {b:unit} (does|do|would|will) {a:number} {s:unit} (have|make|equal)",
    "<ask> {a:number} {s:unit} (in|to|into|as) {b:unit}",
    "<ask> {a:number} of {s:unit} (in|to|into|as) {b:unit}",
    "(convert|change|express|turn) {a:number} {s:unit} (in|to|into|as) {b:unit}",
    "(convert|change|express|turn) {a:number} of {s:unit} (in|to|into|as) {b:unit}",
    "how (long|far|heavy|much|big|tall) is {a:number} {s:unit} in {b:unit}",
)
def converted(say: Reading, a: Fraction, s: Unit, b: Unit) -> Answer:
    value = convert(a, s, b)
    say.decimals = say.decimals or ending(value) is not None
    text = fraction(value, True)
    shown = text if ending(value) is not None else f"≈ {trimmed(significant(value, 8))}"
    plural = b.name if value == 1 else _plural(b.name)
    ratio = fraction(convert(Fraction(1), s, b), True)
    say.note(f"1 {s.name} = {ratio} {_plural(b.name)}")
    say.note(f"{fraction(a, True)} * {ratio if '/' not in ratio else f'({ratio})'} = {text}")
    custom = f" ({s.name})" if s.name.startswith("US ") and not b.name.startswith("US ") else ""
    return Answer(f"{shown} {plural}{custom}", text)


@query(
    "how many {b:unit} (are|is) [there] in (a|an|one) {s:unit}",
    "how many {b:unit} [are] in (a|an|one) {s:unit}",
    "how many {b:unit} make (a|an|one) {s:unit}",
    "how many {b:unit} (does a|does an|does one) {s:unit} have",
)
def in_one(say: Reading, s: Unit, b: Unit) -> Answer:
    return converted(say, Fraction(1), s, b)


@query(
    "<ask> {a:amount} {s:unit} [and] {c:amount} {t:unit} (in|to|into|as) {b:unit}",
    "(convert|change|express) {a:amount} {s:unit} [and] {c:amount} {t:unit} (to|in|into) {b:unit}",
    "how many {b:unit} (are|is) [there] in {a:amount} {s:unit} [and] {c:amount} {t:unit}",
)
def converted_sum(say: Reading, a: Fraction, s: Unit, c: Fraction, t: Unit, b: Unit) -> Answer:
    """`5 feet 6 inches in cm`: the smaller unit after the greater."""
    if convert(Fraction(1), t, s) >= 1 or convert(c, t, s) >= 1:
        unclear("not one length in two units")
    return converted(say, a + convert(c, t, s), s, b)


@query(
    "<ask> half (a|an) {s:unit} (in|to|into) {b:unit}",
    "how many {b:unit} (are|is) [there] in half (a|an) {s:unit}",
    "how many {b:unit} in half (a|an) {s:unit}",
)
def in_half(say: Reading, s: Unit, b: Unit) -> Answer:
    return converted(say, Fraction(1, 2), s, b)


def _plural(name: str) -> str:
    irregular = {
        "foot": "feet",
        "inch": "inches",
        "century": "centuries",
        "millennium": "millennia",
        "stone": "stone",
        "metric ton": "metric tons",
    }
    if name in irregular or (len(name) <= 3 and name not in ("day", "cup", "bar", "bit")):
        return irregular.get(name, name)
    head, _, tail = name.partition(" per ")
    return f"{head}s per {tail}" if tail else f"{name}s"


@query(
    "(convert|change|express) {a:number} [degrees|degree] {s:degrees} (to|in|into) [degrees] {b:degrees}",
    "<ask> {a:number} [degrees|degree] {s:degrees} (to|in|into) [degrees] {b:degrees}",
)
def temperature(say: Reading, a: Fraction, s: str, b: str) -> Answer:
    celsius = {"c": a, "f": (a - 32) * 5 / 9, "k": a - Fraction("273.15")}[s]
    if celsius < Fraction("-273.15"):
        unclear("below absolute zero")
    value = {"c": celsius, "f": celsius * 9 / 5 + 32, "k": celsius + Fraction("273.15")}[b]
    formula = {
        "cf": "{} * 9/5 + 32",
        "fc": "({} - 32) * 5/9",
        "ck": "{} + 273.15",
        "kc": "{} - 273.15",
        "fk": "({} - 32) * 5/9 + 273.15",
        "kf": "({} - 273.15) * 9/5 + 32",
    }.get(s + b, "{}")
    text = fraction(value, True)
    say.note(f"{formula.format(fraction(a, True))} = {text}")
    shown = text if ending(value) is not None else f"≈ {trimmed(significant(value, 6))}"
    return Answer(f"{shown} {'K' if b == 'k' else '°' + b.upper()}", text)


def degrees(text: str) -> str:
    return _DEGREES.get(text.lower()) or unclear(f"{text} is no scale of temperature")
