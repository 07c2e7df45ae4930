"""Populations of models for a bank: how often each errs, from published figures."""

from collections.abc import Sequence
from typing import Any

from tinyllm.testing.bank.item import Item

# Published pass rates. Math: MATH (`hard`) or GSM8K (`easy`); code: HumanEval; general: MMLU. The specialists stand for a
# coder of 3B and a mathematician of 1.5B under the names of the assistant graph; `modest` gives both their own figures.
_GENERAL = {
    "qwen2.5:0.5b": 0.475,
    "qwen2.5:3b": 0.656,
    "qwen2.5:7b": 0.742,
    "qwen3:8b": 0.742,
    "qwen3:14b": 0.797,
}
_CODE = {
    "qwen2.5:0.5b": 0.354,
    "qwen2.5:3b": 0.744,
    "qwen2.5:7b": 0.848,
    "qwen3:8b": 0.848,
    "qwen3:14b": 0.835,
}
_HARD = {
    "qwen2.5:0.5b": 0.344,
    "qwen2.5:3b": 0.659,
    "qwen2.5:7b": 0.755,
    "qwen3:8b": 0.755,
    "qwen3:14b": 0.800,
}
_EASY = {
    "qwen2.5:0.5b": 0.496,
    "qwen2.5:3b": 0.867,
    "qwen2.5:7b": 0.916,
    "qwen3:8b": 0.916,
    "qwen3:14b": 0.948,
}
_CODER, _MATHY = "granite-code:3b", "phi3:mini"
PROFILES: dict[str, dict[str, dict[str, float]]] = {
    "hard": {
        "code": {**_CODE, _CODER: 0.841, _MATHY: 0.585},
        "math": {**_HARD, _CODER: 0.55, _MATHY: 0.758},
        "general": {**_GENERAL, _CODER: 0.5, _MATHY: 0.60},
    },
    "easy": {
        "code": {**_CODE, _CODER: 0.841, _MATHY: 0.585},
        "math": {**_EASY, _CODER: 0.70, _MATHY: 0.848},
        "general": {**_GENERAL, _CODER: 0.5, _MATHY: 0.60},
    },
    "modest": {
        "code": {**_CODE, _CODER: 0.512, _MATHY: 0.585},
        "math": {**_EASY, _CODER: 0.55, _MATHY: 0.825},
        "general": {**_GENERAL, _CODER: 0.45, _MATHY: 0.68},
    },
}
# Of right and of wrong answers, the part that a judge accepts: a small one lets half of the wrong ones pass.
JUDGES = {
    "qwen2.5:0.5b": (0.75, 0.6),
    "qwen2.5:3b": (0.85, 0.5),
    _CODER: (0.82, 0.5),
    _MATHY: (0.85, 0.5),
    "qwen2.5:7b": (0.88, 0.35),
    "qwen3:8b": (0.88, 0.35),
    "qwen3:14b": (0.92, 0.25),
}
SMALL = ("qwen2.5:0.5b", "qwen2.5:3b", _CODER, _MATHY)
BIG = ("qwen2.5:7b", "qwen3:8b", "qwen3:14b")
_TOOLS = ("qwen2.5:0.5b", "qwen2.5:3b", *BIG)
_PARAMETERS = {_MATHY: "3.8B"}
_POOR_TESTER = 0.15  # testing is harder than writing: so much more of the tests are poor


def population(
    items: Sequence[Item], seed: int, profile: str = "hard", names: Sequence[str] = ()
) -> dict[str, Any]:
    """A population file as a value: the models, and the bank as what they know."""
    rates = PROFILES[profile]
    gold = [_gold(item) for item in items]
    topics = {"routing", *(each["topic"] for known in gold for each in (known, *known["asides"]))}
    return {
        "seed": seed,
        "scale": 0,
        "room": 64,
        "queue": 4096,
        "models": {name: _model(name, rates, topics) for name in names or (*SMALL, *BIG)},
        "gold": gold,
        "canned": {
            "general": ["I am not sure what you mean."],
            "math": ["Answer: 42"],
            "code": ["```python\npass\n```"],
        },
    }


def _model(name: str, rates: dict[str, dict[str, float]], topics: set[str]) -> dict[str, Any]:
    code, math, general = (1 - rates[label][name] for label in ("code", "math", "general"))
    right, wrong = JUDGES[name]
    skills = {
        "code": code,
        "math": math,
        "general": general,
        "exact": min(math + 0.1, 0.95),
        "programs": (code + math) / 2,
        "tests": min(code + _POOR_TESTER, 0.95),
        "routing": 0.25 if name == "qwen2.5:0.5b" else 0.12,
    }
    return {
        "capabilities": ["completion", "tools"] if name in _TOOLS else ["completion"],
        "parameters": _PARAMETERS.get(name, ""),
        "slots": 16,
        "skills": {topic: round(rate, 4) for topic, rate in skills.items() if topic in topics},
        "judging": {"accepts_right": right, "accepts_wrong": wrong, "prefers_first": 0.15},
    }


def _gold(item: Item) -> dict[str, Any]:
    asides = []
    if item.programs:
        asides.append(_aside("program", item.programs, item.slips, "programs"))
    if item.tests:
        asides.append(_aside("tests", item.tests, item.poor_tests, "tests"))
    return {
        "question": item.question,
        "topic": item.label,
        "answer": item.right[0],
        "others": item.right[1:],
        "wrong": item.wrong,
        "asides": asides,
    }


def _aside(cue: str, right: Sequence[str], wrong: Sequence[str], topic: str) -> dict[str, Any]:
    return {"cue": cue, "answer": right[0], "others": right[1:], "wrong": wrong, "topic": topic}
