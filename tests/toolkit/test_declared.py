"""How a tool is declared, found and described."""

import importlib.util
import re
import sys
from pathlib import Path
from typing import Any, Literal

import pytest

import tinyllm
from tinyllm.errors import GraphError, Permanent, TinyError, UsageError
from tinyllm.toolkit import WORKSPACE, Bounds, Inside, PublicUrl, Tool, Toolbox, need, tool, within

PAGE = Path(tinyllm.__file__).parents[2] / "docs" / "tools.md"


@pytest.fixture
def longest(tmp_path: Path) -> Tool:
    """The tool that the page shows how to write."""
    block = re.search(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert block
    source = tmp_path / "notes.py"
    source.write_text(block.group(1))
    spec = importlib.util.spec_from_file_location("notes", source)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.engine.tools.get("notes_longest") is module.longest
    found: Tool = module.longest
    return found


async def test_the_page_shows_how_a_tool_is_written(longest: Tool, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("b\nccc\ndd\n")
    with within(Bounds(tmp_path)):
        assert await longest.run(**longest.read({"path": "a.txt", "lines": 2})) == ["ccc", "dd"]
    assert (longest.name, longest.doc) == ("notes_longest", "The longest lines of a text file.")
    assert longest.parameters["required"] == ["path"]


async def every(
    path: Inside = WORKSPACE,
    url: PublicUrl | None = None,
    kind: Literal["a", "b"] = "a",
    schema: dict[str, int] | None = None,
) -> None:
    """Take one of each."""


def test_the_schema_comes_from_the_signature() -> None:
    made = tool(effect="read", reach="net")(every)
    assert made.name == "test_declared_every"
    found = made.schema["function"]["parameters"]["properties"]
    assert list(found) == ["path", "url", "kind", "schema"]
    assert found["path"] == {
        "default": ".",
        "description": "A path inside the workspace, such as data/sales.csv.",
        "type": "string",
    }
    assert made.signature == (
        'path (string, optional), url (string, optional), kind ("a" or "b", optional), schema (object, optional)'
    )


def test_a_default_path_is_in_the_workspace_of_the_call(tmp_path: Path) -> None:
    with within(Bounds(tmp_path)):
        assert tool(effect="read")(every).read({})["path"] == Inside(tmp_path.resolve(), ".")


@pytest.mark.parametrize("path", [5, None, ["a"], {"root": "/", "relative": "etc/passwd"}])
def test_a_path_is_text_and_nothing_else(path: Any) -> None:
    with pytest.raises(TinyError, match="a path is text"):
        tool(effect="read")(every).read({"path": path})


def test_a_tool_is_async() -> None:
    with pytest.raises(UsageError, match="is not an async function"):
        tool(effect="pure")(lambda: None)  # type: ignore[arg-type, return-value]


def test_what_is_missing_is_named_with_the_line_that_installs_it() -> None:
    with pytest.raises(Permanent) as missing:
        need("a_package_that_is_not_there", extra="data")
    assert missing.value.hint.removeprefix("uv ") == "pip install 'tinyllm-graph[data]'"
    lacking = tool(effect="pure", extra="no-such-extra", programs=("no-such-program",))(every)
    assert lacking.missing == ("no-such-extra", "no-such-program")
    assert tool(effect="pure", programs=(Path(sys.executable).name,))(every).missing in ((), ("python",))


def test_a_pattern_that_names_no_tool_is_a_slip() -> None:
    with pytest.raises(GraphError, match="there is no tool 'calk_'"):
        Toolbox.standard().matching(["calk_"])
    assert all(name.startswith("calc_") for name in Toolbox.standard().matching(["calc_*"]).tools)


@pytest.mark.parametrize("name", list(Toolbox.standard().tools))
def test_every_tool_says_in_one_line_what_it_does(name: str) -> None:
    found = Toolbox.standard().get(name)
    assert found.doc
    assert "\n" not in found.doc
    assert len(found.doc) <= 200
