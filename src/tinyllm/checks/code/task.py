"""What a question asks to be programmed: the function's name, what stands around it, and the examples."""

import ast
import builtins
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from tinyllm.checks.blocks import ends_of, parses

DEFINED = re.compile(r"^[ \t>`]*(?:async )?def (\w+)\s*\(", re.MULTILINE)
NAMED = re.compile(
    r"(?i)\b(?:function|method|def)\b[^.\n]{0,40}?\b(?:called|named|name is)\s+[`'\"*]*([a-z_]\w*)"
    r"|\b(?:function|implement|write|define|complete)\s+[`'\"*]*([a-z_]\w*)\s*\("
    r"|\b(?:function|implement)\s+[`*]+([a-z_]\w*)[`*]+"
)
CALLED = re.compile(r"(?<![\w.])([a-z_]\w*)\(")
GIVES = re.compile(
    r"[ \t`]{0,9}(?:={2,}>|=+>|-+>|→|➞|⇒|⟹|==|=|#\s{0,9}(?:=+>|-+>|→|returns?:?|output:?|result:?)?"
    r"|,?\s{0,9}(?:it\s{1,9})?(?:should|must|would|will)\s{1,9}(?:return|be|equal|give|output|yield|evaluate to)"
    r"|,?\s{0,9}(?:returns?|gives?|yields?|outputs?|equals?|evaluates to|is equal to|is|results? in))[ \t]{0,9}:?[ \t`]{0,9}"
)
BEHIND = re.compile(r"[ \t`'\"]{0,9}(?:[-+*/=<>%^|&\[(]|\b(?:or|if|times|and)\b(?! \w+\())")
OPENS, CLOSES = "([{", ")]}"
MOST, LONGEST = 20, 20_000
LINES = 300  # of the code in a question


@dataclass(frozen=True, slots=True)
class Example:
    """A call and what it must give, both as they would be written in a program."""

    call: str
    wanted: str


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be programmed."""

    name: str
    around: str  # imports and other functions that the question gives
    header: str  # the signature, where the question gives one
    examples: tuple[Example, ...]


@lru_cache(256)
def task_of(question: str) -> Task:
    """What the question says of the function that it wants; no name when it names none."""
    question = ends_of(question, LONGEST)
    name = _name(question)
    defined = _definitions(question)
    around = [ast.unparse(each) for each in defined if not _is_asked(each, name)]
    header = next((each for each in defined if isinstance(each, ast.FunctionDef) and each.name == name), None)
    found = list(_examples(question, name)) if name else []
    found += [
        Example(f"bool({test})", "True")
        for tested, test in _assertions(question)
        if tested == name and not any(each.call in test for each in found)
    ]
    examples = tuple(dict.fromkeys(found))[:MOST]
    return Task(name, "\n".join(around), ast.unparse(header) if header else "", examples)


def _name(question: str) -> str:
    """The last function that is begun, the one that is named, or the one that all examples call."""
    if defined := DEFINED.findall(question):
        return str(defined[-1])
    if named := NAMED.search(question):
        return str(next(filter(None, named.groups())))
    if tested := list(dict.fromkeys(name for name, _ in _assertions(question))):
        return tested[0]
    names = list(dict.fromkeys(CALLED.findall(question)))[:MOST]
    called = {each for each in names if _calls(question, each)}
    return called.pop() if len(called) == 1 else ""


def _assertions(question: str) -> Iterator[tuple[str, str]]:
    """Whole tests, each with the function that it tests: `assert set(shared(a, b)) == {1}`."""
    for line in re.findall(r"^[ \t]*(assert .*)$", question, re.MULTILINE):
        if _reads(line.strip()):
            statement = ast.parse(line.strip()).body[0]
            assert isinstance(statement, ast.Assert)
            calls = [each for each in ast.walk(statement.test) if isinstance(each, ast.Call)]
            names = [each.func.id for each in calls if isinstance(each.func, ast.Name)]
            own = [name for name in names if not hasattr(builtins, name)]
            if own:
                yield own[-1], ast.unparse(statement.test)


def _reads(code: str) -> bool:
    """Can it be read, and written out again? A number of thousands of digits has no decimal form."""
    if not parses(code):
        return False
    try:
        ast.unparse(ast.parse(code))
    except (ValueError, RecursionError):
        return False
    return True


def _calls(question: str, name: str) -> bool:
    return any(True for _ in _examples(question, name))


def _is_asked(tree: ast.stmt, name: str) -> bool:
    return isinstance(tree, ast.FunctionDef) and (tree.name == name or _empty(tree))


def _empty(tree: ast.FunctionDef) -> bool:
    return all(
        isinstance(each, ast.Pass) or (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))
        for each in tree.body
    )


def _definitions(question: str) -> list[ast.stmt]:
    """Imports and functions in the question's own code, which may end where the answer begins."""
    lines = [line for line in question.splitlines() if not line.strip().startswith("```")]
    starts = [at for at, line in enumerate(lines) if re.match(r"(?:def|import|from|async def)\s+\w", line)]
    if not starts:
        return []
    for end in range(min(len(lines), starts[0] + LINES), starts[0], -1):
        code = "\n".join(lines[starts[0] : end])
        for ending in ("", "\n    pass"):
            if _reads(code + ending):
                body = ast.parse(code + ending).body
                return [
                    each for each in body if isinstance(each, (ast.Import, ast.ImportFrom, ast.FunctionDef))
                ]
    return []


def _examples(question: str, name: str) -> Iterator[Example]:
    for found in islice(re.finditer(rf"(?<![\w.]){re.escape(name)}\s?\(", question), 5 * MOST):
        end = _closed(question, found.end() - 1)
        call = " ".join(question[found.start() : end].split("\n"))
        if not end or not _literal_call(call):
            continue
        before = question[max(0, found.start() - 12) : found.start()]
        wanted = _wanted(question, end, before)
        if wanted:
            yield Example(ast.unparse(ast.parse(call.strip(), mode="eval")), wanted)


def _closed(text: str, at: int) -> int:
    """Behind the bracket that closes the one that stands here; 0 when none does."""
    depth, quote = 0, ""
    for place in range(at, min(len(text), at + 2000)):
        sign = text[place]
        if quote:
            quote = "" if sign == quote and text[place - 1] != "\\" else quote
        elif sign in "'\"":
            quote = sign
        elif sign in OPENS:
            depth += 1
        elif sign in CLOSES:
            depth -= 1
            if depth == 0:
                return place + 1
    return 0


def _literal_call(call: str) -> bool:
    """Are all its arguments plain values?"""
    try:
        tree = ast.parse(call.strip(), mode="eval").body
        if not isinstance(tree, ast.Call) or any(each.arg is None for each in tree.keywords):
            return False
        for each in (*tree.args, *(keyword.value for keyword in tree.keywords)):
            ast.literal_eval(each)
        ast.unparse(tree)  # a number of thousands of digits has no decimal form
    except (SyntaxError, ValueError, RecursionError, MemoryError, TypeError):
        return False
    return True


def _wanted(question: str, end: int, before: str) -> str:
    """What the call gives, as it stands behind it; on the next line in a session of the interpreter."""
    rest = question[end : end + 2000]
    if before.rstrip(" ").endswith(">>>") and (session := re.match(r"[ \t]*\n(?P<said>[^\n]+)", rest)):
        return _literal(session["said"].strip(), whole=True)
    if re.search(r"\bassert\s+not\s+$", before):
        return "False"
    if gives := GIVES.match(rest):
        return _literal(rest[gives.end() :], whole=False)
    if re.search(r"\bassert\s+$", before) and re.match(r"[ \t]*(?:\n|$)", rest):
        return "True"
    return ""


def _literal(text: str, *, whole: bool) -> str:
    """The value that a text begins with, as a program writes it; nothing when more belongs to it."""
    text = re.sub(
        r"^(true|false|null|none)\b",
        lambda word: {"true": "True", "false": "False"}.get(word[0], "None"),
        text,
    )
    if whole:
        return text if _is_value(text) else ""
    if text[:1] in OPENS:
        end = _closed(text, 0)
    elif text[:1] in "'\"":
        end = next((at + 1 for at in range(1, len(text)) if text[at] == text[0] and text[at - 1] != "\\"), 0)
    else:
        found = re.match(r"-?\d[\d_]*(?:\.\d+)?(?:e[-+]?\d+)?|True\b|False\b|None\b", text)
        end = found.end() if found else 0
    value = text[:end]
    return value if value and _is_value(value) and not BEHIND.match(text[end:]) else ""


def _is_value(text: str) -> bool:
    try:
        ast.literal_eval(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError, TypeError):
        return False
    return True
