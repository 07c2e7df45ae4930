"""Tests as small models write them: functions called test_… and bare asserts, each run and told on its own."""

import ast
from collections.abc import Iterator

from tinyllm.errors import BadReply

MOST = 100
RAN = "ran_tests_"


def parsed(source: str, name: str) -> ast.Module:
    """The tree of some code, or what is wrong with it and where."""
    try:
        return ast.parse(source)
    except SyntaxError as failure:
        raise BadReply(
            f"the {name} is not Python: {failure.msg} (line {failure.lineno})",
            hint=f"fix line {failure.lineno} of the {name}",
            code="CODE_SYNTAX",
        ) from failure
    except (ValueError, RecursionError, MemoryError) as failure:
        raise BadReply(
            f"the {name} cannot be read: {failure}", hint="give less code", code="CODE_SYNTAX"
        ) from failure


def program(code: str, tests: str) -> str:
    """A program that runs every test and ends with a list of names and failures."""
    parsed(code, "code")
    checks = list(_checks(parsed(tests, "tests")))
    wanted = sum(1 for name, _ in checks if name)
    if not 1 <= wanted <= MOST:
        raise BadReply(
            f"there are {wanted} tests",
            hint="write asserts such as assert add(2, 2) == 4, at most 100",
            code="TOOL_INPUT",
        )
    return "\n".join(
        (code, f"{RAN} = []", *(_tried(name, body) if name else body for name, body in checks), RAN)
    )


def _checks(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Every statement of the tests; those that are a test have a name."""
    called = []
    for statement in tree.body:
        text = ast.unparse(statement)
        yield (text if isinstance(statement, ast.Assert) else "", _telling(statement))
        if isinstance(statement, ast.FunctionDef) and statement.name.startswith("test"):
            called.append(statement.name)
    yield from ((name, f"{name}()") for name in called)


def _telling(statement: ast.stmt) -> str:
    """An assert that compares says what it got."""
    if not (
        isinstance(statement, ast.Assert)
        and statement.msg is None
        and isinstance(statement.test, ast.Compare)
    ):
        return ast.unparse(statement)
    compared = statement.test
    if len(compared.ops) != 1:
        return ast.unparse(statement)
    got = ast.Assign(targets=[ast.Name("got_", ast.Store())], value=compared.left, lineno=1)
    again = ast.Compare(ast.Name("got_", ast.Load()), compared.ops, compared.comparators)
    return f"{ast.unparse(got)}\nassert {ast.unparse(again)}, 'it was ' + repr(got_)"


def _tried(name: str, body: str) -> str:
    indented = "\n".join(f"    {line}" for line in body.splitlines())
    return (
        f"try:\n{indented}\n    {RAN}.append([{name[:200]!r}, ''])\n"
        f"except Exception as failure_:\n    {RAN}.append([{name[:200]!r}, type(failure_).__name__ + ': ' + str(failure_)])"
    )
