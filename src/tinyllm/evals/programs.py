"""The program in an answer, taken out and tried in the sandbox."""

import ast
import re

from tinyllm.errors import TinyError
from tinyllm.tools.asserts import program

FENCED = re.compile(
    r"^[ \t]*(`{3,}|~{3,})[ \t]*([\w+.-]*)[^\n]*\n(.*?)(?:^[ \t]*\1|\Z)", re.DOTALL | re.MULTILINE
)
PYTHON = ("", "python", "py", "python3", "py3", "pycon")
BEGINS = re.compile(r"^(?:def |class |import |from \w+ import |@|async def |\w+ = lambda)", re.MULTILINE)
CODE = 100_000


async def missing() -> TinyError | None:
    """Why no program can be tried here, if none can."""
    from tinyllm.sandbox import arun

    try:
        await arun("1")
    except TinyError as failure:
        if failure.code == "SANDBOX_MISSING":
            return failure
        raise
    return None


async def failing(answer: str, tests: str, timeout: float) -> str:
    """What is wrong with the program in the answer; nothing when every test passes."""
    from tinyllm.sandbox import arun

    code = taken_out(answer)
    if not code:
        return "there is no program in it"
    try:
        ran = await arun(program(code, tests), timeout=timeout)
    except TinyError as failure:
        if failure.exit_code != 1:
            raise
        return failure.message
    if not ran.ok or not isinstance(ran.value, list) or not ran.value:
        return f"the program fails: {ran.error or 'it ended before its tests'}"
    failed = [each for each in ran.value if isinstance(each, list) and len(each) == 2 and each[1]]
    return f"{failed[0][0]} fails: {failed[0][1]}" if failed else ""


def taken_out(answer: str) -> str:
    """The Python in the fences, as far as it can be read; without a fence, the part of the text that is Python."""
    answer = answer[:CODE]
    blocks = [_straight(match[3]) for match in FENCED.finditer(answer) if match[2].lower() in PYTHON]
    if blocks:
        whole = "\n\n".join(blocks)
        return whole if _reads(whole) else "\n\n".join(filter(_reads, blocks)) or blocks[0]
    if _reads(answer) and BEGINS.search(answer):
        return answer
    begun = BEGINS.search(answer)
    lines = answer[begun.start() :].splitlines() if begun else []
    # Prose behind the program: the longest beginning that can be read.
    for end in range(len(lines), 0, -1):
        if _reads("\n".join(lines[:end])):
            return "\n".join(lines[:end])
    return "\n".join(lines)


def _straight(block: str) -> str:
    """A block without the indentation of the list it stands in, or the prompts of a session."""
    import textwrap

    lines = block.splitlines()
    if any(line.startswith(">>> ") for line in lines):
        lines = [line[4:] for line in lines if line.startswith((">>> ", "... "))]
    return textwrap.dedent("\n".join(lines))


def _reads(code: str) -> bool:
    try:
        ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return bool(code.strip())
