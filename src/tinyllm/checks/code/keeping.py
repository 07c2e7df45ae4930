"""What of a module is kept: what it defines and needs, not what it asks or shows."""

import ast
from collections.abc import Iterator, Sequence

DEFINES = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
ASKS = {"input", "open", "print", "exit", "quit", "sys.exit"}
SETS = {"sys.setrecursionlimit", "setrecursionlimit"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def kept(statements: Sequence[ast.stmt], asked: str) -> list[ast.stmt]:
    """Definitions, and the assignments that they need; a lambda with a name is a function."""
    found = [each for each in map(_named, statements) if _may_stay(each)]
    needed = {asked, *(each.name for each in functions(found))}
    chosen = [each for each in found if not _calls(each)]
    waiting = [each for each in found if each not in chosen]
    needed |= {name for each in chosen for name in _loaded(each)}
    while more := [each for each in waiting if needed & set(_bound(each))]:
        waiting = [each for each in waiting if each not in more]
        needed |= {name for each in more for name in _loaded(each)}
    return [each for each in found if each not in waiting]


def functions(statements: Sequence[ast.stmt]) -> list[Function]:
    """Those of the module, also where they stand in an `if` or a `try`."""
    return [each for each in _flat(statements) if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef))]


def names(statements: Sequence[ast.stmt]) -> set[str]:
    """All that the module gives a name to."""
    return {name for each in statements for name in _bound(each)}


def _named(statement: ast.stmt) -> ast.stmt:
    """`double = lambda x: 2 * x` as the function that it is."""
    if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Lambda):
        target = statement.targets[0]
        if len(statement.targets) == 1 and isinstance(target, ast.Name):
            head = f"def {target.id}({ast.unparse(statement.value.args)}):"
            return ast.parse(f"{head}\n    return {ast.unparse(statement.value.body)}").body[0]
    return statement


def _may_stay(statement: ast.stmt) -> bool:
    if isinstance(statement, DEFINES):
        return True
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Call) and ast.unparse(statement.value.func) in SETS
    if isinstance(statement, ast.If) and "__name__" in ast.unparse(statement.test):
        return False
    kinds = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.If, ast.Try)
    return isinstance(statement, kinds) and not ASKS & set(_called(statement)) and bool([*_bound(statement)])


def _calls(statement: ast.stmt) -> bool:
    """Does it run something that may be there for show?"""
    return not isinstance(statement, (*DEFINES, ast.Expr)) and bool([*_called(statement)])


def _called(tree: ast.AST) -> Iterator[str]:
    """What is called at once, not when a function in it is."""
    if isinstance(tree, ast.Call):
        yield ast.unparse(tree.func)
    for each in ast.iter_child_nodes(tree):
        if not isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            yield from _called(each)


def _loaded(tree: ast.AST) -> set[str]:
    """What it takes from elsewhere: neither its parameters nor what it assigns itself."""
    nodes = list(ast.walk(tree))
    read = {each.id for each in nodes if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)}
    shared = {name for each in nodes if isinstance(each, ast.Global) for name in each.names}
    if not isinstance(tree, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return read | shared
    own = {each.arg for each in nodes if isinstance(each, ast.arg)}
    own |= {each.id for each in nodes if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
    return (read - own) | shared


def _flat(statements: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    for each in statements:
        yield each
        if isinstance(each, ast.If):
            yield from _flat([*each.body, *each.orelse])
        elif isinstance(each, ast.Try):
            handled = [one for handler in each.handlers for one in handler.body]
            yield from _flat([*each.body, *handled, *each.orelse, *each.finalbody])


def _bound(statement: ast.stmt) -> Iterator[str]:
    for each in _flat([statement]):
        if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield each.name
        elif isinstance(each, (ast.Import, ast.ImportFrom)):
            yield from ((alias.asname or alias.name).split(".")[0] for alias in each.names)
        elif isinstance(each, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            for target in each.targets if isinstance(each, ast.Assign) else [each.target]:
                yield from _roots(target)


def _roots(target: ast.expr) -> Iterator[str]:
    """`cache` of `cache["a"]`, both of `one, other`."""
    if isinstance(target, (ast.Tuple, ast.List)):
        for each in target.elts:
            yield from _roots(each)
    elif isinstance(target, (ast.Attribute, ast.Subscript, ast.Starred)):
        yield from _roots(target.value)
    elif isinstance(target, ast.Name):
        yield target.id
