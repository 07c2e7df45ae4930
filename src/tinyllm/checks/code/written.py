"""Tests that another model writes: what it calls is believed, what it expects is not."""

import ast
import re
from collections.abc import Sequence

from tinyllm.checks.asking import conversation, reply_of, to_ask
from tinyllm.checks.blocks import blocks
from tinyllm.checks.verdict import Judged
from tinyllm.services import Services
from tinyllm.texts import prompt

NAME = "tests"
MOST = 20


async def written_calls(judged: Judged, services: Services, name: str, asks: Sequence[str]) -> list[str]:
    """Calls with plain arguments in the tests of another model: a wrong test then rejects no right code."""
    among = to_ask(judged, services, asks, NAME)
    text = prompt("verify_tests.md").render({"name": name})
    messages = [{"role": "system", "content": text}, *conversation(judged)]
    reply = await reply_of(services, messages, among, check="code_runs")
    if reply is None:
        return []
    codes = [block.code for block in blocks(reply.text) if block.python] or re.findall(
        r"^\s*(assert .*)$", reply.text, re.MULTILINE
    )
    return list(dict.fromkeys(call for code in codes for call in calls_in(code, name)))[:MOST]


def calls_in(code: str, name: str) -> list[str]:
    """The calls of this function with plain arguments."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [
        ast.unparse(each)
        for each in ast.walk(tree)
        if isinstance(each, ast.Call) and ast.unparse(each.func) == name and _plain(each)
    ]


def _plain(call: ast.Call) -> bool:
    try:
        for each in (*call.args, *(keyword.value for keyword in call.keywords)):
            ast.literal_eval(each)
    except (ValueError, TypeError, RecursionError, MemoryError):
        return False
    return not any(keyword.arg is None for keyword in call.keywords)
