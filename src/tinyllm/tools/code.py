"""Run, test, format and check Python, and explain what went wrong with it."""

import asyncio
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinyllm.errors import BadReply
from tinyllm.toolkit import Inside, bounds, need, tool
from tinyllm.tools import asserts, programs

if TYPE_CHECKING:
    from tinyllm.sandbox import Ran

SECONDS = 10.0
FINDINGS = 50
RAISED = re.compile(
    r"^(?P<type>[A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Exit|Iteration|Warning))(?:: (?P<said>.*))?$",
    re.MULTILINE,
)
PLACE = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+)(?:, in (?P<where>\S+))?')
MEANS = {
    "AssertionError": "A condition that must hold does not. Look at the values that the assert compares.",
    "AttributeError": "The value has no such attribute. Look at its type: it may be None, or of another class.",
    "FileNotFoundError": "There is no such file from where the code runs. Check the path and the working folder.",
    "ImportError": "The module is there, but not this name of it. Check the spelling and the version.",
    "IndentationError": "The lines are not indented alike. Use four spaces for each level.",
    "IndexError": "The list is shorter than the index. Check its length, and that counting begins at 0.",
    "KeyError": "The dict has no such key. Use .get(key), or look at its keys first.",
    "MemoryError": "It needs more memory than allowed. Work on smaller pieces.",
    "ModuleNotFoundError": "The package is not installed here. Use the standard library.",
    "NameError": "The name is not defined where it is used. Check its spelling, and define it before.",
    "PermissionError": "The code may not do this here. The sandbox has no network, and only its own folder.",
    "RecursionError": "The function calls itself without end. Check the case in which it must stop.",
    "SyntaxError": "It is not Python. Look at the line shown and at the one before: a bracket, a quote or a colon.",
    "TimeoutError": "It took too long. Look for a loop that does not end.",
    "TypeError": "A value has the wrong type, or a function the wrong number of arguments.",
    "UnboundLocalError": "A local name is used before it has a value. Assign it first on every way.",
    "UnicodeDecodeError": "The file is not in this encoding. Open it with another encoding, or as bytes.",
    "ValueError": "The type is right, the value is not. Check what is converted or unpacked.",
    "ZeroDivisionError": "It divides by zero. Check the divisor first.",
}


@tool(effect="read", reach="exec", extra="sandbox", sandboxed=True)
async def run(code: str, files: list[Inside] | None = None) -> dict[str, Any]:
    """Run Python and give its output and the value of its last line; files of the workspace lie beside it as copies."""
    contents: dict[str, str | bytes] = {
        str(file): await asyncio.to_thread(file.read_bytes) for file in files or ()
    }
    return _told(await _ran(code, contents))


async def _ran(code: str, files: dict[str, str | bytes]) -> "Ran":
    from tinyllm.sandbox import arun  # not needed to list tools

    return await arun(code, files=files, timeout=SECONDS)


def _told(ran: "Ran") -> dict[str, Any]:
    """What a model needs to see of it, and which layer ran it and why."""
    shown = {"value": ran.value, "output": ran.stdout, "errors": ran.stderr, "error": ran.error}
    return {
        "ok": ran.ok,
        **{name: value for name, value in shown.items() if value not in (None, "")},
        "ran_in": ran.layer,
        "why": ran.why,
    }


@tool(effect="read", reach="exec", extra="sandbox", sandboxed=True)
async def test(code: str, tests: str) -> dict[str, Any]:
    """Run tests against Python code: asserts such as assert add(2, 2) == 4, or functions called test_…"""
    ran = await _ran(asserts.program(code, tests), {})
    if not ran.ok or not isinstance(ran.value, list):
        return {
            "passed": 0,
            "failed": 1,
            "failures": [{"test": "the code itself", "error": ran.error or "it gave nothing"}],
        }
    results = [
        (str(each[0]), str(each[1])) for each in ran.value if isinstance(each, list) and len(each) == 2
    ]
    failures = [{"test": name, "error": error} for name, error in results if error]
    return {"passed": len(results) - len(failures), "failed": len(failures), "failures": failures}


@tool(effect="pure", extra="code")
async def format(code: str) -> str:
    """Format Python code as everybody does."""
    ended = await _ruff("format", "-", given=code)
    if ended.code != 0:
        asserts.parsed(code, "code")
        raise BadReply("this code cannot be formatted", hint=ended.stderr[:300], code="CODE_SYNTAX")
    return ended.stdout


@tool(effect="pure", extra="code")
async def lint(code: str) -> list[dict[str, Any]]:
    """Find likely mistakes in Python code: unused names, undefined names, traps."""
    ended = await _ruff("check", "--output-format=json", "--select=E9,F,B,PLE,RUF", "-", given=code)
    try:
        found = json.loads(ended.stdout)
    except ValueError as failure:
        raise BadReply(
            "this code cannot be checked", hint=ended.stderr[:300], code="CODE_SYNTAX"
        ) from failure
    return [
        {"line": each["location"]["row"], "rule": each["code"] or "syntax", "message": each["message"]}
        for each in found[:FINDINGS]
    ]


async def _ruff(*arguments: str, given: str) -> programs.Ended:
    """ruff with its own defaults: what a workspace says about it does not count."""
    need("ruff", extra="code")
    command = [
        sys.executable,
        "-I",
        "-m",
        "ruff",
        *arguments[:1],
        "--isolated",
        "--no-cache",
        "--stdin-filename=code.py",
    ]
    return await programs.run([*command, *arguments[1:]], Path(sys.prefix), given=given)


@tool(effect="pure")
async def explain(error: str) -> dict[str, Any]:
    """Explain a Python error or traceback: what it means, where it happened, what to do."""
    raised = list(RAISED.finditer(text := error[-20_000:]))
    if not raised:
        raise BadReply(
            "there is no Python error in this text",
            hint="give the last lines of the traceback",
            code="TOOL_INPUT",
        )
    last = raised[-1]
    kind = last["type"].rpartition(".")[2]
    places = [match.groupdict() for match in PLACE.finditer(text)]
    own = [
        place
        for place in places
        if "site-packages" not in place["file"] and "/lib/python" not in place["file"]
    ]
    told: dict[str, Any] = {
        "error": kind,
        "said": (last["said"] or "")[:500],
        "means": MEANS.get(kind, "See what it says."),
    }
    if place := next(reversed(own or places), None):
        told["line"] = int(place["line"])
        told["file"] = place["file"].removeprefix(f"{bounds().root}/")
    return told
