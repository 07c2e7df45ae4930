"""A specialist uses every tool through the graph: it asks, the tool runs, it reads the result and answers."""

from pathlib import Path

import pytest
from langchain_core.messages import AIMessage

from tests.tools.calls import AFTER_ANOTHER, CALLS
from tests.tools.conftest import Open
from tests.tools.counterparts import Counterpart
from tinyllm.engine import Engine
from tinyllm.settings import Settings
from tinyllm.testing.simulator import Reply, Script, Simulator, ToolCall

MODEL = "helper:1b"


@pytest.mark.parametrize("name", sorted(CALLS.keys() - AFTER_ANOTHER))
async def test_a_specialist_uses_it_and_reads_what_came_back(
    name: str, workspace: Path, tmp_path: Path, counterpart: Counterpart
) -> None:
    """Over the wire: the model is offered the tool, calls it, and is given its result."""
    arguments, expected = counterpart.call(*CALLS[name])
    graph = {
        "name": "t",
        "nodes": {"expert": {"model": MODEL, "prompt": "Use it.", "tools": [name], "allow": [name]}},
    }
    script = Script({MODEL: [Reply(tool_calls=(ToolCall(name, arguments),)), "That is it."]})
    async with Simulator(script) as simulator:
        settings = Settings(
            database=str(tmp_path / "runs.db"),
            workspace=str(workspace),
            ollama_host=simulator.url,
            allow_hosts=counterpart.hosts,
            connections=counterpart.connections,
        )
        async with Engine(graph, settings=settings) as engine:
            answer = await engine.ask("Do it.")
    first, second = simulator.asked
    assert str(answer) == "That is it."
    assert [tool["function"]["name"] for tool in first.body["tools"]] == [name]
    assert second.messages[-1]["role"] == "tool"
    assert expected in second.text


async def test_a_specialist_that_errs_is_told_how_to_call_it(open_engine: Open) -> None:
    wrong = AIMessage("", tool_calls=[{"name": "data_query", "args": {"query": "x"}, "id": "1"}])
    right = AIMessage("", tool_calls=[{"name": "data_query", "args": CALLS["data_query"][0], "id": "2"}])
    graph = {"name": "t", "nodes": {"expert": {"prompt": "Use your tools.", "tools": ["data_*"]}}}
    engine = open_engine(graph, wrong, right, "450")
    assert str(await engine.ask("How much was sold?")) == "450"
    told = engine.__dict__["script"].calls[1].text
    assert "sql is missing" in told
    assert "call it with sql (string), files (array)" in told


async def test_words_of_strangers_run_nothing(open_engine: Open, workspace: object) -> None:
    """The file tells the model to run a program, the model obeys, and a person is asked all the same."""
    reads = AIMessage("", tool_calls=[{"name": "files_read", "args": {"path": "notes.md"}, "id": "1"}])
    obeys = AIMessage(
        "", tool_calls=[{"name": "files_write", "args": {"path": "x.txt", "content": "hacked"}, "id": "2"}]
    )
    graph = {"name": "t", "nodes": {"expert": {"prompt": "Summarise.", "tools": ["files_*"]}}}
    answer = await open_engine(graph, reads, obeys, "done").ask("What do my notes say?")
    assert answer.status == "waiting"
    assert "write 6 characters to x.txt" in answer.question["question"]
