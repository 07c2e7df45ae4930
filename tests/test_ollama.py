"""What we ask an Ollama server besides questions."""

import pytest

from tinyllm import ollama, settings
from tinyllm.errors import TinyError, Unavailable, classify
from tinyllm.models import Ask, Entry, Models
from tinyllm.settings import Settings
from tinyllm.testing.simulator import Model, Reply, Script, Simulator


def at(simulator: Simulator) -> Settings:
    return settings.load({"ollama_host": simulator.url}, environment={})


async def test_it_tells_its_version_and_its_models() -> None:
    async with Simulator(Script({"m:1b": "hi"})) as simulator:
        assert (await ollama.version(at(simulator))).count(".") == 2
        assert [model["name"] for model in await ollama.tags(at(simulator))] == ["m:1b"]
        assert await ollama.loaded(at(simulator)) == []
        assert "completion" in (await ollama.show(at(simulator), "m:1b"))["capabilities"]


async def test_a_model_is_fetched_with_progress() -> None:
    models = [Model(name="m:1b"), Model(name="far:1b", installed=False)]
    async with Simulator(Script({"*": "hi"}, models=models)) as simulator:
        lines = [line async for line in ollama.pull(at(simulator), "far:1b")]
        assert lines[-1]["status"] == "success"
        assert any(line.get("total") for line in lines)
        assert "far:1b" in [model["name"] for model in await ollama.tags(at(simulator))]


async def test_a_server_that_is_not_there_is_unavailable(offline: Settings) -> None:
    for asked in (ollama.version, ollama.tags, ollama.loaded):
        with pytest.raises(Unavailable):
            await asked(offline)
    with pytest.raises(Unavailable):
        await ollama.show(offline, "m:1b")


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=500, error="broken"),
        Reply(body="<html>a proxy</html>"),
        Reply(body="[]"),
        Reply(body="7"),
        Reply(body='{"models": 7}'),
    ],
)  # fmt: skip
async def test_a_server_that_is_something_else_is_a_failure_of_ours_in_words(reply: Reply) -> None:
    async with Simulator(Script({"/api/tags": reply, "*": "hi"})) as simulator:
        with pytest.raises(TinyError):
            await ollama.tags(at(simulator))


@pytest.mark.parametrize(
    "body", ["[]", "7", "null", '{"ok": true}', '{"message": null}', '{"error": {"message": "no"}}']
)
async def test_json_that_is_no_reply_is_that_of_something_else(body: str) -> None:
    async with Simulator(Script(Reply(body=body))) as simulator:
        models = Models(at(simulator))
        for heard in (None, lambda _: None):
            with pytest.raises(Exception) as raised:
                await models.ask(Entry(name="m:1b"), Ask([{"role": "user", "content": "Well?"}]), heard)
            assert classify(raised.value, op="ollama").code == "BAD_GATEWAY_BODY"
        await models.aclose()


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-1e999", "null", '"one"'])
async def test_a_vector_is_of_numbers(number: str) -> None:
    reply = Reply(body=f'{{"embeddings": [[0.5, {number}]]}}')
    async with Simulator(Script({"/api/embed": reply})) as simulator:
        with pytest.raises(TinyError):
            await ollama.embed(at(simulator), "e:1b", ["text"])


@pytest.mark.parametrize("name", ["all_proxy", "HTTPS_PROXY"])
def test_a_proxy_of_an_unknown_kind_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "socks://127.0.0.1:1080")
    with pytest.raises(TinyError, match=name.upper()):
        ollama.client_options("https://models.example")
    ollama.client_options("http://localhost:11434")


def test_no_proxy_stands_between_us_and_ourselves() -> None:
    assert ollama.client_options("http://127.0.0.1:11434") == {"trust_env": False, "verify": False}
    assert ollama.client_options("https://models.example") == {"trust_env": True}
