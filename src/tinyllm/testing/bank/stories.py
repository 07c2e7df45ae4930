"""Word problems whose number is known: each is a few steps, and the ways in which people get it wrong."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from tinyllm.testing.bank.item import Item
from tinyllm.testing.bank.plots import PLOTS, Plot

NAMES = [
    "Ada",
    "Bela",
    "Carla",
    "Dario",
    "Elif",
    "Farid",
    "Greta",
    "Hugo",
    "Ines",
    "Jonas",
    "Kaya",
    "Lena",
    "Milo",
    "Nora",
    "Omar",
    "Paula",
]
THINGS = [
    "pencils",
    "candles",
    "marbles",
    "postcards",
    "buttons",
    "stickers",
    "tulips",
    "lemons",
    "biscuits",
    "tiles",
]
SIGNS = {"+": "+", "-": "-", "*": "×", "//": "/"}
_DO: dict[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
}
_TRIES = 2000


@dataclass(frozen=True, slots=True)
class Worked:
    """Steps carried out: each name with its value, and how it looks on paper."""

    values: Mapping[str, int]
    lines: tuple[str, ...]
    exact: bool

    @property
    def result(self) -> int:
        return list(self.values.values())[-1]


def worked(steps: tuple[str, ...], numbers: Mapping[str, int]) -> Worked:
    """Carry out steps such as `rest = all - broken`."""
    values, lines, exact = dict(numbers), [], True
    for step in steps:
        name, _, left, sign, right = step.split()
        a, b = (values[part] if part in values else int(part) for part in (left, right))
        exact = exact and not (sign == "//" and (b == 0 or a % b))
        values.pop(name, None)
        values[name] = _DO[sign](a, b or 1) if sign == "//" else _DO[sign](a, b)
        lines.append(f"{name.replace('_', ' ')}: {a} {SIGNS[sign]} {b} = {values[name]}")
    return Worked(values, tuple(lines), exact)


def story(plot: Plot, random: Random) -> Item:
    """One plot with numbers that come out even and errors that come out differently."""
    for _ in range(_TRIES):
        numbers = {name: random.randint(*span) for name, span in plot.numbers.items()}
        done = worked(plot.steps, numbers)
        made = [value for name, value in done.values.items() if name not in numbers]
        if done.exact and min(made) > 1 and done.result < 1_000_000:
            break
    else:
        raise AssertionError(f"no numbers fit: {plot.text}")
    first, second = random.sample(NAMES, 2)
    words = {"who": first, "other": second, "thing": random.choice(THINGS)}
    missed = _missed(plot, numbers, done)
    return Item(
        label="math",
        question=plot.text.format(**numbers, **words),
        gold=str(done.result),
        right=tuple(_said(done.lines, done.result, form) for form in range(len(_FORMS))),
        wrong=tuple(_said(lines, value, place % len(_FORMS)) for place, (lines, value) in enumerate(missed)),
        programs=(program(plot.steps, numbers), program(plot.steps, numbers, "answer")),
        slips=_slips(plot, numbers, done.result),
    )


def _missed(plot: Plot, numbers: Mapping[str, int], done: Worked) -> list[tuple[tuple[str, ...], int]]:
    """Wrong results with their working, the likeliest several times: people err alike."""
    found: list[tuple[tuple[str, ...], int]] = []
    for steps in plot.slipped():
        slip = worked(steps, numbers)
        found += [(slip.lines, slip.result)] * 3
    found += [(done.lines[:-1], worked(plot.steps[:-1], numbers).result)] * 2
    for value in (swapped(done.result), done.result + 10, done.result * 10, done.result - 1):
        found.append(((*done.lines[:-1], f"{done.lines[-1].rpartition('=')[0]}= {value}"), value))
    return [(lines, value) for lines, value in found if value != done.result]


def swapped(number: int) -> int:
    """A number with two digits exchanged, or one more where that changes nothing."""
    digits = list(str(number))
    for place in range(len(digits) - 1, 0, -1):
        if digits[place] != digits[place - 1] and (place > 1 or digits[place] != "0"):
            digits[place], digits[place - 1] = digits[place - 1], digits[place]
            return int("".join(digits))
    return number + 1


def _said(lines: tuple[str, ...], value: int, form: int) -> str:
    return _FORMS[form].format(work="\n".join(lines), value=value, comma=f"{value:,}")


_FORMS = (
    "Let me work this out.\n{work}\nAnswer: {value}",
    "{work}\n\nThe answer is **{comma}**.",
    "Step by step:\n{work}\n\n\\boxed{{{value}}}",
    "{work}\nSo the result is {value}.\n\nAnswer: {comma}",
    "Answer: {value}",
)


def program(steps: tuple[str, ...], numbers: Mapping[str, int], result: str = "") -> str:
    """The steps as a program that prints the number; as a function when the result has a name."""
    given = [f"{name} = {value}" for name, value in numbers.items()]
    last = steps[-1].split()[0]
    if not result:
        return "```python\n" + "\n".join([*given, *steps, f"print({last})"]) + "\n```"
    body = "\n".join(f"    {line}" for line in [*given, *steps, f"return {last}"])
    return f"Here is a program:\n```python\ndef {result}():\n{body}\n\n\nprint({result}())\n```"


def _slips(plot: Plot, numbers: Mapping[str, int], right: int) -> tuple[str, ...]:
    shorter = plot.steps[:-1]
    found = [program(steps, numbers) for steps in plot.slipped() if worked(steps, numbers).result != right]
    early = [program(shorter, numbers)] if worked(shorter, numbers).result != right else []
    # A value copied wrongly out of the text: the commonest slip of a program.
    name = next(iter(numbers))
    copied = {**numbers, name: numbers[name] + 1}
    miscopied = [program(plot.steps, copied)] if worked(plot.steps, copied).result != right else []
    return (*found, *found, *early, *miscopied)


def stories(count: int, random: Random) -> list[Item]:
    """So many different problems, all plots in turn."""
    plots = random.sample(PLOTS, len(PLOTS))
    made: dict[str, Item] = {}
    while len(made) < count:
        item = story(plots[len(made) % len(plots)], random)
        made[item.question] = item
    return list(made.values())
