"""Sets that are listed in the question: union, intersection, difference, subsets, members."""

import re
from itertools import combinations, product

from tinyllm.solvers.phrases import Found, Phrasebook, Unsure
from tinyllm.solvers.solution import Question, Solution

Members = tuple[str, ...]

_OPERATORS = {
    "union": "∪|union|u",
    "intersection": "∩|intersection|intersect|intersected with|n",
    "difference": r"\\|-|−|minus|difference|set minus",
    "symmetric": "△|∆|⊕|symmetric difference",
    "product": "×|x|cross",
}
_SIGN = "|".join(_OPERATORS.values())
BOOK: Phrasebook[Solution] = Phrasebook(
    {
        "set": r"\{[^{}]*\}|∅",
        "letter": r"[A-Z]",
        "sign": _SIGN,
        "operation": "union|intersection|symmetric difference|cartesian product|cross product",
        "member": r"[^{}]+?",
        "proper": "proper",
    },
    {
        "let": "(if|let|given|suppose|for|with) [that] [set|sets|the sets] {letter} (=|be|is) {set} and [let|set] {letter2} (=|be|is) {set2}",
    },
)


def _members(text: str) -> Members:
    """Each once, in order: numbers by size, words as they are listed."""
    inside = text.strip("{} ") if text != "∅" else ""
    members = list(dict.fromkeys(part.strip().strip("'\"") for part in inside.split(","))) if inside else []
    if (
        not all(re.fullmatch(r"-?\d+(?:\.\d+)?|[A-Za-z][A-Za-z ]*", member) for member in members)
        or len(members) > 200
    ):
        raise Unsure(text)
    return _sorted(members)


def _sorted(members: list[str]) -> Members:
    numbers = all(re.fullmatch(r"-?\d+(?:\.\d+)?", member) for member in members)
    if numbers and len({float(member) for member in members}) < len(members):
        raise Unsure("a number written in two ways")
    return tuple(sorted(members, key=float) if numbers else members)


def _shown(members: Members) -> str:
    return "{" + ", ".join(members) + "}" if members else "∅"


def _solution(answer: str, value: object, *steps: str) -> Solution:
    return Solution(answer, value, steps, "sets")


def _set(members: Members) -> Solution:
    return _solution(_shown(members), list(members), f"{len(members)} elements")


def _combined(name: str, first: Members, second: Members) -> Solution:
    if name == "product":
        pairs = tuple(f"({a}, {b})" for a, b in product(first, second))
        if len(pairs) > 400:
            raise Unsure("too many pairs")
        return _set(pairs)
    common = [member for member in first if member in second]
    only = [member for member in first if member not in second]
    other = [member for member in second if member not in first]
    return _set(
        _sorted(
            {
                "union": [*first, *other],
                "intersection": common,
                "difference": only,
                "symmetric": [*only, *other],
            }[name]
        )
    )


def _operation(text: str) -> str:
    text = text.lower()
    if text in ("cartesian product", "cross product"):
        return "product"
    return next(name for name, signs in _OPERATORS.items() if re.fullmatch(signs, text))


@BOOK.says(
    "{operation} of [the] [sets] {set} and {set2}",
    "{set} {sign} {set2}",
    "[set] difference [of|between] {set} and {set2}",
)
def _literal(found: Found) -> Solution | None:
    name = _operation(found.get("operation") or found.get("sign") or "difference")
    return _combined(name, _members(found["set"]), _members(found["set2"]))


@BOOK.says(
    "<let> [then] [<asking>] [find] {letter3} {sign} {letter4}",
    "<let> [then] [<asking>] [find] {operation} of [sets] {letter3} and {letter4}",
    "{letter} = {set} {letter2} = {set2} [<asking>] {letter3} {sign} {letter4}",
    "{letter3} {sign} {letter4} (if|when|where|for|given) {letter} = {set} and {letter2} = {set2}",
)
def _lettered(found: Found) -> Solution | None:
    named = {found["letter"]: _members(found["set"]), found["letter2"]: _members(found["set2"])}
    if len(named) < 2 or {found["letter3"], found["letter4"]} != set(named):
        raise Unsure("which set is which")
    return _combined(
        _operation(found.get("sign") or found["operation"]), named[found["letter3"]], named[found["letter4"]]
    )


@BOOK.says("is {set} a [{proper}] subset of {set2}")
def _subset(found: Found) -> Solution | None:
    first, second = set(_members(found["set"])), set(_members(found["set2"]))
    fact = first < second if "proper" in found else first <= second
    missing = ", ".join(sorted(first - second))
    return _solution(
        "yes" if fact else "no", fact, f"not in the second: {missing}" if missing else "all are in the second"
    )


@BOOK.says("is {set} a [{proper}] superset of {set2}")
def _superset(found: Found) -> Solution | None:
    return _subset({**found, "set": found["set2"], "set2": found["set"]})


@BOOK.says("are [the] [sets] {set} and {set2} disjoint", "is {set} disjoint from {set2}")
def _disjoint(found: Found) -> Solution | None:
    common = set(_members(found["set"])) & set(_members(found["set2"]))
    return _solution(
        "no" if common else "yes",
        not common,
        f"in both: {', '.join(sorted(common))}" if common else "none in both",
    )


@BOOK.says("is {member} (an element of|a member of|in|∈) [the] [set] {set}")
def _member(found: Found) -> Solution | None:
    fact = found["member"].strip("'\"") in _members(found["set"])
    return _solution("yes" if fact else "no", fact)


@BOOK.says(
    "(cardinality|size|order) of [the] [set] {set}",
    "how many (elements|members) (are in|are there in|does) [the] [set] {set} [have|contain]",
    "number of elements in [the] [set] {set}",
)
def _size(found: Found) -> Solution | None:
    count = len(_members(found["set"]))
    return _solution(str(count), str(count), "each element counts once")


@BOOK.says(
    "how many [{proper}] subsets (does|of|are there of|do) [the] [set] {set} [have|are there]",
    "number of [{proper}] subsets of [the] [set] {set}",
)
def _subsets(found: Found) -> Solution | None:
    size = len(_members(found["set"]))
    count = 2**size - (1 if "proper" in found else 0)
    return _solution(str(count), str(count), f"2 ** {size}{' - 1' if 'proper' in found else ''}")


@BOOK.says("[(list|what are|write)] [all] [the] (power set|subsets) of [the] [set] {set}")
def _power_set(found: Found) -> Solution | None:
    members = _members(found["set"])
    if len(members) > 6:
        raise Unsure("too many subsets")
    every = tuple(_shown(part) for size in range(len(members) + 1) for part in combinations(members, size))
    return _solution("{" + ", ".join(every) + "}", list(every), f"{len(every)} subsets")


def solve(question: Question) -> Solution | None:
    # Letters name sets: `a` and `A` are not the same, `u` and `n` stand for ∪ and ∩ only between sets.
    return BOOK.solve(question)
