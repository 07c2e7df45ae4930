"""Code tasks made of families: a reference with hidden tests, and programs that really fail them."""

from collections.abc import Callable
from copy import deepcopy
from random import Random
from typing import Any

from tinyllm.testing.bank.item import Item
from tinyllm.testing.bank.task import Task
from tinyllm.testing.bank.tasks_of_lists import OF_LISTS
from tinyllm.testing.bank.tasks_of_texts import OF_TEXTS

HIDDEN = 24
_ALL = (*OF_LISTS, *OF_TEXTS)
_SHOWN = 3
_FORMS = (
    "```python\n{code}\n```",
    "Here is the function:\n\n```python\n{code}\n```\n\nIt goes through the input once and handles the empty case.",
    "```\n{code}\n```",
    "Sure! This does it.\n```py\n{code}\n```\nTry it:\n```python\nprint({call})\n```",
)
_EXAMPLES = (
    "\n\nExamples:\n{lines}",
    "\nIt has to pass these:\n{lines}",
    "\n\n{lines}",
    "",
)


def task(family: Task, random: Random) -> Item:
    """One task: the examples it shows are the first of many tests."""
    name, number = random.choice(family.names), random.randint(*family.between)
    source = _filled(family.source, name, number)
    function = loaded(source, name)
    cases = _cases(family, function, random)
    failing = _failing(family, name, number, cases)
    call = _call(name, cases[0][0])
    style = random.randrange(len(_EXAMPLES))
    shown = "\n".join(_shown(name, case, style) for case in cases[:_SHOWN])
    asserts = [_assert(name, case) for case in cases]
    return Item(
        label="code",
        question=f"Write a Python function {_head(source)} that {_filled(family.text, name, number)}."
        + _EXAMPLES[style].format(lines=shown),
        gold="\n".join(asserts),
        right=tuple(form.format(code=source, call=call) for form in _FORMS),
        wrong=tuple(_FORMS[at % len(_FORMS)].format(code=code, call=call) for at, code in enumerate(failing)),
        tests=tuple(_tests(random.sample(asserts, 7)) for _ in range(3)),
        poor_tests=_poor(name, cases, random),
    )


def _filled(text: str, name: str, number: int) -> str:
    return text.replace("@f", name).replace("@k", str(number))


def _head(source: str) -> str:
    return source.split(":", 1)[0].removeprefix("def ")


def loaded(source: str, name: str) -> Callable[..., Any]:
    """The function of a source that stands in this package."""
    space: dict[str, Any] = {}
    exec(source, space)  # noqa: S102 — a text of ours, never a model's
    found: Callable[..., Any] = space[name]
    return found


def _cases(family: Task, function: Callable[..., Any], random: Random) -> list[tuple[tuple[Any, ...], Any]]:
    """Different inputs with what comes out; those that give more come first, as examples do."""
    found: dict[str, tuple[tuple[Any, ...], Any]] = {}
    for _ in range(HIDDEN * 20):
        given = family.draw(random)
        found.setdefault(repr(given), (given, function(*deepcopy(given))))
        if len(found) == HIDDEN:
            break
    cases = list(found.values())
    telling = [case for case in cases if case[1] not in (None, 0, "", [], {}, -1)]
    return [*telling[:2], *(case for case in cases if case not in telling[:2])]


def _failing(family: Task, name: str, number: int, cases: list[tuple[tuple[Any, ...], Any]]) -> list[str]:
    """The sources with one bug each that fails at least one of the tests."""
    found = []
    for there, wrong in family.bugs:
        assert there in family.source, (family.names, there)
        source = _filled(family.source.replace(there, wrong, 1), name, number)
        if failures(loaded(source, name), cases):
            found.append(source)
    assert found, family.names
    return found


def failures(function: Callable[..., Any], cases: list[tuple[tuple[Any, ...], Any]]) -> int:
    """How many of the cases come out differently."""
    count = 0
    for given, wanted in cases:
        try:
            count += function(*deepcopy(given)) != wanted
        except (ArithmeticError, LookupError, TypeError, ValueError):
            count += 1
    return count


def _call(name: str, given: tuple[Any, ...]) -> str:
    return f"{name}({', '.join(map(repr, given))})"


def _shown(name: str, case: tuple[tuple[Any, ...], Any], style: int) -> str:
    given, wanted = case
    if style == 1:
        return _assert(name, case)
    return (
        f">>> {_call(name, given)}\n{wanted!r}" if style == 2 else f"{_call(name, given)} returns {wanted!r}"
    )


def _assert(name: str, case: tuple[tuple[Any, ...], Any]) -> str:
    given, wanted = case
    return f"assert {_call(name, given)} == {wanted!r}"


def _tests(lines: list[str]) -> str:
    return "```python\n" + "\n".join(lines) + "\n```"


def _poor(name: str, cases: list[tuple[tuple[Any, ...], Any]], random: Random) -> tuple[str, ...]:
    """Tests that let nearly everything pass, and tests of which one expects what another input gives."""
    easy = _tests([_assert(name, case) for case in cases[:1]])
    other = next((case[1] for case in cases if case[1] != cases[2][1]), None)
    mixed = [*random.sample(cases[3:], min(4, len(cases) - 3)), (cases[2][0], other)]
    return easy, _tests([_assert(name, case) for case in mixed])


def functions(count: int, random: Random) -> list[Item]:
    """So many different tasks, all families in turn."""
    families = random.sample(_ALL, len(_ALL))
    made: dict[str, Item] = {}
    while len(made) < count:
        item = task(families[len(made) % len(families)], random)
        made[item.question] = item
    return list(made.values())
