"""Chat and generate: one answer, streamed or whole."""

import asyncio
import time
from dataclasses import replace

from tinyllm.testing.simulator.ask import Ask, Refusal, check_format, check_options, read_ask
from tinyllm.testing.simulator.gojson import encode, quoted, timestamp
from tinyllm.testing.simulator.http import JSON, Channel
from tinyllm.testing.simulator.model import Model
from tinyllm.testing.simulator.request import Request
from tinyllm.testing.simulator.speech import Piece, fitted, speech
from tinyllm.testing.simulator.telling import CHAT, GENERATE, Form, Telling, disturbed
from tinyllm.testing.simulator.world import World


async def chat(world: World, request: Request, channel: Channel) -> None:
    await _answer(world, request, channel, CHAT)


async def generate(world: World, request: Request, channel: Channel) -> None:
    await _answer(world, request, channel, GENERATE)


async def _answer(world: World, request: Request, channel: Channel, form: Form) -> None:
    ask = read_ask(request.body, chat=form.chat)
    model = _model(world, request, form)
    _check(request, ask, model, form)
    if not ask.messages:
        await _load(world, request, channel, form, ask, model)
        return
    request.ask = ask = _with_system(ask, model, request)
    request.nth = world.count(model)
    check_options(ask.options)
    async with world.memory.slot(model, ask.options, ask.keep_alive) as slot:
        request.started, request.load = asyncio.get_running_loop().time(), slot.load
        check_format(ask.format, stream=ask.stream)
        if request.body.get("_debug_render_only"):
            await _rendered(request, channel)
            return
        context = slot.loaded.context
        request.ask = ask = replace(ask, messages=fitted(ask, model, context))
        reply = await world.source.reply(request, model)
        if not await disturbed(request, channel, reply):
            said = speech(reply, ask, model, context)
            await Telling(world.scale, request, channel, form, ask, reply, said).tell()


def _model(world: World, request: Request, form: Form) -> Model:
    if not request.model:
        raise Refusal(400, "model is required") if form.chat else Refusal(404, "model '' not found")
    model = world.catalogue.find(request.model)
    if model is None:
        raise Refusal(404, f"model '{request.model}' not found")
    return model


def _check(request: Request, ask: Ask, model: Model, form: Form) -> None:
    if not model.can("completion"):
        raise Refusal(400, f"{quoted(request.model)} does not support {'chat' if form.chat else 'generate'}")
    lacking = [
        name for name, asked in (("tools", ask.tools), ("insert", request.body.get("suffix"))) if asked
    ]
    lacking = [name for name in lacking if name not in model.capabilities]
    if lacking:
        raise Refusal(400, f"{model.full_name.full} does not support " + "\n".join(lacking))
    if ask.think and not model.can("thinking"):
        raise Refusal(400, f"{quoted(request.model)} does not support thinking")


def _with_system(ask: Ask, model: Model, request: Request) -> Ask:
    if not model.system or ask.messages[0]["role"] == "system" or request.body.get("raw"):
        return ask
    return replace(ask, messages=({"role": "system", "content": model.system}, *ask.messages))


async def _load(world: World, request: Request, channel: Channel, form: Form, ask: Ask, model: Model) -> None:
    unload = ask.keep_alive == 0
    if unload:
        world.memory.unload(model)
    else:
        async with world.memory.slot(model, ask.options, ask.keep_alive):
            pass
    line = form.line(request, Piece(), done=True, tail={"done_reason": "unload" if unload else "load"})
    await channel.respond(200, encode(line), JSON)


async def _rendered(request: Request, channel: Channel) -> None:
    text = "\n".join(f"<|{message['role']}|>{message['content']}" for message in request.messages)
    line = {
        "model": request.model,
        "created_at": timestamp(time.time_ns()),
        "message": {"role": "", "content": ""},
        "done": False,
        "_debug_info": {"rendered_template": text},
    }
    await channel.respond(200, encode(line), JSON)
