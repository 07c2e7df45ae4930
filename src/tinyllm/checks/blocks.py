"""Code in a text: where it stands, and in which language."""

import ast
import re
import textwrap
from dataclasses import dataclass

FENCE = re.compile(r"[ \t]*(?P<fence>`{3,}|~{3,})[ \t]*(?P<name>[\w+#.-]{0,30})[^`]*$")
LINES = 400  # of a program without fences
PYTHON = ("python", "py", "python3", "pycon", "")
OTHER = re.compile(
    r"(?i)\b(?:javascript|typescript|java|c\+\+|cpp|c#|golang|rust|ruby|php|kotlin|swift|bash|shell|sql|haskell|scala|perl|html|css|regex|regular expression)\b"
    r"|\bin (?:c|go|r)\b"
)
WANTS = re.compile(
    r"(?i)\b(?:write|implement|complete|create|define|give|code|develop|design|finish|fix|produce|make|return)\b[^.?!]{0,200}\b(?:function|method|class|program|script|code|def)\b"
    r"|\b(?:implement|complete|write)\s+`?\w+\("
)
SHOWN = re.compile(r"(?i)\bpython (?:function|program|script|code)\b")
EXPLAINS = re.compile(
    r"(?i)\b(?:what (?:does|do|is|are|will|would)|which|explain|why|how (?:does|do|many|much)|when|describe|output of|is it|does it|compare|difference)\b"
)
BEGUN = re.compile(r"^[ \t]*(?:async )?def \w+\s*\(", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of code."""

    code: str
    language: str = ""

    @property
    def python(self) -> bool:
        return self.language.lower() in PYTHON and parses(self.code)


def blocks(text: str) -> list[Block]:
    """The fenced pieces of code; without fences, the text itself when it is a program with a definition in it."""
    if found := fenced(text)[0]:
        return found
    bare = _bare(text)
    return [Block(bare, "python")] if bare else []


def fenced(text: str) -> tuple[list[Block], str]:
    """The pieces of code between fences, and the text around them; a fence that nothing closes goes to the end."""
    found: list[Block] = []
    around: list[str] = []
    inside: list[str] = []
    name = fence = ""
    for line in text.splitlines():
        if fence and line.strip().startswith(fence) and not line.strip().strip(fence[0]):
            found.append(Block(_undented("\n".join(inside)), name))
            inside, fence = [], ""
        elif fence:
            inside.append(line)
        elif opened := FENCE.match(line):
            fence, name = opened["fence"], opened["name"]
        else:
            around.append(line)
    if fence and inside:
        found.append(Block(_undented("\n".join(inside)), name))
    return found, "\n".join(around)


def ends_of(text: str, most: int = 8_000) -> str:
    """What is asked stands at the beginning or at the end; between them may be any amount of material."""
    return text if len(text) <= most else f"{text[: most // 2]}\n\n{text[-most // 2 :]}"


def _undented(code: str) -> str:
    code = textwrap.dedent(code).strip("\n")
    if ">>> " in code and not parses(code):
        lines = [line[4:] for line in code.splitlines() if line.startswith((">>> ", "... "))]
        code = "\n".join(lines)
    return code


def _bare(text: str) -> str:
    """From the first line that is code to the last with which it still parses."""
    lines = textwrap.dedent(text).strip("\n").splitlines()
    starts = [
        at for at, line in enumerate(lines) if re.match(r"(?:def|class|import|from|async def|@)\b", line)
    ]
    if not starts:
        return ""
    for end in range(min(len(lines), starts[0] + LINES), starts[0], -1):
        code = "\n".join(lines[starts[0] : end]).rstrip()
        if "def " in code and parses(code):
            return code
    return ""


def parses(code: str) -> bool:
    try:
        ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def asks_for_code(question: str) -> bool:
    """Is a program wanted? A question that shows one, and asks what it does, wants words."""
    question = ends_of(question)
    prose = _prose(question)
    if WANTS.search(prose):
        return True
    if EXPLAINS.search(prose):
        return False
    return BEGUN.search(question) is not None or SHOWN.search(prose) is not None


def _prose(question: str) -> str:
    """What is said around the code in it."""
    text = fenced(question)[1]
    start = BEGUN.search(text)
    if start is None:
        return text
    lines = text[start.start() :].splitlines()
    behind = [line for line in lines[1:] if line.strip() and not line[:1].isspace()]
    return "\n".join([text[: start.start()], *behind])


def needs_python(question: str) -> bool:
    """Is it clear that a program of functions in Python is wanted, and not a command or a page?"""
    return (
        "python" in question.lower() or BEGUN.search(question) is not None or "function" in question.lower()
    )


def another_language(question: str) -> bool:
    """Is it wanted in a language that is not run here?"""
    question = ends_of(question)
    return OTHER.search(question) is not None and "python" not in question.lower()
