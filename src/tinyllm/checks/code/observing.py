"""What a program does when it is called, told in plain values."""

import re
from collections.abc import Sequence
from typing import Any

from tinyllm.checks.code.asserted import Test, is_test, lent, test_of
from tinyllm.checks.code.program import SECONDS, Outcome, Program
from tinyllm.checks.running import ran

ONE = 1.0
PATIENCE = 3  # calls that may hang before the rest is not tried
LONGEST = 4_000  # characters of a result that are compared
SEEN = "seen_by_the_check_"
UNCLEAR = Outcome("unclear")
_KINDS = {
    "collections": "Counter defaultdict OrderedDict deque",
    "fractions": "Fraction",
    "decimal": "Decimal",
    "datetime": "date datetime time timedelta",
}
LIBRARY = (
    *("bytes", "complex", "frozenset", "range"),
    *(
        form
        for module, kinds in _KINDS.items()
        for kind in kinds.split()
        for form in (kind, f"{module}.{kind}")
    ),
)
MISSING = ("NameError", "AttributeError", "ImportError", "ModuleNotFoundError")
# What the code renames or overrides is not asked: it stands before the code, and takes plain values only.
TELLING = f"""
def {SEEN}told(value_, type_=type, repr_=repr, one_=(int, float, str, bool, type(None)), many_=(list, tuple, set), pairs_=dict, is_=isinstance):
    if is_(value_, pairs_) and repr_(type_(value_))[8:-2] in {LIBRARY}:
        value_ = pairs_(value_)
    waiting_ = [value_]
    while waiting_:
        each_ = waiting_.pop()
        kind_ = type_(each_)
        if kind_ is pairs_:
            for key_ in each_:
                waiting_.append(key_)
                waiting_.append(each_[key_])
        elif kind_ in many_:
            for part_ in each_:
                waiting_.append(part_)
        elif kind_ not in one_ and repr_(kind_)[8:-2] not in {LIBRARY}:
            return ['unclear', '']
    return ['value', repr_(value_)[:{LONGEST}]]
"""


async def observed(program: Program, calls: Sequence[str], seconds: float = SECONDS) -> list[Outcome]:
    """What each call comes to; of a whole test, what comes of it with the values that the program gives."""
    tests = {call: test_of(call, program.code) for call in calls if is_test(call)}
    if not tests:
        return await _called(program, calls, seconds)
    plain = [call for call in calls if call not in tests]
    plain += [call for test in tests.values() if test for call in test.calls]
    plain = list(dict.fromkeys(plain))
    found = dict(zip(plain, await _called(program, plain, seconds), strict=True)) if plain else {}
    found |= await _tested(tests, found, seconds)
    return [found[call] for call in calls]


async def _tested(
    tests: dict[str, Test | None], found: dict[str, Outcome], seconds: float
) -> dict[str, Outcome]:
    """The tests in a program of their own, where the code has no say."""
    told: dict[str, Outcome] = {}
    written: dict[str, str] = {}
    for call, test in tests.items():
        outcomes = [found[each] for each in test.calls] if test else [UNCLEAR]
        short = next((each for each in outcomes if each.how != "value"), None)
        values = {each: found[each].text for each in test.calls} if test and not short else {}
        written[call] = test.with_values(values) if test and values else ""
        told[call] = short or UNCLEAR
    ready = {call: text for call, text in written.items() if text}
    if ready:
        clean = Program("\n".join(lent(list(ready.values()))), "")
        for call, outcome in zip(ready, await _called(clean, list(ready.values()), seconds), strict=True):
            missing = outcome.how == "raised" and outcome.text in MISSING
            told[call] = UNCLEAR if missing else outcome
    return told


async def _called(program: Program, calls: Sequence[str], seconds: float) -> list[Outcome]:
    """All in one go, and one by one when that goes on for too long."""
    together = await ran(_observing(program, calls), seconds)
    if (read := _read(together.value, len(calls))) is not None and together.ok:
        return read
    if "longer than" not in together.error and not isinstance(together.value, list) and len(calls) > 1:
        first = await ran(_observing(program, calls[:1]), seconds)
        if not first.ok and "longer than" not in first.error:
            return [Outcome("raised", first.error[:200])] * len(calls)
    outcomes: list[Outcome] = []
    for call in calls:
        if sum(1 for each in outcomes if each.how == "hung") >= PATIENCE:
            outcomes.append(UNCLEAR)
            continue
        alone = await ran(_observing(program, [call]), min(ONE, seconds))
        read = _read(alone.value, 1) if alone.ok else None
        outcomes.append(read[0] if read else Outcome("hung", alone.error[:200]))
    return outcomes


def _observing(program: Program, calls: Sequence[str]) -> str:
    lines = [TELLING, program.code, f"{SEEN} = []"]
    for call in calls:
        lines += [
            "try:",
            f"    {SEEN}.append({SEEN}told({call}))",
            "except Exception as failure_:",
            f"    {SEEN}.append(['raised', failure_.__class__.__name__])",
        ]
    return "\n".join([*lines, SEEN])


def _read(value: Any, wanted: int) -> list[Outcome] | None:
    if not isinstance(value, list) or len(value) != wanted:
        return None
    return [
        _outcome(str(each[0]), str(each[1])) for each in value if isinstance(each, list) and len(each) == 2
    ]


def _outcome(how: str, text: str) -> Outcome:
    if how == "raised":
        return Outcome("raised", text)
    nameless = re.search(r" at 0x[0-9a-f]+>", text)
    return Outcome("value", text) if how == "value" and not nameless else UNCLEAR
