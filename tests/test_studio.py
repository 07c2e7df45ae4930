"""LangGraph Studio's server lists and runs every shipped graph; LangChain embeds one."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tinyllm import settings
from tinyllm.engine import Engine
from tinyllm.testing.simulator import Model, Script, Simulator

pytest.importorskip("langgraph_api", reason="Studio's server comes with the development tools")

GRAPHS = Path(settings.shipped())
LISTED = json.loads((GRAPHS / "langgraph.json").read_text())["graphs"]
TRIES = 240


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`langgraph dev` as a contributor starts it, with a simulated model server behind it."""
    folder = tmp_path_factory.mktemp("studio")
    url = f"http://127.0.0.1:{(port := free_port())}"
    models = [Model(name="qwen2.5:3b", capabilities=("completion", "tools"))]
    with Simulator(Script({"*": "said by a model"}, models=models)) as simulator:
        command = [str(Path(sys.executable).parent / "langgraph"), "dev", "--no-browser", "--no-reload"]
        environment = {
            **os.environ,
            "OLLAMA_HOST": simulator.url,
            "HOME": str(folder),
            "LANGSMITH_TRACING": "false",
        }
        with subprocess.Popen(
            [*command, "--config", str(GRAPHS / "langgraph.json"), "--port", str(port)],
            cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        ) as process:  # fmt: skip
            try:
                _wait(url, process)
                yield url
            finally:
                process.terminate()
                process.communicate(timeout=30)


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    transport = httpx.HTTPTransport(retries=3)
    with httpx.Client(transport=transport, trust_env=False, timeout=2) as http:
        for _ in range(TRIES):
            if process.poll() is not None:
                break
            try:
                if http.get(f"{url}/ok").status_code == 200:
                    return
            except httpx.TransportError:
                with pytest.raises(subprocess.TimeoutExpired):
                    process.wait(0.25)
    process.kill()
    raise AssertionError(process.communicate()[0].decode("utf-8", "replace")[-4000:])


async def run(url: str, graph: str, given: dict[str, Any]) -> dict[str, Any]:
    from langgraph_sdk import get_client

    client = get_client(url=url, timeout=60)
    try:
        found: Any = await client.runs.wait(None, graph, input=given)
        return dict(found)
    finally:
        await client.aclose()


def test_every_shipped_graph_is_listed() -> None:
    assert set(LISTED) == {path.stem for path in GRAPHS.glob("*.yaml")}


@pytest.mark.timeout(180)
async def test_studio_lists_and_runs_every_shipped_graph(server: str) -> None:
    from langgraph_sdk import get_client

    client = get_client(url=server, timeout=60)
    assert {each["graph_id"] for each in await client.assistants.search(limit=50)} == set(LISTED)
    await client.aclose()
    question = {"messages": [{"role": "user", "content": "What is 2 + 2?"}]}
    assert (await run(server, "assistant", question))["outputs"] == {"exact": "4"}
    growing = await run(server, "growth", {"inputs": {"graph": "assistant"}})
    assert growing["outputs"]["watch"]["said"] == ["nothing should grow"]
    for graph in sorted(set(LISTED) - {"assistant", "growth"}):
        state = await run(server, graph, {"inputs": {"text": "A text.", "question": "A text."}})
        assert "said by a model" in state["outputs"].values(), graph


@pytest.mark.timeout(180)
async def test_studio_asks_the_models(server: str) -> None:
    state = await run(server, "assistant", {"inputs": {"question": "Tell me a joke about penguins."}})
    assert state["messages"][-1]["content"] == "said by a model"


async def test_a_graph_works_in_a_chain_of_langchain(offline: settings.Settings) -> None:
    from langchain_core.messages import HumanMessage
    from langchain_core.runnables import RunnableLambda

    async with Engine(settings=offline) as engine:
        chain: Any = (
            RunnableLambda(lambda n: f"What is {n} + 2?") | engine.as_runnable() | RunnableLambda(str.strip)
        )
        assert await chain.ainvoke(2) == "4"
        assert await asyncio.to_thread(chain.invoke, 3) == "5"
        runnable = engine.as_runnable()
        for given in (
            "2 + 2",
            {"question": "2 + 2"},
            [HumanMessage("2 + 2")],
            {"messages": [{"role": "user", "content": "2 + 2"}]},
        ):
            assert await runnable.ainvoke(given) == "4", given


async def test_the_graph_is_a_plain_one_of_langgraph(offline: settings.Settings) -> None:
    from langgraph.graph.state import CompiledStateGraph

    graph = Engine(settings=offline).graph
    assert isinstance(graph, CompiledStateGraph)
    state = await graph.ainvoke({"messages": [{"role": "user", "content": "What is 2 + 2?"}]})
    assert state["outputs"]["exact"] == "4"
    assert [message["content"] for message in state["messages"]] == ["What is 2 + 2?", "4"]
    assert {"exact", "route", "code", "check"} <= set(graph.get_graph().nodes)
