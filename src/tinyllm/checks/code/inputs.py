"""Inputs to compare programs on: like the question's own, and no further from them than a question means."""

import ast
import builtins
import random
import zlib
from collections.abc import Sequence
from typing import Any

MANY = 24
STALE = 40  # tries that gave nothing new: there is hardly more
WORDS = (
    "level",
    "apple",
    "Hello World",
    "abcabc",
    "racecar",
    "a",
    "the quick brown fox",
    "Python",
    "zebra",
    "xyzzy",
)
GUESSES = (
    (
        ("lst", "list", "arr", "array", "nums", "numbers", "values", "items", "xs", "elements", "l", "seq"),
        [3, 1, 4, 1, 5],
    ),
    (("s", "string", "text", "str", "word", "sentence", "txt", "name", "message", "paragraph"), "level"),
    (("words", "strings", "names", "texts"), ["level", "apple", "abc"]),
    (("matrix", "grid", "board", "mat"), [[1, 2], [3, 4]]),
    (
        (
            "n",
            "k",
            "x",
            "y",
            "a",
            "b",
            "c",
            "m",
            "num",
            "number",
            "i",
            "count",
            "limit",
            "year",
            "size",
            "target",
        ),
        7,
    ),
    (("d", "dic", "dict", "mapping"), {"a": 1, "b": 2}),
)
ANNOTATED = {
    "int": 7,
    "float": 2.5,
    "str": "level",
    "bool": True,
    "list": [3, 1, 4, 1, 5],
    "List": [3, 1, 4, 1, 5],
}


def inputs(calls: Sequence[str], header: str, name: str, seed: str) -> list[str]:
    """Calls to compare on: those of the examples, and others like them; none when nobody knows what it takes."""
    chance = random.Random(zlib.crc32(seed.encode()))  # noqa: S311 - not for secrets: the same for the same question
    start, known = starts(calls, header), any(_given(call) is not None for call in calls)
    if not start or not any(start):
        return list(calls)
    shapes = _Shapes(start, tight=known)
    made = dict.fromkeys(calls)
    stale = 0
    while len(made) < len(calls) + MANY and stale < STALE:
        count = len(made)
        made[f"{name}({', '.join(repr(each) for each in shapes.like(chance.choice(start), chance))})"] = None
        stale = 0 if len(made) > count else stale + 1
    return list(made)


def starts(calls: Sequence[str], header: str) -> list[list[Any]]:
    """The arguments of the examples, or such as the parameters seem to want."""
    known = [given for call in calls if (given := _given(call)) is not None]
    return known or [given for given in (_guessed(header),) if given is not None]


def _given(call: str) -> list[Any] | None:
    """The arguments of a call; none when some have names, or it is a whole test."""
    tree = ast.parse(call, mode="eval").body
    while isinstance(tree, ast.Call) and ast.unparse(tree.func) == "bool":
        tree = next((each for each in ast.walk(tree.args[0]) if isinstance(each, ast.Call)), tree.args[0])
        while isinstance(tree, ast.Call) and hasattr(builtins, ast.unparse(tree.func)) and tree.args:
            tree = tree.args[0]
    if not isinstance(tree, ast.Call) or tree.keywords:
        return None
    try:
        return [ast.literal_eval(each) for each in tree.args]
    except ValueError:
        return None


def _guessed(header: str) -> list[Any] | None:
    """A value for each parameter by what it is called, or by its annotation."""
    tree = (
        next((each for each in ast.parse(header).body if isinstance(each, ast.FunctionDef)), None)
        if header
        else None
    )
    if tree is None or tree.args.vararg or tree.args.kwonlyargs:
        return None
    wanted = tree.args.args[: len(tree.args.args) - len(tree.args.defaults)]
    found = [_value(each) for each in wanted]
    return None if any(each is None for each in found) else found


def _value(parameter: ast.arg) -> Any:
    if parameter.annotation is not None:
        return _annotated(ast.unparse(parameter.annotation))
    return next((value for names, value in GUESSES if parameter.arg.lower() in names), None)


def _annotated(annotation: str) -> Any:
    base, _, inner = annotation.replace("typing.", "").partition("[")
    inner = inner.removesuffix("]")
    if base in ("list", "List", "Sequence", "Iterable") and inner:
        each = _annotated(inner)
        if isinstance(each, list):
            return [each, each[::-1]]
        return (
            None
            if each is None
            else ["level", "apple", "abc"]
            if isinstance(each, str)
            else [each, each - 4, each - 1, each]
        )
    if base in ("dict", "Dict"):
        return {"a": 1, "b": 2} if inner in ("", "str, int") else None
    if base == "Optional" and inner:
        return _annotated(inner)
    return ANNOTATED.get(base)


class _Shapes:
    """What the examples show of what may be given: signs, empty ones, letters."""

    def __init__(self, known: Sequence[Sequence[Any]], *, tight: bool) -> None:
        leaves = [leaf for given in known for leaf in _leaves(list(given))]
        numbers = [leaf for leaf in leaves if isinstance(leaf, (int, float)) and not isinstance(leaf, bool)]
        self.least = min(numbers, default=0) if tight else 1
        self.most = max([12, *numbers]) if tight else 20
        self.least = -int(self.most) if self.least < 0 else min(1, self.least)
        self.letters = "".join(dict.fromkeys("".join(leaf for leaf in leaves if isinstance(leaf, str))))
        self.texts = [leaf for leaf in leaves if isinstance(leaf, str)]
        self.free = not tight
        self.empty = {
            kind for kind in (str, list, tuple, dict) if any(_has_empty(given, kind) for given in known)
        }

    def like(self, given: Sequence[Any], chance: random.Random) -> list[Any]:
        """Arguments like these: at least one of them another."""
        return [
            self._other(each, chance) if chance.random() < 0.8 or len(given) == 1 else each for each in given
        ]

    def _other(self, value: Any, chance: random.Random) -> Any:
        if isinstance(value, bool):
            return chance.random() < 0.5
        if isinstance(value, int):
            near = value + chance.choice((-2, -1, 1, 2))
            return max(
                int(self.least),
                chance.choice((near, chance.randint(int(self.least), max(int(self.least), int(self.most))))),
            )
        if isinstance(value, float):
            return round(max(self.least, value + chance.choice((-1.5, -0.5, 0.25, 1.0, 2.5))), 2)
        if isinstance(value, str):
            return self._text(value, chance)
        if isinstance(value, (list, tuple)):
            return type(value)(self._members(list(value), chance, type(value)))
        if isinstance(value, dict):
            return {key: self._other(each, chance) for key, each in value.items()}
        return value

    def _text(self, value: str, chance: random.Random) -> str:
        others = WORDS if self.free else self.texts
        signs = list(value or self.letters[:4])
        chance.shuffle(signs)
        cut = value[: chance.randint(1, max(1, len(value)))]
        picked = chance.choice((chance.choice(others), "".join(signs), cut, value + value, value[::-1]))
        return picked if picked or str in self.empty else value

    def _members(self, value: list[Any], chance: random.Random, kind: type) -> list[Any]:
        made = [self._other(each, chance) if chance.random() < 0.5 else each for each in value]
        way = chance.randrange(4)
        if way == 0:
            chance.shuffle(made)
        elif way == 1 and len(made) > 1:
            made.pop(chance.randrange(len(made)))
        elif way == 2 and made:
            made.insert(chance.randrange(len(made) + 1), chance.choice(made))
        return made if made or kind in self.empty else value


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for each in value.items() for leaf in _leaves(list(each))]
    if isinstance(value, (list, tuple, set)):
        return [leaf for each in value for leaf in _leaves(each)]
    return [value]


def _has_empty(value: Any, kind: type) -> bool:
    if isinstance(value, kind) and not value:
        return True
    return isinstance(value, (list, tuple)) and any(_has_empty(each, kind) for each in value)
