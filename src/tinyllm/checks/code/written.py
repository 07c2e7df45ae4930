"""Tests that other models write: what they call is believed; what they expect tells programs apart, and rejects none."""

import ast
import re
from collections.abc import Sequence

from tinyllm.checks.asking import conversation, reply_of, to_ask
from tinyllm.checks.blocks import blocks
from tinyllm.checks.code.task import Example, task_of
from tinyllm.checks.verdict import Judged
from tinyllm.services import Services
from tinyllm.texts import prompt

NAME = "tests"
MOST, TESTERS = 20, 2


async def written(judged: Judged, services: Services, name: str, asks: Sequence[str]) -> list[str]:
    """The tests of others, as they came."""
    text = prompt("verify_tests.md").render({"name": name})
    messages = [{"role": "system", "content": text}, *conversation(judged)]
    found = []
    for key in to_ask(judged, services, asks, NAME)[:TESTERS]:
        reply = await reply_of(services, messages, [key], check="code_runs")
        found += [reply.text] if reply is not None else []
    return found


def calls_of(tests: Sequence[str], name: str) -> list[str]:
    """What they call: a wrong expectation then rejects no right code."""
    codes = [
        code
        for text in tests
        for code in [block.code for block in blocks(text) if block.python]
        or re.findall(r"^[ \t]*(assert .*)$", text, re.MULTILINE)
    ]
    return list(dict.fromkeys(call for code in codes for call in calls_in(code, name)))[:MOST]


def expected_of(tests: Sequence[str], question: str) -> list[Example]:
    """What they expect, some of it wrongly; what the question says itself is no news."""
    known = task_of(question).examples
    found = [each for text in tests for each in task_of(f"{question}\n{text}").examples]
    return [each for each in dict.fromkeys(found) if each not in known]


def calls_in(code: str, name: str) -> list[str]:
    """The calls of this function with plain arguments."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [
        ast.unparse(each)
        for each in ast.walk(tree)
        if isinstance(each, ast.Call)
        and isinstance(each.func, ast.Name)
        and each.func.id == name
        and _plain(each)
    ]


def _plain(call: ast.Call) -> bool:
    try:
        for each in (*call.args, *(keyword.value for keyword in call.keywords)):
            ast.literal_eval(each)
        ast.unparse(call)
    except (ValueError, TypeError, RecursionError, MemoryError):
        return False
    return not any(keyword.arg is None for keyword in call.keywords)
