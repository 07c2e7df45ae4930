"""Every address of the server but chat and generate."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any

from tinyllm.testing.simulator.answering import chat, generate
from tinyllm.testing.simulator.ask import Refusal, check_options, read_keep_alive
from tinyllm.testing.simulator.gojson import encode, present, quoted
from tinyllm.testing.simulator.http import JSON, JSON_BARE, LINES, TEXT_UTF8, Channel
from tinyllm.testing.simulator.model import Model, Name
from tinyllm.testing.simulator.request import Request
from tinyllm.testing.simulator.speech import tokens
from tinyllm.testing.simulator.world import World

Endpoint = Callable[[World, Request, Channel], Awaitable[None]]


async def running(_: World, request: Request, channel: Channel) -> None:
    await channel.respond(200, b"Ollama is running", TEXT_UTF8, bodiless=request.method == "HEAD")


async def version(world: World, request: Request, channel: Channel) -> None:
    await _say(request, channel, {"version": world.version})


async def status(_: World, request: Request, channel: Channel) -> None:
    await _say(request, channel, {"cloud": {"disabled": True, "source": "env"}})


async def tags(world: World, request: Request, channel: Channel) -> None:
    await _say(request, channel, {"models": world.catalogue.tags()})


async def ps(world: World, request: Request, channel: Channel) -> None:
    await _say(request, channel, {"models": world.memory.listed()})


async def counts(world: World, request: Request, channel: Channel) -> None:
    """Not Ollama's: what a benchmark in another process wants to know."""
    memory = world.memory
    await _say(
        request,
        channel,
        {
            "asked": world.asked,
            "busy_seconds": memory.busy,
            "loads": memory.loads,
            "swaps": memory.swaps,
            "waiting": memory.waiting,
        },
    )


async def show(world: World, request: Request, channel: Channel) -> None:
    if not request.model:
        raise Refusal(400, "model is required")
    model = world.catalogue.find(request.model)
    if model is None:
        raise Refusal(404, f"model '{_short(request.model)}' not found")
    verbose = bool(request.body.get("verbose"))
    await _say(
        request, channel, _shown(model, world.catalogue.modified(model), ["<s>"] * 6 if verbose else [])
    )


def _short(name: str) -> str:
    parts = Name.read(name)
    return parts.short if parts else name


def _shown(model: Model, modified: str, vocabulary: list[str]) -> dict[str, Any]:
    return {
        "modelfile": f"# simulated\nFROM {model.full_name.short}\nTEMPLATE {quoted(model.template)}\n",
        "parameters": f'{"stop":<30} "<|end|>"',
        "template": model.template,
        **present(system=model.system),
        "details": model.details(),
        "model_info": {
            "general.architecture": model.kin,
            "general.parameter_count": model.parameter_count,
            f"{model.kin}.context_length": model.longest,
            f"{model.kin}.embedding_length": model.embedding,
            "tokenizer.ggml.tokens": vocabulary,
        },
        "capabilities": list(model.capabilities),
        "modified_at": modified,
    }


async def embed(world: World, request: Request, channel: Channel) -> None:
    model = _embedder(world, request)
    given = request.body.get("input", "")
    inputs = [given] if isinstance(given, str) else given
    if not isinstance(inputs, list) or not all(isinstance(text, str) for text in inputs):
        raise Refusal(400, "invalid input type")
    inputs = [] if given == "" else inputs
    async with world.memory.slot(
        model, request.body.get("options", {}), read_keep_alive(request.body)
    ) as slot:
        if not request.body.get("truncate", True) and any(
            tokens(text) > slot.loaded.context for text in inputs
        ):
            raise Refusal(400, "the input length exceeds the context length")
        await asyncio.sleep(model.latency.first * world.scale)
        size = max(1, request.body.get("dimensions") or (1 << 16))
        raw = world.embed(inputs) if world.embed else [vector(text, model.embedding) for text in inputs]
        vectors = [_normal(each[:size]) for each in raw]
        now = asyncio.get_running_loop().time()
        answer = {"model": request.model, "embeddings": vectors}
        spent = present(
            total_duration=int((now - request.arrived) * 1e9) if inputs else 0,
            load_duration=int(slot.load * 1e9) if inputs else 0,
            prompt_eval_count=sum(tokens(text) for text in inputs),
        )
    await _say(request, channel, {**answer, **spent})


async def embeddings(world: World, request: Request, channel: Channel) -> None:
    model = _embedder(world, request)
    prompt = request.body.get("prompt", "")
    async with world.memory.slot(model, request.body.get("options", {}), read_keep_alive(request.body)):
        await asyncio.sleep(model.latency.first * world.scale)
    await _say(request, channel, {"embedding": vector(prompt, model.embedding) if prompt else []})


def _embedder(world: World, request: Request) -> Model:
    if not request.model:
        raise Refusal(404, "model '' not found")
    model = world.catalogue.find(request.model)
    if model is None:
        raise Refusal(404, f"model {quoted(request.model)} not found, try pulling it first")
    check_options(request.body.get("options", {}))
    return model


def vector(text: str, size: int) -> list[float]:
    """A bag of hashed words: texts with words in common lie close together."""
    total = [0.0] * size
    for word in text.lower().split() or [""]:
        digest = sha256(word.encode()).digest()
        for place in range(0, 24, 3):
            index = int.from_bytes(digest[place : place + 2]) % size
            total[index] += 1.0 if digest[place + 2] % 2 else -1.0
    return total


def _normal(values: list[float]) -> list[float]:
    length = math.sqrt(sum(value * value for value in values))
    return [round(value / length, 7) for value in values] if length else values


async def pull(world: World, request: Request, channel: Channel) -> None:
    if not request.model:
        raise Refusal(400, "invalid model name")
    model = world.catalogue.find_remote(request.model)
    stream = request.body.get("stream", True)
    if stream:
        await channel.begin(200, LINES)
    elif model is None:
        raise Refusal(500, "pull model manifest: file does not exist", JSON_BARE)
    for line in _progress(model):
        if stream:
            await channel.chunk(encode(line) + b"\n")
            await asyncio.sleep(0.06 * world.scale)
    if model:
        world.catalogue.install(model)
    if stream:
        await channel.finish()
    else:
        await channel.respond(200, encode({"status": "success"}), JSON_BARE)


def _progress(model: Model | None) -> list[dict[str, Any]]:
    first = {"status": "pulling manifest"}
    if model is None:
        return [first, {"error": "pull model manifest: file does not exist"}]
    layer = {
        "status": f"pulling {model.digest[:12]}",
        "digest": f"sha256:{model.digest}",
        "total": model.size,
    }
    done = [{**layer, **present(completed=model.size * part // 8)} for part in range(9)]
    rest = ("verifying sha256 digest", "writing manifest", "success")
    return [first, *done, *({"status": text} for text in rest)]


async def delete(world: World, request: Request, channel: Channel) -> None:
    model = world.catalogue.find(request.model) if request.model else None
    if model is None or not world.catalogue.delete(request.model):
        raise Refusal(404, f"model '{request.model}' not found")
    world.memory.unload(model)
    await channel.respond(200, b"", "")


async def copy(world: World, request: Request, channel: Channel) -> None:
    source, destination = str(request.body.get("source", "")), str(request.body.get("destination", ""))
    if not source or not world.catalogue.copy(source, destination):
        raise Refusal(404, f"model {quoted(source)} not found")
    await channel.respond(200, b"", "")


async def _say(request: Request, channel: Channel, answer: dict[str, Any]) -> None:
    await channel.respond(200, encode(answer), JSON, bodiless=request.method == "HEAD")


ROUTES: dict[str, dict[str, Endpoint]] = {
    "/": {"GET": running, "HEAD": running},
    "/api/version": {"GET": version, "HEAD": version},
    "/api/status": {"GET": status},
    "/api/tags": {"GET": tags, "HEAD": tags},
    "/api/ps": {"GET": ps},
    "/simulator": {"GET": counts},
    "/api/show": {"POST": show},
    "/api/chat": {"POST": chat},
    "/api/generate": {"POST": generate},
    "/api/embed": {"POST": embed},
    "/api/embeddings": {"POST": embeddings},
    "/api/pull": {"POST": pull},
    "/api/delete": {"DELETE": delete},
    "/api/copy": {"POST": copy},
}
NAMES: dict[str, str] = {
    "/api/chat": "ChatRequest",
    "/api/generate": "GenerateRequest",
    "/api/show": "ShowRequest",
    "/api/embed": "EmbedRequest",
    "/api/embeddings": "EmbeddingRequest",
    "/api/pull": "PullRequest",
    "/api/delete": "DeleteRequest",
    "/api/copy": "CopyRequest",
}
