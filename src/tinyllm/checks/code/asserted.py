"""A whole test, as `set(shared(a, b)) == {1}`: the code gives its values, and is not asked whether they are right."""

import ast
import builtins
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LENT = {"math": "import math", "Counter": "from collections import Counter"}


@dataclass(frozen=True, slots=True)
class Test:
    """What the code is called with, and what is asked of the values."""

    tree: ast.expr
    calls: tuple[str, ...]

    def with_values(self, values: Mapping[str, str]) -> str:
        """The test on plain values; nothing where one cannot be written."""
        try:
            read = {call: _literal(values[call]) for call in self.calls}
            tree = ast.parse(ast.unparse(self.tree), mode="eval").body
            return f"bool({ast.unparse(_Values(read).visit(tree))})"
        except (SyntaxError, ValueError, RecursionError, MemoryError, TypeError):
            return ""


def is_test(call: str) -> bool:
    return call.startswith("bool(")


def test_of(call: str, code: str) -> Test | None:
    """The test in `bool(...)`; None where its parts cannot be told apart."""
    tree = ast.parse(call, mode="eval").body
    if not isinstance(tree, ast.Call) or len(tree.args) != 1:
        return None
    own, bound = _names(code)
    finder = _Calls(own, bound | own)
    finder.visit(tree.args[0])
    return Test(tree.args[0], tuple(dict.fromkeys(finder.calls))) if finder.calls and finder.plain else None


def lent(tests: Sequence[str]) -> list[str]:
    return [line for name, line in LENT.items() if any(name in test for test in tests)]


def _literal(text: str) -> ast.expr:
    ast.literal_eval(text)
    return ast.parse(text, mode="eval").body


def _names(code: str) -> tuple[set[str], set[str]]:
    """What the code defines, and all else that has a name in it."""
    tree = ast.parse(code)
    own = {
        each.name
        for each in ast.walk(tree)
        if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
    }
    assigned = {
        target.id
        for each in tree.body
        if isinstance(each, ast.Assign)
        for target in each.targets
        if isinstance(target, ast.Name)
    }
    return own - set(dir(builtins)), (own | assigned) - set(dir(builtins))


class _Calls(ast.NodeVisitor):
    """The outermost calls of the code's own functions."""

    def __init__(self, own: set[str], known: set[str]) -> None:
        self.own, self.known, self.calls, self.plain = own, known | set(dir(builtins)), list[str](), True

    def visit_Call(self, node: ast.Call) -> None:
        if not (isinstance(node.func, ast.Name) and node.func.id in self.known - set(dir(builtins))):
            self.generic_visit(node)
            return
        self.calls.append(ast.unparse(node))
        self.plain &= all(each.id in self.known for each in ast.walk(node) if isinstance(each, ast.Name))


class _Values(ast.NodeTransformer):
    def __init__(self, values: Mapping[str, ast.expr]) -> None:
        self.values = values

    def visit_Call(self, node: ast.Call) -> ast.AST:
        return self.values.get(ast.unparse(node)) or self.generic_visit(node)
