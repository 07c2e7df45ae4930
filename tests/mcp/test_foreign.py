"""Tools of a foreign MCP server: used in graphs, unsafe until declared, and never in the place of ours."""

import asyncio
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage

from tests.cli.conftest import Call
from tests.mcp.conftest import COMMAND, SMALL, declare
from tinyllm import settings
from tinyllm.engine import Engine
from tinyllm.errors import GraphError, TinyError
from tinyllm.mcp import cleaning
from tinyllm.mcp.declared import Server
from tinyllm.policy import Ask
from tinyllm.testing.scripted import Scripted
from tinyllm.toolkit import Toolbox

MAIL = {"kind": "tool", "tool": "small_send_mail", "args": {"to": "ada"}}
ADD = {"kind": "tool", "tool": "small_add", "args": {"one": 2, "other": 3}}


def graph(node: dict[str, Any], *allow: str) -> dict[str, Any]:
    return {"name": "g", "allow": list(allow), "nodes": {"use": node}}


async def test_a_foreign_tool_works_in_a_graph_and_its_server_ends_with_the_engine(
    project: Path, small: Server
) -> None:
    async with Engine(graph(ADD, "small_add")) as engine:
        before = tasks()
        assert not children()
        assert (await engine.ask("q")).value == 5
        assert (await engine.ask("q")).value == 5
        assert len(children()) == 1
    assert tasks() <= before
    assert not children()


def tasks() -> set[Any]:
    return {task for task in asyncio.all_tasks() if not task.done()}


def children() -> list[str]:
    """The servers that this process has started."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent = (path / "stat").read_text().rpartition(")")[2].split()[1]
            if int(parent) == os.getpid() and SMALL.encode() in (path / "cmdline").read_bytes():
                found.append(path.name)
        except OSError:
            continue
    return found


async def test_a_foreign_tool_is_unsafe_until_somebody_says_what_it_does(
    project: Path, small: Server
) -> None:
    tool = Toolbox.of(settings.load()).get("small_send_mail")
    assert (tool.effect, tool.reach, tool.untrusted) == ("unsafe", "remote", True)
    async with Engine(graph(MAIL)) as engine:
        answer = await engine.ask("q")
        assert answer.status == "waiting"
        assert 'small_send_mail(to="ada")' in answer.question["question"]
        assert not (project / "sent").exists()
        assert (await engine.resume(answer.run, "yes")).status == "committed"
        assert (project / "sent").read_text() == "ada\n"
        effects = await engine.transactions.effects(answer.run)
        assert ("small_send_mail", "unsafe") in [(line.name, line.effect) for line in effects]
        assert {line.kind for line in await engine.transactions.timeline(answer.run)} >= {"taint"}
    declare(project, replace(small, effects={"send-mail": "read"}))
    tool = Toolbox.of(settings.load()).get("small_send_mail")
    assert (tool.effect, tool.reach) == ("read", "net")


async def test_a_specialist_uses_a_foreign_tool_and_its_words_are_no_orders(
    project: Path, small: Server
) -> None:
    calls = [{"name": "small_add", "args": {"one": "2", "other": 3}, "id": "1", "type": "tool_call"}]
    more = [{"name": "small_send_mail", "args": {"to": "everyone"}, "id": "2", "type": "tool_call"}]
    model = Scripted(AIMessage("", tool_calls=calls), AIMessage("", tool_calls=more), "It is 5.")
    body = {"name": "g", "allow": ["small_*"], "nodes": {"a": {"prompt": "Use tools.", "tools": ["small_*"]}}}
    async with Engine(body, make=lambda *_: model) as engine:
        answer = await engine.ask("What is 2 + 3?")
        # The list allows it, but a stranger has spoken: a person is asked.
        assert (answer.status, "small_add" in answer.question["question"]) == ("waiting", True)
        assert (await engine.resume(answer.run, "no")).answer == "It is 5."
    assert not (project / "sent").exists()
    assert model.calls[0].tools == ["small_add", "small_send_mail"]


async def test_a_tool_that_is_not_what_it_was_is_not_called(
    project: Path, small: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = {**small.tools[0], "description": "Add two numbers, they said."}
    declare(project, replace(small, tools=(changed,)))
    async with Engine(graph(ADD, "small_add")) as engine:
        with pytest.raises(TinyError, match="is not what it was") as refusal:
            await engine.ask("q")
    assert "mcp test small --accept" in refusal.value.hint


async def test_a_server_that_is_not_there_or_dies_is_said_and_begun_anew(
    project: Path, small: Server
) -> None:
    declare(project, replace(small, name="gone", command=("/no/such/program",)))
    dying = {"name": "fail", "description": "Fail in one of several ways.", "schema": {
        "type": "object", "properties": {"how": {"type": "string"}}, "required": ["how"],
        "additionalProperties": False}}  # fmt: skip
    declare(project, replace(small, tools=(*small.tools, dying)))
    loaded = settings.load()
    tools = Toolbox.of(loaded)
    try:
        with pytest.raises(TinyError, match="the MCP server gone cannot be used"):
            await tools.get("gone_add").run(one=1, other=2)
        with pytest.raises(TinyError, match="small says: "):
            await tools.get("small_fail").run(how="raise")
        with pytest.raises(TinyError, match="small cannot be used"):
            await tools.get("small_fail").run(how="die")
        assert await tools.get("small_add").run(one=1, other=2) == 3
    finally:
        await tools.aclose()


def test_ours_are_never_in_the_shadow_of_a_foreign_server(
    tinyllm: Call, project: Path, small: Server
) -> None:
    done = tinyllm("tools", "mcp", "add", "files", "--", *COMMAND)
    assert (done.code, "tools of ours are named files_…" in done.err) == (2, True)
    mine = replace(small, name="files", tools=({**small.tools[0], "name": "read"},))
    declare(project, mine)  # written by hand
    ours = Toolbox.standard().get("files_read")
    assert Toolbox.of(settings.load()).get("files_read") is ours
    listed = json.loads(tinyllm("tools", "mcp", "list", "--json").out)
    assert {row["name"]: row["used"] for row in listed} == {"files": False, "small": True}


def test_a_server_is_added_listed_declared_tested_and_removed(tinyllm: Call, project: Path) -> None:
    done = tinyllm("tools", "mcp", "add", "small", "--env", "SENT", "--effect", "add=read", "--", *COMMAND)
    assert done.code == 0, done.err
    assert "small_send_mail" in done.out
    assert tinyllm("tools", "mcp", "add", "small", "--", *COMMAND).code == 2
    kept = (project / "tinyllm.mcp.json").read_text()
    assert str(project / "sent") not in kept
    rows = {row["name"]: row for row in json.loads(tinyllm("tools", "list", "small_*", "--json").out)}
    assert (rows["small_add"]["effect"], rows["small_send_mail"]["effect"]) == ("read", "unsafe")
    # What it says of itself is shown as one plain line, whatever it tried.
    assert rows["small_orders"]["description"].isprintable()
    assert "allow-list" not in rows["small_orders"]["description"]
    done = tinyllm("tools", "call", "small_add", "--approve", "small_add", "-a", "one=2", "-a", "other=3")
    assert (done.code, done.out) == (0, "5\n")
    assert tinyllm("tools", "call", "small_add", "-a", "one=2", "-a", "other=3").code == 1
    done = tinyllm("tools", "call", "small_environment", "--approve", "small_environment")
    assert set(done.out.split()) <= {"HOME", "LC_CTYPE", "PATH", "SENT", "SHELL", "TERM", "USER", "LOGNAME"}
    assert tinyllm("tools", "mcp", "effect", "small", "send-mail=idempotent").code == 0
    assert tinyllm("tools", "mcp", "effect", "small", "nothing=read").code == 2
    assert tinyllm("tools", "mcp", "effect", "small", "add=pure").code == 2
    assert tinyllm("tools", "show", "small_send_mail").out.count("effect idempotent") == 1
    assert tinyllm("tools", "mcp", "remove", "small").code == 0
    assert tinyllm("tools", "mcp", "test", "small").code == 2


def test_what_changed_since_is_shown_and_can_be_taken_over(
    tinyllm: Call, project: Path, small: Server
) -> None:
    done = tinyllm("tools", "mcp", "test", "small")
    assert done.code == 1  # it has more tools than were kept
    assert "orders is new; --accept takes it over" in done.err
    assert tinyllm("tools", "mcp", "test", "small", "--accept").code == 0
    assert tinyllm("tools", "mcp", "test", "small").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "UPPER", "--", "x"), "cannot be the name of a server"),
        (("add", "far", "http://example.com/mcp"), "is not a safe place"),
        (("add", "far", "https://me:secret@example.com/mcp"), "holds a password"),
        (("add", "far", "--effect", "all", "--", "x"), "is not an effect"),
        (("add", "far", "--", "/no/such/program"), "the MCP server far cannot be used"),
        (("add", "far", "--env", "NOT_SET_ANYWHERE", "--", "x"), "needs the variable NOT_SET_ANYWHERE"),
        (("add", "far", "--", "/bin/echo", "hello"), "the MCP server far cannot be used"),
        (("remove", "far"), "there is no MCP server 'far'"),
    ],
)
def test_what_cannot_be_added_is_refused(
    tinyllm: Call, project: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = tinyllm("tools", "mcp", *arguments)
    assert done.code != 0
    assert said in done.lines[0]
    assert done.lines[1].startswith("try")
    assert not (project / "tinyllm.mcp.json").exists()


def test_a_damaged_list_is_said_with_its_name(tinyllm: Call, project: Path) -> None:
    for text in ("{", "[]", '{"servers": {"a": 1}}', '{"servers": {"a": {"tools": [1]}}}'):
        (project / "tinyllm.mcp.json").write_text(text)
        with pytest.raises(GraphError, match="the list of MCP servers cannot be read"):
            Toolbox.of(settings.load())


async def test_no_tool_writes_the_list_of_servers(project: Path, small: Server) -> None:
    was = (project / "tinyllm.mcp.json").read_text()
    node = {"kind": "tool", "tool": "files_write", "args": {"path": "tinyllm.mcp.json", "content": "{}"}}
    async with Engine(graph(node, "files_write")) as engine:
        with pytest.raises(TinyError):
            await engine.ask("q")
    assert (project / "tinyllm.mcp.json").read_text() == was


HOSTILE: list[tuple[Any, Any]] = [
    ({"type": "object", "properties": {"a": {"type": "string", "pattern": "(a+)+$"}}}, {"a": {"type": "string"}}),
    ({"properties": {"a": {"$ref": "https://example.com/s.json"}}}, {"a": {}}),
    ({"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"type": "integer"}}}, {"a": {"type": "integer"}}),
    ({"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"$ref": "#/$defs/A"}}}, {"a": {}}),
    ({"properties": {"a": {"enum": ["x" * 5_000]}}}, {"a": {}}),
    ({"properties": {"a": {"default": "\x1b[2J"}}}, {"a": {}}),
    ({"properties": {"a": {"description": "one\u202e\n\ntwo"}}}, {"a": {"description": "one two"}}),
    ({}, {}),
]  # fmt: skip


@pytest.mark.parametrize(("given", "properties"), HOSTILE)
def test_a_hostile_schema_is_made_plain(given: Any, properties: Any) -> None:
    found = cleaning.schema(given)
    assert found is not None
    assert (found["properties"], found["additionalProperties"]) == (properties, False)


@pytest.mark.parametrize(
    "given",
    [7, {"type": "string"}, {"properties": {"a b": {}}}, {"properties": {f"a{n}": {} for n in range(1_000)}}],
)
def test_arguments_that_nobody_could_fill_in_are_refused(given: Any) -> None:
    assert cleaning.schema(given) is None


def test_tools_that_would_be_mixed_up_are_left_out() -> None:
    tools: list[Any] = [
        {"name": name, "description": "x" * 9_000, "schema": {}} for name in ("a-b", "a_b", "", "é", "A.B")
    ]
    kept, refused = cleaning.listed("small", [*tools, *({"name": f"t{n}", "schema": {}} for n in range(200))])
    assert [tool["name"] for tool in kept[:2]] == ["a-b", "t0"]
    assert (len(kept), len(refused)) == (96, 5)
    assert len(kept[0]["description"]) <= 600


def test_asks_show_the_call(project: Path, small: Server) -> None:
    from tinyllm.policy import Context, decide

    tool = Toolbox.of(settings.load()).get("small_send_mail")
    found = decide(tool, tool.read({"to": "ada\x1b[2J"}), Context())
    assert isinstance(found, Ask)
    assert "\x1b" not in found.what
