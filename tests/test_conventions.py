"""The rules of the house, as tests: each allow-list only shrinks."""

import ast
import importlib
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import tinyllm

SOURCE = Path(tinyllm.__file__).parent
ROOT = SOURCE.parents[1]
FILES = sorted(SOURCE.rglob("*.py"))
MODULES = sorted(
    m.name for m in pkgutil.walk_packages(tinyllm.__path__, "tinyllm.") if not m.name.endswith("__main__")
)

LINES, FUNCTION_LINES = 300, 40
BROAD = (
    "errors/case.py",
    "guard",
    "services.py",
    "build.py",
    "transactions",
    "cli/__init__.py",
    "execution.py",
    "traces/sending.py",
)
FORBIDDEN_NAMES = ("Manager", "Handler", "Helper", "Base", "Util", "Advanced")


def _name(path: Path) -> str:
    return str(path.relative_to(SOURCE))


Trees = dict[Path, ast.Module]


@pytest.fixture(scope="module")
def trees() -> Trees:
    """Every module as Python reads it; let go with the last test here, for they are millions of objects."""
    return {path: ast.parse(path.read_text("utf-8")) for path in FILES}


def test_no_module_is_longer_than_a_reader_can_hold() -> None:
    long = {_name(path): len(path.read_text("utf-8").splitlines()) for path in FILES}
    assert {name: count for name, count in long.items() if count > LINES} == {}


def test_no_function_is_longer_than_a_screen(trees: Trees) -> None:
    long = [
        f"{_name(path)}:{node.lineno} {node.name}"
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (node.end_lineno or 0) - node.lineno - len(node.decorator_list) >= FUNCTION_LINES
        and not _is_command(node)
    ]
    assert long == []


def _is_command(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """The options of a command are its documentation; its body is what counts."""
    decorated = any("command" in ast.unparse(decorator) for decorator in node.decorator_list)
    return decorated and (node.end_lineno or 0) - node.body[0].lineno < FUNCTION_LINES


def test_broad_excepts_stay_where_survival_is_decided(trees: Trees) -> None:
    broad = [
        f"{_name(path)}:{node.lineno}"
        for path, tree in trees.items()
        if not _name(path).startswith(BROAD)
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in ("Exception", "BaseException"))
        and not _only_cleans_up(node)
    ]
    assert broad == []


def _only_cleans_up(node: ast.ExceptHandler) -> bool:
    """It lets the failure go on: nothing is swallowed."""
    return isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None


def test_every_module_says_what_it_is_for(trees: Trees) -> None:
    silent = [_name(path) for path, tree in trees.items() if tree.body and not ast.get_docstring(tree)]
    assert silent == []


def test_names_say_what_things_are(trees: Trees) -> None:
    bad = [
        f"{_name(path)}: {node.name}"
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and node.name.endswith(FORBIDDEN_NAMES)
    ]
    assert bad == []


def test_only_the_command_line_prints(trees: Trees) -> None:
    printing = [
        f"{_name(path)}:{node.lineno}"
        for path, tree in trees.items()
        if not _name(path).startswith(("cli", "routing/__main__"))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("print", "sys.stdout.write")
    ]
    assert printing == []


def test_what_a_module_exports_is_there() -> None:
    for name in MODULES:
        module = importlib.import_module(name)
        missing = [each for each in getattr(module, "__all__", ()) if not hasattr(module, each)]
        assert not missing, name


def test_the_public_names_are_written_out_and_sorted() -> None:
    assert tinyllm.__all__ == sorted(tinyllm.__all__)
    assert all(getattr(tinyllm, name) is not None for name in tinyllm.__all__)


def _fresh(code: str) -> str:
    """What a fresh interpreter prints."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_the_package_loads_nothing_else() -> None:
    heavy = [
        "langgraph",
        "langchain_core",
        "pydantic",
        "sqlalchemy",
        "sympy",
        "typer",
        "ollama",
        "httpx",
        "jinja2",
        "yaml",
        "numpy",
    ]
    code = f"import sys, tinyllm; print([name for name in {heavy!r} if name in sys.modules])"
    assert _fresh(code) == "[]"


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_help_and_version_load_no_engine(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom tinyllm.cli import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "print([n for n in ('langgraph', 'langchain_core', 'sqlalchemy', 'pydantic', 'sympy') if n in sys.modules])"
    )
    assert _fresh(code).endswith("[]")


def test_importing_the_tools_loads_no_optional_package() -> None:
    code = (
        "import sys\nfrom tinyllm.toolkit import Toolbox\nToolbox.standard()\n"
        "print([n for n in ('duckdb', 'sympy', 'playwright', 'docker', 'redis', 'numpy') if n in sys.modules])"
    )
    assert _fresh(code) == "[]"


def test_importing_a_module_changes_nothing_in_the_folder(tmp_path: Path) -> None:
    names = [name for name in MODULES if "postgres" not in name]
    (folder := tmp_path / "empty").mkdir()
    code = (
        f"import importlib, os; os.chdir({str(folder)!r})\n"
        f"for name in {names!r}: importlib.import_module(name)\nprint(os.listdir('.'))"
    )
    assert _fresh(code) == "[]"


def test_nothing_published_names_a_package_index() -> None:
    hosts = ("pypi" + ".org", "files.python" + "hosted", "registry." + "npmjs")
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split("\n")
    for name in filter(None, tracked):
        path = ROOT / name
        if path.is_file() and path.stat().st_size < 1_000_000:
            text = path.read_text("utf-8", "replace")
            assert not any(host in text for host in hosts), name
