"""Suites as what simulated models know: the `gold:` of a population, so that a suite can be tried without a GPU."""

from collections.abc import Iterable
from typing import Any

from tinyllm.evals.case import Case
from tinyllm.evals.suite import Suite

TOPICS = {"code": "code", "exact-math": "math", "tools": "math"}  # others are general


def known(suites: Iterable[Suite], built_in: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """What models know that know these suites as well: of two entries for a question, the suite's own."""
    own = gold(suites)
    questions = {_flat(entry["question"]) for entry in own}
    return [*(entry for entry in built_in if _flat(entry["question"]) not in questions), *own]


def _flat(text: str) -> str:
    return " ".join(text.split())


def gold(suites: Iterable[Suite]) -> list[dict[str, Any]]:
    """One entry for each case whose answer is known; a question of two suites stands there once."""
    found: dict[str, dict[str, Any]] = {}
    for suite in suites:
        for case in suite.cases:
            answer = _answer(case)
            if answer and case.question not in found:
                found[case.question] = _entry(suite, case, answer)
    return list(found.values())


def _entry(suite: Suite, case: Case, answer: str) -> dict[str, Any]:
    topic = "+".join(case.route) or TOPICS.get(suite.name, "general")
    entry: dict[str, Any] = {"question": case.question, "topic": topic, "answer": answer}
    if case.wrong:
        entry["wrong"] = [_shown(case, wrong) for wrong in case.wrong]
    if case.call is not None:
        entry["tool"] = case.call.model_dump()
    asides = []
    if case.code is not None:
        asides.append({"cue": "tests", "answer": f"```python\n{case.code.tests}```"})
    elif case.numeric is not None and len(case.numeric.value) == 1:
        asides.append({"cue": "program", "answer": f"```python\nprint({case.numeric.value[0]})\n```"})
    return {**entry, **({"asides": asides} if asides else {})}


def _answer(case: Case) -> str:
    """An answer that is right: the one that the case has, or what it demands where that is an answer already."""
    if case.answer:
        return _shown(case, case.answer)
    if case.equals:
        return case.equals[0]
    if case.numeric is not None:
        return ", ".join(case.numeric.value)
    if case.route:
        return f"This is about {' and '.join(case.route)}."
    return ""


def _shown(case: Case, answer: str) -> str:
    """A program as a model writes it."""
    return f"```python\n{answer}\n```" if case.code is not None and "```" not in answer else answer
