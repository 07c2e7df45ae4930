"""Statistics of a list of numbers that stands in the question, exact.

A standard deviation or variance that is called neither `population` nor `sample` is the population's: the list is
all there is. Quartiles are medians of the halves; where books differ (is the middle value part of the halves?) the
answer needs the word `inclusive` or `exclusive`, or both must agree. The same goes for percentiles.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from math import ceil, prod

from tinyllm.solvers.numbers import exact, integer, numbers, root, root_shown, shown
from tinyllm.solvers.phrases import Found, Phrasebook, Unsure
from tinyllm.solvers.solution import Question, Solution

Values = Sequence[Fraction]

_STATISTICS = {
    "mean": r"(?:arithmetic )?(?:mean|average)(?: value| score)?",
    "harmonic": r"harmonic mean",
    "median": r"median(?: value)?",
    "mode": r"modes?(?: value)?",
    "range": r"range",
    "midrange": r"mid-?range",
    "sum": r"sum|total",
    "product": r"product",
    "minimum": r"min(?:imum)?(?: value)?",
    "maximum": r"max(?:imum)?(?: value)?",
    "variance": r"variance",
    "deviation": r"(?:standard deviation|std\.? ?dev\.?|stdev|std|sd)",
    "absolute": r"mean absolute deviation",
    "q1": r"(?:first|lower|1st) quartile|q1",
    "q3": r"(?:third|upper|3rd) quartile|q3",
    "iqr": r"inter-?quartile range|iqr",
}
_ANY = "|".join(_STATISTICS.values())
_WHOLE = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in _STATISTICS.items()}

_CALL = re.compile(r"(?<=[a-z])(?=[(\[])", re.IGNORECASE)
BOOK: Phrasebook[Solution] = Phrasebook(
    {
        "statistic": _ANY,
        "several": rf"(?:{_ANY})(?:, (?:the )?(?:{_ANY}))*(?:,? and (?:the )?(?:{_ANY}))",
        "kind": r"population|sample",
        "kinds": r"population|sample",
        "method": r"(?:exclusive|inclusive|nearest[- ]rank|linear(?: interpolation)?)(?: method)?",
        "nth": r"\d{1,2}(?:st|nd|rd|th)",
    },
    {
        "list": "[the|this|these|my] [following|given] [{kinds}] [data] "
        "[set|list|dataset|data|numbers|values|scores|integers|series|observations|points] [of] "
        "[numbers|values|scores|integers|data]",
        "method": "[(using|by|with) [the] {method}]",
    },
)


@BOOK.says(
    "[{kind}] {statistic} (of|for|in|from|on) <list> {xs} <method>",
    "[{kind}] {statistic} <method> {xs}",
    "(given|for|consider|take|in|from|with|of) <list> {xs} [and] <asking> [{kind}] {statistic} <method>",
    "[(i|we|you) have|here are|here is|take|consider] [some] <list> [are|is] {xs} <asking> [their|its] [{kind}] {statistic} "
    "[of (them|these|the numbers|these numbers|the data|the data set|the list)] <method>",
)
def _statistic(found: Found) -> Solution | None:
    values = numbers(found["xs"])
    if len(values) < 2:
        raise Unsure("one number has no statistics")
    kind = found.get("kind") or found.get("kinds") or ""
    name = next(name for name, pattern in _WHOLE.items() if pattern.fullmatch(found["statistic"]))
    if kind and name not in ("mean", "variance", "deviation"):
        raise Unsure("population and sample differ in the variance only")
    if name in _SPREADS:
        return _spread(name, values, kind.lower())
    if name in _QUARTILES:
        return _quartile(name, values, found.get("method", ""))
    return _PLAIN[name](values) if "method" not in found else None


@BOOK.says(
    "{several} (of|for|in|from) <list> {xs}", "(given|for|consider|in|from) <list> {xs} <asking> {several}"
)
def _several(found: Found) -> Solution | None:
    names = [name.strip() for name in re.split(r", (?:and )?(?:the )?| and (?:the )?", found["several"])]
    single = [_statistic({"statistic": name, "xs": found["xs"]}) for name in names]
    known = [solution for solution in single if solution]
    return _solution(
        ", ".join(f"{name} {solution.answer}" for name, solution in zip(names, known, strict=True)),
        [solution.value for solution in known],
        *(step for solution in known for step in solution.steps),
    )


def _solution(answer: str, value: object, *steps: str) -> Solution:
    return Solution(answer, value, steps, "statistics")


def _one(title: str, value: Fraction, *steps: str) -> Solution:
    return _solution(shown(value), exact(value), *steps, f"{title} = {shown(value)}")


def _sum(values: Values) -> Fraction:
    return sum(values, Fraction(0))


def _listed(values: Values) -> str:
    return ", ".join(map(shown, values))


def _mean(values: Values) -> Solution:
    return _one("mean", _sum(values) / len(values), f"sum {shown(_sum(values))}, {len(values)} values")


def _harmonic(values: Values) -> Solution:
    if min(values) <= 0:
        raise Unsure("the harmonic mean needs positive numbers")
    return _one("harmonic mean", len(values) / _sum([1 / value for value in values]))


def _middle(ordered: Values) -> Fraction:
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _median(values: Values) -> Solution:
    ordered = sorted(values)
    return _one("median", _middle(ordered), f"in order: {_listed(ordered)}")


def _mode(values: Values) -> Solution:
    counts = Counter(values)
    most = max(counts.values())
    modes = sorted(value for value, count in counts.items() if count == most)
    if most == 1:
        return _solution("no mode", [], "every value occurs once")
    if len(modes) == len(counts) > 1:
        raise Unsure("all values are equally frequent: books differ")
    step = (
        f"{_listed(modes)}: {most} times each" if len(modes) > 1 else f"{shown(modes[0])} occurs {most} times"
    )
    return _solution(_listed(modes), exact(modes[0]) if len(modes) == 1 else list(map(exact, modes)), step)


_PLAIN: dict[str, Callable[[Values], Solution]] = {
    "mean": _mean,
    "harmonic": _harmonic,
    "median": _median,
    "mode": _mode,
    "range": lambda v: _one("range", max(v) - min(v), f"largest {shown(max(v))}, smallest {shown(min(v))}"),
    "midrange": lambda v: _one("midrange", (max(v) + min(v)) / 2),
    "sum": lambda v: _one("sum", _sum(v), " + ".join(map(shown, v))),
    "product": lambda v: _one("product", prod(v, start=Fraction(1)), " * ".join(map(shown, v))),
    "minimum": lambda v: _one("minimum", min(v)),
    "maximum": lambda v: _one("maximum", max(v)),
    "absolute": lambda v: _one(
        "mean absolute deviation", _sum([abs(x - _sum(v) / len(v)) for x in v]) / len(v)
    ),
}
_SPREADS = ("variance", "deviation")
_QUARTILES = ("q1", "q3", "iqr")


def _spread(name: str, values: Values, kind: str) -> Solution:
    mean = _sum(values) / len(values)
    squares = _sum([(value - mean) ** 2 for value in values])
    population, sample = squares / len(values), squares / (len(values) - 1)
    chosen = sample if kind == "sample" else population
    text = {"variance": (shown, exact), "deviation": (root_shown, root)}[name]
    title = "variance" if name == "variance" else "standard deviation"
    steps = (
        f"mean {shown(mean)}, sum of squared deviations {shown(squares)}",
        f"divided by {len(values) - 1 if kind == 'sample' else len(values)}: {shown(chosen)}",
    )
    answer = (
        text[0](chosen) if kind else f"{text[0](population)} (of a population; as a sample {text[0](sample)})"
    )
    return _solution(answer, text[1](chosen), *steps, f"{kind or 'population'} {title} {text[0](chosen)}")


def _halves(values: Values, inclusive: bool) -> tuple[Values, Values]:
    ordered = sorted(values)
    half = len(ordered) // 2
    more = half + 1 if inclusive and len(ordered) % 2 else half
    return ordered[:more], ordered[-more:]


def _quartile(name: str, values: Values, method: str) -> Solution:
    if len(values) < 4 or method.startswith(("nearest", "linear")):
        raise Unsure("quartiles are medians of the halves here")

    def by(inclusive: bool) -> Fraction:
        low, high = map(_middle, _halves(values, inclusive))
        return {"q1": low, "q3": high, "iqr": high - low}[name]

    found = {
        by(inclusive) for inclusive in (True, False) if not method or method.startswith("in") == inclusive
    }
    if len(found) > 1:
        raise Unsure("the methods differ, and none is named")
    title = {"q1": "first quartile", "q3": "third quartile", "iqr": "interquartile range"}[name]
    return _one(
        title, found.pop(), f"in order: {_listed(sorted(values))}", "quartiles are medians of the halves"
    )


@BOOK.says("{nth} percentile (of|for|in|from) <list> {xs} <method>")
def _percentile(found: Found) -> Solution | None:
    values, method = sorted(numbers(found["xs"])), found.get("method", "").lower()
    share = Fraction(integer(found["nth"][:-2], least=1, most=99), 100)
    if len(values) < 2 or method.startswith(("in", "ex")):
        raise Unsure("no such percentile")
    place = share * (len(values) - 1)
    below = values[int(place)]
    linear = below + (values[min(int(place) + 1, len(values) - 1)] - below) * (place - int(place))
    nearest = values[ceil(share * len(values)) - 1]
    wanted = {linear} if method.startswith("linear") else {nearest} if method else {linear, nearest}
    if len(wanted) > 1:
        raise Unsure("the methods differ, and none is named")
    return _one("percentile", wanted.pop(), f"in order: {_listed(values)}")


@BOOK.says("geometric mean (of|for) <list> {xs}")
def _geometric(found: Found) -> Solution | None:
    values = numbers(found["xs"])
    if not 2 <= len(values) <= 50 or min(values) <= 0:
        raise Unsure("the geometric mean needs positive numbers")
    product = prod(values, start=Fraction(1))
    value = root(product) if len(values) == 2 else f"({product})**(1/{len(values)})"
    approximate = 10 ** (sum(map(_log10, values)) / len(values))
    whole = Fraction(round(approximate))
    if whole ** len(values) == product:
        return _one("geometric mean", whole, f"product {shown(product)}")
    return _solution(f"≈ {approximate:.6g}", value, f"product {shown(product)}, root of order {len(values)}")


def _log10(value: Fraction) -> float:
    from math import log10

    return log10(value.numerator) - log10(value.denominator)


def solve(question: Question) -> Solution | None:
    return BOOK.solve(Question(_CALL.sub(" ", question.text)))
