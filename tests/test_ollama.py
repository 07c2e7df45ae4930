"""What we ask an Ollama server besides questions."""

import pytest

from tinyllm import ollama, settings
from tinyllm.errors import TinyError, Unavailable
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


def test_no_proxy_stands_between_us_and_ourselves() -> None:
    assert ollama.client_options("http://127.0.0.1:11434") == {"trust_env": False, "verify": False}
    assert ollama.client_options("https://models.example") == {"trust_env": True}
