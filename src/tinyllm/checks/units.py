"""The unit behind a number, or the currency before it; words that are no known unit are none."""

import re
from dataclasses import dataclass
from fractions import Fraction

_KINDS: dict[str, dict[str, str]] = {
    "length": {"1/1000": "mm millimeter millimetre", "1/100": "cm centimeter centimetre", "1": "m meter metre",
               "1000": "km kilometer kilometre", "0.0254": "inch inches", "0.3048": "ft foot feet",
               "0.9144": "yd yard", "1609.344": "mi mile"},
    "mass": {"1/1000": "mg milligram", "1": "g gram", "1000": "kg kilogram", "1000000": "tonne",
             "28.349523125": "oz ounce", "453.59237": "lb lbs"},
    "volume": {"1/1000": "ml mL milliliter millilitre", "1": "l L liter litre"},
    "time": {"1": "s sec second", "60": "min minute", "3600": "h hr hour", "86400": "day", "604800": "week"},
    "years": {"1": "month", "12": "year"},
    "dollars": {"1": "$ dollar USD", "1/100": "cent"},
    "euros": {"1": "€ euro EUR"},
    "sterling": {"1": "£ GBP", "1/100": "pence"},
    "celsius": {"1": "°C"},
    "fahrenheit": {"1": "°F"},
}  # fmt: skip
_BASE = {
    name: (kind, Fraction(factor))
    for kind, each in _KINDS.items()
    for factor, names in each.items()
    for name in names.split()
}
_BEHIND = re.compile(
    r"[\s-]?\s{0,8}(?P<kind>sq(?:uare)?\.?\s|cubic\s)?\s{0,8}(?P<unit>[A-Za-z]+|[$€£]|°[CF])(?:\^?(?P<power>[23²³])(?!\d))?"
    r"(?:\s?(?:/|\bper\b)\s?(?P<down>[A-Za-z]+))?"
)


NEAR = 8  # characters between a currency's sign and its number


@dataclass(frozen=True, slots=True)
class Unit:
    """What it measures, and how much of it one is."""

    kind: str
    factor: Fraction

    def goes_on(self, other: "Unit") -> bool:
        """Hours go on with minutes, feet with inches."""
        return self.kind == other.kind and self.factor > other.factor


def unit_at(text: str, start: int, end: int) -> tuple[Unit | None, int]:
    """The unit of the number that stands there, and where both end."""
    found = _BEHIND.match(text, end)
    if found and (unit := _unit(found)):
        return unit, found.end()
    before = text[max(0, start - NEAR) : start].rstrip()[-1:]
    return (Unit(*_BASE[before]) if before in ("$", "€", "£") else None), end


def _unit(found: re.Match[str]) -> Unit | None:
    if found["unit"] == "mph":
        return Unit("length^1/time", Fraction("1609.344") / 3600)
    base, down = _known(found["unit"]), _known(found["down"] or "")
    if base is None or (found["down"] and down is None):
        return None
    words = 2 if (found["kind"] or "").startswith("sq") else 3 if found["kind"] else 1
    power = {"2": 2, "²": 2, "3": 3, "³": 3}.get(found["power"] or "", words)
    kind, factor = base[0], base[1] ** power
    if down:
        return Unit(f"{kind}^{power}/{down[0]}", factor / down[1])
    return Unit(kind if power == 1 else f"{kind}^{power}", factor)


def _known(word: str) -> tuple[str, Fraction] | None:
    for form in (word, word.lower() if len(word) > 2 else word):
        if form in _BASE:
            return _BASE[form]
        if len(form) > 2 and form.endswith("s") and form[:-1] in _BASE:
            return _BASE[form[:-1]]
    return None
