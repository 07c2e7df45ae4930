"""Every refusal of the server, with its status and its words."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import ollama
import pytest
from langchain_ollama import ChatOllama

from tests.testing.clients import chat_model, client, http
from tinyllm.testing.simulator import Model, Reply, Script, Simulator, ToolCall

ASK: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "?"}]}
TOOL: dict[str, Any] = {
    "type": "function",
    "function": {"name": "f", "parameters": {"type": "object", "properties": {}}},
}
CARDS = [
    Model(name="m", capabilities=("completion", "tools", "thinking", "insert")),
    Model(name="plain:1b"),
    Model(name="embed", capabilities=("embedding",)),
    Model(name="rendered", tool_shape="rendered"),
]


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator(Script("hello", models=CARDS)) as running:
        yield running


def chat(**more: Any) -> dict[str, Any]:
    return {**ASK, **more}


REFUSED: list[tuple[str, Any, int, str]] = [
    ("/api/chat", b"", 400, "missing request body"),
    ("/api/chat", b"xyz", 400, "invalid character 'x' looking for beginning of value"),
    ("/api/chat", b'{"model": "m"', 400, "unexpected EOF"),
    ("/api/chat", b'{"model": "m', 400, "unexpected EOF"),
    ("/api/chat", b"{model: 1}", 400, "invalid character 'm' looking for beginning of object key string"),
    ("/api/chat", b'{"model" 1}', 400, "invalid character '1' after object key"),
    ("/api/chat", b'{"a": 1 "b"}', 400, "invalid character '\"' after object key:value pair"),
    ("/api/chat", b'{"model": "m"} x', 400, "invalid character 'x' after top-level value"),
    ("/api/chat", [], 400, "json: cannot unmarshal array into Go value of type api.ChatRequest"),
    (
        "/api/chat",
        {"model": "m", "messages": "hi"},
        400,
        "json: cannot unmarshal string into Go struct field ChatRequest.messages of type []api.Message",
    ),
    (
        "/api/chat",
        {"model": "m", "messages": [{"role": "user", "content": [{"type": "text"}]}]},
        400,
        "json: cannot unmarshal array into Go struct field ChatRequest.messages.content of type string",
    ),
    ("/api/chat", chat(top_logprobs=21), 400, "top_logprobs must be between 0 and 20"),
    (
        "/api/chat",
        chat(think="much"),
        400,
        'invalid think value: "much" (must be "high", "medium", "low", "max", true, or false)',
    ),
    (
        "/api/chat",
        chat(think=3),
        400,
        'think must be a boolean or string ("high", "medium", "low", "max", true, or false)',
    ),
    ("/api/chat", {"messages": []}, 400, "model is required"),
    ("/api/generate", {"prompt": "?"}, 404, "model '' not found"),
    ("/api/embed", {"input": "?"}, 404, "model '' not found"),
    ("/api/chat", chat(model="a b"), 400, "invalid model name"),
    ("/api/chat", chat(model="x/y/z/w"), 400, "invalid model name"),
    ("/api/chat", chat(model="x:local:cloud"), 400, 'use either :local or :cloud, not both: "x:local:cloud"'),
    ("/api/chat", chat(model="big:cloud"), 403, "ollama cloud is disabled: remote model is unavailable"),
    ("/api/chat", chat(model="Llama3.2"), 404, "model 'Llama3.2' not found"),
    ("/api/generate", {"model": "no", "prompt": "?"}, 404, "model 'no' not found"),
    ("/api/show", {"model": "no"}, 404, "model 'no:latest' not found"),
    ("/api/show", {}, 400, "model is required"),
    ("/api/embed", {"model": "no", "input": "?"}, 404, 'model "no" not found, try pulling it first'),
    ("/api/embeddings", {"model": "no", "prompt": "?"}, 404, 'model "no" not found, try pulling it first'),
    ("/api/copy", {"source": "no", "destination": "b"}, 404, 'model "no" not found'),
    ("/api/chat", chat(model="plain:1b", think=True), 400, '"plain:1b" does not support thinking'),
    (
        "/api/chat",
        chat(model="plain:1b", tools=[TOOL]),
        400,
        "registry.ollama.ai/library/plain:1b does not support tools",
    ),
    ("/api/chat", chat(model="embed"), 400, '"embed" does not support chat'),
    ("/api/generate", {"model": "embed", "prompt": "?"}, 400, '"embed" does not support generate'),
    (
        "/api/generate",
        {"model": "plain:1b", "prompt": "?", "suffix": "!"},
        400,
        "registry.ollama.ai/library/plain:1b does not support insert",
    ),
    (
        "/api/generate",
        {"model": "m", "prompt": "?", "raw": True, "system": "x"},
        400,
        "raw mode does not support template, system, or context",
    ),
    ("/api/chat", chat(options={"temperature": "hot"}), 500, 'option "temperature" must be of type float32'),
    ("/api/chat", chat(options={"num_ctx": "big"}), 500, 'option "num_ctx" must be of type integer'),
    ("/api/chat", chat(options={"use_mmap": 1}), 500, 'option "use_mmap" must be of type boolean'),
    ("/api/chat", chat(options={"stop": "x"}), 500, 'option "stop" must be of type array'),
    ("/api/chat", chat(options={"stop": [1]}), 500, 'option "stop" must be of an array of strings'),
    (
        "/api/chat",
        chat(format="yaml"),
        500,
        'invalid format: "\\"yaml\\""; expected "json" or a valid JSON Schema object',
    ),
    ("/api/chat", chat(keep_alive="soon"), 400, 'time: invalid duration "soon"'),
    ("/api/chat", chat(keep_alive=True), 400, "Unsupported type: 'bool'"),
    ("/api/embed", {"model": "m", "input": {"a": 1}}, 400, "invalid input type"),
    (
        "/api/embed",
        {"model": "m", "input": "x" * 99999, "truncate": False},
        400,
        "the input length exceeds the context length",
    ),
    ("/api/pull", {"model": "a b"}, 400, "invalid model name"),
    ("/api/pull", {"model": "no", "stream": False}, 500, "pull model manifest: file does not exist"),
]


@pytest.mark.parametrize(("path", "body", "status", "error"), REFUSED, ids=[each[3][:48] for each in REFUSED])
async def test_a_refusal_has_the_status_and_the_words_of_the_server(
    simulator: Simulator, path: str, body: Any, status: int, error: str
) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = await http(simulator).post(path, content=content)
    assert (response.status_code, response.json()) == (status, {"error": error})
    assert response.headers["content-type"].startswith("application/json")


async def test_the_clients_see_status_and_words(simulator: Simulator) -> None:
    with pytest.raises(ollama.ResponseError, match="model 'gone' not found") as missing:
        await client(simulator).chat("gone", ASK["messages"])
    assert missing.value.status_code == 404
    with pytest.raises(ollama.ResponseError, match="does not support tools") as toolless:
        await chat_model(simulator, "plain:1b").bind_tools([TOOL]).ainvoke("?")
    assert toolless.value.status_code == 400
    with pytest.raises(ollama.ResponseError, match="not found"):
        await client(simulator).delete("gone")


async def test_an_unknown_model_to_pull_is_an_error_in_the_stream(simulator: Simulator) -> None:
    progress = await client(simulator).pull("gone", stream=True)
    assert (await anext(progress)).status == "pulling manifest"
    with pytest.raises(ollama.ResponseError, match="file does not exist"):
        await anext(progress)


async def test_what_is_not_the_api_is_not_json(simulator: Simulator) -> None:
    calls = http(simulator)
    unknown, wrong = await calls.get("/api/nothing"), await calls.get("/api/chat")
    assert (unknown.status_code, unknown.text) == (404, "404 page not found")
    assert (wrong.status_code, wrong.text) == (405, "405 method not allowed")
    assert unknown.headers["content-type"] == "text/plain"
    foreign = await calls.get("/api/tags", headers={"Host": "evil.example"})
    assert (foreign.status_code, foreign.content) == (403, b"")
    local = await calls.get("/api/tags", headers={"Host": "box.local:11434"})
    assert local.status_code == 200


async def test_the_root_says_that_it_runs(simulator: Simulator) -> None:
    calls = http(simulator)
    assert (await calls.get("/")).text == "Ollama is running"
    assert (await calls.head("/")).content == b""
    assert (await calls.get("/api/version")).json() == {"version": "0.99.0"}
    assert (await calls.get("/api/status")).json() == {"cloud": {"disabled": True, "source": "env"}}


async def test_a_schema_that_is_none_is_refused_by_the_engine_underneath(simulator: Simulator) -> None:
    response = await http(simulator).post("/api/chat", json=chat(format={"type": 3}))
    assert response.status_code == 400
    assert json.loads(response.json()["error"])["error"]["type"] == "invalid_request_error"


async def test_a_prompt_that_is_too_long_is_cut_or_refused(simulator: Simulator) -> None:
    calls = http(simulator)
    small = {"num_ctx": 64}
    talk = [{"role": "user", "content": f"{number} " * 40} for number in range(9)]
    talk = [{"role": "system", "content": "Be brief."}, *talk]
    answer = (await calls.post("/api/chat", json=chat(messages=talk, options=small, stream=False))).json()
    assert answer["prompt_eval_count"] <= 64
    seen = simulator.asked[-1].messages
    assert [message["content"][:2] for message in seen] == ["Be", "7 ", "8 "]
    one = [{"role": "user", "content": "word " * 200}]
    answer = (await calls.post("/api/chat", json=chat(messages=one, options=small, stream=False))).json()
    assert answer["prompt_eval_count"] == 64
    kept = chat(messages=one, options=small, truncate=False)
    native = (await calls.post("/api/chat", json=kept)).json()
    assert json.loads(native["error"])["error"]["n_ctx"] == 64
    rendered = (await calls.post("/api/chat", json={**kept, "model": "rendered"})).json()
    assert rendered["error"].startswith("the prompt is longer than the context length")


FAILURES: list[tuple[Reply, type[Exception]]] = [
    (Reply(status=500, error="model runner has unexpectedly stopped"), ollama.ResponseError),
    (Reply("some words", error="the runner crashed"), ollama.ResponseError),
    (Reply(ending="reset"), httpx.RemoteProtocolError),
    (Reply("some words", ending="reset", after=1), httpx.ReadError),
    (Reply(ending="garbage"), httpx.RemoteProtocolError),
    (Reply("some words", ending="garbage", after=1), ValueError),
    (Reply(tool_calls=(ToolCall("f", "{broken"),)), ollama.ResponseError),
]


@pytest.mark.parametrize(("reply", "failure"), FAILURES)
async def test_a_stream_that_breaks_is_an_error_of_the_client(reply: Reply, failure: type[Exception]) -> None:
    async with Simulator(reply) as simulator:
        with pytest.raises(
            (failure, httpx.TransportError) if issubclass(failure, httpx.TransportError) else failure
        ):
            async for _ in await client(simulator).chat("m", ASK["messages"], tools=[TOOL], stream=True):
                pass


async def test_an_error_in_the_stream_comes_after_what_was_said() -> None:
    async with Simulator(Reply("two words", error="the runner crashed")) as simulator:
        response = await http(simulator).post("/api/chat", json=ASK)
        whole = await http(simulator).post("/api/chat", json=chat(stream=False))
    lines = [json.loads(line) for line in response.text.splitlines()]
    assert response.status_code == 200
    assert [line["message"]["content"] for line in lines[:2]] == ["two", " words"]
    assert lines[2:] == [{"error": "the runner crashed"}]
    assert (whole.status_code, whole.json()) == (500, {"error": "the runner crashed"})


async def test_a_stream_can_end_without_its_last_line() -> None:
    async with Simulator(Reply("some words here", ending="silent", after=2)) as simulator:
        answer = await chat_model(simulator).ainvoke("?")
        whole = await client(simulator).chat("m", ASK["messages"])
    assert answer.text == "some words"
    assert "done_reason" not in answer.response_metadata
    assert (whole.message.content, whole.done) == (" words", False)


async def test_the_repeat_guard_ends_a_loop_in_silence() -> None:
    async with Simulator(Reply("no " * 99, shape="rendered")) as simulator:
        parts = [part async for part in await client(simulator).chat("m", ASK["messages"], stream=True)]
    assert len(parts) == 31
    assert not parts[-1].done


async def test_a_busy_server_says_when_to_come_back() -> None:
    async with Simulator(Reply(status=503, error="server busy", headers={"Retry-After": "3"})) as simulator:
        response = await http(simulator).post("/api/chat", json=ASK)
    assert (response.status_code, response.headers["retry-after"]) == (503, "3")


async def test_any_address_can_be_disturbed() -> None:
    async with Simulator(
        {"m": "hi", "/api/tags": [Reply(status=500, error="no"), Reply(body="{}")]}
    ) as simulator:
        calls = http(simulator)
        assert (await calls.get("/api/tags")).status_code == 500
        assert (await calls.get("/api/tags")).text == "{}"
        assert (await calls.get("/api/version")).status_code == 200


async def test_what_is_not_http_is_refused() -> None:
    async with Simulator() as simulator:
        for said in (b"hello\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"x" * 100_000):
            reader, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
            writer.write(said)
            assert (await reader.read()).startswith(b"HTTP/1.1 400 Bad Request")
            writer.close()
            await writer.wait_closed()


def test_langchain_has_the_error_of_a_missing_model_without_async() -> None:
    with Simulator({"there": "hi"}) as simulator:
        model = ChatOllama(model="gone", base_url=simulator.url, client_kwargs={"trust_env": False})
        with pytest.raises(ollama.ResponseError, match="not found"):
            model.invoke("?")
        model._client._client.close()
