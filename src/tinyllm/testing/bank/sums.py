"""Calculations that can be proved without a model: what the exact solver is for."""

from random import Random

from tinyllm.testing.bank.item import Item
from tinyllm.testing.bank.stories import swapped

_TEXTS = ("What is {}?", "Calculate {}.", "How much is {}?")


def sums(count: int, random: Random) -> list[Item]:
    """So many different calculations."""
    made: dict[str, Item] = {}
    while len(made) < count:
        a, b, c = random.randint(112, 9876), random.randint(12, 98), random.randint(113, 987)
        shown, value = random.choice(
            (
                (f"{a} * {b} - {c}", a * b - c),
                (f"{a} + {b} * {c}", a + b * c),
                (f"({a} - {c}) * {b}", (a - c) * b),
            )
        )
        question = random.choice(_TEXTS).format(shown)
        wrong = [other for other in (swapped(value), value + 10, value - b, value + 100) if other != value]
        made[question] = Item(
            label="exact",
            question=question,
            gold=str(value),
            right=(f"{shown} = {value}", f"Answer: {value}", f"The result is {value:,}."),
            wrong=tuple(
                f"{shown} = {other}" if at % 2 else f"Answer: {other}" for at, other in enumerate(wrong)
            ),
            programs=(f"```python\nprint({shown})\n```",),
            slips=(f"```python\nprint({shown} + 1)\n```",),
        )
    return list(made.values())
