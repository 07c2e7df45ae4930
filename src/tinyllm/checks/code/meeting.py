"""Does a call come to what an example says?"""

import re

from tinyllm.checks.code.program import Outcome, alike
from tinyllm.checks.code.task import Example

MADE = re.compile(r"[A-Za-z_][\w.]*\(")  # `Fraction(1, 2)` is no plain value


def meets(example: Example, outcome: Outcome) -> bool:
    return outcome.how == "value" and alike(outcome.text, example.wanted)


def fails(example: Example, outcome: Outcome) -> bool:
    """What cannot be compared neither meets an example nor fails it."""
    odd = outcome.how == "value" and outcome.text != "set()" and MADE.match(outcome.text)
    return outcome.how != "unclear" and not odd and not meets(example, outcome)


def told(example: Example, outcome: Outcome) -> str:
    if outcome.how == "value":
        return f"{example.call} gives {outcome.text[:200]}, it should give {example.wanted[:200]}"
    if outcome.how == "hung":
        return f"{example.call} does not end"
    return f"{example.call} raises {outcome.text[:200]}, it should give {example.wanted[:200]}"


def silent(one: Outcome, other: Outcome) -> bool:
    """A call that says nothing of either: neither gives a value, or one cannot be compared."""
    if "unclear" in (one.how, other.how):
        return True
    return one.how != "value" and other.how != "value"
