"""Comparing and sorting numbers, however they are written."""

from collections.abc import Callable, Mapping
from fractions import Fraction

from tinyllm.solvers.mathematics.answers import Answer, Item, named, yes
from tinyllm.solvers.mathematics.evaluation import Value
from tinyllm.solvers.mathematics.expressions import unclear
from tinyllm.solvers.mathematics.polynomials import Polynomial
from tinyllm.solvers.mathematics.reading import Reading
from tinyllm.solvers.mathematics.rules import noun, query
from tinyllm.solvers.mathematics.shown import fraction

_BIG = "biggest|largest|greatest|highest|maximum|most"
_SMALL = "smallest|least|lowest|minimum"


def _items(say: Reading, said: list[Item] | None) -> list[tuple[str, Fraction]]:
    """What to choose from: the members listed, or the lettered choices."""
    if said is None:
        pairs = [(label, say.number(text)) for label, text in say.choices]
    else:
        pairs = [(item.text, item.value) for item in said]
    if len(pairs) < 2:
        unclear("nothing to compare")
    say.note(
        ", ".join(
            text if _plain(text) else f"{text} = {fraction(value, say.decimals)}" for text, value in pairs
        )
    )
    return pairs


def _plain(text: str) -> bool:
    return text.lstrip("-").replace(".", "", 1).isdigit()


def _ranked(say: Reading, items: list[Item] | None, k: int, sign: int) -> Answer:
    pairs = sorted(_items(say, items), key=lambda pair: sign * pair[1])
    if not 1 <= k <= len(pairs):
        unclear("fewer than that")
    chosen = pairs[k - 1]
    if (
        sum(pair[1] == chosen[1] for pair in pairs) > 1
        and len({pair[0] for pair in pairs if pair[1] == chosen[1]}) > 1
    ):
        unclear("several are equal")
    return Answer(chosen[0], chosen[0], Polynomial.number(chosen[1]))


@query(
    f"which is the [{{k:ordinal}}] ({_BIG}) [(value|number)]",
    f"<ask> [{{k:ordinal}}] ({_BIG}) [(value|number)]",
    f"which [(value|number|one)] is [the] [{{k:ordinal}}] ({_BIG})",
)
def biggest_choice(say: Reading, k: int = 1) -> Answer:
    return _ranked(say, None, k, -1)


@query(
    f"which is the [{{k:ordinal}}] ({_SMALL}) [(value|number)]",
    f"<ask> [{{k:ordinal}}] ({_SMALL}) [(value|number)]",
    f"which [(value|number|one)] is [the] [{{k:ordinal}}] ({_SMALL})",
)
def smallest_choice(say: Reading, k: int = 1) -> Answer:
    return _ranked(say, None, k, 1)


@query(
    f"<ask> [{{k:ordinal}}] ({_BIG}) [(value|number|element)] (in|of|among|from|out of|between) [the list|the set] {{all:items}}",
    f"which [(value|number|one|of these)] is [the] [{{k:ordinal}}] ({_BIG}) [(value|number|of)] [(in|of|among)] {{all:items}}",
    f"which [(of|number|value)] {{all:items}} is [the] [{{k:ordinal}}] ({_BIG})",
    "which (number|value|one|of these) is (bigger|larger|greater|higher)[,] {all:items}",
    "which is (bigger|larger|greater|higher|more)[,] {all:items}",
    "<ask> (bigger|larger|greater|higher) of {all:items}",
    "which of {all:items} is (bigger|larger|greater|higher)",
    "which is the (bigger|larger|greater|higher) of {all:items}",
)
@noun(
    f"[{{k:ordinal}}] ({_BIG}) [(value|number|element)] (in|of|among|out of) [the list|the set] {{all:items}}",
    "(bigger|larger|greater) of {all:items}",
)
def biggest(say: Reading, all: list[Item], k: int = 1) -> Answer:
    return _ranked(say, all, k, -1)


@query(
    f"<ask> [{{k:ordinal}}] ({_SMALL}) [(value|number|element)] (in|of|among|from|out of|between) [the list|the set] {{all:items}}",
    f"which [(value|number|one|of these)] is [the] [{{k:ordinal}}] ({_SMALL}) [(value|number|of)] [(in|of|among)] {{all:items}}",
    f"which [(of|number|value)] {{all:items}} is [the] [{{k:ordinal}}] ({_SMALL})",
    "which (number|value|one|of these) is (smaller|lower|less)[,] {all:items}",
    "which is (smaller|less|lower)[,] {all:items}",
    "<ask> (smaller|lesser|lower) of {all:items}",
    "which of {all:items} is (smaller|less|lower)",
    "which is the (smaller|lesser|lower) of {all:items}",
)
@noun(
    f"[{{k:ordinal}}] ({_SMALL}) [(value|number|element)] (in|of|among|out of) [the list|the set] {{all:items}}",
    "(smaller|lesser) of {all:items}",
)
def smallest(say: Reading, all: list[Item], k: int = 1) -> Answer:
    return _ranked(say, all, k, 1)


def _closest(say: Reading, to: Fraction, items: list[Item] | None) -> Answer:
    pairs = _items(say, items)
    away = [abs(value - to) for _, value in pairs]
    say.note("distances: " + ", ".join(fraction(d, say.decimals) for d in away))
    if len({value for (_, value), d in zip(pairs, away, strict=True) if d == min(away)}) > 1:
        unclear("two are equally near")
    text, value = pairs[away.index(min(away))]
    return Answer(text, text, Polynomial.number(value))


@query(
    "which is [the] (closest|nearest) to {to:number}",
    "<ask> (closest|nearest) to {to:number}",
    "which [(value|number|one)] is (closest|nearest) to {to:number}",
)
def closest_choice(say: Reading, to: Fraction) -> Answer:
    return _closest(say, to, None)


@query(
    "<ask> (closest|nearest) [(value|number)] to {to:number} (in|of|among|from|out of) {all:items}",
    "which [(of|number|value)] [(in|of)] {all:items} is [the] (closest|nearest) to {to:number}",
    "which is [the] (closest|nearest) [(value|number)] to {to:number} (in|of|among|out of|from) {all:items}",
    "which is [the] (closest|nearest) to {to:number}, {all:items}",
)
@noun("(closest|nearest) [(value|number)] to {to:number} (in|of|among) {all:items}")
def closest(say: Reading, to: Fraction, all: list[Item]) -> Answer:
    return _closest(say, to, all)


# order

_UP = "ascending|increasing"
_DOWN = "descending|decreasing"


@query(
    f"(put|sort|order|arrange|rank|list) [the] [(numbers|following|values|list|fractions|decimals|integers)] {{all:items}} (in|into|by) (({_UP}) [order]|order from (smallest|least|lowest) to (largest|greatest|biggest|highest))",
    "(put|sort|order|arrange|rank|list) [the] [(numbers|following|values|list|fractions|decimals|integers)] {all:items} from (smallest|least|lowest|low) to (largest|greatest|biggest|highest|high|most)",
    f"(sort|order|rank|arrange|put) [the] [(numbers|following|values|list|fractions|decimals|integers)] {{all:items}} ({_UP}|in order)",
    "(sort|order) [(the|these)] [(numbers|following|values|list|fractions|decimals|integers)] [(from|in)] {all:items}",
    f"(put|sort|order|arrange) [(this|these)] in ({_UP}) order {{all:items}}",
    "(put|sort|order|arrange|rank) [(this|these)] [numbers] [in order] from (smallest|least|lowest) to (largest|greatest|biggest|highest) {all:items}",
)
def ascending(say: Reading, all: list[Item]) -> list[Answer]:
    return [named(text) for text, _ in sorted(_items(say, all), key=lambda pair: pair[1])]


@query(
    f"(put|sort|order|arrange|rank|list) [the] [(numbers|following|values|list|fractions|decimals|integers)] {{all:items}} (in|into|by) (({_DOWN}|reverse) [order]|order from (largest|greatest|biggest|highest) to (smallest|least|lowest))",
    "(put|sort|order|arrange|rank|list) [the] [(numbers|following|values|list|fractions|decimals|integers)] {all:items} from (largest|greatest|biggest|highest|high) to (smallest|least|lowest|low)",
    f"(sort|order|rank) [the] [(numbers|following|values|list|fractions|decimals|integers)] {{all:items}} ({_DOWN})",
    f"(put|sort|order|arrange) [(this|these)] in ({_DOWN}) order {{all:items}}",
    "(put|sort|order|arrange|rank) [(this|these)] [numbers] [in order] from (largest|greatest|biggest|highest) to (smallest|least|lowest) {all:items}",
)
def descending(say: Reading, all: list[Item]) -> list[Answer]:
    return [named(text) for text, _ in sorted(_items(say, all), key=lambda pair: -pair[1])]


# yes or no

_TESTS: Mapping[str, Callable[[Fraction], bool]] = {
    "<": lambda d: d < 0,
    ">": lambda d: d > 0,
    "<=": lambda d: d <= 0,
    ">=": lambda d: d >= 0,
    "=": lambda d: d == 0,
    "!=": lambda d: d != 0,
}


def _judged(say: Reading, a: Value, b: Value, sign: str) -> Answer:
    if isinstance(a, Polynomial) and isinstance(b, Polynomial) and not a.names and not b.names:
        gap = (a - b).constant
    else:
        from tinyllm.solvers.mathematics.symbolic import gap_between

        gap = gap_between(a, b)
    say.note(f"{say.show(a)} {'<' if gap < 0 else '>' if gap else '='} {say.show(b)}")
    return yes(_TESTS[sign](gap))


_GREATER = "bigger|larger|greater|higher|more"
_LESS = "smaller|less|lower|fewer"


@query(
    f"is {{a:phrase}} ({_GREATER}) than {{b:phrase}}",
    "is {a:phrase} > {b:phrase}",
    "is {a:phrase} [strictly] above {b:phrase}",
)
def above(say: Reading, a: Value, b: Value) -> Answer:
    return _judged(say, a, b, ">")


@query(
    f"is {{a:phrase}} ({_LESS}) than {{b:phrase}}",
    "is {a:phrase} < {b:phrase}",
    "is {a:phrase} [strictly] below {b:phrase}",
)
def below(say: Reading, a: Value, b: Value) -> Answer:
    return _judged(say, a, b, "<")


@query(
    f"is {{a:phrase}} (({_GREATER}) than or equal to|at least as (big|large|great|high) as|at least|>=|({_GREATER}) than or the same as|no less than|no smaller than|not less than) {{b:phrase}}"
)
def at_least(say: Reading, a: Value, b: Value) -> Answer:
    return _judged(say, a, b, ">=")


@query(
    f"is {{a:phrase}} (({_LESS}) than or equal to|at most as (big|large|great|high) as|at most|<=|no (bigger|greater|larger|more) than|not (greater|more) than) {{b:phrase}}"
)
def at_most(say: Reading, a: Value, b: Value) -> Answer:
    return _judged(say, a, b, "<=")


@query(
    "is {a:phrase} (equal to|the same as|equivalent to|=|the same value as) {b:phrase}",
    "does {a:phrase} (equal|=) {b:phrase}",
    "are {a:phrase} and {b:phrase} (equal|the same|the same value|identical|equivalent)",
    "do {a:phrase} and {b:phrase} have the same value",
)
def same(say: Reading, a: Value, b: Value) -> Answer:
    return _judged(say, a, b, "=")


@query(
    "is {a:phrase} (not equal to|unequal to|different from|!=|different to|not the same as) {b:phrase}",
    "are {a:phrase} and {b:phrase} (unequal|different|nonequal|non-equal|not equal|not the same)",
    "do {a:phrase} and {b:phrase} have (different values|a different value)",
)
def different(say: Reading, a: Value, b: Value) -> Answer:
    return _judged(say, a, b, "!=")


@query("is {n:number} [a] (positive|positive number)", "is {m:number} [a] (negative|negative number)")
def signed(_say: Reading, n: Fraction | None = None, m: Fraction | None = None) -> Answer:
    return yes(n > 0) if n is not None else yes((m or Fraction(0)) < 0)


@query("is {n:number} [an] (integer|whole number)")
def whole(_say: Reading, n: Fraction) -> Answer:
    return yes(n.denominator == 1)
